// The recorded states of each region over time, for a page that draws them. Bounded: what comes after the
// last move that is kept is counted.
import { comparisonLimits } from '#contract/comparison.ts';
import type { Lane } from '#contract/comparison.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { ScanResult } from '#flows/engine/scan.ts';

export class Lanes {
  leftOut = 0;
  readonly #lanes = new Map<string, Lane>();
  #kept = 0;

  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  /** A stretch of record begins: where every region is. */
  begin(cell: Cell, time: number): void {
    for (const { index } of cell.flows) this.#all(cell, index, time);
  }

  /** After a recorded scan. */
  take(cell: Cell, { record }: ScanResult, time: number): void {
    if (record === undefined) return;
    for (const { flow } of record.stepped) this.#all(cell, flow, time);
    for (const { flow, transition } of record.fired) {
      const declared = cell.flows[flow]?.flow.transitions[transition];
      if (declared !== undefined && declared.to !== -1) {
        this.#move(cell, { flow, region: declared.region }, time);
      }
    }
  }

  #all(cell: Cell, flow: number, time: number): void {
    const regions = cell.flows[flow]?.flow.regions ?? [];
    for (const region of regions.keys()) this.#move(cell, { flow, region }, time);
  }

  #move(cell: Cell, { flow, region }: { flow: number; region: number }, time: number): void {
    const run = cell.flows[flow];
    const name = run?.flow.regions[region]?.name;
    if (run === undefined || name === undefined) return;
    const key = `${run.plan.name}.${name}`;
    const lane = this.#lanes.get(key) ?? {
      flow: run.plan.name,
      region: name,
      states: [],
      moves: [],
    };
    this.#lanes.set(key, lane);
    const leaf = run.configuration.leaves[region] ?? -1;
    const path = run.stepped ? run.flow.states[leaf]?.path : undefined;
    const known = path === undefined ? -1 : lane.states.indexOf(path);
    const state = path !== undefined && known === -1 ? lane.states.push(path) - 1 : known;
    const [since, before] = lane.moves.at(-1) ?? [];
    if (since === time && before === state) return;
    if (this.#kept >= comparisonLimits.moves) {
      this.leftOut += 1;
      return;
    }
    this.#kept += 1;
    lane.moves.push([time, state]);
  }
}
