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
} from './engine.ts';
import type { Configuration, FlowEngine, Frame, Retained, StepResult, Verdicts } from './engine.ts';
import { evaluate, forget, ownReadingOf, readingOf, truthOf } from './evaluate.ts';

/** The XState engine of one flow, in its initial states at 0 ms. */
export function createXstateEngine(flow: Flow): FlowEngine {
  return new XstateEngine(flow);
}

/** What XState carries from scan to scan beside the state itself. */
interface Context {
  readonly ctx: readonly number[];
  readonly entered: readonly number[];
  readonly holds: readonly number[];
}

const scanEvent = { type: 'SCAN' } as const;
// `setup` gives the types: `assign` on its own does not fit exactOptionalPropertyTypes.
// oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- the types are read from it
const made = setup({ types: {} as { context: Context; events: typeof scanEvent } });
type NodeConfig = Parameters<typeof made.createStateConfig>[0];
type Machine = ReturnType<typeof made.createMachine>;
type Snapshot = SnapshotFrom<Machine>;

/** What the machine's guards and assignments ask of the scan under way. */
interface ScanUnderWay {
  readonly conditions: Conditions;
  initial(): Context;
  now(): number;
  fired(transition: number): void;
  /** The variables after these assignments, each computed from the frozen state. */
  assigned(ctx: readonly number[], assignments: readonly Assignment[]): readonly number[];
}

class XstateEngine implements FlowEngine {
  readonly configuration: Configuration;
  readonly #flow: Flow;
  readonly #machine: Machine;
  readonly #scope: AnyActorScope;
  readonly #conditions: Conditions;
  readonly #states: ReadonlyMap<string, number>;
  readonly #edges: Uint8Array;
  /** By region: what fired; XState selects in an order of its own. */
  readonly #fired: Int32Array;
  #frame: Frame;
  #reading;
  #own;
  #result: StepResult;
  #now = 0;
  #snapshot: Snapshot;

  constructor(flow: Flow) {
    this.#flow = flow;
    this.configuration = newConfiguration(flow);
    this.#edges = new Uint8Array(flow.edges.length);
    this.#fired = new Int32Array(flow.regions.length);
    this.#states = new Map(flow.states.map(({ path }, index) => [path, index]));
    this.#frame = newFrame(flow);
    this.#reading = readingOf(flow, this.#frame, this.configuration);
    this.#own = ownReadingOf(flow, this.#frame, this.configuration);
    this.#result = newStepResult(flow);
    this.#conditions = new Conditions(flow, this.#reading);
    this.#machine = machineOf(flow, this.#underWay());
    const self = createActor(this.#machine);
    this.#scope = inertScope(self);
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
    this.#snapshot = this.#machine.resolveState({ value, context: contextOf(configuration) });
  }

  step(frame: Frame, result: StepResult): void {
    this.#begin(frame, result, frame.now);
    for (const [index, expr] of this.#flow.edges.entries()) {
      this.#edges[index] = truthOf(evaluate(expr, this.#reading));
    }
    this.#conditions.begin(this.#reading, frame.now);
    const holds = this.#movedHolds();
    this.#conditions.hold(holds);
    const { context } = this.#snapshot;
    const before =
      holds === context.holds
        ? this.#snapshot
        : { ...this.#snapshot, context: { ...context, holds } };
    const after = this.#machine.transition(before, scanEvent, this.#scope);
    for (const transition of this.#fired) {
      if (transition !== -1) result.fired[result.count++] = transition;
    }
    if (after === before) this.configuration.holds.set(holds);
    if (after !== this.#snapshot) this.#adopt(after);
    this.configuration.edges.set(this.#edges);
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

  /** The hold timers of all active states, moved; the same array when none did. */
  #movedHolds(): readonly number[] {
    const { holds } = this.#snapshot.context;
    const moved = this.#flow.holds.map((transition, index) => {
      if (!this.#isTimed(index) || !this.#conditions.met(transition)) return -1;
      const since = holds[index] ?? -1;
      return since === -1 ? this.#now : since;
    });
    return moved.every((since, index) => since === holds[index]) ? holds : moved;
  }

  /** Takes over where XState says it is; what it has left keeps no entry time and no timer. */
  #adopt(snapshot: Snapshot): void {
    const { status, value, context, error } = snapshot;
    if (status !== 'active') throw new Error('the XState machine stopped', { cause: error });
    const { leaves, entered, holds, ctx } = this.configuration;
    entered.fill(-1);
    for (const [index, region] of this.#flow.regions.entries()) {
      const leaf = this.#states.get(pathIn(value, region.name)) ?? -1;
      leaves[index] = leaf;
      for (let state = leaf; state !== -1; state = this.#flow.states[state]?.parent ?? -1) {
        entered[state] = context.entered[state] ?? -1;
      }
    }
    for (const [index, since] of context.holds.entries()) {
      holds[index] = this.#isTimed(index) ? since : -1;
    }
    ctx.set(context.ctx);
    this.#snapshot = { ...snapshot, context: contextOf(this.configuration) };
  }

  /** Whether the state that a hold timer belongs to is active; a region always is. */
  #isTimed(hold: number): boolean {
    const holder = this.#flow.transitions[this.#flow.holds[hold] ?? -1]?.holder ?? -1;
    return holder === -1 || this.configuration.entered[holder] !== -1;
  }

  #underWay(): ScanUnderWay {
    return {
      conditions: this.#conditions,
      initial: () => contextOf(this.configuration),
      now: () => this.#now,
      fired: (transition) => {
        this.#fired[this.#flow.transitions[transition]?.region ?? 0] = transition;
      },
      assigned: (ctx, assignments) => this.#assigned(ctx, assignments),
    };
  }

  #assigned(before: readonly number[], assignments: readonly Assignment[]): readonly number[] {
    let ctx = before;
    for (const { ctx: variable, expr } of assignments) {
      const value = evaluate(expr, this.#reading);
      // Only the `entry` of numbers beyond all measure comes here: the variable stays as it is.
      if (Number.isNaN(value)) continue;
      const held = heldInRange(this.#flow.ctx[variable], value);
      this.#result.bounded[variable] = held === value ? 0 : 1;
      ctx = ctx.with(variable, held);
    }
    return ctx;
  }
}

/** The flow as an XState machine: its regions side by side, every `go` an ordered list on SCAN. */
function machineOf(flow: Flow, scan: ScanUnderWay): Machine {
  const node = (index: number): [string, NodeConfig] => {
    const state = flow.states[index];
    if (state === undefined) throw new RangeError(`no state ${index}`);
    const own = state.go.flatMap((transition) => {
      const hold = flow.transitions[transition]?.hold ?? -1;
      return hold === -1 ? [] : [hold];
    });
    return [
      state.name,
      {
        id: `s${index}`,
        ...(state.initial === -1 ? {} : nested(state.children, state.initial)),
        on: { SCAN: state.go.map((transition) => transitionOf(flow, transition, scan)) },
        entry: made.assign(({ context }) => ({
          entered: context.entered.with(index, scan.now()),
          holds: own.reduce((holds, hold) => holds.with(hold, -1), context.holds),
          ctx: scan.assigned(context.ctx, state.entry),
        })),
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
    context: () => scan.initial(),
    states: Object.fromEntries(regions),
    options: { maxIterations: 1 },
  });
}

function transitionOf(flow: Flow, index: number, scan: ScanUnderWay) {
  const transition = flow.transitions[index];
  if (transition === undefined) throw new RangeError(`no transition ${index}`);
  const { holder, to, domain, set } = transition;
  return {
    // XState asks inner states first; ours yields while one around it may fire.
    guard: () => scan.conditions.enabled(index) && !scan.conditions.shut(holder),
    actions: made.assign(({ context }) => {
      scan.fired(index);
      return { ctx: scan.assigned(context.ctx, set) };
    }),
    ...(to === -1 ? {} : { target: `#s${to}` }),
    // Only where it leaves its own state: on a region XState would enter all others anew.
    ...(to !== -1 && holder !== -1 && domain !== holder ? { reenter: true } : {}),
  };
}

function contextOf({ ctx, entered, holds }: Configuration): Context {
  return { ctx: [...ctx], entered: [...entered], holds: [...holds] };
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

function pathIn(value: StateValue | undefined, name: string): string {
  const inner = typeof value === 'object' ? value[name] : undefined;
  if (typeof inner === 'string') return `${name}.${inner}`;
  const next = Object.keys(inner ?? {})[0];
  return next === undefined ? name : `${name}.${pathIn(inner, next)}`;
}

const idle = () => undefined;

/** A scope in which nothing acts; XState's own `transition()` makes one for every call. */
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
    actionExecutor: idle,
  };
}
