// The plant file, format `plant/1`: which machine, its times and sizes, and where its terminals are on which device.
// Errors carry their place in the file.
import * as z from 'zod';
import { isMap, isNode, parseDocument, type Document } from 'yaml';
import type { Diagnostic, Span } from '#contract/diagnostic.ts';
import { DeviceId, TagName } from '#contract/name.ts';
import { DurationText, milliseconds, seconds } from '#contract/time.ts';
import { refusalOf } from './bounds.ts';

/** A time in which something moves: never nothing. */
const Time = DurationText.refine((span) => span > 0, 'longer than nothing');
const positive = z.number().positive();
const address = z.int().min(0).max(65_535);

const Door = z.strictObject({ travel: Time });
const Clamp = z.strictObject({ stroke: Time, pressure: z.number().min(3).max(12), response: Time });
const Robot = z.strictObject({ speed: positive, grip: Time });
const Cnc = z.strictObject({ program: Time, spinUp: Time, spinDown: Time, reset: Time });
const Spindle = z.strictObject({
  ambient: z.number().min(-20).max(60),
  heating: z.number().nonnegative(),
  cooling: z.number().nonnegative().max(1),
  coolingPerFlow: z.number().nonnegative().max(1),
});
const Coolant = z.strictObject({ flow: positive.max(40), response: Time });
const Infeed = z.strictObject({
  every: Time,
  series: z.string().regex(/^[A-Z0-9]{1,8}$/, 'one to eight capital letters or digits'),
  first: z.int().nonnegative(),
});
const Outfeed = z.strictObject({ room: z.int().min(1).max(1000), every: Time });

/** `string(32)`: characters, two to a register. */
const form = /^(?:u16|i16|u32|i32|f32|string\((?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d)\))$/;
const As = z.string().regex(form, 'u16, i16, u32, i32, f32 or string(n), n to 249');

/** Where a terminal is. One with `safe` is an output; the others are read. */
export const Terminal = z
  .strictObject({
    coil: address.optional(),
    discrete: address.optional(),
    input: address.optional(),
    holding: address.optional(),
    as: As.default('u16'),
    /** Names of a choice; its number on the wire is the place in this list. */
    values: z.array(z.string()).min(2).optional(),
    /** Numbers on the wire, and what they mean in the machine. */
    scale: z
      .strictObject({
        raw: z.tuple([z.number(), z.number()]),
        to: z.tuple([z.number(), z.number()]),
      })
      .optional(),
    safe: z.union([z.boolean(), z.number(), z.string()]).optional(),
  })
  .refine(
    (terminal) => tablesOf(terminal).length === 1,
    'needs one of coil, discrete, input, holding',
  )
  .refine(
    (terminal) => (terminal.coil ?? terminal.holding) !== undefined || terminal.safe === undefined,
    'only a coil or a holding register can have a safe value',
  );
export type Terminal = z.infer<typeof Terminal>;

export const tables = ['coil', 'discrete', 'input', 'holding'] as const;
export type Table = (typeof tables)[number];

/** The tables that a terminal names; a valid one names one. */
export function tablesOf(terminal: Partial<Record<Table, unknown>>): Table[] {
  return tables.filter((table) => terminal[table] !== undefined);
}

const Device = z.strictObject({
  modbus: z.strictObject({
    unit: z.int().min(1).max(247).default(1),
    /** Addresses 0 to this, less one, exist in each table. */
    size: z.int().min(1).max(65_536).default(1024),
  }),
  heartbeat: z
    .strictObject({ holding: address, silent: Time.default(seconds(1)) })
    .optional()
    .meta({
      description: 'a register that must change, and the silence after which it falls safe',
    }),
  tags: z.record(TagName, Terminal),
});
export type DeviceOptions = z.infer<typeof Device>;

const frame = {
  format: z.literal('plant/1'),
  title: z.string().optional(),
  tick: Time.default(milliseconds(5)).meta({ description: 'one step of the physics' }),
  devices: z.record(DeviceId, Device),
};

export const PlantFile = z.discriminatedUnion('plant', [
  z.strictObject({
    plant: z.literal('cnc-tending'),
    ...frame,
    machine: z.strictObject({
      door: Door,
      clamp: Clamp,
      robot: Robot,
      cnc: Cnc,
      spindle: Spindle,
      coolant: Coolant,
      infeed: Infeed,
      outfeed: Outfeed,
    }),
  }),
  z.strictObject({
    plant: z.literal('lamp'),
    ...frame,
    machine: z.strictObject({ day: Time, visit: Time, press: Time }),
  }),
]);
export type PlantFile = z.infer<typeof PlantFile>;

export type PlantFileResult =
  | { readonly ok: true; readonly plant: PlantFile }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads the text of a plant file; `file` is its name in what is said about it. */
export function parsePlantFile(text: string, file: string): PlantFileResult {
  const wrong = (span: Span, code: string, said: string): Diagnostic => ({
    code,
    severity: 'error',
    file,
    span,
    text: said,
  });
  const refused = refusalOf(text);
  if (refused !== undefined)
    return { ok: false, diagnostics: [wrong(refused.span, 'E_PLANT_YAML', refused.text)] };
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) {
    const diagnostics = document.errors.map((error) =>
      wrong({ start: error.pos[0], end: error.pos[1] }, 'E_PLANT_YAML', firstLine(error.message)),
    );
    return { ok: false, diagnostics };
  }
  const parsed = PlantFile.safeParse(document.toJS());
  if (parsed.success) return { ok: true, plant: parsed.data };
  const diagnostics = parsed.error.issues.map((issue) => {
    const extra = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const path = extra === undefined ? issue.path : [...issue.path, extra];
    return wrong(spanOf(document, path), 'E_PLANT_FIELD', `${path.join('.')}: ${issue.message}`);
  });
  return { ok: false, diagnostics };
}

/** The key of the last member of the path that is there. */
function spanOf(document: Document, path: readonly PropertyKey[]): Span {
  for (let length = path.length; length > 0; length -= 1) {
    const parent =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const name = String(path[length - 1]);
    const pair = isMap(parent)
      ? parent.items.find((item) => isNode(item.key) && String(item.key) === name)
      : undefined;
    if (pair !== undefined && isNode(pair.key) && pair.key.range) {
      return { start: pair.key.range[0], end: pair.key.range[1] };
    }
    const item = document.getIn(path.slice(0, length), true);
    if (isNode(item) && item.range) return { start: item.range[0], end: item.range[1] };
  }
  return { start: 0, end: 1 };
}

const firstLine = (text: string): string => text.split('\n')[0] ?? text;
