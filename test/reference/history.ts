// docs/reference/history.md: what station answers about the past, and what may be asked.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import * as history from '#contract/history.ts';
import { docComments } from './doc-comments.ts';
import { page, sentence, table } from './page.ts';
import { code, typeText } from './schema-text.ts';
import { fieldTable } from './wire.ts';

/** By route: what may be asked, and the name of the answer. */
const routes = [
  ['/api/history', 'HistoryQuery', 'History'],
  ['/api/history/csv', 'CsvQuery', 'CSV'],
  ['/api/history/tags', undefined, 'LoggedTags'],
  ['/api/journal', 'JournalQuery', 'Journal'],
] as const;

const link = (name: string): string => `[${name}](#${name.toLowerCase()})`;

export function historyPage(): string {
  const docs = docComments(readFileSync('contract/history.ts', 'utf8'));
  const schemas = Object.entries(history).flatMap(([name, schema]): [z.ZodType, string][] =>
    schema instanceof z.ZodType ? [[schema, name]] : [],
  );
  const names = new Map<unknown, string>(schemas);
  const asked = routes.map(([route, query, answer]) => [
    code(`GET ${route}`),
    query === undefined ? 'nothing' : link(query),
    answer === 'CSV' ? answer : link(answer),
  ]);
  const shapes = schemas.flatMap(([schema, name]) => {
    const others = new Map([...names].filter(([other]) => other !== schema));
    const body =
      schema instanceof z.ZodObject
        ? fieldTable(schema, names, docs, name)
        : sentence(typeText(schema, others));
    return [`## ${name}`, sentence(docs.of.get(name) ?? ''), body];
  });
  return page(
    '# The past over HTTP',
    'Generated from `contract/history.ts`. Times are UTC milliseconds. An error is JSON with its `code`. A field with `?` may be left out. [The guide](../guides/history.md) says what is kept, and how.',
    table(['ask', 'with', 'answer'], asked),
    ...shapes,
  );
}
