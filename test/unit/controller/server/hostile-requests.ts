// Requests made from a route's own schemas: what fits, and what is just beside it. For fast-check, so that a failure
// comes with its seed and as small as it can be made.
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import * as z from 'zod';
import type { Route } from '#contract/api.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What no field of any route asks for. */
const hostileValues: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  'a'.repeat(5000),
  '\0',
  '\ud800',
  '\u202e\u001b]52;c;eA==\u0007',
  '../../etc/passwd',
  "'; DROP TABLE person; --",
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  '9'.repeat(400),
  [],
  {},
  [[[[[[[[[[[[]]]]]]]]]]]],
  { toString: 1, constructor: { prototype: 1 } },
];
const hostile: Arbitrary<unknown> = fc.constantFrom(...hostileValues);

/** Bodies that are no JSON object at all. */
const rawBodies = [
  '',
  'null',
  '[]',
  '"text"',
  '{"a":',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  '['.repeat(8000),
  `{"a":"${'x'.repeat(70_000)}"}`,
  '\ufeff{}',
] as const;

/** A value that fits the schema, as nearly as can be made without knowing more. */
function fitting(schema: Schema): Arbitrary<unknown> {
  const { type, anyOf, oneOf, allOf, items, properties, additionalProperties } = schema;
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const several = [anyOf, oneOf, allOf].find((list) => Array.isArray(list));
  if (several !== undefined) return fc.oneof(...(several as Schema[]).map((one) => fitting(one)));
  switch (type) {
    case 'string':
      return text(schema);
    case 'integer':
    case 'number':
      return number(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(fitting((items ?? {}) as Schema), { maxLength: 3 });
    case 'object':
      return properties === undefined
        ? fc.dictionary(
            fc.string({ maxLength: 8 }),
            fitting((additionalProperties ?? {}) as Schema),
          )
        : record(properties as Readonly<Record<string, Schema>>, schema['required']);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function text({ pattern, minLength = 0, maxLength = 40 }: Schema): Arbitrary<string> {
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern));
  const most = Math.min(Number(maxLength), 60);
  return fc.string({ minLength: Math.min(Number(minLength), most), maxLength: most });
}

function number({ type, minimum, maximum }: Schema): Arbitrary<number> {
  const min = Number(minimum ?? -1000);
  const max = Math.max(min, Number(maximum ?? 100_000));
  return type === 'integer'
    ? fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) })
    : fc.double({ min, max, noNaN: true });
}

const record = (properties: Readonly<Record<string, Schema>>, required: unknown) =>
  fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, fitting(one)])),
    { requiredKeys: Array.isArray(required) ? (required as string[]) : [] },
  );

/** The same with one thing in it that does not belong there; or as it was. */
function spoiled(object: Arbitrary<Record<string, unknown>>): Arbitrary<Record<string, unknown>> {
  return fc
    .tuple(object, fc.nat(), hostile, fc.constantFrom('keep', 'keep', 'change', 'add', 'drop'))
    .map(([value, pick, wrong, how]) => {
      const names = Object.keys(value);
      const name = names[pick % Math.max(1, names.length)] ?? 'x';
      const rest = Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
      if (how === 'keep') return value;
      if (how === 'drop') return rest;
      return how === 'add' ? { ...value, extra: wrong } : { ...rest, [name]: wrong };
    });
}

const schemaOf = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

const objects = (schema: z.ZodObject | undefined): Arbitrary<Record<string, unknown>> =>
  schema === undefined
    ? fc.constant({})
    : spoiled(fitting(schemaOf(schema)) as Arbitrary<Record<string, unknown>>);

/** Who sends it, and from where, as its headers say. */
export const senders = [
  'own',
  'no origin',
  'null origin',
  'foreign origin',
  'https origin',
  'foreign host',
  'no host',
  'a token that is none',
] as const;

export interface HostileRequest {
  readonly method: Route['method'];
  readonly path: string;
  readonly sender: (typeof senders)[number];
  readonly signedIn: boolean;
  readonly contentType: string | undefined;
  readonly body: string | undefined;
}

export function hostileRequest(route: Route): Arbitrary<HostileRequest> {
  const contentType = fc.constantFrom(
    ...Array.from({ length: 6 }, () => 'application/json'),
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/json; charset=utf-16',
  );
  const json = objects(route.body).map((value) => JSON.stringify(value));
  const body = fc.oneof({ weight: 5, arbitrary: json }, fc.constantFrom(...rawBodies));
  return fc
    .record({
      params: objects(route.params),
      query: objects(route.query),
      // Mostly its own page, and mostly somebody: what stands behind the gate is to be tried too.
      sender: fc.oneof(
        { weight: 3, arbitrary: fc.constant('own' as const) },
        fc.constantFrom(...senders),
      ),
      signedIn: fc.constantFrom(true, true, true, false),
      contentType,
      body,
    })
    .map(({ params, query, contentType: type, body: given, ...rest }) => {
      const asked = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [name, textOf(value)]),
      ).toString();
      const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) =>
        encodeURIComponent(textOf(params[name] ?? 'x').replaceAll(/\p{Surrogate}/gu, '?')),
      );
      const has = route.method !== 'GET';
      return {
        ...rest,
        method: route.method,
        path: asked === '' ? path : `${path}?${asked}`,
        contentType: has ? type : undefined,
        body: has ? given : undefined,
      };
    });
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
