// What a zod schema finds wrong in a plain value, as problems that a person can act on: which field,
// what it should be, and the nearest name. It knows no schema in particular.
import * as z from 'zod';
import { nearest } from '#contract/diagnostic.ts';
import type { Code } from '#contract/error.ts';
import type { Path } from './document.ts';

/** One thing wrong in a manifest; its place is the value at `path`, or with `key` the key there. */
export interface Problem {
  readonly code: Extract<Code, `E_MANIFEST_${string}`>;
  readonly path: Path;
  readonly key?: boolean;
  readonly text: string;
  readonly suggestion?: string;
}

type Issue = z.core.$ZodIssue;

/** All problems of `value` after `schema`; none when it fits. `base` goes before their paths. */
export function problemsOf(schema: z.ZodType, value: unknown, base: Path = []): Problem[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => explain(schema, value, issue, base));
}

function explain(schema: z.ZodType, value: unknown, issue: Issue, base: Path): Problem[] {
  const inner = plainPath(issue);
  const path = [...base, ...inner];
  const name = path.length === 0 ? 'the file' : `\`${String(path.at(-1))}\``;
  const at = { code: 'E_MANIFEST_FIELD', path } as const;
  if (inner.length > 0 && valueAt(value, inner) === undefined && issue.code !== 'invalid_key')
    return [{ ...at, path: path.slice(0, -1), text: `${name} is missing` }];
  if (issue.code === 'unrecognized_keys') {
    const names = fieldsAt(schema, inner);
    return issue.keys.map((key) => ({
      ...at,
      path: [...path, key],
      key: true,
      text: `unknown field \`${key}\``,
      ...suggest(key, names, 'Fields here'),
    }));
  }
  if (issue.code === 'invalid_key') {
    const reason = issue.issues[0]?.message ?? 'not allowed';
    return [{ ...at, key: true, text: `the name ${name}: ${reason}` }];
  }
  if (issue.code === 'invalid_union') {
    const best = issue.errors.toSorted((left, right) => rank(left) - rank(right))[0] ?? [];
    const first = best[0];
    if (first === undefined) return [{ ...at, text: `${name}: ${issue.message}` }];
    const deeper = [...path, ...plainPath(first)];
    return [{ ...at, path: deeper, text: `\`${String(deeper.at(-1))}\`: ${wanted(first)}` }];
  }
  const got = valueAt(value, inner);
  const near =
    issue.code === 'invalid_value' && typeof got === 'string'
      ? nearest(got, issue.values.map(String))
      : undefined;
  const text = `${name}: ${wanted(issue)}`;
  return [{ ...at, text, ...(near === undefined ? {} : didYouMean(near)) }];
}

const plainPath = (issue: Issue): Path =>
  issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));

/** The branch of a union that was meant: the one that fails deepest, then with the least problems. */
const rank = (issues: readonly Issue[]): number =>
  issues.length - 100 * Math.max(0, ...issues.map((issue) => issue.path.length));

function wanted(issue: Issue): string {
  if (issue.code === 'invalid_type')
    return `must be ${typeNames[issue.expected] ?? `a ${issue.expected}`}`;
  if (issue.code === 'invalid_value') {
    const names = issue.values.map(String);
    return `must be ${names.length === 1 ? '' : 'one of '}${names.join(', ')}`;
  }
  if (issue.code === 'unrecognized_keys')
    return `unknown field ${issue.keys.map((key) => `\`${key}\``).join(', ')}`;
  return issue.message;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of fields',
  record: 'a map of names',
  array: 'a list',
  tuple: 'a list',
};

/** `Did you mean ...?` when a name is near, else all names under `title`. */
export function suggest(
  wrong: string,
  names: readonly string[],
  title: string,
): { suggestion?: string } {
  const near = nearest(wrong, names);
  if (near !== undefined) return didYouMean(near);
  if (names.length === 0 || names.length > 24) return {};
  return { suggestion: `${title}: ${names.join(', ')}.` };
}

const didYouMean = (near: string): { suggestion: string } => ({
  suggestion: `Did you mean \`${near}\`?`,
});

/** A member of a plain value; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return at;
}

/** The fields that a schema allows at a path. */
function fieldsAt(schema: z.ZodType, path: Path): readonly string[] {
  const [step, ...rest] = path;
  const bare = unwrap(schema);
  if (bare instanceof z.ZodUnion)
    return bare.options.flatMap((option) => fieldsAt(option as z.ZodType, path));
  if (bare instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(bare.shape);
    const member: unknown = bare.shape[String(step)];
    return member instanceof z.ZodType ? fieldsAt(member, rest) : [];
  }
  if (step === undefined) return [];
  if (bare instanceof z.ZodRecord) return fieldsAt(bare.valueType as z.ZodType, rest);
  if (bare instanceof z.ZodArray) return fieldsAt(bare.element as z.ZodType, rest);
  return [];
}

/** Without its default, its being optional and its transforms. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  )
    return unwrap(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodPipe ? unwrap(schema.in as z.ZodType) : schema;
}
