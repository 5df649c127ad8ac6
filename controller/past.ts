// What a start of control finds of the run before: the state in which each flow may go on, and the acts
// that must not be done twice. The state is found by re-executing the last segment of the record.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '#contract/canonical.ts';
import { ActBody } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { minutes } from '#contract/time.ts';
import type { UtcMs } from '#contract/time.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Reader } from '#controller/chronicle/reader.ts';
import type { RestartClass } from '#flows/engine/restart.ts';
import type { LoadedCell } from './config.ts';
import type { PastAct } from './door.ts';
import { replayChronicle } from './replay.ts';
import type { SegmentReplay } from './replay.ts';

/** How this boot enters its flows. */
export interface Past {
  readonly state: Json | undefined;
  /** By flow. */
  readonly ways: readonly RestartClass[];
  /** Flows that go on by themselves once their outputs are confirmed safe. */
  readonly hot: ReadonlySet<number>;
  /** Acts of the last minute: a repeat of one is never done twice. */
  readonly acts: readonly PastAct[];
}

const memory = minutes(1);

/** Reads what it can; a record that cannot be read or re-executed gives no state, and flows start `warm`. */
export async function readPast(data: string, loaded: LoadedCell, now: UtcMs): Promise<Past> {
  const path = join(data, 'chronicle.db');
  if (!existsSync(path)) return nothing(loaded, 'asked');
  let reader: Reader | undefined;
  try {
    reader = openReader(path);
    const opened = reader.readLast('segment');
    if (opened === undefined) return nothing(loaded, 'asked');
    const acts = readActs(reader, now);
    let last: SegmentReplay | undefined;
    for await (const segment of replayChronicle(reader, { from: opened.seq, engines: 'table' }))
      last = segment;
    return last === undefined ? nothing(loaded, 'warm') : { ...pastOf(last, loaded), acts };
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    return nothing(loaded, 'warm');
  } finally {
    reader?.close();
  }
}

function pastOf(last: SegmentReplay, loaded: LoadedCell): Omit<Past, 'acts'> {
  const { body, cell, difference, ahead } = last;
  // `fast` then or now: outputs had left, or may leave, ahead of the record.
  const strict = [cell.plan.manifest, loaded.manifest].every(
    ({ chronicle }) => chronicle.durability === 'strict',
  );
  const sound = difference === undefined && !ahead && strict;
  const ways = loaded.plan.flows.map(({ name, restart }): RestartClass => {
    const same = body.flows[name]?.hash === loaded.flows.get(name)?.hash;
    return restart === 'hot' && !(sound && same) ? 'ask' : restart;
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

/** Without a record: `asked` for a cell that never ran, `warm` for one whose record cannot be used. */
function nothing(loaded: LoadedCell, why: 'asked' | 'warm'): Past {
  const ways = loaded.plan.flows.map(({ restart }): RestartClass =>
    why === 'warm' ? 'warm' : restart,
  );
  return { state: undefined, ways, hot: new Set(), acts: [] };
}
