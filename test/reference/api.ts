// docs/reference/api.md: every route of station's port, as the routes in contract/ say. A route is listed because it is
// exported there; that station serves exactly these is held by test/unit/controller/server/api.test.ts.
import { readFileSync, readdirSync } from 'node:fs';
import * as z from 'zod';
import { addressLimit, bodyLimit, isStream } from '#contract/api.ts';
import type { Route } from '#contract/api.ts';
import { needText } from '#controller/server/openapi.ts';
import { docComments } from './doc-comments.ts';
import type { DocComments } from './doc-comments.ts';
import { page, sentence, table } from './page.ts';
import { code, typeText } from './schema-text.ts';
import type { Names } from './schema-text.ts';
import { fieldTable } from './wire.ts';

interface Contract {
  readonly routes: readonly Route[];
  readonly names: Names;
  readonly docs: DocComments;
}

/** All that contract/ exports: routes, and schemas by the one name that each has. */
export async function loadContract(): Promise<Contract> {
  const files = readdirSync('contract').filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(
    files.map(
      async (file): Promise<Record<string, unknown>> =>
        import(/* @vite-ignore */ `#contract/${file}`),
    ),
  );
  const exported = modules.flatMap((one) => Object.entries(one));
  const schemas = new Map<unknown, string>();
  for (const [name, value] of exported) {
    const others = exported.filter(([other, held]) => other === name && held !== value);
    if (value instanceof z.ZodType && others.length === 0) schemas.set(value, name);
  }
  const routes = [...new Set(exported.flatMap(([, value]) => routesOf(value)))];
  const text = files.map((file) => readFileSync(`contract/${file}`, 'utf8')).join('\n');
  return { routes: routes.toSorted(byPath), names: schemas, docs: docComments(text) };
}

const byPath = (left: Route, right: Route): number =>
  left.path === right.path
    ? left.method < right.method
      ? -1
      : 1
    : left.path < right.path
      ? -1
      : 1;

/** A route, or a group of them. */
function routesOf(value: unknown): readonly Route[] {
  if (isRoute(value)) return [value];
  if (typeof value !== 'object' || value === null || value instanceof z.ZodType) return [];
  return Object.values(value).filter((member) => isRoute(member));
}

const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' &&
  value !== null &&
  'method' in value &&
  'path' in value &&
  'answer' in value;

export function apiPage({ routes, names, docs }: Contract): string {
  const listed = routes.map(({ method, path, needs, summary }) => [
    code(`${method} ${path}`),
    code(needs),
    sentence(summary),
  ]);
  const told = routes.flatMap((route) => routeBlocks(route, names, docs));
  return page(
    '# What station can be asked over HTTP',
    'Generated from the routes in `contract/`. A running station describes itself at `/api` for people and at `/api/openapi.json` (OpenAPI 3.1) for programs.',
    `Bodies and answers are JSON where nothing else is said. What changes anything (\`POST\`, \`DELETE\`) comes with the page's own \`Origin\` and the session's cookie, or with \`Authorization: Bearer\` and a token. A body holds at most ${bodyLimit} bytes unless its route says otherwise, an address ${addressLimit} characters. A refusal is JSON: \`code\`, \`meaning\`, \`action\`, \`retry\`, and \`reason\` for this request; [the codes](errors.md). A field with \`?\` may be left out; a name that ends in \`_ms\` holds milliseconds, other times are UTC milliseconds.`,
    table(['route', 'needs', 'what'], listed),
    ...told,
    '## Shapes',
    ...shapeBlocks(told.join('\n'), names, docs),
  );
}

function routeBlocks(route: Route, names: Names, docs: DocComments): string[] {
  const { method, path, summary, params, query, body, answer, bodyLimit: most } = route;
  const part = (what: string, schema: z.ZodObject | undefined): string[] =>
    schema === undefined || Object.keys(schema.shape).length === 0
      ? []
      : [`${what}:`, fieldTable(schema, names, docs, names.get(schema) ?? '')];
  const limit = most === undefined ? [] : [`The body holds at most ${most} bytes.`];
  const given = isStream(answer)
    ? `${code(answer.media)}: ${answer.about}`
    : typeText(answer, names);
  return [
    `## ${method} ${path}`,
    `${sentence(summary)} ${needText(route)}`,
    ...limit,
    ...part('In the path', params),
    ...part('In the query', query),
    ...part('In the body', body),
    `Answer: ${given}`,
  ];
}

/** The shapes that are linked to, and those that they link to. */
function shapeBlocks(told: string, names: Names, docs: DocComments): string[] {
  const byName = new Map([...names].map(([schema, name]) => [name, schema]));
  const blocks = new Map<string, string[]>();
  const wanted = linksIn(told);
  for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
    const schema = byName.get(name);
    if (blocks.has(name) || !(schema instanceof z.ZodType)) continue;
    const others: Names = new Map([...names].filter(([other]) => other !== schema));
    const bare = schema instanceof z.ZodLazy ? (schema.unwrap() as z.ZodType) : schema;
    const text =
      bare instanceof z.ZodObject
        ? fieldTable(bare, names, docs, name)
        : sentence(typeText(bare, others));
    blocks.set(name, [`### ${name}`, sentence(docs.of.get(name) ?? ''), text]);
    wanted.push(...linksIn(text));
  }
  return [...blocks]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, block]) => block);
}

const linksIn = (text: string): string[] =>
  [...text.matchAll(/\[(\w+)\]\(#\w+\)/g)].map(([, name = '']) => name);
