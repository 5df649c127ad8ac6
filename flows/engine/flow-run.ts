// One flow of a cell as its scans go by: its stage, its frame, both engines side by side, and from
// its states to what its outputs get. cell.ts gives it what a scan takes and joins what it makes.
import { assert, present } from '#contract/error.ts';
import type { Value } from '#contract/sample.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Flow } from '#flows/program.ts';
import type { FlowPlan } from '#flows/plan.ts';
import { newFrame } from './engine.ts';
import type { Configuration, Frame } from './engine.ts';
import { EnginePair } from './engine-pair.ts';
import type { Engines, Wrong } from './engine-pair.ts';
import { alarmChange } from './alarms.ts';
import { Frozen } from './frozen.ts';
import { FlowAlarms } from './flow-alarms.ts';
import { FlowOutputs } from './flow-outputs.ts';
import type { Making } from './making.ts';
import { commandsRead, outcomeOf, whereOf } from './outcome.ts';
import { Lanes } from './rolling.ts';
import type { TagTable } from './tag-table.ts';
import { numberOf, ownNumber, usableNumber } from './values.ts';

/** `settling`: waits for first answers; `asking`: restored, waits to be resumed. */
export const stages = ['settling', 'running', 'asking', 'faulted'] as const;
export type Stage = (typeof stages)[number];

/** Scans after a change in which conditions are read again: one moves the memories of edges. */
const settleScans = 2;

const recordedFault: Wrong = { code: 'E_FLOW_FAULT', text: 'a fault that was recorded' };

export class FlowRun {
  readonly index: number;
  readonly plan: FlowPlan;
  readonly flow: Flow;
  readonly frame: Frame;
  readonly outputs: FlowOutputs;
  readonly alarms: FlowAlarms;
  stage: Stage = 'settling';
  /** The flow's own time, ms: it stands while the flow is not stepped, so time away does not count. */
  clock = 0;
  /** By command: held down. */
  readonly down: Uint8Array;
  /** Of the flow before its fault: what a `warm` start keeps. */
  readonly retained: Float64Array;
  /** Why it faulted, for people. */
  fault: string | undefined;
  /** What the last step read, for people: why a transition fired, or did not. */
  readonly frozen: Frozen;
  readonly lanes = new Lanes();
  /** Something that crosses scans changed: the lanes are to be made again. */
  dirty = true;
  /** Its signals, or whether it is stepped, changed: others are to be told. */
  unpublished = true;
  readonly nextSignals: Float64Array;
  readonly #pair: EnginePair;
  readonly #tags: TagTable;
  readonly #settle: number;
  readonly #answered: Uint8Array;
  #unanswered: number;
  readonly #restartedInput: number;
  readonly #reads: readonly ReadonlySet<number>[];
  #given: { id: string; command: number }[] = [];
  #offset = 0;
  #busy = settleScans;
  /** The last scan changed what the next one reads: the copy is to be made again. */
  #thaw = true;
  /** The outputs of a flow that is not stepped are to be made safe. */
  #unsafe = true;

  constructor(
    tags: TagTable,
    plan: FlowPlan,
    engines: Engines,
    options: { readonly index: number; readonly settle: number },
  ) {
    const { flow } = plan;
    this.index = options.index;
    this.plan = plan;
    this.flow = flow;
    this.frame = newFrame(flow);
    this.outputs = new FlowOutputs(plan, options.index);
    this.alarms = new FlowAlarms(plan);
    this.down = new Uint8Array(flow.commands.length);
    this.retained = Float64Array.from(flow.ctx, (variable) => variable.init);
    this.nextSignals = Float64Array.from(flow.signals, (signal) => signal.idle);
    this.frozen = new Frozen(flow);
    this.#pair = new EnginePair(flow, engines);
    this.#tags = tags;
    this.#settle = options.settle;
    this.#answered = Uint8Array.from(flow.inputs, (input) => (input.system ? 1 : 0));
    this.#unanswered = flow.inputs.filter((input) => !input.system).length;
    this.#restartedInput = plan.inputs.indexOf(-1);
    this.#reads = commandsRead(flow);
    this.#setRestarted(0);
    this.reset(false);
  }

  get configuration(): Configuration {
    return this.#pair.configuration;
  }

  get stepped(): boolean {
    return this.stage === 'running';
  }

  /** The initial states; `keep`: the retained ctx, else everything as declared. */
  reset(keep: boolean): void {
    const { ctx } = this.flow;
    const names = ctx.flatMap((variable, index) =>
      keep && variable.retain ? [[variable.name, this.retained[index] ?? 0] as const] : [],
    );
    const values = Object.fromEntries(names);
    if (!keep) this.frame.params.set(this.flow.params.map((param) => param.init));
    this.#pair.reset(this.clock, values, this.frame.params);
    this.retained.set(this.configuration.ctx);
    this.outputs.shield.clear();
    this.idle();
  }

  /** Puts both engines into a recorded configuration. */
  restore(configuration: Configuration): void {
    this.#pair.restore(configuration);
    this.retained.set(configuration.ctx);
  }

  /** Not stepped from here on, until `settling` again: outputs safe, signals idle, nothing held. */
  idle(): void {
    for (const [index, signal] of this.flow.signals.entries())
      this.nextSignals[index] = signal.idle;
    this.frame.signals.set(this.nextSignals);
    this.outputs.askSafe();
    this.outputs.shield.rest(this.frame.trips);
    this.#unsafe = true;
    this.touch();
    this.unpublished = true;
  }

  /** The signals of this scan, for the next; true when one of them changed. */
  publish(): boolean {
    this.unpublished = false;
    const { signals } = this.frame;
    const changed = this.nextSignals.some((value, index) => value !== signals[index]);
    signals.set(this.nextSignals);
    if (changed) this.touch();
    return changed;
  }

  /** The flow goes on as it was when it was saved at `now`: the same boot, another segment. */
  goOn(now: number): void {
    this.#offset = this.clock - now;
    if (this.stepped) this.outputs.ask(this.configuration.leaves, this.nextSignals);
    else this.outputs.askSafe();
    this.#unsafe = !this.stepped;
    this.touch();
  }

  /** What it reads changed: conditions are read again in this scan and the next. */
  touch(): void {
    this.#busy = settleScans;
    this.dirty = true;
  }

  /** A tag that it reads, as judged, with the force over it. */
  read(input: number, value: Value, code: StatusCode): void {
    const decl = present(this.flow.inputs[input], 'an input of the flow');
    const tag = this.plan.inputs[input] ?? -1;
    const force = this.#tags.forces.get(tag);
    const own = ownNumber(decl, value, code);
    let seen = force === undefined ? usableNumber(decl, value, code) : numberOf(decl, force.value);
    const good = Number.isNaN(seen) ? 0 : 1;
    if (good === 0 && decl.substitute !== undefined) seen = decl.substitute;
    const { frame } = this;
    if (this.#answered[input] === 0 && this.#tags.answered(tag)) {
      this.#answered[input] = 1;
      this.#unanswered -= 1;
    }
    const same = Object.is(frame.values[input], seen) && Object.is(frame.own[input], own);
    if (same && frame.good[input] === good) return;
    frame.values[input] = seen;
    frame.good[input] = good;
    frame.own[input] = own;
    frame.ownGood[input] = Number.isNaN(own) ? 0 : 1;
    this.touch();
  }

  /** Looks at every input again. */
  readAll(): void {
    for (const [input, decl] of this.flow.inputs.entries()) {
      this.#unanswered += !decl.system && this.#answered[input] === 1 ? 1 : 0;
      this.#answered[input] = decl.system ? 1 : 0;
    }
    for (const [input, tag] of this.plan.inputs.entries()) {
      if (tag !== -1) this.read(input, this.#tags.value[tag] ?? null, this.#tags.statusOf(tag));
    }
  }

  /** A command enters this scan. */
  give(id: string, command: number): void {
    assert(command >= 0 && command < this.flow.commands.length, 'a command of the flow');
    this.#given.push({ id, command });
    this.frame.commands[command] = 1;
    this.touch();
  }

  /** A held command's level. */
  hold(command: number, down: boolean): void {
    this.down[command] = down ? 1 : 0;
    this.frame.commands[command] = down ? 1 : 0;
    this.touch();
  }

  /** One scan of this flow. `faulted`: a recorded fault of this scan, that replay repeats. */
  advance(now: number, faulted: boolean, making: Making): void {
    if (this.alarms.board.announce) this.#announce(making);
    if (this.stage === 'settling' && (this.#unanswered === 0 || now >= this.#settle)) {
      this.#start(now, making);
    }
    if (this.stage === 'running') this.#run(now, faulted, making);
    else if (this.#unsafe) this.#rest(making);
    if (this.#given.length > 0) this.#ignore(making);
  }

  /** The lanes of all that crosses scans, made again after a change. */
  hash(): void {
    const { lanes, frame } = this;
    this.dirty = false;
    lanes.reset();
    lanes.word(stages.indexOf(this.stage));
    lanes.number(this.stepped ? this.#offset : this.clock);
    if (this.stage === 'faulted') lanes.numbers(this.retained);
    else {
      const { leaves, entered, holds, edges, ctx } = this.configuration;
      lanes.words(leaves);
      lanes.numbers(entered);
      lanes.numbers(holds);
      lanes.words(edges);
      lanes.numbers(ctx);
    }
    lanes.numbers(frame.params);
    lanes.numbers(frame.signals);
    lanes.numbers(this.outputs.decided);
    lanes.words(this.down);
    for (const hold of this.outputs.shield.holds) {
      lanes.word((hold.holds ? 1 : 0) + (hold.latched ? 2 : 0));
    }
    this.alarms.board.hash(lanes);
  }

  #start(now: number, making: Making): void {
    this.stage = 'running';
    this.#offset = this.clock - now;
    this.#setRestarted(1);
    this.unpublished = true;
    this.touch();
    making.made.stepped.push({ flow: this.index, stepped: true });
  }

  #run(now: number, faulted: boolean, making: Making): void {
    const { frame } = this;
    this.clock = now + this.#offset;
    frame.now = this.clock;
    const busy = this.#busy > 0;
    const where = this.#given.length > 0 ? whereOf(this.flow, this.configuration.leaves) : '';
    if (busy) this.retained.set(this.configuration.ctx);
    if (busy || this.#thaw) this.frozen.copy(frame, this.configuration);
    this.frozen.frame.now = this.clock;
    this.#thaw = busy;
    const wrong = faulted ? recordedFault : this.#pair.step(frame, busy);
    if (wrong !== undefined) {
      this.#fail(wrong, making);
      return;
    }
    const fired = this.#pair.result.count > 0;
    const first = this.#restartedInput !== -1 && frame.values[this.#restartedInput] === 1;
    if (busy) {
      this.#busy -= 1;
      this.dirty = true;
    }
    if (fired) this.#fired(making);
    if (fired || busy) this.#drive(making);
    if (fired || busy || this.alarms.board.due(this.clock)) this.#alarm(making);
    if (this.#given.length > 0) this.#answer(where, making);
    if (first) this.#setRestarted(0);
  }

  #fail(wrong: Wrong, making: Making): void {
    this.stage = 'faulted';
    this.fault = wrong.text;
    making.made.faults.push({ flow: this.index, ...wrong });
    making.made.stepped.push({ flow: this.index, stepped: false });
    this.outputs.letGo(making);
    this.idle();
    this.#setRestarted(0);
    this.#rest(making);
  }

  #fired(making: Making): void {
    const { made } = making;
    for (let place = 0; place < this.#pair.result.count; place += 1) {
      const transition = this.#pair.result.fired[place] ?? -1;
      made.fired.push({ flow: this.index, transition });
      const declared = present(this.flow.transitions[transition], 'a transition of the flow');
      if (declared.to !== -1) made.followUp = true;
      for (const [index, note] of declared.notes.entries()) {
        const tags = this.plan.notes[transition]?.[index] ?? [];
        const values = Object.fromEntries(
          note.fields.map((field, at) => [field.name, this.#tags.noted(tags[at] ?? -1)]),
        );
        made.notes.push({ flow: this.index, transition, kind: note.kind, values });
      }
    }
    this.touch();
  }

  /** Moore outputs and signals, then forces, then interlocks. */
  #drive(making: Making): void {
    const { frame, nextSignals, outputs } = this;
    outputs.ask(this.configuration.leaves, nextSignals);
    if (outputs.drive(this.#pair.verdicts.interlocks, frame.trips, making)) this.touch();
    for (let index = 0; index < nextSignals.length; index += 1) {
      if (nextSignals[index] !== frame.signals[index]) this.unpublished = true;
    }
    this.dirty = true;
  }

  #rest(making: Making): void {
    this.#unsafe = false;
    this.outputs.rest(making);
    this.dirty = true;
  }

  #alarm(making: Making): void {
    this.alarms.judge(this.#pair.verdicts, this.frame.trips, this.#pair.result);
    this.dirty = true;
    this.alarms.board.advance(this.clock, (kind, change) => {
      making.made.alarms.push(alarmChange(kind, change, this.index));
    });
  }

  #announce(making: Making): void {
    this.dirty = true;
    this.alarms.board.announceAll((kind, change) => {
      making.made.alarms.push(alarmChange(kind, change, this.index));
    });
  }

  #answer(where: string, making: Making): void {
    const fired = [...this.#pair.result.fired.subarray(0, this.#pair.result.count)];
    for (const { id, command } of this.#given) {
      const outcome = outcomeOf(this.flow, this.#reads, { command, fired, where });
      making.made.outcomes.push({ id, outcome });
      this.frame.commands[command] = this.down[command] ?? 0;
    }
    this.#given = [];
    this.touch();
  }

  /** Commands that found the flow not stepped. */
  #ignore(making: Making): void {
    for (const { id, command } of this.#given) {
      making.made.outcomes.push({ id, outcome: 'ignored: the flow is not stepped' });
      this.frame.commands[command] = this.down[command] ?? 0;
    }
    this.#given = [];
  }

  #setRestarted(value: 0 | 1): void {
    const input = this.#restartedInput;
    if (input === -1 || this.frame.values[input] === value) return;
    for (const array of [this.frame.values, this.frame.own]) array[input] = value;
    for (const array of [this.frame.good, this.frame.ownGood]) array[input] = 1;
    this.touch();
  }
}
