// What the mirror says to a broker, and what it takes from one: topics and their payloads, JSON over
// MQTT 3.1.1. Retained topics tell how the cell is, `event` what happened in it; station alone speaks here.
import * as z from 'zod';
import type { PathLevels } from './cell.ts';
import { CommandInfo, ParameterInfo, Scalar, Text } from './described.ts';
import {
  ActBody,
  AlarmBody,
  BootBody,
  DeviceBody,
  FaultBody,
  GapBody,
  NoteBody,
  SessionBody,
  StopBody,
  WriteBody,
} from './entry.ts';
import { isWellFormed } from './unicode.ts';
import { AlarmState } from './wire.ts';

/** Bytes of a command's payload; a longer one is refused unread. */
export const commandLimit = 16 * 1024;
/** Tags that one page of `meta` describes: a page of them is below what any broker takes. */
export const metaTags = 1000;
/** How often `health` is said; who has not heard it for three of them takes nothing for live. */
export const healthEvery_ms = 2000;
/** How far ahead of our clock a command may have been issued. */
export const issuedAhead_ms = 5000;
/** From `issued` to `expires`: shorter than control remembers an id, so that no repeat is done twice. */
export const commandLife_ms = 50_000;

/** `<enterprise>/<site>/<area>/<line>/<cell>`; a cell without `path` in its manifest is its name alone. */
export function baseTopic(cell: string, path?: z.infer<typeof PathLevels>): string {
  if (path === undefined) return cell;
  const { enterprise, site, area, line } = path;
  return [enterprise, site, area, line, cell].join('/');
}

/** No topic has a dot: NATS before 2.10 takes none, and a bridge to it would stand still at the first. */
const levels = (name: string): string => name.replaceAll('.', '/');

/** The topics of a cell below its `baseTopic`. */
export const topics = {
  tag: (name: string) => `tag/${levels(name)}`,
  state: (flow: string) => `state/${flow}`,
  alarm: (id: string) => `alarm/${levels(id)}`,
  /** Page 0 is `meta` itself. */
  meta: (page: number) => (page === 0 ? 'meta' : `meta/${page}`),
  health: 'health',
  event: 'event',
  /** What is subscribed to: flow and name. */
  commands: 'command/+/+',
  receipt: (id: string) => `receipt/${id}`,
} as const;

/** The flow and the name that a command's topic has after the base; undefined when it is none. */
export function commandOf(
  base: string,
  topic: string,
): { readonly flow: string; readonly name: string } | undefined {
  const head = `${base}/command/`;
  if (!topic.startsWith(head) || topic.length > head.length + 256) return undefined;
  const [flow, name, ...rest] = topic.slice(head.length).split('/');
  if (flow === undefined || flow === '' || name === undefined || name === '') return undefined;
  return rest.length === 0 ? { flow, name } : undefined;
}

/**
 * `[boot, seq]`: the newest entry of the record when this was so; of an event its own entry. An event whose `n`
 * and `kind` were seen is a repeat.
 */
export const Position = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
export type Position = z.infer<typeof Position>;

/** Retained. An output's value is what is asked of its device: good once that confirmed it, uncertain until then. */
export const TagMessage = z.strictObject({
  v: Scalar.meta({ description: 'the value; the last one while it is bad' }),
  q: z.enum(['good', 'uncertain', 'bad']).meta({ description: 'its quality' }),
  s: z.number().meta({ description: 'its OPC UA StatusCode' }),
  t: z.number().meta({ description: 'when it was so, UTC ms: the device’s time where it has one' }),
  n: Position.meta({ description: 'place in the record: [boot, seq]' }),
  f: z.literal(true).optional().meta({ description: 'a person forces it' }),
});
export type TagMessage = z.infer<typeof TagMessage>;

/** Retained: where a flow is. */
export const StateMessage = z.strictObject({
  t: z.number().meta({ description: 'when it was told, UTC ms' }),
  n: Position.meta({ description: 'place in the record: [boot, seq]' }),
  stepped: z.boolean().meta({ description: 'false: it stands, and its outputs are safe' }),
  reason: z.string().optional().meta({ description: 'why it stands' }),
  regions: z
    .record(z.string(), z.strictObject({ state: z.string(), since: z.number() }))
    .meta({ description: 'of each region its state, and since when, UTC ms' }),
  ctx: z.record(z.string(), Scalar).meta({ description: 'its memory' }),
  signals: z.record(z.string(), Scalar).meta({ description: 'what it tells other flows' }),
  parameters: z.record(z.string(), Scalar).meta({ description: 'as they are set now' }),
});
export type StateMessage = z.infer<typeof StateMessage>;

/** Retained while the alarm stands or waits for someone; then emptied: an empty payload is an alarm that is gone. */
export const AlarmMessage = z.strictObject({
  t: z.number().meta({ description: 'when it was told, UTC ms' }),
  n: Position.meta({ description: 'place in the record: [boot, seq]' }),
  ...AlarmState.shape,
});
export type AlarmMessage = z.infer<typeof AlarmMessage>;

/** What a tag is. */
export const TagMeta = z.strictObject({
  type: z.enum(['bool', 'int', 'real', 'enum', 'string']).meta({ description: 'its type' }),
  unit: z.string().optional().meta({ description: 'of a number' }),
  min: z.number().optional().meta({ description: 'its range' }),
  max: z.number().optional().meta({ description: 'its range' }),
  values: z.array(z.string()).optional().meta({ description: 'the names of an enum' }),
  title: Text.optional().meta({ description: 'for people' }),
  device: z
    .string()
    .optional()
    .meta({ description: 'where it comes from; absent: the cell itself' }),
  writable: z.boolean().meta({ description: 'an output: `flow` drives it, and nobody else' }),
  flow: z.string().optional().meta({ description: 'the flow that drives it' }),
});
export type TagMeta = z.infer<typeof TagMeta>;

/** Retained: what the cell is. Tags beyond the first 1,000 stand on `meta/1`, `meta/2`, and so on. */
export const MetaMessage = z.strictObject({
  cell: z.string(),
  title: z.string(),
  version: z.string().meta({ description: 'of the product' }),
  boot: z.number().meta({ description: 'counts starts of control' }),
  simulated: z
    .boolean()
    .meta({ description: 'device addresses were replaced: this is no machine' }),
  commands: z.boolean().meta({ description: 'whether commands are taken from the broker' }),
  page: z.int().nonnegative().meta({ description: 'this page; `meta` is page 0' }),
  pages: z.int().positive().meta({ description: 'how many there are' }),
  flows: z
    .record(
      z.string(),
      z.strictObject({
        version: z.number(),
        hash: z.string().meta({ description: 'SHA-256 of its canonical text' }),
        commands: z.array(CommandInfo),
        parameters: z.array(ParameterInfo),
      }),
    )
    .meta({ description: 'on page 0' }),
  tags: z.record(z.string(), TagMeta).meta({ description: 'by name' }),
});
export type MetaMessage = z.infer<typeof MetaMessage>;

/** Retained, every 2 s, and as the last will with `state: offline`. */
export const HealthMessage = z.strictObject({
  state: z.enum(['online', 'offline']).meta({
    description: 'offline: the mirror ended, or the broker no longer hears it',
  }),
  cell: z.string(),
  id: z.string().meta({ description: 'of the data directory: two of them are two cells' }),
  session: z.string().meta({ description: 'of the run of station that says it' }),
  version: z.string().meta({ description: 'of the product' }),
  t: z.number().meta({ description: 'UTC ms; of a last will, when the connection began' }),
  n: Position.meta({ description: 'the newest entry of the record' }),
  control: z.enum(['up', 'down']).meta({
    description: 'down: nobody moves the machine, and nothing retained here is of now',
  }),
  lag: z
    .strictObject({ entries: z.int(), ms: z.int() })
    .meta({ description: 'how far `event` is behind the record' }),
});
export type HealthMessage = z.infer<typeof HealthMessage>;

/** What fired in one scan, flows that began or ceased to be stepped, interlocks that tripped or let go. */
export const TransitionsBody = z.strictObject({
  fired: z.array(
    z.strictObject({
      flow: z.string(),
      transition: z.string(),
      to: z.string().optional().meta({ description: 'the state it names; absent: it stays' }),
    }),
  ),
  stepped: z.array(z.strictObject({ flow: z.string(), stepped: z.boolean() })),
  trips: z.array(
    z.strictObject({
      flow: z.string(),
      interlock: z.string(),
      tag: z.string(),
      holds: z.boolean(),
      latched: z.boolean(),
    }),
  ),
});

/** A gap of the record (`stall`, `backlog`, `tail`), or one of the mirror alone. */
export const MirrorGapBody = z.strictObject({
  ...GapBody.shape,
  why: z.enum([...GapBody.shape.why.options, 'retention', 'record', 'cursor']).meta({
    description:
      'retention: entries left the record before they were mirrored; record: it is another, or an older one; cursor: where the mirror stood is lost',
  }),
  outputs: GapBody.shape.outputs.optional(),
  lost: z.number().meta({ description: 'entries that were not mirrored' }),
});

/** What happened, by kind; bodies are those of the record. */
export const eventBodies = {
  transitions: TransitionsBody,
  note: NoteBody,
  alarm: AlarmBody,
  act: ActBody,
  write: WriteBody,
  device: DeviceBody,
  fault: FaultBody,
  gap: MirrorGapBody,
  session: SessionBody,
  boot: BootBody,
  stop: StopBody,
} as const;
export type EventKind = keyof typeof eventBodies;
const kindsOfEvents = Object.keys(eventBodies) as [EventKind, ...EventKind[]];

/** Not retained, QoS 1, in the order of the record: each once, or again with the same `n`. */
export const EventMessage = z
  .strictObject({
    n: Position.meta({ description: 'its entry: [boot, seq]' }),
    t: z.number().meta({ description: 'when it was recorded, UTC ms' }),
    kind: z.enum(kindsOfEvents),
    actor: z.string().meta({ description: 'who did it; `system` where nobody did' }),
    body: z.json().meta({ description: 'by kind, see below' }),
  })
  .refine(({ kind, body }) => eventBodies[kind].safeParse(body).success, {
    message: 'not the body of its kind',
    path: ['body'],
  });
export type EventMessage = z.infer<typeof EventMessage>;

/** Published by others on `command/<flow>/<name>`, never retained. */
export const CommandMessage = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{8,64}$/, '8 to 64 letters, digits, dashes')
    .meta({ description: 'good once: a repeat within 60 s gets the first receipt again' }),
  by: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,58}$/, 'letters, digits, dots, dashes')
    .meta({ description: 'who asks; recorded as the actor `token:mqtt-<by>`' }),
  issued: z.int().nonnegative().meta({ description: 'UTC ms; at most 5 s ahead of the cell' }),
  expires: z.int().nonnegative().meta({
    description: 'UTC ms; at most 50 s after `issued`. Later it is refused',
  }),
  reason: z
    .string()
    .min(1)
    .max(500)
    .refine(isWellFormed, 'has a lone surrogate')
    .meta({ description: 'why; it is recorded' }),
});
export type CommandMessage = z.infer<typeof CommandMessage>;

/** Not retained, on `receipt/<id>`: first what was said to it, then, where accepted, what came of it. */
export const ReceiptMessage = z.strictObject({
  id: z.string(),
  t: z.number().meta({ description: 'UTC ms' }),
  result: z.enum(['accepted', 'refused', 'done']),
  code: z.string().optional().meta({ description: 'of a refusal' }),
  reason: z.string().optional().meta({ description: 'of a refusal, for people' }),
  outcome: z
    .string()
    .optional()
    .meta({ description: 'of `done`: `fired E9`, `ignored in unit.Held`' }),
  n: Position.optional().meta({ description: 'of `done`: the entry that records it' }),
});
export type ReceiptMessage = z.infer<typeof ReceiptMessage>;
