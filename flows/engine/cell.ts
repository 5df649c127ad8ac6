// One scan of a whole cell: pure, synchronous, the same for live control, virtual time and replay.
// It reads no clock and no device; the caller brings what the scan takes and carries off what it makes.
//
//   const cell = new Cell(plan, engines)          // engines[flow]: {xstate, table} or {table}
//   cell.enter(state, restarts)                   // a new boot; or cell.restore(state): same boot
//   const segment = cell.openSegment()            // its `state`; the rolling hash begins anew
//   const due = grid.next(t, image.changedRead || intake.waiting)
//   const result = cell.step({...due, tags: image.judge(due.now, []), acts, held})
//   grid.ran(due, result.followUp)
//
// A flow that was entered `hot` or `ask` is stepped after a `resume` act: of a person, or for `hot`
// of `system` when every read-back equals its safe value.
import { assert, present } from '#contract/error.ts';
import type { Json } from '#contract/canonical.ts';
import type { Rolling, ScanRecord, TagChange } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import { unknown } from '#flows/program.ts';
import type { CellPlan } from '#flows/plan.ts';
import { alarmChange } from './alarms.ts';
import { takeAct } from './acts.ts';
import type { Acted } from './acts.ts';
import type { Engines } from './engine-pair.ts';
import { FlowRun } from './flow-run.ts';
import type { OutputHolder } from './flow-outputs.ts';
import { ForceAlarms } from './force-alarms.ts';
import { Making, quiet } from './making.ts';
import type { Made } from './making.ts';
import { enterFlow, restoreFlow } from './restart.ts';
import type { RestartClass } from './restart.ts';
import { Lanes } from './rolling.ts';
import {
  readSaved,
  readValue,
  restoreImage,
  saveBoard,
  saveFlow,
  saveImage,
  saveValue,
} from './saved.ts';
import type { SavedCell } from './saved.ts';
import type { ScanInput, ScanResult } from './scan.ts';
import type { Force } from './tag-table.ts';
import { TagTable } from './tag-table.ts';
import { numberOf, valueOf } from './values.ts';

/** Where a tag is read: by which inputs of which flows. */
interface Reader {
  readonly run: FlowRun;
  readonly input: number;
}

export class Cell implements Acted {
  readonly plan: CellPlan;
  /** Read by screens and the explainer; changed by scans alone. */
  readonly flows: readonly FlowRun[];
  readonly tags: TagTable;
  readonly forceAlarms: ForceAlarms;
  readonly #readers: readonly (readonly Reader[])[];
  /** By flow: who reads its signals, and where. */
  readonly #foreign: readonly (readonly { run: FlowRun; at: number; signal: number }[])[];
  readonly #making = new Making();
  readonly #rolling = new Lanes();
  readonly #state = new Lanes();
  readonly #forces = new Lanes();
  readonly #allRecorded: boolean;
  #now = 0;
  #scan = 0;
  /** The alarms of forces are to be looked at, though none may stand any more. */
  #warns = false;
  #forcesDirty = true;
  #dirty = true;

  /** `settle`: how long a flow waits for first answers, ms; the manifest's unless given. */
  constructor(
    plan: CellPlan,
    engines: readonly Engines[],
    options: { readonly settle?: number } = {},
  ) {
    assert(engines.length === plan.flows.length, 'each flow has its engines');
    const settle = options.settle ?? plan.manifest.scan.settle;
    this.plan = plan;
    this.#allRecorded = plan.tags.every((tag) => tag.recorded);
    this.tags = new TagTable(plan.tags);
    this.forceAlarms = new ForceAlarms(plan.tags);
    this.flows = plan.flows.map((flow, index) => {
      return new FlowRun(this.tags, flow, present(engines[index], 'engines'), { index, settle });
    });
    this.#readers = readersOf(this.flows, plan.tags.length);
    this.#foreign = plan.flows.map((_, flow) =>
      this.flows.flatMap((run) =>
        run.plan.foreign.flatMap((read, at) =>
          read.flow === flow ? [{ run, at, signal: read.signal }] : [],
        ),
      ),
    );
  }

  /** The last scan's time, whole ms since boot, and its number, from 1 in a boot. */
  get now(): number {
    return this.#now;
  }
  get scan(): number {
    return this.#scan;
  }
  /** Over all scans since the segment opened. */
  get rolling(): Rolling {
    return this.#rolling.toRolling();
  }

  /** One scan. */
  step(input: ScanInput): ScanResult {
    assert(input.now > this.#now, '`now` strictly increases');
    const making = this.#making;
    this.#now = input.now;
    this.#scan += 1;
    for (const run of this.flows) run.begin();
    for (const change of input.tags) this.#take(change);
    if (this.tags.forces.size > 0) this.#endForces();
    for (const act of input.acts) takeAct(this, act, making);
    for (const { flow, command, down } of input.held) this.#flow(flow).hold(command, down);
    for (const run of this.flows) {
      const faulted = input.faults !== undefined && input.faults.includes(run.index);
      run.advance(input.now, faulted, making);
    }
    for (const run of this.flows) if (run.unpublished) this.#publish(run, making);
    if (this.#warns || this.tags.forces.size > 0) this.#alarmForces();
    this.#roll();
    return this.#result(input, making.take());
  }

  /** Everything that crosses scans. */
  save(): Json {
    const { plans, forces } = this.tags;
    const saved: SavedCell = {
      format: 1,
      now: this.#now,
      scan: this.#scan,
      image: saveImage(this.tags),
      forces: [...forces].toSorted(byTag).map(([tag, { value, ...force }]) => {
        return { tag: plans[tag]?.name ?? '', value: saveValue(value), ...force };
      }),
      forceAlarms: saveBoard(this.forceAlarms.board),
      flows: Object.fromEntries(this.flows.map((run) => [run.plan.name, saveFlow(run)])),
    };
    return saved;
  }

  /** Puts back a state of this boot, exactly; throws `E_CHRONICLE_FORMAT`. */
  restore(state: Json): void {
    const saved = readSaved(state);
    this.#now = saved.now;
    this.#scan = saved.scan;
    this.tags.clear();
    restoreImage(this.tags, saved.image);
    for (const run of this.flows) run.outputs.forced.fill(unknown);
    for (const { tag, value, ...force } of saved.forces) {
      const index = this.plan.tagIndex.get(tag);
      if (index !== undefined) this.setForce(index, { value: readValue(value), ...force });
    }
    this.forceAlarms.restore(saved.forceAlarms);
    for (const run of this.flows) restoreFlow(run, saved.flows[run.plan.name], saved.now);
    this.#restored();
  }

  /**
   * A new boot: scans count from 1, time from `now`; tags wait for their first data, forces and held
   * commands have ended. `ways`: by flow; what a state cannot give is as if there were none.
   */
  enter(state: Json | undefined, ways: readonly RestartClass[], now = 0): void {
    const saved = state === undefined ? undefined : readSaved(state);
    this.#now = now;
    this.#scan = 0;
    this.tags.clear();
    this.forceAlarms.board.clear();
    for (const [index, run] of this.flows.entries()) {
      run.outputs.forced.fill(unknown);
      enterFlow(run, saved?.flows[run.plan.name], ways[index] ?? 'ask');
    }
    this.#restored();
  }

  /** The state with which a segment opens; the rolling hash begins anew. */
  openSegment(): Json {
    this.#rolling.reset();
    return this.save();
  }

  /** For people: what an output gets, what its flow asks, and what holds the one from the other. */
  output(tag: number): {
    value: Value;
    asked: Value;
    by: OutputHolder;
    interlock?: string;
  } {
    const driver = present(this.plan.tags[tag]?.driver, 'an output is driven by a flow');
    const run = this.#flow(driver.flow);
    const decl = present(run.flow.outputs[driver.output], 'an output of the flow');
    const asked = valueOf(decl, run.outputs.asked[driver.output] ?? decl.safe);
    const decided = run.outputs.decided[driver.output] ?? unknown;
    const value = valueOf(decl, Number.isNaN(decided) ? decl.safe : decided);
    return { value, asked, ...run.outputs.holderOf(driver.output, run.stepped) };
  }

  /** Sets or ends a force: an act, or its own end. */
  setForce(tag: number, force: Force | undefined): void {
    if (force === undefined) this.tags.forces.delete(tag);
    else this.tags.forces.set(tag, force);
    this.#warns = true;
    this.forcesChanged();
    const driver = this.plan.tags[tag]?.driver;
    if (driver !== undefined) {
      const run = this.#flow(driver.flow);
      const decl = present(run.flow.outputs[driver.output], 'an output of the flow');
      run.force(driver.output, force === undefined ? unknown : numberOf(decl, force.value));
    }
    this.#read(tag);
  }

  /** A force or the alarm of one changed. */
  forcesChanged(): void {
    this.#forcesDirty = true;
    this.#dirty = true;
  }

  #take(change: TagChange): void {
    this.tags.set(change);
    this.#dirty = true;
    this.#read(change.tag);
  }

  #read(tag: number): void {
    for (const { run, input } of this.#readers[tag] ?? none) run.read(input);
  }

  #endForces(): void {
    for (const [tag, force] of [...this.tags.forces].toSorted(byTag)) {
      if (force.until > this.#now) continue;
      this.setForce(tag, undefined);
      const id = `end-${this.#scan}-${tag}`;
      this.#making.made.ended.push({ kind: 'unforce', id, actor: 'system', tag });
    }
  }

  #alarmForces(): void {
    this.#warns = false;
    this.forceAlarms.advance(this.tags.forces, this.#now, (kind, change) => {
      this.#making.made.alarms.push(alarmChange(kind, change, undefined));
      this.forcesChanged();
    });
  }

  /** Others read its signals from the next scan on. */
  #publish(run: FlowRun, making: Making): void {
    if (run.publish()) making.made.followUp = true;
    this.share(run);
  }

  /** What others read of a flow's signals, after it was published, or put elsewhere between two scans. */
  share(run: FlowRun): void {
    for (const { run: reader, at, signal } of this.#foreign[run.index] ?? []) {
      reader.frame.foreign[at] = run.stepped ? (run.frame.signals[signal] ?? unknown) : unknown;
      reader.touch();
    }
  }

  #roll(): void {
    let dirty = this.#dirty;
    for (const run of this.flows) {
      if (!run.hash.dirty) continue;
      run.hash.update();
      dirty = true;
    }
    if (dirty) this.#hash();
    this.#rolling.word(this.#state.high);
    this.#rolling.word(this.#state.low);
    this.#rolling.number(this.#now);
  }

  #hash(): void {
    const state = this.#state;
    this.#dirty = false;
    state.reset();
    state.word(this.tags.high);
    state.word(this.tags.low);
    for (const run of this.flows) {
      state.word(run.hash.lanes.high);
      state.word(run.hash.lanes.low);
    }
    if (this.#forcesDirty) {
      this.#forcesDirty = false;
      this.#forces.reset();
      this.forceAlarms.hash(this.#forces, this.tags.forces);
    }
    state.word(this.#forces.high);
    state.word(this.#forces.low);
  }

  #restored(): void {
    for (const run of this.flows) {
      run.readAll();
      run.unpublished = false;
      this.share(run);
      run.touch();
    }
    this.#warns = true;
    this.forcesChanged();
    this.#rolling.reset();
  }

  #flow(index: number): FlowRun {
    return present(this.flows[index], 'a flow of the cell');
  }

  #result(input: ScanInput, made: Made | undefined): ScanResult {
    const took = input.acts.length > 0 || input.held.length > 0;
    const tags = this.#recorded(input.tags);
    if (made === undefined && !took && tags.length === 0 && !input.offGrid && input.missed === 0) {
      return quiet;
    }
    const { followUp, outputs, outcomes, ended, notes, alarms, faults } = made ?? quiet;
    const record: ScanRecord = {
      now: input.now,
      missed: input.missed,
      tags,
      held: input.held.length === 0 ? none : input.held.slice(),
      stepped: made?.stepped ?? none,
      fired: made?.fired ?? none,
      outputs: outputs.length === 0 ? none : outputs.map(({ tag, value }) => ({ tag, value })),
      trips: made?.trips ?? none,
      rolling: this.rolling,
    };
    return { record, followUp, outputs, outcomes, ended, notes, alarms, faults };
  }

  #recorded(changes: readonly TagChange[]): readonly TagChange[] {
    if (changes.length === 0) return none;
    if (this.#allRecorded) return changes.slice();
    return changes.filter(({ tag }) => this.plan.tags[tag]?.recorded === true);
  }
}

const none: readonly never[] = Object.freeze([]);

const byTag = (left: readonly [number, Force], right: readonly [number, Force]): number =>
  left[0] - right[0];

function readersOf(runs: readonly FlowRun[], tags: number): readonly (readonly Reader[])[] {
  const readers = Array.from({ length: tags }, (): Reader[] => []);
  for (const run of runs) {
    for (const [input, tag] of run.plan.inputs.entries()) {
      if (tag !== -1) present(readers[tag], 'an input is a tag of the plan').push({ run, input });
    }
  }
  return readers;
}
