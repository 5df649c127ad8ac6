// From scans to the history: which tags are logged, in which states the flows are, which alarms stand.
// Nothing waits for it, and nothing fails with it.
import { join } from 'node:path';
import type { LoggedTag } from '#contract/history.ts';
import { qualityOf } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import type { Clock } from '#contract/time.ts';
import { HistoryLog } from '#controller/history/log.ts';
import type { StartHistory } from '#controller/history/log.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { TagPlan } from '#flows/plan.ts';
import type { SystemAlarmChange, SystemAlarms } from './alarms.ts';
import type { LoadedCell } from '#controller/config.ts';
import type { Scanned } from '#controller/loop.ts';
import type { Recorder } from './recorder.ts';

/** Why nobody recorded before this start. */
const sentences = {
  first: 'The first start',
  stop: 'Control was stopped',
  crash: 'Control ended without an orderly stop',
  broken: 'Control ended, and its record could not be read',
} as const;

export class Trends {
  readonly #cell: Cell;
  readonly #log: HistoryLog;
  /** By tag of the plan: its place among the logged ones; -1: it is no such input, no such output. */
  readonly #inputs: Int32Array;
  readonly #outputs: Int32Array;
  /** By flow, by region: the leaf that was told last. */
  readonly #leaves: readonly Int32Array[];

  constructor(
    clock: Clock,
    { data, loaded, cell }: { data: string; loaded: LoadedCell; cell: Cell },
    { alarms, recorder }: { alarms: SystemAlarms; recorder: Pick<Recorder, 'fault'> },
  ) {
    this.#cell = cell;
    const { plan, manifest } = loaded;
    const logged = plan.tags.filter((tag) => tag.logged);
    const slots = new Map(logged.map((tag, slot) => [tag, slot]));
    const slotsOf = (wanted: boolean): Int32Array =>
      Int32Array.from(plan.tags, (tag) =>
        (tag.driver !== undefined) === wanted ? (slots.get(tag) ?? -1) : -1,
      );
    this.#inputs = slotsOf(false);
    this.#outputs = slotsOf(true);
    this.#leaves = plan.flows.map(({ flow }) => new Int32Array(flow.regions.length).fill(-1));
    const { max } = manifest.history;
    const options = { path: join(data, 'history.db'), max, tags: logged.map(loggedTag) };
    this.#log = new HistoryLog(clock, options, {
      failed: (code, text) =>
        alarms.raise('history', clock.time(), {
          priority: 4,
          text: 'What happens now is missing from the trends: the history is not written',
          response: `Check the disk: is it full, or failing? (${code}: ${text})`,
        }),
      mended: () => alarms.clear('history', clock.time()),
      aside: ({ file, why }) =>
        recorder.fault('E_HISTORY_ASIDE', `the history could not be read: ${why}`, { file }),
    });
  }

  /** What holds before the first scan, and from here on all that changes. */
  begin(start: StartHistory, before: keyof typeof sentences): void {
    for (const [tag, { driver }] of this.#cell.plan.tags.entries())
      if (driver !== undefined) this.#output(tag, this.#cell.output(tag).value);
    this.#states();
    this.#log.begin(start, sentences[before]);
  }

  /** An input is what its device gave, beneath any force; an output what was decided. */
  settled({ tags, result }: Scanned): void {
    for (const { tag, value, status } of tags) {
      const slot = this.#inputs[tag] ?? -1;
      if (slot >= 0) this.#log.sample(slot, value, qualityOf(status) !== 'bad');
    }
    for (const { tag, value } of result.outputs) this.#output(tag, value);
    if (result.record === undefined) return;
    this.#states();
    for (const { id, change, priority, text, response, flow, by } of result.alarms) {
      const name = flow === undefined ? undefined : this.#cell.plan.flows[flow]?.name;
      this.#log.alarm({
        name: id,
        change,
        priority,
        text,
        ...(response === undefined ? {} : { response }),
        ...(name === undefined ? {} : { flow: name }),
        ...(by === undefined ? {} : { by }),
      });
    }
  }

  systemAlarm({ id, change, alarm, by }: SystemAlarmChange): void {
    const { priority, text, response } = alarm;
    const todo = response === undefined ? {} : { response };
    this.#log.alarm({ name: id, change, priority, text, ...todo, ...(by && { by }) });
  }

  /** Hands over what there is; waits for it a second at most. */
  stop(): Promise<void> {
    return this.#log.stop();
  }

  #output(tag: number, value: Value): void {
    const slot = this.#outputs[tag] ?? -1;
    if (slot >= 0) this.#log.sample(slot, value, true);
  }

  #states(): void {
    for (const [index, leaves] of this.#leaves.entries()) {
      const run = this.#cell.flows[index];
      if (run === undefined) continue;
      for (const [region, before] of leaves.entries()) {
        const leaf = run.configuration.leaves[region] ?? -1;
        if (leaf === before || leaf < 0) continue;
        leaves[region] = leaf;
        const state = run.flow.states[leaf]?.path ?? '';
        this.#log.state(run.plan.name, run.flow.regions[region]?.name ?? '', state);
      }
    }
  }
}

function loggedTag({ name, type, values, title, unit, min, max }: TagPlan): LoggedTag {
  return {
    tag: name,
    // A string has no trend, and is not logged.
    type: type === 'string' ? 'real' : type,
    ...(title === undefined ? {} : { title }),
    ...(unit === undefined ? {} : { unit }),
    ...(values.length === 0 ? {} : { values: [...values] }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}
