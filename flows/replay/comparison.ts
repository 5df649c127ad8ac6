// Holds a candidate against the record, scan by scan, by the rule of `comparisonRule`: which regions went
// elsewhere, and which outputs, signals, alarms and variables were otherwise. It reads no disk.
import type { DifferenceKind, ScanPlace, Taken } from '#contract/comparison.ts';
import { present } from '#contract/error.ts';
import type { Term } from '#contract/wire.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { FlowRun } from '#flows/engine/flow-run.ts';
import type { ScanInput, ScanResult } from '#flows/engine/scan.ts';
import { explainTransition } from '#flows/explain.ts';
import { formatValue } from '#flows/language/format.ts';
import type { Flow, Ranged, TransitionDecl } from '#flows/program.ts';
import type { Candidate } from './candidate.ts';
import { inside } from './follow.ts';
import type { FlowFit, Pair, ValuePair } from './fit.ts';
import type { Lanes } from './lanes.ts';
import { takenText } from './tally.ts';
import type { Standing, Tally, Visit } from './tally.ts';

/** What is otherwise in one flow now. */
interface Open {
  /** By kind and name. */
  readonly values: Map<string, Standing>;
  /** By region: other decisions of this visit of the recorded state. */
  readonly visits: Map<string, Map<string, Visit>>;
  /** Regions in a recorded state that the candidate does not have. */
  readonly lost: Set<string>;
}

/** One run of a candidate over one stretch of record; `tally` may go on over several. */
export class Comparison {
  readonly tally: Tally;
  scans = 0;
  recordedScans = 0;
  /** UTC ms of scan time 0, and the entry of the scan to come. */
  offset = 0;
  boot = 0;
  seq: number | undefined;
  #recorded: Cell;
  #candidate: Candidate;
  readonly #lanes: Lanes | undefined;
  readonly #open: readonly Open[];
  readonly #alarmPairs: readonly (readonly Pair[])[];
  #place: ScanPlace = { time: 0, boot: 0, scan: 0, now: 0 };
  #standing = 0;

  constructor(recorded: Cell, candidate: Candidate, tally: Tally, lanes?: Lanes) {
    this.#recorded = recorded;
    this.#candidate = candidate;
    this.tally = tally;
    this.#lanes = lanes;
    this.#alarmPairs = recorded.flows.map((run, index) =>
      alarmPairs(run, present(candidate.cell.flows[index], 'the candidate')),
    );
    this.#open = candidate.fit.flows.map(() => ({
      values: new Map(),
      visits: new Map(),
      lost: new Set(),
    }));
  }

  /** The recorded cell's scan time. */
  get now(): number {
    return this.#recorded.now;
  }

  /** Another segment: the same candidate beside a cell that stands where the one before did. */
  goOn(recorded: Cell, candidate: Candidate): void {
    this.#recorded = recorded;
    this.#candidate = candidate;
  }

  /** Begins where the recorded cell is, between two scans. */
  begin(): void {
    this.end();
    this.#candidate.begin();
    this.#lanes?.begin(this.#recorded, this.offset + this.#recorded.now);
  }

  /** After a scan of the recorded cell, with what it took and made. */
  take(input: ScanInput, result: ScanResult): void {
    const made = this.#candidate.step(input);
    this.scans += 1;
    if (result.record !== undefined) this.recordedScans += 1;
    else if (made.record === undefined && this.#standing === 0) return;
    const { now, scan } = this.#recorded;
    const entry = result.record === undefined || this.seq === undefined ? {} : { seq: this.seq };
    this.#place = { time: this.offset + now, boot: this.boot, scan, now, ...entry };
    this.tally.next();
    this.#standing = 0;
    for (const [index, fit] of this.#candidate.fit.flows.entries()) {
      const [one, two] = [this.#recorded.flows[index], this.#candidate.cell.flows[index]];
      if (one === undefined || two === undefined) continue;
      const was = firedOf(result, index, one.flow);
      this.#flow(index, fit, was, firedOf(made, index, two.flow));
    }
    if (result.record !== undefined) this.#lanes?.take(this.#recorded, result, this.#place.time);
  }

  /** Nothing follows: what stands ends here. */
  end(): void {
    const time = this.offset + this.#recorded.now;
    for (const open of this.#open) {
      for (const standing of open.values.values()) this.tally.end(standing, time);
      open.values.clear();
      for (const region of open.visits.keys()) this.#decided(open, region, time);
      open.lost.clear();
    }
    this.#standing = 0;
  }

  #flow(index: number, fit: FlowFit, was: Fired, is: Fired): void {
    const sides = {
      index,
      fit,
      open: present(this.#open[index], 'a flow'),
      from: present(this.#recorded.flows[index], 'the recorded flow'),
      to: present(this.#candidate.cell.flows[index], 'the candidate'),
    };
    const { from, to } = sides;
    const apart = from.stage !== to.stage;
    this.#say(sides, from.stepped !== to.stepped, 'stepped', fit.name, () => [
      steppedText(from.stepped),
      to.fault === undefined ? steppedText(to.stepped) : `not stepped: ${to.fault}`,
    ]);
    let astray = apart;
    if (!apart && from.stepped) {
      for (const region of fit.regions) {
        if (this.#region(sides, region, was.get(region.recorded), is.get(region.candidate))) {
          astray = true;
        }
      }
    }
    if (!apart) this.#values(sides);
    if (astray) this.#candidate.follow(index);
    this.#standing += sides.open.values.size;
  }

  /** True when the candidate is elsewhere than the record. */
  #region(sides: Sides, region: Pair, was = -1, is = -1): boolean {
    const { from, to, fit, open } = sides;
    const leaf = from.configuration.leaves[region.recorded] ?? -1;
    const own = to.configuration.leaves[region.candidate] ?? -1;
    const target = fit.states[leaf] ?? -1;
    const [one, two] = [from.flow.transitions[was], to.flow.transitions[is]];
    const away = target !== -1 && !inside(to, own, target);
    if (one !== undefined && one.to !== -1) this.#decided(open, region.name, this.#place.time);
    this.#say(sides, target === -1, 'state', region.name, () => [
      pathOf(from.flow, leaf),
      'has no such state',
    ]);
    // It was nowhere to be judged before: it is put where the record is, and judged from there on.
    if (open.lost.has(region.name)) {
      if (target !== -1) open.lost.delete(region.name);
      return away;
    }
    if (target === -1) open.lost.add(region.name);
    // Moves between smaller states, where the candidate has some in the recorded one, are its own.
    const refined = one === undefined && (to.flow.states[target]?.initial ?? -1) !== -1;
    if (away || (one?.id !== two?.id && !refined))
      this.#otherwise(sides, region, { was, is, leaf, own });
    return away;
  }

  #otherwise(
    sides: Sides,
    region: Pair,
    at: { readonly was: number; readonly is: number; readonly leaf: number; readonly own: number },
  ): void {
    const { from, to, fit, open, index } = sides;
    const [one, two] = [from.flow.transitions[at.was], to.flow.transitions[at.is]];
    const before = from.frozen.configuration.leaves[region.recorded] ?? -1;
    const after = {
      recorded: pathOf(from.flow, at.leaf),
      candidate: pathOf(to.flow, at.own),
    };
    const key = `${one?.id ?? ''} ${takenText(two?.id, after.candidate)}`;
    const seen = open.visits.get(region.name) ?? new Map<string, Visit>();
    open.visits.set(region.name, seen);
    // A stay is an occurrence each time; a way out is the same one until the record moves on.
    const stays = (one === undefined || one.to === -1) && (two === undefined || two.to === -1);
    if (!stays && seen.has(key)) return;
    const difference = {
      flow: fit.name,
      region: region.name,
      state: pathOf(from.flow, before),
      recorded: takenOf(one),
      candidate: takenOf(two),
      after,
    };
    const visit = this.tally.transition(this.#place, difference, () => {
      const ids = new Set([one?.id, two?.id].filter((id) => id !== undefined));
      return [...ids].map((transition) => ({
        transition,
        recorded: termOf(this.#recorded, index, transition),
        candidate: termOf(this.#candidate.cell, index, transition),
      }));
    });
    if (stays) this.tally.end(visit.standing, this.#place.time);
    else seen.set(key, visit);
  }

  /** The record went on in a region: what was otherwise in the visit before is over. */
  #decided(open: Open, region: string, time: number): void {
    const seen = open.visits.get(region);
    if (seen === undefined) return;
    for (const { standing, told } of seen.values()) {
      this.tally.end(standing, time);
      if (told !== undefined) told.until = time;
    }
    open.visits.delete(region);
  }

  #values(sides: Sides): void {
    const { from, to, fit } = sides;
    for (const pair of fit.outputs) {
      const [one, two] = [from.flow.outputs[pair.recorded], to.flow.outputs[pair.candidate]];
      // An output that one side does not drive is as good as safe.
      const was = one === undefined ? two?.safe : from.outputs.decided[pair.recorded];
      const is = two === undefined ? one?.safe : to.outputs.decided[pair.candidate];
      const decls = [one ?? two, two ?? one] as const;
      this.#pair(sides, 'output', pair, { values: [was, is], decls });
    }
    for (const pair of fit.signals) {
      const values = [from.frame.signals[pair.recorded], to.frame.signals[pair.candidate]] as const;
      const decls = [from.flow.signals[pair.recorded], to.flow.signals[pair.candidate]] as const;
      this.#pair(sides, 'signal', pair, { values, decls });
    }
    for (const pair of fit.ctx) {
      const values = [
        from.configuration.ctx[pair.recorded],
        to.configuration.ctx[pair.candidate],
      ] as const;
      const decls = [from.flow.ctx[pair.recorded], to.flow.ctx[pair.candidate]] as const;
      this.#pair(sides, 'memory', pair, { values, decls });
    }
    this.#alarms(sides);
  }

  #pair(
    sides: Sides,
    kind: 'output' | 'signal' | 'memory',
    pair: ValuePair,
    { values: [was, is], decls: [one, two] }: Values,
  ): void {
    if (was === is && (pair.alike || one === two)) {
      if (sides.open.values.size > 0) this.#say(sides, false, kind, pair.name, () => ['', '']);
      return;
    }
    const differs = !Object.is(said(one, was), said(two, is));
    this.#say(sides, differs, kind, pair.name, () => [said(one, was), said(two, is)]);
  }

  #alarms(sides: Sides): void {
    const before = sides.from.alarms.board.states;
    const after = sides.to.alarms.board.states;
    for (const { name, recorded, candidate } of this.#alarmPairs[sides.index] ?? []) {
      this.#alarm(sides, name, stands(before[recorded]), stands(after[candidate]));
    }
  }

  #alarm(sides: Sides, id: string, was: boolean, is: boolean): void {
    if (was === is && sides.open.values.size === 0) return;
    this.#say(sides, was !== is, 'alarm', id, () => [raisedText(was), raisedText(is)]);
  }

  /** One thing that is compared: a difference that begins is told, one that stands goes on, one that ended is closed. */
  #say(
    { fit, open }: Sides,
    differs: boolean,
    kind: Exclude<DifferenceKind, 'transition'>,
    name: string,
    texts: () => [recorded: string, candidate: string],
  ): void {
    if (!differs && open.values.size === 0) return;
    const key = `${kind} ${name}`;
    const standing = open.values.get(key);
    if (differs && standing === undefined) {
      const [recorded, candidate] = texts();
      const difference = { kind, flow: fit.name, name, recorded, candidate };
      open.values.set(key, this.tally.value(this.#place, difference));
    } else if (!differs && standing !== undefined) {
      this.tally.end(standing, this.#place.time);
      open.values.delete(key);
    }
  }
}

interface Sides {
  readonly index: number;
  readonly fit: FlowFit;
  readonly open: Open;
  readonly from: FlowRun;
  readonly to: FlowRun;
}

interface Values {
  readonly values: readonly [was: number | undefined, is: number | undefined];
  readonly decls: readonly [one: Ranged | undefined, two: Ranged | undefined];
}

/** By region: the transition that fired. */
type Fired = ReadonlyMap<number, number>;

const nothing: Fired = new Map();

function firedOf({ record }: ScanResult, index: number, flow: Flow): Fired {
  if (record === undefined || record.fired.length === 0) return nothing;
  return new Map(
    record.fired.flatMap((one) =>
      one.flow === index ? [[flow.transitions[one.transition]?.region ?? -1, one.transition]] : [],
    ),
  );
}

function alarmPairs(from: FlowRun, to: FlowRun): readonly Pair[] {
  const [before, after] = [from.alarms.board, to.alarms.board];
  const ids = new Set([...before.kinds, ...after.kinds].map(({ id }) => id));
  return [...ids].map((name) => {
    return { name, recorded: before.placeOf(name), candidate: after.placeOf(name) };
  });
}

/** Its condition holds, acknowledged or not; an alarm that a side does not have never stands. */
const stands = (state: number | undefined): boolean => state === 1 || state === 2;

const steppedText = (stepped: boolean): string => (stepped ? 'stepped' : 'not stepped');
const raisedText = (raised: boolean): string => (raised ? 'raised' : 'not raised');
const pathOf = (flow: Flow, state: number): string => flow.states[state]?.path ?? '';

const said = (decl: Ranged | undefined, value: number | undefined): string =>
  decl === undefined || value === undefined ? 'none' : formatValue(decl.type, value);

const takenOf = (transition: TransitionDecl | undefined): Taken | null =>
  transition === undefined
    ? null
    : {
        transition: transition.id,
        ...(transition.why === undefined ? {} : { why: transition.why }),
      };

/** The condition of a transition as that side's last step read it; null: it has none of this id. */
function termOf({ plan, flows }: Cell, flow: number, id: string): Term | null {
  const run = present(flows[flow], 'a flow of the cell');
  const transition = run.flow.transitions.findIndex((one) => one.id === id);
  if (transition === -1) return null;
  const { frame, configuration } = run.frozen;
  return explainTransition(plan, { flow, transition }, frame, configuration) ?? null;
}
