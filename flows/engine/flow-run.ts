// One flow of a cell as its scans go by: its stage, its frame, both engines side by side, and from
// its states to what its outputs get. cell.ts gives it what a scan takes and joins what it makes.
import { assert, present } from '#contract/error.ts';
import type { Flow } from '#flows/program.ts';
import type { FlowPlan } from '#flows/plan.ts';
import { newFrame } from './engine.ts';
import type { Configuration, Frame } from './engine.ts';
import { EnginePair } from './engine-pair.ts';
import type { Engines, Wrong } from './engine-pair.ts';
import { alarmChange } from './alarms.ts';
import { Frozen } from './frozen.ts';
import { FlowAlarms } from './flow-alarms.ts';
import { FlowHash } from './flow-hash.ts';
import type { Crossing } from './flow-hash.ts';
import { FlowInputs } from './flow-inputs.ts';
import { FlowOutputs } from './flow-outputs.ts';
import type { Making } from './making.ts';
import { commandsRead, outcomeOf, whereOf } from './outcome.ts';
import type { Stage } from './stage.ts';
import type { TagTable } from './tag-table.ts';
import { edgeDepth } from './edge-depth.ts';

const recordedFault: Wrong = { code: 'E_FLOW_FAULT', text: 'a fault that was recorded' };

export class FlowRun implements Crossing {
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
  readonly hash: FlowHash = new FlowHash(this);
  /** Its signals, or whether it is stepped, changed: others are to be told. */
  unpublished = true;
  readonly nextSignals: Float64Array;
  readonly #pair: EnginePair;
  readonly #tags: TagTable;
  readonly #settle: number;
  readonly #inputs: FlowInputs;
  readonly #reads: readonly ReadonlySet<number>[];
  #given: { id: string; command: number }[] = [];
  #offset = 0;
  /** The last scan was the flow's first. */
  #first = false;
  /** Scans for which a change is seen: its own, and one more for each edge inside an edge. */
  readonly #echo: number;
  /** Scans still to come in which conditions are read again. */
  #busy = 1;
  /** What the states ask, a force or a verdict changed: outputs are to be driven. */
  #drives = true;
  /** A condition of an alarm may have changed. */
  #alarms = true;
  /** The configuration moved since `frozen` was copied; a busy scan moves its timers at least. */
  #moved = true;
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
    this.frozen = new Frozen(flow, this.frame);
    this.#pair = new EnginePair(flow, engines);
    this.#tags = tags;
    this.#settle = options.settle;
    this.#inputs = new FlowInputs(tags, plan, this.frame);
    this.#reads = commandsRead(flow);
    this.#echo = 1 + edgeDepth(flow);
    this.reset(false);
  }

  get configuration(): Configuration {
    return this.#pair.configuration;
  }

  get stepped(): boolean {
    return this.stage === 'running';
  }

  /** What the flow's own time is counted from; while it is not stepped, that time itself. */
  get timeBase(): number {
    return this.stepped ? this.#offset : this.clock;
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
    this.#anew();
    this.unpublished = true;
  }

  /** The signals of this scan, for the next; true when one of them changed. */
  publish(): boolean {
    this.unpublished = false;
    const { signals } = this.frame;
    const changed = this.nextSignals.some((value, index) => value !== signals[index]);
    signals.set(this.nextSignals);
    if (changed) {
      this.touch();
      this.hash.changed();
    }
    return changed;
  }

  /** The flow goes on as it was when it was saved at `now`: the same boot, another segment. */
  goOn(now: number): void {
    this.#offset = this.clock - now;
    if (this.stepped) this.outputs.ask(this.configuration.leaves, this.nextSignals);
    else this.outputs.askSafe();
    this.#unsafe = !this.stepped;
    this.#anew();
  }

  /** What it reads changed: conditions are read again, and once more for each edge in an edge. */
  touch(): void {
    this.#busy = this.#echo;
  }

  /** A force over one of its outputs, or NaN for its end. */
  force(output: number, value: number): void {
    this.outputs.forced[output] = value;
    this.#drives = true;
    this.touch();
  }

  /** A value inside the parameter's range. */
  setParameter(param: number, value: number): void {
    this.frame.params[param] = value;
    this.touch();
    this.hash.changed();
  }

  /** The tag of an input changed, or the force over it. */
  read(input: number): void {
    if (this.#inputs.read(input)) this.touch();
  }

  /** All tags were put elsewhere. */
  readAll(): void {
    this.#inputs.readAll();
    this.touch();
  }

  /** What was true for one scan is over; to be called as the next one begins. */
  begin(): void {
    if (this.#given.length > 0) {
      this.frame.commands.set(this.down);
      this.#given = [];
      this.touch();
    }
    if (this.#first) this.#setRestarted(0);
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
    this.hash.changed();
  }

  /** One scan of this flow. `faulted`: a recorded fault of this scan, that replay repeats. */
  advance(now: number, faulted: boolean, making: Making): void {
    if (this.alarms.board.announce) this.#announce(making);
    if (this.stage === 'settling' && (this.#inputs.answered || now >= this.#settle)) {
      this.#start(now, making);
    }
    if (this.stage === 'running') this.#run(now, faulted, making);
    else if (this.#unsafe) this.#rest(making);
    if (this.#given.length > 0 && !this.stepped) this.#ignore(making);
  }

  #start(now: number, making: Making): void {
    this.stage = 'running';
    this.#offset = this.clock - now;
    this.#setRestarted(1);
    this.unpublished = true;
    this.#anew();
    making.made.stepped.push({ flow: this.index, stepped: true });
  }

  #run(now: number, faulted: boolean, making: Making): void {
    const { frame } = this;
    this.clock = now + this.#offset;
    frame.now = this.clock;
    const busy = this.#busy > 0;
    const where = this.#given.length > 0 ? whereOf(this.flow, this.configuration.leaves) : '';
    if (busy || this.#thaw) {
      this.retained.set(this.configuration.ctx);
      this.frozen.copy(frame, this.configuration, this.#moved);
      this.#moved = false;
    }
    this.frozen.frame.now = this.clock;
    this.#thaw = busy;
    const wrong = faulted ? recordedFault : this.#pair.step(frame, busy);
    if (wrong !== undefined) {
      this.#fail(wrong, making);
      return;
    }
    if (busy) {
      this.#busy -= 1;
      this.hash.dirty = true;
    }
    const fired = this.#pair.result.count > 0;
    if (fired) this.#fired(making);
    if (fired || this.#drives || (busy && this.#pair.shieldChanged)) this.#drive(making);
    const alarms = this.#alarms || (busy && this.#pair.conditionsChanged);
    if (alarms || this.alarms.board.due(this.clock)) this.#alarm(fired, making);
    if (this.#given.length > 0) this.#answer(where, making);
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
    this.#moved = true;
    this.#alarms = true;
    this.touch();
    this.hash.changed();
  }

  /** Moore outputs and signals, then forces, then interlocks. */
  #drive(making: Making): void {
    const { frame, nextSignals, outputs } = this;
    this.#drives = false;
    outputs.ask(this.configuration.leaves, nextSignals);
    if (outputs.drive(this.#pair.verdicts.interlocks, frame.trips, making)) {
      this.#alarms = true;
      this.touch();
    }
    this.hash.changed();
    for (let index = 0; index < nextSignals.length; index += 1) {
      if (nextSignals[index] !== frame.signals[index]) this.unpublished = true;
    }
  }

  /** It was put elsewhere: nothing that was known of it holds. */
  #anew(): void {
    this.#drives = true;
    this.#alarms = true;
    this.#moved = true;
    this.touch();
    this.hash.changed();
  }

  #rest(making: Making): void {
    this.#unsafe = false;
    this.outputs.rest(making);
    this.hash.changed();
  }

  /** `again`: what held for this scan alone is looked at in the next one too. */
  #alarm(again: boolean, making: Making): void {
    this.#alarms = again;
    this.alarms.judge(this.#pair.verdicts, this.frame.trips, this.#pair.result);
    this.hash.changed();
    this.alarms.board.advance(this.clock, (kind, change) => {
      making.made.alarms.push(alarmChange(kind, change, this.index));
    });
  }

  #announce(making: Making): void {
    this.hash.changed();
    this.alarms.board.announceAll((kind, change) => {
      making.made.alarms.push(alarmChange(kind, change, this.index));
    });
  }

  #answer(where: string, making: Making): void {
    const fired = [...this.#pair.result.fired.subarray(0, this.#pair.result.count)];
    for (const { id, command } of this.#given) {
      const outcome = outcomeOf(this.flow, this.#reads, { command, fired, where });
      making.made.outcomes.push({ id, outcome });
    }
  }

  /** Commands that found the flow not stepped. */
  #ignore(making: Making): void {
    for (const { id } of this.#given) {
      making.made.outcomes.push({ id, outcome: 'ignored: the flow is not stepped' });
    }
  }

  #setRestarted(value: 0 | 1): void {
    this.#first = value === 1;
    this.#inputs.setRestarted(value);
    this.touch();
  }
}
