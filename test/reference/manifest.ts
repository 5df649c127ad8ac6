// docs/reference/manifest.md and deploy/cell.schema.json: the frame of `contract/cell.ts` with the
// parts of every driver that exists.
import * as z from 'zod';
import { BrokerMirror, DeviceFrame, EmbeddedMirror, Manifest, TagFrame } from '#contract/cell.ts';
import type { DriverKind } from '#contract/driver.ts';
import { drivers } from '#drivers/index.ts';
import { Scenario } from '#flows/scenario.ts';
import { PlantFile } from '#simulator/plant/file.ts';
import { page, sentence, table } from './page.ts';
import type { Names } from './schema-text.ts';
import { code, fieldsOf, unwrap } from './schema-text.ts';

export async function loadKinds(): Promise<[string, DriverKind][]> {
  return Promise.all(
    Object.entries(drivers).map(async ([name, load]): Promise<[string, DriverKind]> => [
      name,
      await load(),
    ]),
  );
}

const none: Names = new Map();

/** A table of an object's fields; a heading and a table for each object inside that has more than two. */
function section(title: string, object: z.ZodObject, depth = 2): string[] {
  const fields = fieldsOf(object, none);
  const inner = fields.flatMap(({ name, schema }) =>
    schema instanceof z.ZodObject && Object.keys(schema.shape).length > 2 ? [{ name, schema }] : [],
  );
  const rows = fields.map(({ name, type, required, fallback, description }) => [
    code(name),
    inner.some((part) => part.name === name) ? 'see below' : type,
    required ? 'required' : fallback,
    sentence(description),
  ]);
  return [
    `${'#'.repeat(depth)} ${title}`,
    table(['field', 'type', 'default', 'means'], rows),
    ...inner.flatMap((part) => section(`${title}: ${code(part.name)}`, part.schema, depth + 1)),
  ];
}

const objectIn = (schema: z.ZodType): z.ZodObject[] => {
  const bare = unwrap(schema);
  return bare instanceof z.ZodObject && Object.keys(bare.shape).length > 0 ? [bare] : [];
};

export function manifestPage(kinds: readonly [string, DriverKind][]): string {
  const { shape } = Manifest;
  const top = fieldsOf(Manifest, none).map(({ name, type, required, fallback, description }) => [
    code(name),
    type.includes('{') || type.startsWith('map of') ? 'see below' : type,
    required ? 'required' : fallback,
    sentence(description),
  ]);
  const frames = [
    ['`path`', unwrap(shape.path)],
    ['`scan`', unwrap(shape.scan)],
    ['`chronicle`', unwrap(shape.chronicle)],
    ['`devices`: each', DeviceFrame],
    ['`tags`: each', TagFrame],
    ['`flows`: each', shape.flows.valueType],
    ['`mirror`: the embedded broker', EmbeddedMirror],
    ['`mirror`: any other broker', BrokerMirror],
    ['`station`', unwrap(shape.station)],
    ['`people`', unwrap(shape.people)],
  ] as const;
  return page(
    '# The cell manifest, `cell.yaml`',
    'Generated from the schemas in `contract/cell.ts` and in each driver. `deploy/cell.schema.json` is the same for editors. A duration is a number with its unit: `20ms`, `5s`, `10min`, `8h`. A size is a whole number with `KB`, `MB`, `GB` or `TB`. An unknown field is an error.',
    table(['field', 'type', 'default', 'means'], top),
    ...frames.flatMap(([title, schema]) =>
      objectIn(schema as z.ZodType).flatMap((object) => section(title, object)),
    ),
    ...kinds.flatMap(([name, kind]) => driverSections(name, kind)),
  );
}

/** What a manifest may say of a driver's devices and of their tags. */
export function driverSections(name: string, kind: DriverKind): string[] {
  return [
    ...objectIn(kind.config).flatMap((object) =>
      section(`Devices with \`driver: ${name}\``, object),
    ),
    ...objectIn(kind.at).flatMap((object) =>
      section(`\`at\` of their tags, \`${name}\``, object, 3),
    ),
    ...objectIn(kind.tagOptions).flatMap((object) =>
      section(`Further fields of their tags, \`${name}\``, object, 3),
    ),
  ];
}

type JsonSchema = { [key: string]: unknown };

const draft = (schema: z.ZodType): JsonSchema => {
  const { $schema: _schema, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override: ({ zodSchema, jsonSchema }) => {
      // Defaults of durations are numbers in code and texts in the file; whole numbers need no bounds.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (zodSchema instanceof z.ZodObject) return;
      const takes = zodSchema instanceof z.ZodPipe && zodSchema.safeParse('20ms').success;
      if (takes && !zodSchema.safeParse('x').success)
        jsonSchema.pattern = '^\\d{1,9}(?:\\.\\d{1,3})?(?:ms|s|min|h)$';
    },
  }) as JsonSchema;
  return rest;
};

/** For editors: the simulated machine of a project. */
export const plantSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A simulated machine, plant/1',
  ...draft(PlantFile),
});

/** For editors: what is done to a cell in virtual time, and what must come of it. */
export const scenarioSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A scenario, scenario/1',
  ...draft(Scenario),
});

/** For editors: completion and the first errors; the checks of `rebe check` go further. */
export function manifestSchema(kinds: readonly [string, DriverKind][]): JsonSchema {
  const whole = draft(Manifest);
  const properties = whole['properties'] as Record<string, JsonSchema>;
  const frame = draft(DeviceFrame);
  const tag = draft(TagFrame);
  const devices = kinds.map(([name, kind]) => {
    const own = draft(kind.config);
    return {
      type: 'object',
      title: `a device with driver ${name}`,
      properties: {
        ...(frame['properties'] as JsonSchema),
        ...(own['properties'] as JsonSchema),
        driver: { const: name },
      },
      required: ['driver', ...((own['required'] as string[] | undefined) ?? [])],
      additionalProperties: false,
    };
  });
  const options = kinds.map(([, kind]) => draft(kind.tagOptions)['properties'] as JsonSchema);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'The cell manifest, cell/1',
    ...whole,
    properties: {
      ...properties,
      devices: { ...properties['devices'], additionalProperties: { anyOf: devices } },
      tags: {
        ...properties['tags'],
        additionalProperties: {
          ...tag,
          properties: {
            ...(tag['properties'] as JsonSchema),
            ...Object.assign({}, ...options),
            at: { anyOf: kinds.map(([, kind]) => draft(kind.at)) },
          },
          additionalProperties: false,
        },
      },
    },
  };
}
