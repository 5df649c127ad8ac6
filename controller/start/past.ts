// What a start of control finds of the run before: the state in which each flow may go on, and the acts
// that must not be done twice. The state is found by re-executing the last segment of the record.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '#contract/canonical.ts';
import { ActBody } from '#contract/entry.ts';
import type { ScanRecord } from '#contract/record.ts';
import { minutes } from '#contract/time.ts';
import type { UtcMs } from '#contract/time.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Reader } from '#controller/chronicle/reader.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { RestartClass } from '#flows/engine/restart.ts';
import type { LoadedCell } from '#controller/config.ts';
import type { PastAct } from '#controller/door/door.ts';
import { readAcknowledged } from './past-alarms.ts';
import { replayChronicle } from '#controller/replay/replay.ts';
import type { SegmentReplay } from '#controller/replay/replay.ts';
import { findRestored } from './restored.ts';
import type { RestoredMark } from './restored.ts';
import { visitsEnded } from '#controller/scan/visits.ts';
import type { Visits } from '#controller/scan/visits.ts';

/** How this boot enters its flows. */
export interface Past {
  readonly state: Json | undefined;
  /** By flow. */
  readonly ways: readonly RestartClass[];
  /** Flows that go on by themselves once their outputs are confirmed safe. */
  readonly hot: ReadonlySet<number>;
  /** Acts of the last minute: a repeat of one is never done twice. */
  readonly acts: readonly PastAct[];
  /** The system's alarms that someone had acknowledged. */
  readonly alarms: ReturnType<typeof readAcknowledged>;
  /** The record is a backup's, and ends before the machine last moved. */
  readonly restored?: RestoredMark;
  /** There was a record and it gives no state: why, for people. */
  readonly lost?: string;
}

const memory = minutes(1);

/** What is known of the run before, beside its record. */
export interface PastFacts {
  readonly now: UtcMs;
  /** Its outputs had left before their cause was on disk, and it ended before it could say so. */
  readonly ahead: boolean;
  /** What was kept beside the chronicle. */
  readonly retained: Json | undefined;
  /** Told the visits of the last segment, which the record alone may know. */
  readonly visits: Visits;
}

/** Reads what it can. Whatever stands in the record, control starts: `warm` from what was retained, and it says why. */
export async function readPast(data: string, loaded: LoadedCell, facts: PastFacts): Promise<Past> {
  const path = join(data, 'chronicle.db');
  const { retained } = facts;
  const never = retained === undefined ? unrun(loaded) : lost(loaded, facts, 'there is no record');
  if (!existsSync(path)) return never;
  let reader: Reader | undefined;
  try {
    reader = openReader(path);
    const opened = reader.readLast('segment');
    if (opened === undefined) return never;
    const acts = readActs(reader, facts.now);
    const alarms = readAcknowledged(reader, opened.seq);
    let last: SegmentReplay | undefined;
    const scanned = (cell: Cell, fired: ScanRecord['fired'], boot: number): void => {
      for (const visit of visitsEnded(cell, fired))
        facts.visits.recall(visit, { boot, now: cell.now });
    };
    const options = { from: opened.seq, engines: 'table', scanned } as const;
    for await (const segment of replayChronicle(reader, options)) last = segment;
    if (last === undefined) return lost(loaded, facts, 'its last segment cannot be read');
    const restored = findRestored(data, last.boot);
    const doubtful = facts.ahead || restored !== undefined;
    const past = pastOf(last, loaded, { ...facts, ahead: doubtful });
    return { ...past, acts, alarms, ...(restored === undefined ? {} : { restored }) };
  } catch (error) {
    // Anything may stand in a record that was damaged; nothing of it may keep control from starting.
    return lost(loaded, facts, error instanceof Error ? error.message : String(error));
  } finally {
    reader?.close();
  }
}

function pastOf(
  last: SegmentReplay,
  loaded: LoadedCell,
  facts: PastFacts,
): Omit<Past, 'acts' | 'alarms'> {
  const { body, cell, difference } = last;
  // `fast` then or now: outputs had left, or may leave, ahead of the record.
  const strict = [cell.plan.manifest, loaded.manifest].every(
    ({ chronicle }) => chronicle.durability === 'strict',
  );
  const sound = difference === undefined && !last.ahead && !facts.ahead && strict;
  const ways = loaded.plan.flows.map(({ name, restart }): RestartClass => {
    const same = body.flows[name]?.hash === loaded.flows.get(name)?.hash;
    const run = cell.flows.find(({ plan }) => plan.name === name);
    // What waited for a person, or had failed, still waits: another restart is no one's consent.
    const waited = run?.stage === 'asking' || run?.stage === 'faulted';
    return restart === 'hot' && !(sound && same && !waited) ? 'ask' : restart;
  });
  const hot = new Set(ways.flatMap((way, flow) => (way === 'hot' ? [flow] : [])));
  return { state: cell.save(), ways, hot };
}

function readActs(reader: Reader, now: UtcMs): Past['acts'] {
  const acts: PastAct[] = [];
  for (const entry of reader.backwards({ kinds: ['act'], since: now - memory })) {
    const { id, result, code, reason, outcome } = ActBody.parse(readBody(entry));
    const { seq } = entry;
    const done = outcome === undefined ? undefined : ({ type: 'done', id, seq, outcome } as const);
    acts.push({ id, receipt: { type: 'receipt', id, result, code, reason }, done });
  }
  return acts.toReversed();
}

/** A cell that never ran. */
function unrun({ plan }: LoadedCell): Past {
  const ways = plan.flows.map(({ restart }) => restart);
  return { state: undefined, ways, hot: new Set(), acts: [], alarms: new Map() };
}

/** There was a record and it gives no state: flows start `warm` from what was kept beside it. */
export function lost({ plan }: LoadedCell, { retained }: PastFacts, why: string): Past {
  const ways = plan.flows.map((): RestartClass => 'warm');
  return { state: retained, ways, hot: new Set(), acts: [], alarms: new Map(), lost: why };
}
