// A whole cell in virtual time and in process: the plant, devices with their latency and faults, people, and the real
// scan between them. The same seed gives the same run to the last bit; an hour takes seconds.
import type { Actor } from '#contract/actor.ts';
import type { Json } from '#contract/canonical.ts';
import { assert, present } from '#contract/error.ts';
import { status, type StatusCode } from '#contract/quality.ts';
import type { Rolling, ScanRecord } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import { instant, utcMs, type Duration, type Random } from '#contract/time.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import { Grid, type Due } from '#flows/engine/grid.ts';
import { Image } from '#flows/engine/image.ts';
import { Intake } from '#flows/engine/intake.ts';
import type { AlarmChange, FlowFault, ScanAct, ScanInput, ScanResult } from '#flows/engine/scan.ts';
import type { CellPlan } from '#flows/plan.ts';
import { Tape, type Boot } from '#flows/replay/tape.ts';
import type { RestartClass } from '#flows/engine/restart.ts';
import { Agenda } from './agenda.ts';
import { Faults, type DeviceFaultKind, type FaultRequest } from './faults.ts';
import { buildPlant } from './plant/build.ts';
import type { PlantFile } from './plant/file.ts';
import type { Plant, PlantAct } from './plant/plant.ts';
import { stream } from './plant/random.ts';
import { VirtualDevices } from './virtual-devices.ts';
import { weatherOf, type Weather } from './weather.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly plan: CellPlan;
  /** By flow. */
  readonly engines: readonly Engines[];
  readonly plant: PlantFile;
  /** Called with everything that a scan took and made. */
  readonly onScan?: (input: ScanInput, result: ScanResult) => void;
}

/** What somebody asks of the cell; the world gives it its id and its actor. */
export type Ask = ScanAct extends infer Act
  ? Act extends ScanAct
    ? Omit<Act, 'id' | 'actor'>
    : never
  : never;

export interface Fired {
  readonly now: number;
  readonly flow: number;
  /** The transition's id: `E7`. */
  readonly id: string;
}

/** UTC at the start of every world. */
const dawn = 1_800_000_000_000;
const someone: Actor = 'console:world';
/** Between two keep-alives of a held command, ms. */
const keepAlive = 100;

export class World {
  readonly plant: Plant;
  readonly plan: CellPlan;
  readonly cell: Cell;
  /** The last one is the one that runs. */
  readonly boots: Boot[] = [];
  readonly fired: Fired[] = [];
  readonly faults: FlowFault[] = [];
  readonly alarms: (AlarmChange & { readonly now: number })[] = [];
  /** Interlocks that held an output, by `flow.interlock`. */
  readonly trips: { readonly now: number; readonly interlock: string }[] = [];
  readonly outcomes = new Map<string, string>();
  scans = 0;
  readonly #agenda = new Agenda();
  #image: Image;
  #intake: Intake;
  #grid: Grid;
  readonly #devices: VirtualDevices;
  readonly #faults: Faults;
  readonly #tick: Duration;
  readonly #weather: Weather;
  readonly #disk: Random;
  readonly #processor: Random;
  readonly #onScan: WorldOptions['onScan'];
  /** By tag: the newest decided value of each output. */
  readonly #decided = new Map<number, Value>();
  /** Devices that came back since the last scan. */
  readonly #returned: string[] = [];
  /** Flows entered `hot` wait until every output is confirmed safe. */
  #resuming = false;
  #ticked = 0;
  #awayUntil = 0;
  #acts = 0;

  constructor(options: WorldOptions) {
    const { plan, seed } = options;
    this.plan = plan;
    this.plant = buildPlant(options.plant, seed);
    this.cell = new Cell(plan, options.engines);
    this.#tick = options.plant.tick;
    this.#weather = weatherOf(stream(seed, 'weather'));
    this.#disk = stream(seed, 'disk');
    this.#processor = stream(seed, 'processor');
    this.#onScan = options.onScan;
    this.#devices = this.#connect(options);
    this.#faults = new Faults(
      (delay, run) => this.#agenda.after(delay, run),
      this.plant,
      this.#devices.byName,
    );
    [this.#image, this.#intake, this.#grid] = this.#boot(undefined, 'cold');
  }

  /** Virtual ms since the start. */
  get now(): number {
    return this.#agenda.now;
  }

  /** Over all scans so far. */
  get rolling(): Rolling {
    return this.cell.rolling;
  }

  /** Lets so much time pass. */
  run(span: number): void {
    const agenda = this.#agenda;
    const until = agenda.now + span;
    for (;;) {
      let next = this.#ticked + this.#tick;
      if (agenda.next < next) next = agenda.next;
      const wake = this.#wake();
      if (wake < next) next = wake;
      if (next > until) break;
      this.#advance(next, wake);
    }
    agenda.now = until;
  }

  /** Lets time pass until it holds; false when it does not within `most` ms. */
  runUntil(holds: () => boolean, most: number): boolean {
    const until = this.now + most;
    while (!holds()) {
      if (this.now >= until) return false;
      this.run(Math.min(this.#tick, until - this.now));
    }
    return true;
  }

  /** Calls back after so many ms. */
  after(delay: number, run: () => void): void {
    this.#agenda.after(delay, run);
  }

  /** The active leaf of a region: `unit.Execute.Loading`. */
  state(region: string, flow = 0): string {
    const { flow: program, configuration } = present(this.cell.flows[flow], 'a flow of the cell');
    const index = program.regions.findIndex(({ name }) => name === region);
    const leaf = present(configuration.leaves[index], `the flow has a region ${region}`);
    return program.states[leaf]?.path ?? '';
  }

  ctx(name: string, flow = 0): number {
    const { flow: program, configuration } = present(this.cell.flows[flow], 'a flow of the cell');
    const index = program.ctx.findIndex((variable) => variable.name === name);
    return present(configuration.ctx[index], `the flow remembers ${name}`);
  }

  param(name: string, flow = 0): number {
    const { flow: program, frame } = present(this.cell.flows[flow], 'a flow of the cell');
    const index = program.params.findIndex((declared) => declared.name === name);
    return present(frame.params[index], `the flow has a parameter ${name}`);
  }

  /** Value and status of a tag as the last scan judged it. */
  tag(name: string): { value: Value; status: number } {
    const tag = present(this.plan.tagIndex.get(name), `the cell has a tag ${name}`);
    return { value: this.cell.tags.value[tag] ?? null, status: this.cell.tags.statusOf(tag) };
  }

  /** What an output is asked to be. */
  output(name: string): Value {
    const tag = present(this.plan.tagIndex.get(name), `the cell has an output ${name}`);
    return this.#decided.get(tag) ?? null;
  }

  /** Asks for something; the id under which `outcomes` will say what became of it. */
  ask(act: Ask): string {
    this.#acts += 1;
    const id = `world-${this.#acts}`;
    const taken = this.#intake.offer({ ...act, id, actor: someone }, this.now);
    if (!taken) this.outcomes.set(id, 'refused: too much waits');
    return id;
  }

  /** Asks a command of a flow. */
  command(name: string, flow = 0): string {
    return this.ask({ kind: 'command', flow, command: this.#commandOf(name, flow) });
  }

  /** Keeps a held command down for so many ms, as a hand on a key does. */
  hold(name: string, span: number, flow = 0): void {
    const target = { flow, command: this.#commandOf(name, flow) };
    const until = this.now + span;
    const keep = (): void => {
      const down = this.now < until;
      this.#intake.keep(target, { actor: someone, down, now: this.now });
      if (down) this.#agenda.after(keepAlive, keep);
    };
    keep();
  }

  /** Begins a fault of a device or of the plant, as `rebe fault TARGET KIND` does; what it did, for people. */
  fault(target: string, kind: string, more: Pick<FaultRequest, 'lasts' | 'by'> = {}): string {
    return this.#faults.begin({ target, kind, ...more });
  }

  /** Faults that go on, such as `io hang`. */
  get going(): readonly string[] {
    return this.#faults.going;
  }

  /** The fault that a device has now. */
  faultOf(device: string): DeviceFaultKind | undefined {
    return this.#faults.of(device);
  }

  /** Ends every fault, or those of one target. */
  clear(target?: string): void {
    this.#faults.clear(target);
  }

  /** What is done to the machine; why not, if it cannot be done now. */
  act(act: PlantAct, on = true): string | undefined {
    return this.plant.act(act, on);
  }

  /** Control dies now, if it lives, and is back after so many ms with its flows entered in this way. */
  restart(away: number, way: RestartClass = 'hot'): void {
    const boot = present(this.boots.at(-1), 'a boot');
    if (boot.closing !== undefined) return;
    const { scan, now } = this.cell;
    const state = this.cell.save();
    boot.closing = { ...boot.opening, scan, now, state };
    this.#devices.leave();
    this.#awayUntil = this.now + away;
    this.#agenda.after(away, () => {
      [this.#image, this.#intake, this.#grid] = this.#boot(state, way);
    });
  }

  #boot(saved: Json | undefined, way: RestartClass): [Image, Intake, Grid] {
    const { plan, cell } = this;
    const now = Math.floor(this.now);
    this.#image = new Image(plan.tags);
    this.#decided.clear();
    this.#resuming = way === 'hot';
    const ways = plan.flows.map(() => way);
    cell.enter(saved, ways, now);
    const { period, min } = plan.manifest.scan;
    const opening = { scan: 0, now, period, state: cell.openSegment() };
    this.boots.push({ opening, entries: new Tape() });
    this.#setSystem('sys.chronicle.ok', true);
    this.#setSystem('sys.mirror.ok', true);
    this.#setSystem('sys.scan.late', 0);
    this.#setSystem('sys.disk.free', 10_000);
    for (const name of this.#devices.byName.keys()) {
      this.#setSystem(`sys.device.${name}.ok`, false);
      this.#setSystem(`sys.device.${name}.returned`, false);
    }
    this.#devices.start();
    return [this.#image, new Intake(plan), new Grid({ period, min, last: now })];
  }

  /** As control does for `hot`: it goes on once every output reads back as safe. */
  #resume(): void {
    if (!this.#devices.safe) return;
    this.#resuming = false;
    for (const [flow] of this.plan.flows.entries()) {
      const id = `resume-${this.boots.length}-${flow}`;
      this.#intake.offer({ kind: 'resume', flow, id, actor: 'system' }, this.now);
    }
  }

  #commandOf(name: string, flow: number): number {
    const { commands } = present(this.plan.flows[flow], 'a flow of the cell').flow;
    const command = commands.findIndex((declared) => declared.name === name);
    assert(command >= 0, `the flow has a command ${name}`);
    return command;
  }

  /** `wake`: no scan is due before it, unless something comes to wait. */
  #advance(to: number, wake: number): void {
    this.#agenda.now = to;
    while (this.#ticked + this.#tick <= to) {
      this.#ticked += this.#tick;
      this.plant.tick(this.#tick);
      this.#devices.tick(this.#tick);
    }
    this.#agenda.runDue();
    if (to < this.#awayUntil) return;
    if (this.#resuming && this.cell.scan > 0) this.#resume();
    if (to < wake && !this.#waiting) return;
    const due = this.#grid.next(to, this.#waiting);
    if (due !== undefined) this.#scan(due);
  }

  get #waiting(): boolean {
    return this.#image.changedRead || this.#intake.waiting;
  }

  /** When to look for a scan again. */
  #wake(): number {
    return Math.max(this.#grid.wake(this.#waiting), this.#awayUntil, this.now);
  }

  #scan(due: Due): void {
    const taken = this.#intake.take(due.now);
    const tags = this.#image.judge(due.now, []);
    const { now, missed, offGrid } = due;
    const input = { now, missed, offGrid, tags, acts: taken.acts, held: taken.held };
    const result = this.cell.step(input);
    this.#grid.ran(due, result.followUp);
    this.scans += 1;
    // True in one scan: it falls before the next.
    if (this.#returned.length > 0) {
      for (const name of this.#returned.splice(0)) {
        this.#setSystem(`sys.device.${name}.returned`, false);
      }
    }
    for (const act of taken.expired) this.outcomes.set(act.id, 'expired');
    for (const { id, outcome } of result.outcomes) this.outcomes.set(id, outcome);
    for (const { tag, value, safe } of result.outputs) this.#depart(tag, value, safe);
    if (result.record !== undefined) this.#record(input.acts, result, result.record);
    for (const fault of result.faults) this.faults.push(fault);
    this.#onScan?.(input, result);
    const { share, most } = this.#weather.away;
    if (this.#processor() < share) this.#awayUntil = this.now + this.#processor() * most;
  }

  /** As control does: acts before the scan that took them, its alarms after it. */
  #record(acts: readonly ScanAct[], result: ScanResult, record: ScanRecord): void {
    const { scan } = this.cell;
    const { entries } = present(this.boots.at(-1), 'a boot');
    for (const act of acts) entries.other({ kind: 'act', scan, act });
    for (const act of result.ended) entries.other({ kind: 'act', scan, act });
    entries.scan(scan, record);
    for (const alarm of result.alarms) {
      entries.other({ kind: 'alarm', scan, id: alarm.id, change: alarm.change });
      this.alarms.push({ ...alarm, now: record.now });
    }
    for (const { flow, transition } of record.fired) {
      const { id } = present(this.plan.flows[flow]?.flow.transitions[transition], 'a transition');
      this.fired.push({ now: record.now, flow, id });
    }
    for (const trip of record.trips) {
      if (!trip.holds) continue;
      const plan = present(this.plan.flows[trip.flow], 'a flow of the cell');
      const interlock = `${plan.name}.${plan.flow.interlocks[trip.interlock]?.name ?? '?'}`;
      this.trips.push({ now: record.now, interlock });
    }
  }

  /** A safe value leaves at once, any other when its cause is durable and nothing newer was decided. */
  #depart(tag: number, value: Value, safe: boolean): void {
    this.#decided.set(tag, value);
    const { name, device } = present(this.plan.tags[tag], 'a tag of the plan');
    if (device === undefined || typeof value === 'bigint' || value === null) return;
    const boot = this.boots.length;
    const leave = (): void => {
      if (this.boots.length !== boot) return;
      if (this.#decided.get(tag) === value) this.#devices.write(device, name, value);
    };
    if (safe) leave();
    else this.#agenda.after(this.#disk() * this.#weather.commit, leave);
  }

  #setSystem(name: string, value: Value): void {
    const tag = present(this.plan.tagIndex.get(name), `every cell has ${name}`);
    this.#sample({ tag, value, status: status.Good, at: this.now });
  }

  #sample(one: { tag: number; value: Value; status: StatusCode; at: number }): void {
    const { tag, value, status: code, at } = one;
    const time = utcMs(dawn + Math.floor(at));
    const received = instant(this.now);
    this.#image.samples([{ tag, value, status: code, time, received }]);
  }

  #connect({ plan, seed, plant: file }: WorldOptions): VirtualDevices {
    const { manifest, tags } = plan;
    const options = { seed, manifest, tags, file, plant: this.plant, weather: this.#weather };
    return new VirtualDevices(this.#agenda, options, {
      samples: (batch) => batch.forEach((one) => this.#sample(one)),
      seen: (confirmed) => this.#image.seen(confirmed, instant(this.now)),
      online: (name, ok, again) => {
        this.#setSystem(`sys.device.${name}.ok`, ok);
        if (again) this.#returned.push(name);
        if (again) this.#setSystem(`sys.device.${name}.returned`, true);
      },
    });
  }
}
