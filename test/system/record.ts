// The record of a cell held against what reached its machine: nothing but safe values may have arrived
// without a cause that is on disk.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeScan } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';
import type { Value } from '#contract/sample.ts';
import { present } from '#contract/error.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Entry, EntryKind } from '#contract/entry.ts';
import { SegmentBody } from '#contract/entry.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { valueOf } from '#flows/engine/values.ts';
import { root } from './test-cell.ts';

/** A line of the simulator's log; `output` and `means` stand where the address is an output. `t`: UTC ms. */
export interface Received {
  readonly t: number;
  readonly device: string;
  readonly output?: string;
  readonly means?: Value;
}

/** Everything that reached the machine, in order. */
export function receivedBy(data: string): Received[] {
  const lines = readFileSync(join(data, 'simulator.log'), 'utf8').trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Received);
}

/** An entry that is not a scan, with its body read. */
export interface PlainEntry extends Pick<Entry, 'seq' | 'boot' | 'scan' | 'at' | 'kind' | 'actor'> {
  readonly body: Readonly<Record<string, unknown>>;
}

/** The entries of some kinds, in order; of a running cell too. */
export function entriesOf(data: string, ...kinds: readonly EntryKind[]): PlainEntry[] {
  const reader = openReader(join(data, 'chronicle.db'));
  try {
    return [...reader.entries({ kinds })].map((entry) => {
      const { seq, boot, scan, at, kind, actor } = entry;
      const body = readBody(entry) as PlainEntry['body'];
      return { seq, boot, scan, at, kind, actor, body };
    });
  } finally {
    reader.close();
  }
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

const flowFile = join(root, 'flows', 'cnc-tending', 'cnc-tending.flow.yaml');

/** The demo's flow. */
export const demoFlow = present(
  compileFlow(flowFile, readFileSync(flowFile, 'utf8')).flow,
  'the demo flow compiles',
);

/** What was decided so far, against which what reaches the machine is held, one after the other. */
export class Causes {
  readonly #safe = new Map(
    demoFlow.outputs.map((output) => [output.name, valueOf(output, output.safe)]),
  );
  readonly #decisions = new Map<string, Decision[]>();

  decided(output: string, decision: Decision): void {
    const list = this.#decisions.get(output);
    if (list === undefined) this.#decisions.set(output, [decision]);
    else list.push(decision);
  }

  /** Is it safe, or was it decided, and still the newest decision some time within `travel` before it arrived? */
  has({ t, output, means }: Received): boolean {
    if (output === undefined || means === undefined || means === this.#safe.get(output))
      return true;
    const decisions = this.#decisions.get(output) ?? [];
    return decisions.some(({ at, value }, index) => {
      if (value !== means || at > t + 1) return false;
      const next = decisions[index + 1];
      return next === undefined || next.at >= t - travel;
    });
  }

  /** Drops what was superseded before `t`, UTC. */
  forget(t: number): void {
    for (const list of this.#decisions.values()) {
      const kept = list.findIndex((_, index) => (list[index + 1]?.at ?? t) >= t);
      list.splice(0, kept);
    }
  }
}

/** What reached the machine without a recorded cause; empty is what a test wants. `machine`: the simulator's directory. */
export function causeless(data: string, machine: string): string[] {
  const causes = new Causes();
  for (const [output, decisions] of decisionsOf(join(data, 'chronicle.db'))) {
    for (const decision of decisions) causes.decided(output, decision);
  }
  const wrong = receivedBy(machine).filter((received) => !causes.has(received));
  return wrong.map((received) => JSON.stringify(received));
}
