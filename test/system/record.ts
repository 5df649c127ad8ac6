// The record of a cell held against what reached its machine: nothing but safe values may have arrived
// without a cause that is on disk.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeScan } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';
import type { Value } from '#contract/sample.ts';
import { present } from '#contract/error.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { SegmentBody } from '#contract/entry.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { valueOf } from '#flows/engine/values.ts';
import { root } from './test-cell.ts';

/** A line of the simulator's log, for an address that is an output. */
interface Received {
  readonly t: number;
  readonly device: string;
  readonly output?: string;
  readonly means?: Value;
}

interface Decision {
  readonly at: number;
  readonly value: Value;
}

/** How long a decided value may take to the wire: a commit, a write, and one repeat. */
const travel = 2500;

/** Every output as the record decided it, in order. */
export function decisionsOf(chronicle: string): Map<string, Decision[]> {
  const reader = openReader(chronicle);
  const decisions = new Map<string, Decision[]>();
  let tags: readonly string[] = [];
  try {
    for (const entry of reader.entries({ kinds: ['segment', 'scan'] })) {
      if (entry.kind === 'segment') {
        tags = SegmentBody.parse(readBody(entry)).tags;
        continue;
      }
      for (const { tag, value } of decodeScan(entry.body, utcMs(entry.at)).outputs) {
        const name = tags[tag] ?? '';
        const list = decisions.get(name) ?? [];
        list.push({ at: entry.at, value });
        decisions.set(name, list);
      }
    }
  } finally {
    reader.close();
  }
  return decisions;
}

/** The safe value of each output of the demo's flow. */
function safeValues(): Map<string, Value> {
  const file = join(root, 'flows', 'cnc-tending', 'cnc-tending.flow.yaml');
  const flow = present(
    compileFlow(file, readFileSync(file, 'utf8')).flow,
    'the demo flow compiles',
  );
  return new Map(flow.outputs.map((output) => [output.name, valueOf(output, output.safe)]));
}

/** What reached the machine without a recorded cause; empty is what a test wants. */
export function causeless(data: string): string[] {
  const safe = safeValues();
  const decisions = decisionsOf(join(data, 'chronicle.db'));
  const lines = readFileSync(join(data, 'simulator.log'), 'utf8').trim().split('\n');
  const wrong: string[] = [];
  for (const line of lines) {
    const { t, output, means } = JSON.parse(line) as Received;
    if (output === undefined || means === undefined || means === safe.get(output)) continue;
    if (!caused(decisions.get(output) ?? [], means, t)) wrong.push(line);
  }
  return wrong;
}

/** Was this value decided, and still the newest decision some time within `travel` before it arrived? */
function caused(decisions: readonly Decision[], value: Value, at: number): boolean {
  return decisions.some((decision, index) => {
    if (decision.value !== value || decision.at > at + 1) return false;
    const next = decisions[index + 1];
    return next === undefined || next.at >= at - travel;
  });
}
