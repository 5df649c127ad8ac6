// A whole cell in virtual time and in process: the plant, devices with their latency and faults, people, and the real
// scan between them. The same seed gives the same run to the last bit; an hour takes seconds.
import type { Actor } from '#contract/actor.ts';
import { assert, present } from '#contract/error.ts';
import { status } from '#contract/quality.ts';
import type { Rolling, ScanRecord } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import { instant, parseDuration, utcMs, type Duration, type Random } from '#contract/time.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import { Grid, type Due } from '#flows/engine/grid.ts';
import { Image } from '#flows/engine/image.ts';
import { Intake } from '#flows/engine/intake.ts';
import type { AlarmChange, FlowFault, ScanAct, ScanInput, ScanResult } from '#flows/engine/scan.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { ReplayEntry, SegmentStart } from '#flows/replay/replay.ts';
import { Agenda } from './agenda.ts';
import { buildPlant } from './plant/build.ts';
import type { PlantFile } from './plant/file.ts';
import { DeviceOutputs } from './plant/outputs.ts';
import type { PersonAct, Plant, PlantValue } from './plant/plant.ts';
import { stream } from './plant/random.ts';
import { deviceOf, VirtualDevice, type VirtualFault } from './virtual-device.ts';

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

/** What this seed makes of the world beside the plant: how slow lines, disk and processor are. */
interface Weather {
  readonly latency: { readonly least: number; readonly spread: number };
  /** ms until a scan's entry is durable, at most but for a stall. */
  readonly commit: number;
  /** Share of scans after which the processor is away, and for how long at most, ms. */
  readonly away: { readonly share: number; readonly most: number };
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
  /** Its one segment: how it opened, and all that a chronicle would hold for a replay. */
  readonly opening: SegmentStart;
  readonly entries: ReplayEntry[] = [];
  readonly fired: Fired[] = [];
  readonly faults: FlowFault[] = [];
  readonly alarms: (AlarmChange & { readonly now: number })[] = [];
  /** Interlocks that held an output, by `flow.interlock`. */
  readonly trips: { readonly now: number; readonly interlock: string }[] = [];
  readonly outcomes = new Map<string, string>();
  scans = 0;
  readonly #agenda = new Agenda();
  readonly #image: Image;
  readonly #intake: Intake;
  readonly #grid: Grid;
  readonly #devices = new Map<string, VirtualDevice>();
  readonly #tick: Duration;
  readonly #weather: Weather;
  readonly #disk: Random;
  readonly #processor: Random;
  readonly #onScan: WorldOptions['onScan'];
  /** By tag: the newest decided value of each output. */
  readonly #decided = new Map<number, Value>();
  /** Devices that came back since the last scan. */
  readonly #returned: string[] = [];
  #ticked = 0;
  #awayUntil = 0;
  #acts = 0;

  constructor(options: WorldOptions) {
    const { plan, seed } = options;
    const { scan } = plan.manifest;
    this.plan = plan;
    this.plant = buildPlant(options.plant, seed);
    this.cell = new Cell(plan, options.engines);
    this.#image = new Image(plan.tags);
    this.#intake = new Intake(plan);
    this.#grid = new Grid({ period: scan.period, min: scan.min });
    this.#tick = options.plant.tick;
    this.#weather = weatherOf(stream(seed, 'weather'));
    this.#disk = stream(seed, 'disk');
    this.#processor = stream(seed, 'processor');
    this.#onScan = options.onScan;
    for (const [name, device] of Object.entries(options.plant.devices)) {
      const outputs = new DeviceOutputs(device.heartbeat?.silent ?? Number.POSITIVE_INFINITY);
      for (const [tag, { safe }] of Object.entries(device.tags)) {
        if (safe === undefined) continue;
        outputs.add(tag, safe, present(this.plant.actuators.get(tag), `the plant drives ${tag}`));
      }
      this.#devices.set(name, this.#device(name, outputs, stream(seed, `device/${name}`)));
    }
    this.cell.enter(
      undefined,
      plan.flows.map(() => 'cold'),
    );
    const state = this.cell.openSegment();
    this.opening = { scan: 0, now: 0, period: scan.period, state };
    this.#setSystem('sys.chronicle.ok', true);
    this.#setSystem('sys.mirror.ok', true);
    this.#setSystem('sys.scan.late', 0);
    this.#setSystem('sys.disk.free', 10_000);
    for (const [name, device] of this.#devices) {
      this.#setSystem(`sys.device.${name}.ok`, false);
      this.#setSystem(`sys.device.${name}.returned`, false);
      device.start();
    }
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
      const next = Math.min(this.#ticked + this.#tick, agenda.next, this.#wake());
      if (next > until) break;
      this.#advance(next);
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

  /** Begins a fault of one device, or ends it. */
  fault(device: string, fault: VirtualFault | undefined): void {
    deviceOf(this.#devices, device).fault(fault);
  }

  /** What a person at the machine does; why not, if it cannot be done now. */
  act(act: PersonAct, on = true): string | undefined {
    return this.plant.act(act, on);
  }

  #commandOf(name: string, flow: number): number {
    const { commands } = present(this.plan.flows[flow], 'a flow of the cell').flow;
    const command = commands.findIndex((declared) => declared.name === name);
    assert(command >= 0, `the flow has a command ${name}`);
    return command;
  }

  #advance(to: number): void {
    this.#agenda.now = to;
    while (this.#ticked + this.#tick <= to) {
      this.#ticked += this.#tick;
      for (const device of this.#devices.values()) device.outputs.tick(this.#tick);
      this.plant.tick(this.#tick);
    }
    this.#agenda.runDue();
    if (to < this.#awayUntil) return;
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
    const input = { ...due, tags, acts: taken.acts, held: taken.held };
    const result = this.cell.step(input);
    this.#grid.ran(due, result.followUp);
    this.scans += 1;
    // True in one scan: it falls before the next.
    for (const name of this.#returned.splice(0)) {
      this.#setSystem(`sys.device.${name}.returned`, false);
    }
    for (const act of taken.expired) this.outcomes.set(act.id, 'expired');
    for (const { id, outcome } of result.outcomes) this.outcomes.set(id, outcome);
    for (const { tag, value, safe } of result.outputs) this.#depart(tag, value, safe);
    if (result.record !== undefined) this.#record(input.acts, result, result.record);
    this.faults.push(...result.faults);
    this.#onScan?.(input, result);
    const { share, most } = this.#weather.away;
    if (this.#processor() < share) this.#awayUntil = this.now + this.#processor() * most;
  }

  /** As control does: acts before the scan that took them, its alarms after it. */
  #record(acts: readonly ScanAct[], result: ScanResult, record: ScanRecord): void {
    const { scan } = this.cell;
    const seq = this.entries.length;
    for (const act of [...acts, ...result.ended])
      this.entries.push({ kind: 'act', seq, scan, act });
    this.entries.push({ kind: 'scan', seq, scan, record });
    for (const alarm of result.alarms) {
      this.entries.push({ kind: 'alarm', seq, scan, id: alarm.id, change: alarm.change });
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
    const leave = (): void => {
      if (this.#decided.get(tag) === value) deviceOf(this.#devices, device).write(name, value);
    };
    if (safe) leave();
    else this.#agenda.after(this.#disk() * this.#weather.commit, leave);
  }

  #setSystem(name: string, value: Value): void {
    const tag = present(this.plan.tagIndex.get(name), `every cell has ${name}`);
    this.#sample(tag, value);
  }

  #sample(tag: number, value: Value): void {
    const received = instant(this.now);
    const time = utcMs(dawn + Math.floor(this.now));
    this.#image.samples([{ tag, value, status: status.Good, time, received }]);
  }

  #device(name: string, outputs: DeviceOutputs, random: Random): VirtualDevice {
    const { devices } = this.plan.manifest;
    const frame = present(Object.entries(devices).find(([id]) => id === name)?.[1], name);
    const beat = frame['heartbeat'];
    const every = isObject(beat) ? spanOf(beat['every']) : undefined;
    const sink = {
      changed: (tag: number, value: PlantValue): void => this.#sample(tag, value),
      seen: (tags: readonly number[]): void => this.#image.seen(tags, instant(this.now)),
      online: (ok: boolean, again: boolean): void => {
        this.#setSystem(`sys.device.${name}.ok`, ok);
        if (again) this.#returned.push(name);
        if (again) this.#setSystem(`sys.device.${name}.returned`, true);
      },
    };
    const options = {
      name,
      timeout: spanOf(frame['timeout']) ?? 300,
      heartbeat: every ?? (beat === undefined ? undefined : 100),
      latency: this.#weather.latency,
      polls: this.#polls(name, frame['poll']),
    };
    return new VirtualDevice(this.#agenda, random, options, { outputs, sink });
  }

  /** The tags of a device by poll class, as its driver would group them. */
  #polls(device: string, classes: unknown): { period: number; tags: Polled[] }[] {
    const periods = isObject(classes) ? Object.entries(classes) : [['default', '100ms'] as const];
    return periods.map(([name, period], order) => {
      const tags = this.plan.tags.flatMap((plan, tag): Polled[] => {
        if (plan.kind !== 'input' || plan.device !== device) return [];
        const { poll } = present(this.plan.manifest.tags[plan.name], 'a tag of the manifest');
        if (poll === undefined ? order !== 0 : poll !== name) return [];
        const sensor = present(this.plant.sensors.get(plan.name), `the plant shows ${plan.name}`);
        return [{ tag, sensor }];
      });
      return { period: spanOf(period) ?? 100, tags };
    });
  }
}

interface Polled {
  readonly tag: number;
  readonly sensor: () => PlantValue;
}

/** Some worlds are quick, some slow; few are both. */
function weatherOf(random: Random): Weather {
  const slow = random() < 0.3;
  return {
    latency: { least: 0.2 + random() * 2, spread: slow ? 30 : 3 },
    commit: random() < 0.3 ? 60 : 4,
    away: { share: random() < 0.5 ? 0 : 0.002, most: 60 },
  };
}

function spanOf(text: unknown): number | undefined {
  return typeof text === 'string' ? parseDuration(text) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
