// The plant file, format `plant/1`: which machine, its times and sizes, and the devices that serve it.
// Errors carry their place in the file.
import * as z from 'zod';
import { isMap, isNode, parseDocument, type Document } from 'yaml';
import type { Diagnostic, Span } from '#contract/diagnostic.ts';
import { DurationText, milliseconds } from '#contract/time.ts';
import { refusalOf } from './bounds.ts';
import { Devices, protocols } from './devices.ts';

/** A time in which something moves: never nothing. */
const Time = DurationText.refine((span) => span > 0, 'longer than nothing');
const positive = z.number().positive();

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

const frame = {
  format: z.literal('plant/1'),
  title: z.string().optional(),
  tick: Time.default(milliseconds(5)).meta({ description: 'one step of the physics' }),
  devices: Devices,
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
  const diagnostics = parsed.error.issues.flatMap(told).map((issue) => {
    const extra = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const path = extra === undefined ? issue.path : [...issue.path, extra];
    return wrong(spanOf(document, path), 'E_PLANT_FIELD', `${path.join('.')}: ${issue.message}`);
  });
  return { ok: false, diagnostics };
}

type Issue = z.core.$ZodIssue;

/** Of a device, what is wrong with it as one of the protocol that it names. */
function told(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const own = issue.errors.filter((branch) => !branch.some(isOfAnother));
  const [only] = own;
  if (own.length !== 1 || only === undefined) return [issue];
  return only.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

/** The device names a protocol that this one does not know. */
function isOfAnother(issue: Issue): boolean {
  if (issue.code !== 'unrecognized_keys' || issue.path.length > 0) return false;
  return issue.keys.some((key) => protocols.some((protocol) => protocol === key));
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
