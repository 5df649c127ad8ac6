// The door between control and its clients (station, the command line): a Unix socket in the data directory.
// A frame is a u32 length (big endian, at most 1 MiB) and UTF-8 JSON, one object with `type`. Both say `hello` first.
import * as z from 'zod';
import { Actor } from './actor.ts';
import { ApprovalId } from './approval.ts';
import { BrokerMirror, EmbeddedMirror } from './cell.ts';
import { FlowInfo, Scalar, TagInfo, Text } from './described.ts';
import { SessionBody } from './entry.ts';
import { ShellRules } from './shell.ts';
import { isWellFormed } from './unicode.ts';

export const protocolVersion = 1;
export const frameLimit = 1024 * 1024;
/** Bytes that may wait for one client before its connection is closed. */
export const queueLimit = 4 * 1024 * 1024;

// --- what control says -------------------------------------------------------------------------

/** Another page follows; see pages.ts. */
const more = z.literal(true).optional();

export const Hello = z.strictObject({
  type: z.literal('hello'),
  protocol: z.number(),
  cell: z.string(),
  title: z.string(),
  boot: z.number(),
  version: z.string(),
  /** Device addresses were replaced at start: every screen says SIMULATED. */
  simulated: z.boolean(),
  durability: z.enum(['strict', 'fast']),
  period_ms: z.number(),
  flows: z.array(FlowInfo),
  tags: z.array(TagInfo),
  devices: z.array(z.strictObject({ name: z.string(), driver: z.string(), address: z.string() })),
  /** What station is to mirror, and where; absent where the manifest says none. */
  mirror: z
    .strictObject({ topic: z.string(), to: z.union([EmbeddedMirror, BrokerMirror]) })
    .optional(),
  /** Who may have a shell on this cell's machine, and when. */
  shell: ShellRules.optional(),
  /** The newest entry: what is shown is recorded at or before it. */
  seq: z.number(),
  more,
});
export type Hello = z.infer<typeof Hello>;
/** Further tags of a greeting. */
export const Tags = z.strictObject({ type: z.literal('tags'), tags: z.array(TagInfo), more });
export type Tags = z.infer<typeof Tags>;

/** v value, s StatusCode, t source time (UTC ms), f forced; `age_ms` in snapshots only. */
export const TagState = z.strictObject({
  v: Scalar,
  s: z.number(),
  t: z.number(),
  f: z.boolean().optional(),
  age_ms: z.number().optional(),
});
export type TagState = z.infer<typeof TagState>;

/** v what is asked of the device now; by: what holds it away from what the flow asks. */
export const OutputState = z.strictObject({
  v: Scalar,
  asked: Scalar,
  by: z.enum(['flow', 'force', 'interlock', 'stopped']),
  interlock: z.string().optional(),
  /** What the device confirmed: `pending` until it answers. */
  write: z.enum(['confirmed', 'pending', 'mismatch', 'rejected', 'unknown']),
});
export type OutputState = z.infer<typeof OutputState>;

/** How long a state lasted in its last visits, at most 200 of them. */
export const Usual = z.strictObject({
  median_ms: z.number(),
  p95_ms: z.number(),
  visits: z.int().positive(),
});
export type Usual = z.infer<typeof Usual>;

export const RegionState = z.strictObject({
  /** Path of the active leaf: `unit.Execute.Loading`. */
  state: z.string(),
  /** Scan time and UTC at which the leaf was entered. */
  since_ms: z.number(),
  sinceTime: z.number(),
  /** Of the active leaf; absent until it was left once. */
  usual: Usual.optional(),
});
export type RegionState = z.infer<typeof RegionState>;
export const FlowState = z.strictObject({
  stepped: z.boolean(),
  /** Why it is not stepped, for people. */
  reason: z.string().optional(),
  regions: z.record(z.string(), RegionState),
  ctx: z.record(z.string(), Scalar),
  signals: z.record(z.string(), Scalar),
  parameters: z.record(z.string(), Scalar),
  /** The last transition taken with a target, and when (UTC). */
  last: z.strictObject({ transition: z.string(), time: z.number() }).optional(),
});
export type FlowState = z.infer<typeof FlowState>;

/** ISA-18.2 states; `normal` alarms are not sent. */
export const AlarmState = z.strictObject({
  state: z.enum(['unacknowledged', 'acknowledged', 'returned']),
  priority: z.int().min(1).max(4),
  text: Text,
  response: Text.optional(),
  flow: z.string().optional(),
  raised: z.number(),
  cleared: z.number().optional(),
  acknowledged: z.number().optional(),
  by: z.string().optional(),
});
export type AlarmState = z.infer<typeof AlarmState>;

export const ForceState = z.strictObject({
  value: Scalar,
  reason: z.string(),
  actor: Actor,
  /** UTC. */
  until: z.number(),
});
export const DeviceStateView = z.strictObject({
  state: z.enum(['connecting', 'online', 'degraded', 'backoff', 'stopped']),
  since: z.number(),
  epoch: z.number(),
  failures: z.number(),
  nextTry: z.number().optional(),
  lastGood: z.number().optional(),
  error: z.strictObject({ code: z.string(), text: z.string() }).optional(),
  latency: z.strictObject({ p50: z.number(), p99: z.number() }),
  requests: z.number(),
  late: z.number(),
  stale: z.number(),
});
export const ScanFigures = z.strictObject({
  count: z.number(),
  missed: z.number(),
  /** Lateness of periodic scans and cost of a scan over the last minute, in ms. */
  late: z.strictObject({ p50: z.number(), p99: z.number(), max: z.number() }),
  cost: z.strictObject({ p50: z.number(), p99: z.number(), max: z.number() }),
});
export const ChronicleFigures = z.strictObject({
  ok: z.boolean(),
  seq: z.number(),
  waiting: z.number(),
  commit: z.strictObject({ p50: z.number(), p99: z.number() }),
  bytes: z.number(),
});

/** How the mirror does; absent where the cell has none. */
export const MirrorFigures = z.strictObject({
  state: z.enum(['connecting', 'settling', 'mirroring', 'waiting', 'silent']).meta({
    description:
      'settling: connected, and listening for another cell of this name; silent: there is one',
  }),
  /** It is with its broker; what `sys.mirror.ok` says. */
  ok: z.boolean(),
  /** UTC, when `ok` became so. */
  since: z.number(),
  broker: z.string(),
  topic: z.string(),
  /** How far events are behind the record. */
  lag: z.strictObject({ entries: z.int().nonnegative(), ms: z.int().nonnegative() }),
  /** Messages acknowledged in the last second, on their way, and retained ones still to be told. */
  rate: z.int().nonnegative(),
  inflight: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  /** Up to this entry all is with the broker: boot and seq. */
  cursor: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  /** Stretches of the record that could not be mirrored, since station began. */
  gaps: z.int().nonnegative(),
  /** The last that went wrong, and when (UTC). */
  error: z
    .strictObject({ code: z.string().max(64), text: z.string().max(1000), at: z.number() })
    .optional(),
});
export type MirrorFigures = z.infer<typeof MirrorFigures>;

/** One term of a condition: what it reads, its value now, and whether it is true, false or unknown. */
export interface Term {
  readonly kind: 'all' | 'any' | 'not' | 'term' | 'after' | 'for' | 'command';
  readonly truth: 'true' | 'false' | 'unknown';
  /** The condition as the flow writes it, or the name of a `let`. */
  readonly text: string;
  /** Tags read, with value and device. */
  readonly tags?: readonly string[] | undefined;
  /** Time still to wait, for `after` and `for`. */
  readonly remaining_ms?: number | undefined;
  readonly of?: readonly Term[] | undefined;
}
export const Term: z.ZodType<Term> = z.lazy(() =>
  z.strictObject({
    kind: z.enum(['all', 'any', 'not', 'term', 'after', 'for', 'command']),
    truth: z.enum(['true', 'false', 'unknown']),
    text: z.string(),
    tags: z.array(z.string()).readonly().optional(),
    remaining_ms: z.number().optional(),
    of: z.array(Term).readonly().optional(),
  }),
);

/** A transition that the active states could take, and what it still waits for. */
export const Candidate = z.strictObject({
  region: z.string(),
  transition: z.string(),
  from: z.string(),
  to: z.string().optional(),
  why: Text.optional(),
  term: Term,
  /** The least that would have to change. */
  blocking: z.array(z.string()),
});
export type Candidate = z.infer<typeof Candidate>;

const feed = {
  /** Counts frames of this boot. */
  frame: z.number(),
  /** The last scan's time, and UTC. */
  now: z.number(),
  time: z.number(),
  /** The newest entry: what is shown is recorded at or before it. */
  seq: z.number(),
};
/** Sections are maps; a delta's entry replaces the snapshot's, null removes it. */
export const Sections = z.strictObject({
  tags: z.record(z.string(), TagState),
  outputs: z.record(z.string(), OutputState),
  flows: z.record(z.string(), FlowState),
  alarms: z.record(z.string(), AlarmState.nullable()),
  forces: z.record(z.string(), ForceState.nullable()),
  devices: z.record(z.string(), DeviceStateView),
  scan: ScanFigures,
  chronicle: ChronicleFigures,
  mirror: MirrorFigures.optional(),
});
export type Sections = z.infer<typeof Sections>;
/** Sections that are told whole. */
export type WholeSections = Pick<Sections, 'scan' | 'chronicle' | 'mirror'>;
export const Snapshot = z.strictObject({
  type: z.literal('snapshot'),
  ...feed,
  ...Sections.shape,
  more,
});
export type Snapshot = z.infer<typeof Snapshot>;
/** `from`: the first frame that this delta covers; more than one when a client lagged. */
export const Delta = z.strictObject({
  type: z.literal('delta'),
  ...feed,
  from: z.number(),
  ...Sections.partial().shape,
  more,
});
export type Delta = z.infer<typeof Delta>;

export const Why = z.strictObject({
  type: z.literal('why'),
  flow: z.string(),
  frame: z.number(),
  candidates: z.array(Candidate),
  /** Commands that the active states accept now, with what each still lacks. */
  commands: z.array(
    z.strictObject({ name: z.string(), ready: z.boolean(), lacks: z.array(z.string()) }),
  ),
  /** The way back to Execute, in order, with what each step still lacks; absent where none is known. */
  back: z
    .array(
      z.strictObject({
        /** Undefined: a step that the flow takes by itself. */
        command: z.string().optional(),
        to: z.string(),
        lacks: z.array(z.string()),
      }),
    )
    .optional(),
});
export type Why = z.infer<typeof Why>;
/**
 * The last transition that left Execute or Suspended for anything but work and completion, with the values
 * that decided it.
 */
export const Stopped = z.strictObject({
  type: z.literal('stopped'),
  flow: z.string(),
  transition: z.string(),
  from: z.string(),
  to: z.string(),
  at: z.number(),
  why: Text.optional(),
  terms: z.array(Term),
  values: z.record(z.string(), TagState),
});
export type Stopped = z.infer<typeof Stopped>;

export const Receipt = z.strictObject({
  type: z.literal('receipt'),
  id: z.string(),
  result: z.enum(['accepted', 'refused']),
  code: z.string().optional(),
  reason: z.string().optional(),
});
export type Receipt = z.infer<typeof Receipt>;
export const Done = z.strictObject({
  type: z.literal('done'),
  id: z.string(),
  /** The entry that records it; 0: none does, and `code` says so. */
  seq: z.number(),
  /** `fired E9`, `ignored in unit.Held`, `expired`, `done`; with `; not recorded` where it is not. */
  outcome: z.string(),
  code: z.literal('E_CHRONICLE_LOST').optional(),
});
export type Done = z.infer<typeof Done>;
/** The connection ends; nothing after it is read. */
export const Bye = z.strictObject({ type: z.literal('bye'), code: z.string(), reason: z.string() });
export type Bye = z.infer<typeof Bye>;

/** What station passes on to browsers unchanged. */
export const passedOn = [Hello, Tags, Snapshot, Delta, Why, Stopped, Receipt, Done] as const;
export const FromControl = z.discriminatedUnion('type', [...passedOn, Bye]);
export type FromControl = z.infer<typeof FromControl>;

// --- what a client says ------------------------------------------------------------------------

export const ClientHello = z.strictObject({
  type: z.literal('hello'),
  protocol: z.number(),
  client: z.enum(['station', 'cli', 'supervisor']),
  /** Without it the client gets answers only, no snapshot and no deltas. */
  feed: z.boolean(),
});

const unicode = 'has a lone surrogate';
export const ActMessage = z.strictObject({
  type: z.literal('act'),
  /** Good once: a repeat within 60 s gets the first receipt again. */
  id: z.string().min(8).max(64).refine(isWellFormed, unicode),
  actor: z.string(),
  /** What another person said yes to, where the act needs that: station has judged and used it. */
  approval: ApprovalId.optional(),
  verb: z.string().refine(isWellFormed, unicode),
  args: z.record(z.string(), z.json()).refine(isWellFormed, unicode),
  expect: z.strictObject({ flow: z.string().optional(), seq: z.number().optional() }).optional(),
  /** From receipt. */
  ttl_ms: z.int().positive().max(60_000).default(2000),
});
export type ActMessage = z.infer<typeof ActMessage>;

/** Asks for `why` of these flows, on change. */
export const Watch = z.strictObject({
  type: z.literal('watch'),
  flows: z.array(z.string()).max(64),
});
/** A new snapshot, please. */
export const Resync = z.strictObject({ type: z.literal('resync') });

export const FromClient = z.discriminatedUnion('type', [
  ClientHello,
  ActMessage,
  /** Something that happened in station: see SessionBody. Chronicled as `session`, answered as an act is. */
  z.strictObject({
    type: z.literal('record'),
    id: z.string().min(8).max(64),
    actor: z.string(),
    kind: z.literal('session'),
    body: SessionBody,
  }),
  /** Station says how its mirror does; where none is heard for 5 s there is no mirror. */
  z.strictObject({ type: z.literal('health'), mirror: MirrorFigures }),
  Watch,
  Resync,
]);
export type FromClient = z.infer<typeof FromClient>;
