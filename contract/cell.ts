// The cell manifest, `cell.yaml`, format `cell/1`: where every tag comes from and which flows run.
// A device's own fields and a tag's `at` are checked by its driver kind; this is the frame around them.
import * as z from 'zod';
import { CellId, DeviceId, FlowName, TagName } from './name.ts';
import { Role } from './people.ts';
import { ShellOptions } from './shell.ts';
import { SizeText } from './size.ts';
import { DurationText, milliseconds, minutes, seconds } from './time.ts';

/** A duration longer than nothing. */
const Period = DurationText.refine((span) => span > 0, 'must be longer than 0');

const word = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower case letters, digits and dashes');

export const ScanOptions = z.strictObject({
  period: Period.default(milliseconds(20)).meta({
    description: 'the grid of periodic scans',
  }),
  min: Period.default(milliseconds(1)).meta({
    description: 'the least time between two scans',
  }),
  watchdog: Period.default(seconds(1)).meta({
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
  stall: Period.default(milliseconds(100)).meta({
    description: 'age of the oldest entry not yet on disk at which outputs stop waiting',
  }),
  max: SizeText.prefault('8GB').meta({ description: 'past it the oldest whole segments leave' }),
  backlog: SizeText.prefault('16MB').meta({ description: 'how much waits in memory for a disk' }),
});

export const HistoryOptions = z.strictObject({
  max: SizeText.refine((bytes) => bytes >= 10e6, 'at least 10MB')
    .prefault('2GB')
    .meta({ description: 'size of the history past which the oldest leaves, raw samples first' }),
});

/** A device: `driver` and `onReturn` are of the frame, all else is the driver's. */
export const DeviceFrame = z.looseObject({
  driver: z.string().meta({ description: 'the name of its driver; it decides the other fields' }),
  onReturn: z.enum(['restore', 'safe']).default('restore').meta({
    description:
      'after a reconnect: write the outputs again, or keep them safe until the flow rests',
  }),
});

export const Scaling = z.strictObject({
  raw: z.tuple([z.number(), z.number()]).meta({ description: 'two values on the wire' }),
  to: z.tuple([z.number(), z.number()]).meta({ description: 'what they mean, in `unit`' }),
});

/** A tag of the manifest. Fields not named here are the driver's own (`match`). */
export const TagFrame = z.looseObject({
  device: DeviceId.meta({ description: 'the device that it is on' }),
  at: z.unknown().optional().meta({ description: 'where on the device; the driver says how' }),
  poll: z
    .string()
    .optional()
    .meta({ description: 'a poll class of the device; default its first' }),
  type: z
    .enum(['bool', 'int', 'real', 'string', 'enum'])
    .optional()
    .meta({ description: 'when no flow uses the tag; else the flow says' }),
  values: z.array(z.string()).min(1).optional().meta({
    description: 'names of an enum, in order',
  }),
  map: z
    .record(z.string(), z.int())
    .optional()
    .meta({ description: "an enum's numbers on the wire" }),
  unit: z.string().optional().meta({ description: 'for people; a flow must say the same' }),
  min: z.number().optional().meta({ description: 'a value below it is bad' }),
  max: z.number().optional().meta({ description: 'a value above it is bad' }),
  stale: Period.optional().meta({
    description: 'the age past which a value is bad; where a flow says it too, the shorter',
  }),
  rawValid: z.tuple([z.number(), z.number()]).optional().meta({
    description: 'outside it the sensor has failed (4-20 mA after NAMUR NE 43)',
  }),
  scale: Scaling.optional().meta({ description: 'a straight line from the wire to the unit' }),
  deadband: z.number().nonnegative().optional().meta({
    description: 'the image changes only past it, in `unit`',
  }),
  verify: z.enum(['readback', 'echo', 'none']).optional().meta({
    description: 'how a write is proved; default readback',
  }),
  tolerance: z.number().nonnegative().optional().meta({
    description: 'the largest difference of a read-back that is still confirmed',
  }),
  refresh: Period.optional().meta({ description: 'write the output again this often' }),
  record: z.boolean().default(true).meta({
    description: 'false: kept out of the chronicle; only where no flow reads it',
  }),
  log: z.boolean().optional().meta({
    description:
      'whether its history is kept for trends; default: where a flow uses it, or `record` is false; never a string',
  }),
  title: z.string().optional().meta({ description: 'for people' }),
});

export const FlowEntry = z.strictObject({
  file: z.string().min(1).meta({ description: 'path of the flow file, from the manifest' }),
  restart: z.enum(['hot', 'ask', 'warm', 'cold']).default('ask').meta({
    description:
      'how it goes on after a restart of control: hot by itself, ask a person, warm, cold',
  }),
  bind: z
    .record(z.string(), TagName)
    .default({})
    .meta({ description: 'flow name: tag, where they differ' }),
});

/** Where nobody but this machine is listened to. */
const LoopbackAddress = z
  .string()
  .regex(
    /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):\d{1,5}$/,
    'a loopback address and port',
  );

/** A secret's name: what stands for it is in the environment or in the data directory (controller/secrets.ts). */
const SecretName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'small letters, digits and dashes');

const commands = z.boolean().default(false).meta({
  description: 'take commands from the broker; whoever may publish there may then ask the cell',
});

/** `mirror: {broker: embedded}`: a broker of the cell's own, in a process of its own. */
export const EmbeddedMirror = z.strictObject({
  broker: z.literal('embedded').meta({ description: 'the broker that comes with the product' }),
  listen: LoopbackAddress.default('127.0.0.1:1883').meta({
    description: 'where it listens; port 0 takes a free one',
  }),
  commands,
});

/** `mirror: {url: ...}`: any broker that speaks MQTT 3.1.1. */
export const BrokerMirror = z
  .strictObject({
    url: z
      .string()
      .regex(
        /^mqtts?:\/\/(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9a-f:]{2,39}\])(?::\d{1,5})?$/,
        'mqtt://host:port or mqtts://host:port, and no user or password in it',
      )
      .meta({ description: 'the broker; without a port 1883, with TLS 8883' }),
    user: z.string().min(1).max(256).optional().meta({ description: 'to sign in with' }),
    secret: SecretName.optional().meta({ description: "name of the user's password" }),
    ca: z.string().min(1).max(1024).optional().meta({
      description:
        'path of the certificates (PEM) that the broker is held against, from the manifest; default those of the system',
    }),
    commands,
  })
  .refine(({ user, secret }) => (user === undefined) === (secret === undefined), {
    message: 'user and secret belong together',
    path: ['secret'],
  })
  .refine(({ url, ca }) => ca === undefined || url.startsWith('mqtts:'), {
    message: 'only with mqtts://',
    path: ['ca'],
  });

/** Where the cell is mirrored, if anywhere. */
export const MirrorOptions = z.union([z.literal('none'), EmbeddedMirror, BrokerMirror]);

/** An address of this machine and a port; 0.0.0.0 and [::] are all of its addresses. */
const ListenAddress = z
  .string()
  .regex(
    /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]{2,39}\]|localhost):\d{1,5}$/,
    'an address of this machine and a port, such as 127.0.0.1:8080 or 0.0.0.0:8443',
  );
const isLoopbackAddress = (listen: string): boolean => LoopbackAddress.safeParse(listen).success;

const TlsFile = z.string().min(1).max(1024);
/** What station proves itself with: PEM files, or a certificate of its own. */
export const TlsPlan = z.union([
  z.literal('generated'),
  z.strictObject({
    cert: TlsFile.meta({ description: 'the certificate with its chain, from the manifest' }),
    key: TlsFile.meta({ description: 'its private key' }),
  }),
]);
export type TlsPlan = z.infer<typeof TlsPlan>;

const HostName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, 'a host name in small letters, or an address');

export const StationOptions = z
  .strictObject({
    listen: ListenAddress.default('127.0.0.1:8080').meta({
      description:
        'where the page is served; port 0 takes a free one; beyond loopback only with `tls`, and only once somebody is enrolled',
    }),
    tls: TlsPlan.optional().meta({
      description: 'HTTPS: `generated`, or PEM files `{cert, key}`; without it HTTP',
    }),
    names: z.array(HostName).max(16).default([]).meta({
      description: 'names under which other machines open the page; its addresses need none',
    }),
    idle: DurationText.refine((span) => span >= 60_000 && span <= 8 * 3_600_000, 'from 1min to 8h')
      .default(minutes(5))
      .meta({ description: 'without a hand on the page for so long, its session ends' }),
  })
  .refine(({ listen, tls }) => tls !== undefined || isLoopbackAddress(listen), {
    message: 'beyond loopback only with `tls`',
    path: ['listen'],
  });

export const PeopleOptions = z.strictObject({
  notice: z.string().trim().min(1).max(2000).optional().meta({
    description: 'shown to everybody before they sign in, on the page and by `rebe login`',
  }),
  secondFactor: z.array(Role).max(6).default([]).meta({
    description:
      'roles that need a second factor: whoever has one of them and none may do nothing but set it up',
  }),
});
export type PeopleOptions = z.infer<typeof PeopleOptions>;

/** What of it station is told besides where it listens. */
export const StationPlan = z.strictObject({
  tls: TlsPlan.optional(),
  names: z.array(HostName),
  idle_ms: z.number(),
  people: PeopleOptions.optional(),
});
export type StationPlan = z.infer<typeof StationPlan>;

export const PathLevels = z.strictObject({ enterprise: word, site: word, area: word, line: word });

/** The whole manifest. Its defaults stand here and nowhere else. */
export const Manifest = z.strictObject({
  cell: CellId.meta({ description: 'its name: in topics, in paths, on every screen' }),
  format: z.literal('cell/1').meta({ description: 'the format of this file' }),
  title: z.string().optional().meta({ description: 'for people; default the name' }),
  path: PathLevels.optional().meta({ description: 'ISA-95 levels above the cell' }),
  scan: ScanOptions.prefault({}).meta({ description: 'how often the cell is scanned' }),
  chronicle: ChronicleOptions.prefault({}).meta({ description: 'how the record is kept' }),
  history: HistoryOptions.prefault({}).meta({ description: 'how trends are kept' }),
  devices: z.record(DeviceId, DeviceFrame).meta({ description: 'what is on a wire' }),
  tags: z.record(TagName, TagFrame).meta({ description: 'named values of the devices' }),
  flows: z.record(FlowName, FlowEntry).meta({ description: 'which flows run' }),
  mirror: MirrorOptions.default('none').meta({
    description:
      'the broker that the plant sees the cell through: none, the embedded one, or a url',
  }),
  station: StationOptions.prefault({}).meta({ description: 'the page' }),
  people: PeopleOptions.prefault({}).meta({ description: 'how people sign in' }),
  shell: ShellOptions.prefault({}).meta({ description: 'the supervised shell; off by default' }),
});
export type Manifest = z.infer<typeof Manifest>;
export type DeviceFrame = z.infer<typeof DeviceFrame>;
export type TagFrame = z.infer<typeof TagFrame>;
export type FlowEntry = z.infer<typeof FlowEntry>;
export type EmbeddedMirror = z.infer<typeof EmbeddedMirror>;
export type BrokerMirror = z.infer<typeof BrokerMirror>;
export type MirrorOptions = z.infer<typeof MirrorOptions>;
