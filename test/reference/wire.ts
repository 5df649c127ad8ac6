// docs/reference/wire.md: every message of both doors, as the schemas and their comments say.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import * as described from '#contract/described.ts';
import * as live from '#contract/live.ts';
import { verbArgs } from '#contract/verbs.ts';
import * as wire from '#contract/wire.ts';
import type { DocComments } from './doc-comments.ts';
import { docComments } from './doc-comments.ts';
import { page, sentence, table } from './page.ts';
import type { Names } from './schema-text.ts';
import { code, fieldsOf, typeText } from './schema-text.ts';

interface Door {
  readonly docs: DocComments;
  /** By schema: the name that it is exported by. */
  readonly exported: Names;
}

export function doorOf(files: readonly string[], exports: Readonly<Record<string, unknown>>): Door {
  const schemas = Object.entries(exports).filter(([, value]) => value instanceof z.ZodType);
  return {
    docs: docComments(files.map((file) => readFileSync(file, 'utf8')).join('\n')),
    exported: new Map(schemas.map(([name, schema]) => [schema, name])),
  };
}

/** The fields of one object, with the comments of the name that it is exported by. */
export function fieldTable(object: z.ZodObject, names: Names, docs: DocComments, owner: string) {
  const rows = fieldsOf(object, names)
    .filter(({ name }) => name !== 'type' || !isLiteral(object.shape['type']))
    .map(({ name, type, required, description }) => [
      code(required ? name : `${name}?`),
      type,
      sentence(
        description === ''
          ? (docs.of.get(`${owner}.${name}`) ?? docs.of.get(`feed.${name}`) ?? '')
          : description,
      ),
    ]);
  return rows.length === 0 ? '' : table(['field', 'type', 'means'], rows);
}

const isLiteral = (schema: unknown): boolean => schema instanceof z.ZodLiteral;

export function messages(union: z.ZodType, names: Names, door: Door, depth = 3): string[] {
  if (!(union instanceof z.ZodDiscriminatedUnion)) return [];
  return union.options.flatMap((option) => {
    if (!(option instanceof z.ZodObject)) return [];
    const [type = ''] = (option.shape['type'] as z.ZodLiteral<string>).values;
    const owner = door.exported.get(option) ?? '';
    const said = door.docs.of.get(owner) ?? door.docs.messages.get(type) ?? '';
    return [
      `${'#'.repeat(depth)} ${code(type)}`,
      sentence(said),
      fieldTable(option, names, door.docs, owner),
    ];
  });
}

export function wirePage(): string {
  const control = doorOf(['contract/described.ts', 'contract/wire.ts'], { ...described, ...wire });
  const browser = doorOf(['contract/live.ts'], live);
  const shapes = [...control.exported].filter(([schema]) => !isMessage(schema));
  const names: Names = new Map(shapes);
  const verbs = Object.entries(verbArgs).map(([verb, args]) => [code(verb), typeText(args, names)]);
  return page(
    '# The two doors',
    'Generated from `contract/wire.ts`, `contract/described.ts` and `contract/live.ts`. A scalar is true, false, a number, a text or null. A field with `?` may be left out. A name that ends in `_ms` holds milliseconds; `time` and the like are UTC milliseconds.',
    '## Control and its clients',
    `A Unix socket, \`control.sock\` in the data directory. A frame is a \`u32\` length (big endian, at most ${wire.frameLimit} bytes) and one JSON object with \`type\`. Both sides say \`hello\` first; this is protocol ${wire.protocolVersion}. Anything else ends the connection with a \`bye\` that carries a code.`,
    '## Control says',
    ...messages(wire.FromControl, names, control),
    '## A client says',
    ...messages(wire.FromClient, names, control),
    '## Verbs of `act`',
    table(['verb', 'args'], verbs),
    '## Shapes',
    ...shapes.flatMap(([schema, name]) => shapeOf(schema, { name, names, docs: control.docs })),
    '## Station says to the browser',
    'One WebSocket at `/live`, JSON text frames. Messages of control pass through unchanged: `hello`, `snapshot`, `delta`, `why`, `stopped`, `receipt`, `done`. Station adds:',
    ...messages(onlyOwn(live.ToBrowser, control), names, browser),
    '## The browser says',
    ...messages(live.FromBrowser, names, browser),
  );
}

export function shapeOf(
  named: unknown,
  { name, names, docs }: { name: string; names: Names; docs: DocComments },
): string[] {
  const schema = named instanceof z.ZodLazy ? named.unwrap() : named;
  const head = [`### ${name}`, sentence(docs.of.get(name) ?? '')];
  if (schema instanceof z.ZodObject) return [...head, fieldTable(schema, names, docs, name)];
  const others: Names = new Map([...names].filter(([other]) => other !== named));
  return [...head, sentence(typeText(schema as z.ZodType, others))];
}

const isMessage = (schema: unknown): boolean =>
  schema instanceof z.ZodDiscriminatedUnion ||
  (schema instanceof z.ZodObject && isLiteral(schema.shape['type']));

/** The messages of the browser's door that are not control's. */
function onlyOwn(union: z.ZodType, control: Door): z.ZodType {
  if (!(union instanceof z.ZodDiscriminatedUnion)) return union;
  const own = union.options.filter((option) => !control.exported.has(option));
  return z.discriminatedUnion('type', own as unknown as [z.ZodObject, ...z.ZodObject[]]);
}
