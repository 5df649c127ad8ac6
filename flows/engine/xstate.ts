// The XState engine, which decides: a machine generated from a flow, one event a scan, one
// microstep. Guards walk the expression trees; no actor runs, no timer, no effect.
import { createActor, setup } from 'xstate';
import type { AnyActorScope, SnapshotFrom, StateValue } from 'xstate';
import type { Assignment, Flow } from '#flows/program.ts';
import { Conditions } from './conditions.ts';
import {
  brokenConfiguration,
  copyConfiguration,
  heldInRange,
  initialCtx,
  newConfiguration,
  newFrame,
  newStepResult,
  ownReadingOf,
  readingOf,
} from './engine.ts';
import type { Configuration, FlowEngine, Frame, Retained, StepResult, Verdicts } from './engine.ts';
import { evaluate, forget, truthOf } from './evaluate.ts';

/** The XState engine of one flow, in its initial states at 0 ms. */
export function createXstateEngine(flow: Flow): FlowEngine {
  return new XstateEngine(flow);
}

const scanEvent = { type: 'SCAN' } as const;
const made = setup({ types: { events: scanEvent } });
type NodeConfig = Parameters<typeof made.createStateConfig>[0];
type Machine = ReturnType<typeof made.createMachine>;
type Snapshot = SnapshotFrom<Machine>;

/** What the machine's guards ask of the scan under way, and what its actions tell it. */
interface ScanUnderWay {
  readonly conditions: Conditions;
  fired(transition: number): void;
  entered(state: number): void;
}

class XstateEngine implements FlowEngine {
  readonly configuration: Configuration;
  /** What the scan under way makes of it: XState's actions write here, expressions read the frozen one. */
  readonly #next: Configuration;
  readonly #flow: Flow;
  readonly #machine: Machine;
  readonly #scope: AnyActorScope;
  readonly #conditions: Conditions;
  /** By region: what fired; XState selects in an order of its own. */
  readonly #fired: Int32Array;
  readonly #active: Uint8Array;
  #frame: Frame;
  #reading;
  #own;
  #result: StepResult;
  #now = 0;
  #snapshot: Snapshot;

  constructor(flow: Flow) {
    this.#flow = flow;
    this.configuration = newConfiguration(flow);
    this.#next = newConfiguration(flow);
    this.#fired = new Int32Array(flow.regions.length);
    this.#active = new Uint8Array(flow.states.length);
    this.#frame = newFrame(flow);
    this.#reading = readingOf(flow, this.#frame, this.configuration);
    this.#own = ownReadingOf(flow, this.#frame, this.configuration);
    this.#result = newStepResult(flow);
    this.#conditions = new Conditions(flow, this.#reading);
    this.#machine = machineOf(flow, {
      conditions: this.#conditions,
      fired: (transition) => this.#fire(transition),
      entered: (state) => this.#enter(state),
    });
    this.#scope = inertScope(createActor(this.#machine));
    this.#snapshot = this.#machine.getInitialSnapshot(this.#scope);
    this.reset(0);
  }

  reset(now: number, retained?: Retained, params?: Float64Array): void {
    const frame = newFrame(this.#flow);
    if (params !== undefined) frame.params.set(params);
    copyConfiguration(this.configuration, newConfiguration(this.#flow));
    this.configuration.ctx.set(initialCtx(this.#flow, retained));
    this.#begin(frame, newStepResult(this.#flow), now);
    this.#adopt(this.#machine.getInitialSnapshot(this.#scope));
  }

  restore(configuration: Configuration): void {
    const broken = brokenConfiguration(this.#flow, configuration);
    if (broken !== undefined) throw new Error(`a configuration that cannot be: ${broken}`);
    copyConfiguration(this.configuration, configuration);
    const value = valueOf(this.#flow, configuration.leaves);
    this.#snapshot = this.#machine.resolveState({ value, context: {} });
  }

  step(frame: Frame, result: StepResult): void {
    this.#begin(frame, result, frame.now);
    const { edges, holds } = this.#next;
    for (let index = 0; index < edges.length; index += 1) {
      const expr = this.#flow.edges[index];
      if (expr !== undefined) edges[index] = truthOf(evaluate(expr, this.#reading));
    }
    this.#conditions.begin(this.#reading, frame.now);
    this.#moveHolds(holds);
    this.#conditions.hold(holds);
    const after = this.#machine.transition(this.#snapshot, scanEvent, this.#scope);
    for (const transition of this.#fired) {
      if (transition !== -1) result.fired[result.count++] = transition;
    }
    this.#adopt(after);
  }

  judge(frame: Frame, verdicts: Verdicts): void {
    this.#bind(frame);
    for (const [index, interlock] of this.#flow.interlocks.entries()) {
      const expr =
        interlock.kind === 'permit'
          ? interlock.permit
          : interlock.kind === 'limit'
            ? interlock.unless
            : undefined;
      const without = interlock.kind === 'limit' ? 0 : 2;
      verdicts.interlocks[index] =
        expr === undefined ? without : truthOf(evaluate(expr, this.#own));
    }
    for (const [index, { expr }] of this.#flow.alarms.entries()) {
      verdicts.alarms[index] = truthOf(evaluate(expr, this.#reading));
    }
    for (const [index, { expr }] of this.#flow.assumes.entries()) {
      verdicts.assumes[index] = truthOf(evaluate(expr, this.#reading));
    }
  }

  #begin(frame: Frame, result: StepResult, now: number): void {
    this.#bind(frame);
    this.#now = now;
    this.#result = result;
    result.count = 0;
    result.bounded.fill(0);
    this.#fired.fill(-1);
    copyConfiguration(this.#next, this.configuration);
  }

  #bind(frame: Frame): void {
    if (frame !== this.#frame) {
      this.#frame = frame;
      this.#reading = readingOf(this.#flow, frame, this.configuration);
      this.#own = ownReadingOf(this.#flow, frame, this.configuration);
    }
    forget(this.#reading);
    forget(this.#own);
  }

  /** Moves the hold timers of all active states. */
  #moveHolds(holds: Float64Array): void {
    for (let index = 0; index < holds.length; index += 1) {
      const transition = this.#flow.holds[index] ?? -1;
      const holder = this.#flow.transitions[transition]?.holder ?? -1;
      const timed = holder === -1 || this.configuration.entered[holder] !== -1;
      if (!timed || !this.#conditions.met(transition)) holds[index] = -1;
      else if (holds[index] === -1) holds[index] = this.#now;
    }
  }

  #fire(transition: number): void {
    const declared = this.#flow.transitions[transition];
    this.#fired[declared?.region ?? 0] = transition;
    this.#assign(declared?.set ?? []);
  }

  #enter(index: number): void {
    const state = this.#flow.states[index];
    if (state === undefined) return;
    this.#next.entered[index] = this.#now;
    if (state.initial === -1) this.#next.leaves[state.region] = index;
    for (const transition of state.go) {
      const hold = this.#flow.transitions[transition]?.hold ?? -1;
      if (hold !== -1) this.#next.holds[hold] = -1;
    }
    this.#assign(state.entry);
  }

  /** Each value is computed from the frozen state. */
  #assign(assignments: readonly Assignment[]): void {
    for (const { ctx, expr } of assignments) {
      const value = evaluate(expr, this.#reading);
      // Only the `entry` of numbers beyond all measure comes here: the variable stays as it is.
      if (Number.isNaN(value)) continue;
      const held = heldInRange(this.#flow.ctx[ctx], value);
      this.#result.bounded[ctx] = held === value ? 0 : 1;
      this.#next.ctx[ctx] = held;
    }
  }

  /** What the scan made stands; what XState has left keeps no entry time and no timer. */
  #adopt(snapshot: Snapshot): void {
    if (snapshot !== this.#snapshot) {
      const { status, error } = snapshot;
      if (status !== 'active') throw new Error('the XState machine stopped', { cause: error });
      this.#snapshot = snapshot;
      this.#leave(this.#next);
    }
    copyConfiguration(this.configuration, this.#next);
  }

  #leave({ leaves, entered, holds }: Configuration): void {
    const { states, transitions } = this.#flow;
    const active = this.#active.fill(0);
    for (const leaf of leaves) {
      for (let at = leaf; at !== -1; at = states[at]?.parent ?? -1) active[at] = 1;
    }
    for (let index = 0; index < active.length; index += 1) {
      if (active[index] === 0) entered[index] = -1;
    }
    for (let index = 0; index < holds.length; index += 1) {
      const holder = transitions[this.#flow.holds[index] ?? -1]?.holder ?? -1;
      if (holder !== -1 && active[holder] === 0) holds[index] = -1;
    }
  }
}

/** The flow as an XState machine: its regions side by side, every `go` an ordered list on SCAN. */
function machineOf(flow: Flow, scan: ScanUnderWay): Machine {
  const node = (index: number): [string, NodeConfig] => {
    const state = flow.states[index];
    if (state === undefined) throw new RangeError(`no state ${index}`);
    return [
      state.name,
      {
        id: `s${index}`,
        ...(state.initial === -1 ? {} : nested(state.children, state.initial)),
        on: { SCAN: state.go.map((transition) => transitionOf(flow, transition, scan)) },
        entry: () => scan.entered(index),
      },
    ];
  };
  const nested = (states: readonly number[], initial: number) => ({
    initial: flow.states[initial]?.name ?? '',
    states: Object.fromEntries(states.map(node)),
  });
  const regions = flow.regions.map(({ name, initial, states, go }, index) => {
    const outer = states.filter((state) => flow.states[state]?.parent === -1);
    const on = { SCAN: go.map((transition) => transitionOf(flow, transition, scan)) };
    return [name, { id: `r${index}`, on, ...nested(outer, initial) }] as const;
  });
  return made.createMachine({
    id: 'flow',
    type: 'parallel',
    states: Object.fromEntries(regions),
    options: { maxIterations: 1 },
  });
}

function transitionOf(flow: Flow, index: number, scan: ScanUnderWay) {
  const transition = flow.transitions[index];
  if (transition === undefined) throw new RangeError(`no transition ${index}`);
  const { holder, to, domain } = transition;
  return {
    // XState asks inner states first; ours yields while one around it may fire.
    guard: () => scan.conditions.enabled(index) && !scan.conditions.shut(holder),
    actions: () => scan.fired(index),
    ...(to === -1 ? {} : { target: `#s${to}` }),
    // Only where it leaves its own state: on a region XState would enter all others anew.
    ...(to !== -1 && holder !== -1 && domain !== holder ? { reenter: true } : {}),
  };
}

/** The leaves as XState writes them: `{unit: {Execute: 'Loading'}, door: 'Rest'}`. */
function valueOf(flow: Flow, leaves: Int32Array): StateValue {
  const regions = flow.regions.map(({ name }, index) => {
    let state = flow.states[leaves[index] ?? -1];
    let value: StateValue = state?.name ?? '';
    for (state = flow.states[state?.parent ?? -1]; state; state = flow.states[state.parent]) {
      value = { [state.name]: value };
    }
    return [name, value] as const;
  });
  return Object.fromEntries(regions);
}

const idle = () => undefined;

/** A scope in which our actions run and nothing else does; XState's own `transition()` makes one for every call. */
function inertScope(self: ReturnType<typeof createActor<Machine>>): AnyActorScope {
  return {
    self,
    id: '',
    sessionId: '',
    logger: idle,
    defer: idle,
    emit: idle,
    stopChild: idle,
    system: self.system,
    actionExecutor: ({ exec, info, params }) => exec?.(info, params),
  };
}
