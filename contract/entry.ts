// Entries of the chronicle: the kinds, and the JSON bodies of every kind but `scan` (see record.ts).
// A row is (seq, boot, scan, at, kind, actor, body, prev, hash); bodies are canonical JSON (RFC 8785).
import * as z from 'zod';
import { Actor } from './actor.ts';
import { AgentEvent } from './agent.ts';
import { ApprovalEvent } from './approval.ts';
import { PeopleEvent } from './people.ts';
import { RecordingEvent, RecordingLeft } from './recording.ts';
import { ShellEvent, ShellStep } from './shell.ts';

export const entryKinds = [
  'boot',
  'stop',
  'segment',
  'scan',
  'note',
  'act',
  'write',
  'alarm',
  'device',
  'fault',
  'gap',
  'session',
  'checkpoint',
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** One row as it stands in `chronicle.db`. */
export interface Entry {
  /** From 1, without holes. */
  readonly seq: number;
  /** Counts starts of control. */
  readonly boot: number;
  /** The scan it belongs to; null outside one. */
  readonly scan: number | null;
  /** UTC milliseconds. */
  readonly at: number;
  readonly kind: EntryKind;
  readonly actor: Actor;
  readonly body: Uint8Array;
  /** The hash of the entry before; 32 zero bytes for the first. */
  readonly prev: Uint8Array;
  /** SHA-256 over the length-prefixed big-endian columns before it. */
  readonly hash: Uint8Array;
}

/** What is handed to the writer: it gives `seq`, `prev` and `hash`. */
export interface Draft {
  readonly scan: number | null;
  readonly at: number;
  readonly kind: EntryKind;
  readonly actor: Actor;
  readonly body: Uint8Array;
  /** A checkpoint follows it at once: what cannot wait for the next one to be signed. */
  readonly seal?: boolean;
}

const Hex = z.string().regex(/^[0-9a-f]{64}$/);
const JsonScalar = z.union([z.boolean(), z.number(), z.string(), z.null()]);

export const BootBody = z.strictObject({
  version: z.string(),
  node: z.string(),
  platform: z.string(),
  /** How the run before ended. */
  before: z.enum(['first', 'stop', 'crash', 'broken']),
  /** The file that was set aside because it could not be read. */
  aside: z.string().optional(),
});
export const StopBody = z.strictObject({ reason: z.string() });

/** Everything that a replay needs from here on. Texts are raw-deflated and base64. */
export const SegmentBody = z.strictObject({
  why: z.enum(['boot', 'resume', 'gap', 'hour', 'swap', 'manifest', 'stop']),
  manifest: z.strictObject({ file: z.string(), text: z.string(), hash: Hex }),
  flows: z.record(z.string(), z.strictObject({ file: z.string(), text: z.string(), hash: Hex })),
  /** Of the code that steps flows. */
  engine: z.string(),
  endpoints: z.record(z.string(), z.json()),
  /** Tag names in the order of their indices in `scan` entries. */
  tags: z.array(z.string()),
  /** The scan and the `now` that it follows. */
  scan: z.number(),
  now: z.number(),
  period: z.number(),
  /** Everything that crosses scans, as `flows/engine` saves it. */
  state: z.json(),
  /** Alarms of the system that stand or wait for someone. */
  alarms: z
    .record(
      z.string(),
      z.strictObject({
        state: z.enum(['unacknowledged', 'acknowledged', 'returned']),
        by: Actor.optional(),
      }),
    )
    .optional(),
});

export const NoteBody = z.strictObject({
  flow: z.string(),
  transition: z.string(),
  kind: z.string(),
  values: z.record(z.string(), z.strictObject({ v: JsonScalar, s: z.number() })),
});

export const ActBody = z.strictObject({
  id: z.string(),
  verb: z.string(),
  args: z.record(z.string(), z.json()),
  result: z.enum(['accepted', 'refused']),
  code: z.string().optional(),
  reason: z.string().optional(),
  outcome: z.string().optional(),
  approval: z.string().optional(),
});

export const WriteBody = z.strictObject({
  tag: z.string(),
  value: JsonScalar,
  outcome: z.enum(['mismatch', 'rejected', 'unknown']),
  readBack: JsonScalar.optional(),
  status: z.number().optional(),
});

export const AlarmBody = z.strictObject({
  id: z.string(),
  change: z.enum(['raised', 'cleared', 'acknowledged']),
  priority: z.int().min(1).max(4),
  text: z.string(),
  by: z.string().optional(),
});

export const DeviceBody = z.strictObject({
  device: z.string(),
  state: z.string(),
  epoch: z.number(),
  error: z.strictObject({ code: z.string(), text: z.string() }).optional(),
});

export const FaultBody = z.strictObject({
  code: z.string(),
  text: z.string(),
  context: z.record(z.string(), z.json()),
});

/**
 * Entries that were late (`lost: 0`) or dropped, and outputs that left before their cause was on disk.
 * `from` is the `at` of the first entry that waited too long, `to` when the disk had taken them all: UTC ms.
 */
export const GapBody = z.strictObject({
  why: z.enum(['stall', 'backlog', 'tail']),
  from: z.number(),
  to: z.number(),
  lost: z.number(),
  outputs: z.array(z.strictObject({ tag: z.string(), value: JsonScalar, scan: z.number() })),
  /** Outputs beyond those, counted. */
  more: z.number().optional(),
});

export const CheckpointBody = z.strictObject({
  origin: z.string(),
  /** Entries covered: all with `seq` <= size. */
  size: z.number(),
  /** RFC 6962 root over the entries' hashes, base64. */
  root: z.string(),
  /** The oldest entry that is kept: those before it leave, or have left, by retention. */
  first: z.number(),
  /** Roots of the perfect subtrees that make `root`, largest first, base64: where the tree goes on. */
  frontier: z.string(),
  /** The public key, `<name>+<id>+<base64>` as C2SP signed-note writes it. */
  key: z.string(),
  /** Key id and Ed25519 signature over the note, base64, as C2SP signed-note writes it. */
  signature: z.string(),
});

/** What happened in station: people, approvals, shells, recordings, agents. */
export const SessionBody = z.discriminatedUnion('event', [
  PeopleEvent,
  ApprovalEvent,
  ShellStep,
  ShellEvent,
  RecordingEvent,
  RecordingLeft,
  AgentEvent,
]);
export type SessionBody = z.infer<typeof SessionBody>;

/** The schema of each kind's body; `scan` is binary. */
export const bodies = {
  boot: BootBody,
  stop: StopBody,
  segment: SegmentBody,
  note: NoteBody,
  act: ActBody,
  write: WriteBody,
  alarm: AlarmBody,
  device: DeviceBody,
  fault: FaultBody,
  gap: GapBody,
  session: SessionBody,
  checkpoint: CheckpointBody,
} as const satisfies Readonly<Record<Exclude<EntryKind, 'scan'>, z.ZodType>>;
