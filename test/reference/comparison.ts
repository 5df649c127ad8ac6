// docs/reference/comparison.md: what `rebe replay --flow --json` prints, as contract/comparison.ts says.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import * as comparison from '#contract/comparison.ts';
import { docComments } from './doc-comments.ts';
import { page, sentence, table } from './page.ts';
import type { Names } from './schema-text.ts';
import { code } from './schema-text.ts';
import { fieldTable } from './wire.ts';

const docs = docComments(readFileSync('contract/comparison.ts', 'utf8'));
const shapes = Object.entries(comparison).flatMap(([name, schema]) =>
  schema instanceof z.ZodObject ? [[name, schema] as const] : [],
);
const names: Names = new Map(shapes.map(([name, schema]) => [schema, name]));
const { ComparisonReport, ...others } = Object.fromEntries(shapes);

export function comparisonPage(): string {
  const limits = Object.entries(comparison.comparisonLimits).map(([name, most]) => [
    code(name),
    String(most),
  ]);
  return page(
    '# What a replay of a change prints',
    'Generated from `contract/comparison.ts`. `rebe replay --flow FILE --json` and `--param NAME=VALUE --json` print one object; the page of `--page` holds the same, with `lanes`. A field with `?` may be left out. Times are UTC milliseconds; a name that ends in `_ms` holds milliseconds. [The guide](../guides/replay.md) says how to read it.',
    '## The rule',
    comparison.comparisonRule.join(' '),
    '## The report',
    ComparisonReport === undefined
      ? ''
      : fieldTable(ComparisonReport, names, docs, 'ComparisonReport'),
    ...Object.entries(others).flatMap(([name, schema]) => [
      `### ${name}`,
      sentence(docs.of.get(name) ?? ''),
      fieldTable(schema, names, docs, name),
    ]),
    '## Limits',
    'What a report keeps at most; `leftOut` counts what is beyond. Every difference is counted, kept or not.',
    table(['limit', 'most'], limits),
  );
}
