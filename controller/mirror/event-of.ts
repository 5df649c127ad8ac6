// What an entry of the record is to the plant: its message on `event`, or nothing. Scans are told where
// something happened in them; names of flows and transitions come from the segment that an entry belongs to.
import type { EventKind, EventMessage, Position } from '#contract/mirror.ts';
import { SegmentBody } from '#contract/entry.ts';
import type { EntryKind } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import type { ScanRecord } from '#contract/record.ts';
import { readBody } from '#controller/chronicle/body.ts';
import type { Content } from '#controller/chronicle/reader.ts';
import { planOf } from '#controller/replay/replay.ts';
import type { CellPlan } from '#flows/plan.ts';

/** Of the record's kinds those that are told as they are. */
const told: ReadonlySet<EntryKind> = new Set<EntryKind>([
  'boot',
  'stop',
  'note',
  'act',
  'write',
  'alarm',
  'device',
  'fault',
  'gap',
  'session',
]);

/** The names of a segment's flows; undefined when this version cannot read them: numbers are told then. */
export type Names = CellPlan | undefined;

export function namesOf(segment: Pick<Content, 'kind' | 'at' | 'body'>): Names {
  try {
    return planOf(SegmentBody.parse(readBody(segment)));
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    return undefined;
  }
}

/** Undefined: nothing that the plant is told of. What cannot be read is told as a fault. */
export function eventOf(entry: Content, names: Names): EventMessage | undefined {
  const { boot, seq, kind } = entry;
  if (kind !== 'scan' && !told.has(kind)) return undefined;
  const place = { n: [boot, seq] satisfies Position, t: entry.at, actor: entry.actor };
  try {
    const body = readBody(entry);
    if (kind !== 'scan') return { ...place, kind: kind as EventKind, body: body as Json };
    const made = transitionsOf(body as ScanRecord, names);
    return made === undefined ? undefined : { ...place, kind: 'transitions', body: made };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    const body = { code: error.code, text: error.message, context: { seq } };
    return { ...place, kind: 'fault', body };
  }
}

type Json = EventMessage['body'];

function transitionsOf({ fired, stepped, trips }: ScanRecord, names: Names): Json | undefined {
  if (fired.length === 0 && stepped.length === 0 && trips.length === 0) return undefined;
  const flowOf = (index: number) => names?.flows[index];
  const flowName = (index: number): string => flowOf(index)?.name ?? `flow ${index}`;
  return {
    fired: fired.map(({ flow, transition }) => {
      const decl = flowOf(flow)?.flow.transitions[transition];
      const to = decl === undefined ? undefined : flowOf(flow)?.flow.states[decl.to]?.path;
      const id = decl?.id ?? `transition ${transition}`;
      return { flow: flowName(flow), transition: id, ...(to === undefined ? {} : { to }) };
    }),
    stepped: stepped.map(({ flow, stepped: runs }) => ({ flow: flowName(flow), stepped: runs })),
    trips: trips.map(({ flow, interlock, tag, holds, latched }) => ({
      flow: flowName(flow),
      interlock: flowOf(flow)?.flow.interlocks[interlock]?.name ?? `interlock ${interlock}`,
      tag: names?.tags[tag]?.name ?? `tag ${tag}`,
      holds,
      latched,
    })),
  };
}
