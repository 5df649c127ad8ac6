// Entries as people read them: one line each, with the names of the segment that they belong to.
import { SegmentBody, type bodies, type Entry, type EntryKind } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { qualityOf, statusText } from '#contract/quality.ts';
import type { ScanRecord } from '#contract/record.ts';
import { toJsonValue, type JsonValue, type Value } from '#contract/sample.ts';
import type * as z from 'zod';
import { readBody } from './body.ts';

/** What indices in `scan` entries mean. A name that is not given is shown as its index. */
export interface EntryNames {
  readonly tags: readonly string[];
  readonly flows: readonly FlowNames[];
}
export interface FlowNames {
  readonly name: string;
  readonly commands: readonly string[];
  readonly transitions: readonly string[];
  readonly interlocks: readonly string[];
}

export const noNames: EntryNames = { tags: [], flows: [] };

/** The tags of a `segment` entry; a cell of one flow has that flow's name too. */
export function namesOfSegment(segment: Entry): EntryNames {
  const body = SegmentBody.parse(readBody(segment));
  const flows = Object.keys(body.flows);
  const named = flows.length === 1 ? flows : [];
  const rest = { commands: [], transitions: [], interlocks: [] };
  return { tags: body.tags, flows: named.map((name) => ({ name, ...rest })) };
}

/** `time seq kind actor text`, in one line. What cannot be read is said so. */
export function formatEntry(entry: Entry, names: EntryNames): string {
  const time = new Date(entry.at).toISOString();
  const scan = entry.scan === null ? '' : ` scan ${entry.scan}:`;
  const head = `${time} ${String(entry.seq).padStart(7)} ${entry.kind.padEnd(10)} ${entry.actor}`;
  return `${head}${scan} ${textOf(entry, names)}`.trimEnd().replaceAll(/[\p{Cc}]/gu, '?');
}

/** An entry with its body decoded, for `--json`. */
export function plainEntry(entry: Entry): Readonly<Record<string, unknown>> {
  const { seq, boot, scan, at, kind, actor } = entry;
  const hash = Buffer.from(entry.hash).toString('hex');
  try {
    return { seq, boot, scan, at, kind, actor, body: plain(readBody(entry)), hash };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const unread = Buffer.from(entry.body).toString('base64');
    return { seq, boot, scan, at, kind, actor, error: error.message, unread, hash };
  }
}

/** 64-bit integers are decimal strings in JSON. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

function textOf(entry: Entry, names: EntryNames): string {
  try {
    const body = readBody(entry);
    return entry.kind === 'scan' ? scanText(body as ScanRecord, names) : jsonText(entry.kind, body);
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    return `(not readable: ${error.message})`;
  }
}

function scanText(record: ScanRecord, names: EntryNames): string {
  const tag = (index: number): string => names.tags[index] ?? `tag ${index}`;
  const flow = (index: number): string => names.flows[index]?.name ?? `flow ${index}`;
  const member = (of: number, kind: 'commands' | 'transitions' | 'interlocks', index: number) =>
    `${flow(of)} ${names.flows[of]?.[kind][index] ?? `${kind.slice(0, -1)} ${index}`}`;
  const parts = [
    ...record.tags.map((change) => `${tag(change.tag)}=${valueText(change.value, change.status)}`),
    ...record.held.map(
      (held) => `${member(held.flow, 'commands', held.command)} ${held.down ? 'held' : 'let go'}`,
    ),
    ...record.stepped.map((one) => `${flow(one.flow)} ${one.stepped ? 'runs' : 'does not run'}`),
    ...record.fired.map((fired) => `fired ${member(fired.flow, 'transitions', fired.transition)}`),
    ...record.outputs.map((output) => `${tag(output.tag)}:=${valueText(output.value)}`),
    ...record.trips.map((trip) => {
      const state = trip.holds ? 'holds' : trip.latched ? 'latched' : 'frees';
      return `${member(trip.flow, 'interlocks', trip.interlock)} ${state} ${tag(trip.tag)}`;
    }),
  ];
  if (record.missed > 0) parts.push(`missed ${record.missed}`);
  return [`now ${record.now}`, ...parts].join(', ');
}

function valueText(value: Value, status?: number): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(toJsonValue(value));
  const code = status === undefined ? undefined : (status as Parameters<typeof qualityOf>[0]);
  return code === undefined || qualityOf(code) === 'good' ? text : `${text} (${statusText(code)})`;
}

type Bodies = { [Kind in keyof typeof bodies]: z.infer<(typeof bodies)[Kind]> };
type Texts = { [Kind in keyof Bodies]: (body: Bodies[Kind]) => string };

const scalar = (value: JsonValue | undefined): string => JSON.stringify(value ?? null);
const members = (value: object): string =>
  Object.entries(value)
    .map(([key, member]) => `${key}=${JSON.stringify(member)}`)
    .join(' ');

const texts: Texts = {
  boot: (body) =>
    `rebe ${body.version} on Node ${body.node}, ${body.platform}; before: ${body.before}` +
    (body.aside === undefined ? '' : `, set aside as ${body.aside}`),
  stop: (body) => body.reason,
  segment: (body) =>
    `begins: ${body.why}, after scan ${body.scan}; flows ${Object.keys(body.flows).join(', ')}`,
  note: (body) =>
    `${body.flow} ${body.transition} ${body.kind}: ` +
    members(Object.fromEntries(Object.entries(body.values).map(([key, { v }]) => [key, v]))),
  act: (body) =>
    [
      body.verb,
      members(body.args),
      body.result,
      body.outcome ?? '',
      body.code ?? '',
      body.reason ?? '',
    ]
      .filter((part) => part !== '')
      .join(' '),
  write: (body) =>
    `${body.tag} := ${scalar(body.value)} ${body.outcome}` +
    (body.readBack === undefined ? '' : `, reads back ${scalar(body.readBack)}`),
  alarm: (body) =>
    `${body.id} ${body.change}, priority ${body.priority}: ${body.text}` +
    (body.by === undefined ? '' : ` (${body.by})`),
  device: (body) =>
    `${body.device} ${body.state}` +
    (body.error === undefined ? '' : `: ${body.error.code} ${body.error.text}`),
  fault: (body) => `${body.code} ${body.text}`,
  gap: (body) =>
    `${body.why} of ${body.to - body.from} ms: ${body.lost} entries lost, ` +
    `${body.outputs.length} outputs left early`,
  session: (body) => members(body),
  checkpoint: (body) => `covers ${body.size} entries, root ${body.root}`,
};

function jsonText(kind: Exclude<EntryKind, 'scan'>, body: unknown): string {
  // The kind and its body were parsed together by `readBody`.
  return (texts[kind] as (body: unknown) => string)(body);
}
