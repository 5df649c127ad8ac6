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
import { unknown } from '#flows/program.ts';
import type { Flow, Ranged, TransitionDecl } from '#flows/program.ts';
import type { Candidate } from './candidate.ts';
import { inside } from './follow.ts';
import type { FlowFit, Pair, ValuePair } from './fit.ts';
import type { Lanes } from './lanes.ts';
import type { Standing, Tally, Visit } from './tally.ts';

/** One thing that is compared, and what of it stands. */
interface Watch extends ValuePair {
  readonly kind: Exclude<DifferenceKind, 'transition'>;
  readonly decls: readonly [recorded: Ranged | undefined, candidate: Ranged | undefined];
  standing: Standing | undefined;
}

/** A region that both have. */
interface RegionWatch extends Pair {
  /** Other decisions of this visit of the recorded state. */
  readonly visit: Map<string, Visit>;
  /** The record is in a state that the candidate does not have. */
  readonly lost: Watch;
}

/** All that is compared of one flow. */
interface FlowWatch {
  readonly index: number;
  readonly fit: FlowFit;
  readonly from: FlowRun;
  readonly to: FlowRun;
  readonly stepped: Watch;
  readonly regions: readonly RegionWatch[];
  readonly outputs: readonly Watch[];
  readonly signals: readonly Watch[];
  readonly memory: readonly Watch[];
  readonly alarms: readonly Watch[];
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
  #flows: readonly FlowWatch[];
  #place: ScanPlace = { time: 0, boot: 0, scan: 0, now: 0 };
  /** Of the last scan that was compared, UTC ms. */
  #time = 0;
  /** Differences that stand. */
  #standing = 0;

  constructor(recorded: Cell, candidate: Candidate, tally: Tally, lanes?: Lanes) {
    this.#recorded = recorded;
    this.#candidate = candidate;
    this.tally = tally;
    this.#lanes = lanes;
    this.#flows = recorded.flows.map((from, index) => {
      const fit = present(candidate.fit.flows[index], 'a flow');
      return watchOf(fit, from, present(candidate.cell.flows[index], 'the candidate'));
    });
  }

  /** The recorded cell's scan time. */
  get now(): number {
    return this.#recorded.now;
  }

  /** Another segment: the same candidate beside a cell that stands where the one before did. */
  goOn(recorded: Cell, candidate: Candidate): void {
    this.#recorded = recorded;
    this.#candidate = candidate;
    this.#flows = this.#flows.map((flow) => {
      return { ...flow, from: present(recorded.flows[flow.index], 'the recorded flow') };
    });
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
    this.#time = this.offset + input.now;
    if (result.record !== undefined) this.recordedScans += 1;
    else if (made.record === undefined && this.#standing === 0) return;
    const { now, scan } = this.#recorded;
    const entry = result.record === undefined || this.seq === undefined ? {} : { seq: this.seq };
    this.#place = { time: this.#time, boot: this.boot, scan, now, ...entry };
    this.tally.next();
    for (const flow of this.#flows) {
      const was = firedOf(result, flow.index, flow.from.flow);
      this.#flow(flow, was, firedOf(made, flow.index, flow.to.flow));
    }
    if (result.record !== undefined) this.#lanes?.take(this.#recorded, result, this.#place.time);
  }

  /** Nothing follows: what stands ends here. */
  end(): void {
    const time = this.#time;
    for (const { stepped, regions, outputs, signals, memory, alarms } of this.#flows) {
      const lost = regions.map((region) => region.lost);
      for (const watch of [stepped, ...lost, ...outputs, ...signals, ...memory, ...alarms]) {
        if (watch.standing !== undefined) this.tally.end(watch.standing, time);
        watch.standing = undefined;
      }
      for (const region of regions) this.#decided(region, time);
    }
    this.#standing = 0;
  }

  #flow(flow: FlowWatch, was: Fired, is: Fired): void {
    const { from, to, stepped } = flow;
    const apart = from.stage !== to.stage;
    if (apart || stepped.standing !== undefined) {
      this.#mark(flow, stepped, from.stepped !== to.stepped, () => [
        steppedText(from.stepped),
        to.fault === undefined ? steppedText(to.stepped) : `not stepped: ${to.fault}`,
      ]);
    }
    let astray = apart;
    if (!apart && from.stepped) {
      for (const region of flow.regions) {
        if (this.#region(flow, region, was.get(region.recorded), is.get(region.candidate))) {
          astray = true;
        }
      }
    }
    if (!apart) this.#values(flow);
    if (astray) this.#candidate.follow(flow.index);
  }

  /** True when the candidate is elsewhere than the record. */
  #region(flow: FlowWatch, region: RegionWatch, was = -1, is = -1): boolean {
    const { from, to, fit } = flow;
    const leaf = from.configuration.leaves[region.recorded] ?? -1;
    const own = to.configuration.leaves[region.candidate] ?? -1;
    const target = fit.states[leaf] ?? -1;
    const [one, two] = [from.flow.transitions[was], to.flow.transitions[is]];
    const away = target !== -1 && !inside(to, own, target);
    if (one !== undefined && one.to !== -1) this.#decided(region, this.#place.time);
    const lost = region.lost.standing !== undefined;
    if (lost || target === -1) {
      this.#mark(flow, region.lost, target === -1, () => [
        pathOf(from.flow, leaf),
        'has no such state',
      ]);
    }
    // It was nowhere to be judged before: it is put where the record is, and judged from there on.
    if (lost) return away;
    // Moves between smaller states, where the candidate has some in the recorded one, are its own.
    const refined = one === undefined && (to.flow.states[target]?.initial ?? -1) !== -1;
    const differs = one?.id !== two?.id && !refined;
    if (away || differs) this.#otherwise(flow, region, { was, is, leaf, own });
    // A state that one side entered again is the same state, with another time.
    return away || (differs && !(stays(one) && stays(two)));
  }

  #otherwise(
    { from, to, fit, index }: FlowWatch,
    region: RegionWatch,
    at: { readonly was: number; readonly is: number; readonly leaf: number; readonly own: number },
  ): void {
    const [one, two] = [from.flow.transitions[at.was], to.flow.transitions[at.is]];
    // A stay is an occurrence each time; a way out is the same one until the record moves on.
    const stayed = stays(one) && stays(two);
    const key = `${at.was} ${at.is} ${at.own}`;
    if (!stayed && region.visit.has(key)) return;
    const before = from.frozen.configuration.leaves[region.recorded] ?? -1;
    const difference = {
      flow: fit.name,
      region: region.name,
      state: pathOf(from.flow, before),
      recorded: takenOf(one),
      candidate: takenOf(two),
      after: { recorded: pathOf(from.flow, at.leaf), candidate: pathOf(to.flow, at.own) },
    };
    const visit = this.tally.transition(this.#place, difference, () => {
      const ids = new Set([one?.id, two?.id].filter((id) => id !== undefined));
      return [...ids].map((transition) => ({
        transition,
        recorded: termOf(this.#recorded, index, transition),
        candidate: termOf(this.#candidate.cell, index, transition),
      }));
    });
    if (stayed) this.tally.end(visit.standing, this.#place.time);
    else region.visit.set(key, visit);
  }

  /** The record went on in a region: what was otherwise in the visit before is over. */
  #decided({ visit }: RegionWatch, time: number): void {
    if (visit.size === 0) return;
    for (const { standing, told } of visit.values()) {
      this.tally.end(standing, time);
      if (told !== undefined) told.until = time;
    }
    visit.clear();
  }

  #values(flow: FlowWatch): void {
    const { from, to } = flow;
    for (const watch of flow.outputs) {
      const [one, two] = [from.flow.outputs[watch.recorded], to.flow.outputs[watch.candidate]];
      // An output that one side does not drive is as good as safe.
      const was = one === undefined ? two?.safe : from.outputs.decided[watch.recorded];
      const is = two === undefined ? one?.safe : to.outputs.decided[watch.candidate];
      this.#value(flow, watch, was, is);
    }
    const [signals, ctx] = [from.frame.signals, from.configuration.ctx];
    for (const watch of flow.signals) {
      this.#value(flow, watch, signals[watch.recorded], to.frame.signals[watch.candidate]);
    }
    for (const watch of flow.memory) {
      this.#value(flow, watch, ctx[watch.recorded], to.configuration.ctx[watch.candidate]);
    }
    const [before, after] = [from.alarms.board.states, to.alarms.board.states];
    for (const watch of flow.alarms) {
      const [was, is] = [stands(before[watch.recorded]), stands(after[watch.candidate])];
      if (was === is && watch.standing === undefined) continue;
      this.#mark(flow, watch, was !== is, () => [raisedText(was), raisedText(is)]);
    }
  }

  #value(flow: FlowWatch, watch: Watch, was = unknown, is = unknown): void {
    const same = watch.alike && was === is;
    if (same && watch.standing === undefined) return;
    const [one, two] = watch.decls;
    const differs = !same && said(one, was) !== said(two, is);
    this.#mark(flow, watch, differs, () => [said(one, was), said(two, is)]);
  }

  /** A difference that begins is told, one that stands goes on, one that ended is closed. */
  #mark(
    { fit }: FlowWatch,
    watch: Watch,
    differs: boolean,
    texts: () => [recorded: string, candidate: string],
  ): void {
    const { kind, name, standing } = watch;
    if (differs === (standing !== undefined)) return;
    if (standing === undefined) {
      const [recorded, candidate] = texts();
      const difference = { kind, flow: fit.name, name, recorded, candidate };
      watch.standing = this.tally.value(this.#place, difference);
      this.#standing += 1;
    } else {
      this.tally.end(standing, this.#place.time);
      watch.standing = undefined;
      this.#standing -= 1;
    }
  }
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

const watch = (kind: Watch['kind'], pair: Pair, decls: Watch['decls'] = none): Watch => {
  return { alike: true, ...pair, kind, decls, standing: undefined };
};

function watchOf(fit: FlowFit, from: FlowRun, to: FlowRun): FlowWatch {
  const at = { recorded: from.index, candidate: to.index };
  return {
    index: from.index,
    fit,
    from,
    to,
    stepped: watch('stepped', { name: fit.name, ...at }),
    regions: fit.regions.map((pair) => {
      return { ...pair, visit: new Map(), lost: watch('state', pair) };
    }),
    outputs: fit.outputs.map((pair) => {
      const [one, two] = [from.flow.outputs[pair.recorded], to.flow.outputs[pair.candidate]];
      const alone = one === undefined || two === undefined;
      return { ...watch('output', pair, [one ?? two, two ?? one]), alike: alone || pair.alike };
    }),
    signals: fit.signals.map((pair) => {
      const [one, two] = [from.flow.signals[pair.recorded], to.flow.signals[pair.candidate]];
      return watch('signal', pair, [one, two]);
    }),
    memory: fit.ctx.map((pair) => {
      const [one, two] = [from.flow.ctx[pair.recorded], to.flow.ctx[pair.candidate]];
      return watch('memory', pair, [one, two]);
    }),
    alarms: alarmPairs(from, to).map((pair) => watch('alarm', pair)),
  };
}

const none = [undefined, undefined] as const;

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

const said = (decl: Ranged | undefined, value: number): string =>
  decl === undefined ? 'none' : formatValue(decl.type, value);

const stays = (transition: TransitionDecl | undefined): boolean =>
  transition === undefined || transition.to === -1;

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
