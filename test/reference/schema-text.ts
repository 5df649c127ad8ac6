// Schemas as a reference page shows them: a short text for a type, a list of fields for an object.
import * as z from 'zod';
import { formatDuration, milliseconds } from '#contract/time.ts';

/** Names of schemas that have a heading of their own, to be linked to. */
export type Names = ReadonlyMap<unknown, string>;

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly fallback: string;
  readonly description: string;
  /** Without its default and its being optional. */
  readonly schema: z.ZodType;
}

export function fieldsOf(object: z.ZodObject, names: Names): Field[] {
  return Object.entries(object.shape).map(([name, member]) => {
    const schema = member as z.ZodType;
    const bare = unwrap(schema);
    return {
      name,
      type: typeText(bare, names),
      required: !schema.safeParse(undefined).success,
      fallback: fallbackText(schema),
      description: descriptionOf(schema),
      schema: bare,
    };
  });
}

const scalarText = 'true or false or number or text or null';

/** The type in words: `number`, `map of TagState`, `one of a, b`. */
export function typeText(schema: z.ZodType, names: Names): string {
  const name = names.get(schema);
  if (name !== undefined) return `[${name}](#${name.toLowerCase()})`;
  const inner = (part: unknown): string => typeText(part as z.ZodType, names);
  if (schema instanceof z.ZodNullable) return `${inner(schema.unwrap())} or null`;
  const bare = unwrap(schema);
  if (bare !== schema) return inner(bare);
  if (schema instanceof z.ZodObject) return objectText(schema, names);
  if (schema instanceof z.ZodRecord) return `map of ${inner(schema.valueType)}`;
  if (schema instanceof z.ZodArray) return `list of ${inner(schema.element)}`;
  if (schema instanceof z.ZodTuple)
    return `[${schema.def.items.map((item) => inner(item)).join(', ')}]`;
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.map(code).join(', ')}`;
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(code).join(' or ');
  if (schema instanceof z.ZodUnion) {
    const text = schema.options.map(inner).join(' or ');
    return text === scalarText ? 'scalar' : text;
  }
  // Lazy without a name: `z.json()`.
  if (schema instanceof z.ZodLazy) return 'any JSON';
  if (schema instanceof z.ZodPipe) return pipeText(schema);
  if (schema instanceof z.ZodNumber) return numberText(schema);
  if (schema instanceof z.ZodString) return 'text';
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodNull) return 'null';
  return 'any';
}

/** `{"a", "b"?}` with types, for objects that have no heading. */
function objectText(schema: z.ZodObject, names: Names): string {
  const members = fieldsOf(schema, names).map(
    ({ name, type, required }) => `${name}${required ? '' : '?'}: ${type}`,
  );
  const rest = schema.def.catchall instanceof z.ZodUnknown ? ['...'] : [];
  return `{${[...members, ...rest].join(', ')}}`;
}

function numberText({ format, minValue, maxValue }: z.ZodNumber): string {
  const kind = format === 'safeint' ? 'whole number' : 'number';
  const from = minValue === null || minValue <= Number.MIN_SAFE_INTEGER ? undefined : minValue;
  const to = maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER ? undefined : maxValue;
  if (from === undefined) return to === undefined ? kind : `${kind} up to ${to}`;
  return to === undefined ? `${kind} from ${from}` : `${kind} ${from} to ${to}`;
}

/** A text that becomes something else: known by what it takes. */
function pipeText(schema: z.ZodPipe): string {
  const takes = (text: string): boolean => schema.safeParse(text).success;
  if (takes('20ms') && !takes('x')) return 'duration';
  if (takes('8GB') && !takes('x')) return 'size';
  return 'text';
}

function fallbackText(schema: z.ZodType): string {
  if (schema instanceof z.ZodOptional) return fallbackText(schema.unwrap() as z.ZodType);
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)) return '';
  const value: unknown = schema.def.defaultValue;
  if (typeof value === 'string' || typeof value === 'boolean') return code(value);
  if (typeof value !== 'number') return '';
  const duration = typeText(unwrap(schema), new Map()) === 'duration';
  return code(duration ? formatDuration(milliseconds(value)) : value);
}

export const code = (text: string | number | boolean | bigint | null | undefined): string =>
  `\`${text}\``;

/** What the schema says of itself, or what it wraps. */
export function descriptionOf(schema: z.ZodType): string {
  const own = schema.meta()?.description;
  if (own !== undefined) return own;
  const bare = unwrapOnce(schema);
  return bare === schema ? '' : descriptionOf(bare);
}

/** Without its default and its being optional or read-only. */
export function unwrap(schema: z.ZodType): z.ZodType {
  const inner = unwrapOnce(schema);
  return inner === schema ? schema : unwrap(inner);
}

function unwrapOnce(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodReadonly
  )
    return schema.unwrap() as z.ZodType;
  return schema;
}
