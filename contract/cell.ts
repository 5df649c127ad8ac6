// The cell manifest, `cell.yaml`, format `cell/1`: where every tag comes from and which flows run.
// A device's own fields and a tag's `at` are checked by its driver kind; this is the frame around them.
import * as z from 'zod';
import { CellId, DeviceId, FlowName, TagName } from './name.ts';
import { DurationText, milliseconds, seconds } from './time.ts';

const word = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower case letters, digits and dashes');

/** `8GB`, `500MB`, `64KB`; decimal units, in bytes. */
export const SizeText = z
  .string()
  .regex(/^\d{1,6}(?:KB|MB|GB|TB)$/, 'a whole number with KB, MB, GB or TB')
  .transform((text) => {
    const unit = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }[text.slice(-2)] ?? 1;
    return Number(text.slice(0, -2)) * unit;
  })
  .meta({ description: 'a whole number with KB, MB, GB or TB' });

export const ScanOptions = z.strictObject({
  period: DurationText.default(milliseconds(20)).meta({
    description: 'the grid of periodic scans',
  }),
  min: DurationText.default(milliseconds(1)).meta({
    description: 'the least time between two scans',
  }),
  watchdog: DurationText.default(seconds(1)).meta({
    description: 'without a scan for so long the supervisor ends control and starts it again',
  }),
  settle: DurationText.default(seconds(5)).meta({
    description: 'a flow starts when each of its inputs has had an answer, or after this',
  }),
});

export const ChronicleOptions = z.strictObject({
  durability: z.enum(['strict', 'fast']).default('strict').meta({
    description:
      'strict: an output leaves when its cause is on disk; fast: at once, and every screen says so',
  }),
  stall: DurationText.default(milliseconds(100)).meta({
    description: 'age of the oldest entry not yet on disk at which outputs stop waiting',
  }),
  max: SizeText.prefault('8GB').meta({ description: 'past it the oldest whole segments leave' }),
  backlog: SizeText.prefault('16MB').meta({ description: 'how much waits in memory for a disk' }),
});

/** A device: `driver` and `onReturn` are of the frame, all else is the driver's. */
export const DeviceFrame = z.looseObject({
  driver: z.string(),
  onReturn: z.enum(['restore', 'safe']).default('restore').meta({
    description:
      'after a reconnect: write the outputs again, or keep them safe until the flow rests',
  }),
});

export const Scaling = z.strictObject({
  raw: z.tuple([z.number(), z.number()]),
  to: z.tuple([z.number(), z.number()]),
});

/** A tag of the manifest. Fields not named here are the driver's own (`match`). */
export const TagFrame = z.looseObject({
  device: DeviceId,
  at: z.unknown().optional(),
  poll: z
    .string()
    .optional()
    .meta({ description: 'a poll class of the device; default its first' }),
  type: z.enum(['bool', 'int', 'real', 'string', 'enum']).optional(),
  values: z.array(z.string()).optional().meta({ description: 'names of an enum, in order' }),
  map: z
    .record(z.string(), z.int())
    .optional()
    .meta({ description: "an enum's numbers on the wire" }),
  unit: z.string().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  stale: DurationText.optional(),
  rawValid: z.tuple([z.number(), z.number()]).optional().meta({
    description: 'outside it the sensor has failed (4-20 mA after NAMUR NE 43)',
  }),
  scale: Scaling.optional(),
  deadband: z.number().nonnegative().optional(),
  verify: z.enum(['readback', 'echo', 'none']).optional(),
  tolerance: z.number().nonnegative().optional(),
  refresh: DurationText.optional().meta({ description: 'write the output again this often' }),
  record: z.boolean().default(true),
  title: z.string().optional(),
});

export const FlowEntry = z.strictObject({
  file: z.string().meta({ description: 'path of the flow file, from the manifest' }),
  restart: z.enum(['hot', 'ask', 'warm', 'cold']).default('ask'),
  bind: z
    .record(z.string(), TagName)
    .default({})
    .meta({ description: 'flow name: tag, where they differ' }),
});

export const MirrorOptions = z.union([
  z.literal('none'),
  z.looseObject({ broker: z.literal('embedded') }),
  z.looseObject({ url: z.string() }),
]);

export const StationOptions = z.strictObject({
  listen: z
    .string()
    .regex(
      /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):\d{1,5}$/,
      'a loopback address and port',
    )
    .default('127.0.0.1:8080'),
});

export const PathLevels = z.strictObject({ enterprise: word, site: word, area: word, line: word });

/** The whole manifest. Its defaults stand here and nowhere else. */
export const Manifest = z.strictObject({
  cell: CellId,
  format: z.literal('cell/1'),
  title: z.string().optional(),
  path: PathLevels.optional(),
  scan: ScanOptions.prefault({}),
  chronicle: ChronicleOptions.prefault({}),
  devices: z.record(DeviceId, DeviceFrame),
  tags: z.record(TagName, TagFrame),
  flows: z.record(FlowName, FlowEntry),
  mirror: MirrorOptions.default('none'),
  station: StationOptions.prefault({}),
});
export type Manifest = z.infer<typeof Manifest>;
export type DeviceFrame = z.infer<typeof DeviceFrame>;
export type TagFrame = z.infer<typeof TagFrame>;
export type FlowEntry = z.infer<typeof FlowEntry>;
