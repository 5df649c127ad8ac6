// What executes one flow's statechart for one scan. Two make it: XState (xstate.ts), which decides,
// and the generated table engine (table.ts), which shadows it and serves replay and simulation.
// Also the arrays that both share, how expressions read them, and what follows from a configuration
// alone: outputs, signals.
import { unknown } from '#flows/program.ts';
import type { CtxDecl, Flow } from '#flows/program.ts';
import { evaluate, newLetMemo } from './evaluate.ts';
import type { Reading } from './evaluate.ts';

/** What one flow reads in one scan; nothing of it changes while the scan lasts. */
export interface Frame {
  /** The scan's time, whole ms since boot. */
  now: number;
  /** By input; NaN is unknown. Forces and substitutes are in it. */
  readonly values: Float64Array;
  /** By input; 1: its value is usable as the device gave it (before a substitute). */
  readonly good: Uint8Array;
  /** By input: the device's own value, without force or substitute, uncertain is NaN. Interlocks read it. */
  readonly own: Float64Array;
  /** By input, `good` of the own value. */
  readonly ownGood: Uint8Array;
  /** By command; 1 in the scan that it entered, or while it is held. */
  readonly commands: Uint8Array;
  readonly params: Float64Array;
  /** Own signals of the scan before. */
  readonly signals: Float64Array;
  /** Signals of other flows of the scan before; NaN while that flow is not stepped. */
  readonly foreign: Float64Array;
  /** By interlock; 1: it held an output in the last scan. */
  readonly trips: Uint8Array;
}

/** All of one statechart that crosses scans. */
export interface Configuration {
  /** By region: the active leaf. */
  readonly leaves: Int32Array;
  /** By state: when it was entered; -1 when it is not active. */
  readonly entered: Float64Array;
  /** By hold timer: since when its conditions have held; -1 when they do not. */
  readonly holds: Float64Array;
  /** By edge: 0 false, 1 true, 2 unknown, as of the last scan. */
  readonly edges: Uint8Array;
  readonly ctx: Float64Array;
}

/** What a step made beside the new configuration; reused from scan to scan. */
export interface StepResult {
  /** The first `count` are the transitions that fired, in the order of the regions. */
  readonly fired: Int32Array;
  count: number;
  /** By ctx variable: 1 when the value that it was given was held at a bound of its range. */
  readonly bounded: Uint8Array;
}

/** Conditions outside the statechart, in three values: 0 false, 1 true, 2 unknown. */
export interface Verdicts {
  /**
   * `permit` of each permit interlock, `unless` of each limit (0 of a limit without), on own
   * values; 2 of exclusive ones.
   */
  readonly interlocks: Uint8Array;
  readonly alarms: Uint8Array;
  readonly assumes: Uint8Array;
}

/** Values of ctx variables by name, kept from before a restart. */
export type Retained = Readonly<Record<string, number>>;

/** One flow's statechart. */
export interface FlowEngine {
  /** The state after the last step; not to be changed from outside. */
  readonly configuration: Configuration;
  /** Enters the initial states, as `initialConfiguration` says. */
  reset(now: number, retained?: Retained, params?: Float64Array): void;
  restore(configuration: Configuration): void;
  step(frame: Frame, result: StepResult): void;
  /** Reads the configuration as it is now; call before `step` for what reads the frozen state. */
  judge(frame: Frame, verdicts: Verdicts): void;
}

/** What a flow reads before anything is known: inputs unknown, parameters and signals as declared. */
export function newFrame(flow: Flow): Frame {
  return {
    now: 0,
    values: new Float64Array(flow.inputs.length).fill(unknown),
    good: new Uint8Array(flow.inputs.length),
    own: new Float64Array(flow.inputs.length).fill(unknown),
    ownGood: new Uint8Array(flow.inputs.length),
    commands: new Uint8Array(flow.commands.length),
    params: Float64Array.from(flow.params, (param) => param.init),
    signals: Float64Array.from(flow.signals, (signal) => signal.idle),
    foreign: new Float64Array(flow.foreign.length).fill(unknown),
    trips: new Uint8Array(flow.interlocks.length),
  };
}

/** What expressions of the statechart, alarms and assumptions read: with forces and substitutes. */
export function readingOf(flow: Flow, frame: Frame, configuration: Configuration): Reading {
  const { values, good, commands, params, signals, foreign, trips } = frame;
  const { ctx, entered, edges } = configuration;
  const seen = { values, good, commands, params, signals, foreign, trips, ctx, entered, edges };
  return { ...seen, lets: flow.lets, memo: newLetMemo(flow.lets.length) };
}

/** What interlocks read: the device's own values, no force, no substitute. */
export function ownReadingOf(flow: Flow, frame: Frame, configuration: Configuration): Reading {
  const reading = readingOf(flow, frame, configuration);
  return { ...reading, values: frame.own, good: frame.ownGood };
}

export function newStepResult(flow: Flow): StepResult {
  return {
    fired: new Int32Array(flow.regions.length),
    count: 0,
    bounded: new Uint8Array(flow.ctx.length),
  };
}

export function newVerdicts(flow: Flow): Verdicts {
  return {
    interlocks: new Uint8Array(flow.interlocks.length).fill(2),
    alarms: new Uint8Array(flow.alarms.length).fill(2),
    assumes: new Uint8Array(flow.assumes.length).fill(2),
  };
}

/** Nothing active, all ctx at `init`; `initialConfiguration` enters the initial states. */
export function newConfiguration(flow: Flow): Configuration {
  return {
    leaves: new Int32Array(flow.regions.length).fill(-1),
    entered: new Float64Array(flow.states.length).fill(-1),
    holds: new Float64Array(flow.holds.length).fill(-1),
    edges: new Uint8Array(flow.edges.length).fill(2),
    ctx: Float64Array.from(flow.ctx, (variable) => variable.init),
  };
}

/**
 * The initial states entered at `now` (ms since boot). `retained` gives values of ctx variables
 * that are declared so; the `entry` of an initial state wins over it, as over a `set`, and reads
 * `params` (absent: as declared).
 */
export function initialConfiguration(
  flow: Flow,
  now: number,
  retained?: Retained,
  params?: Float64Array,
): Configuration {
  const configuration = newConfiguration(flow);
  const { leaves, entered, ctx } = configuration;
  ctx.set(initialCtx(flow, retained));
  const reading = entryReading(flow, ctx.slice(), params);
  for (const [index, region] of flow.regions.entries()) {
    for (let state = region.initial; state !== -1;) {
      const declared = flow.states[state];
      entered[state] = now;
      leaves[index] = state;
      for (const { ctx: variable, expr } of declared?.entry ?? []) {
        const value = evaluate(expr, reading);
        if (!Number.isNaN(value)) ctx[variable] = heldInRange(flow.ctx[variable], value);
      }
      state = declared?.initial ?? -1;
    }
  }
  return configuration;
}

/** `init`, or what is retained: held in its range, ignored where it is no value of its type. */
export function initialCtx(flow: Flow, retained?: Retained): Float64Array {
  return Float64Array.from(flow.ctx, (variable) => {
    const value = variable.retain ? (retained?.[variable.name] ?? unknown) : unknown;
    return fits(variable, value) ? heldInRange(variable, value) : variable.init;
  });
}

/** Whether a retained number can be a value of the variable, its range aside. */
function fits({ type }: CtxDecl, value: number): boolean {
  if (type.kind === 'real') return Number.isFinite(value);
  const top = type.kind === 'bool' ? 1 : type.kind === 'enum' ? type.values.length - 1 : Infinity;
  const bottom = type.kind === 'int' ? -Infinity : 0;
  return Number.isSafeInteger(value) && value >= bottom && value <= top;
}

/** The value, or the bound of its range that it passed; never -0. */
export function heldInRange(range: { min?: number; max?: number } | undefined, value: number) {
  if (range?.min !== undefined && value < range.min) return range.min + 0;
  if (range?.max !== undefined && value > range.max) return range.max + 0;
  return value + 0;
}

/** What the `entry` of an initial state sees: ctx and parameters, nothing else is known yet. */
function entryReading(flow: Flow, ctx: Float64Array, params?: Float64Array): Reading {
  const reading = readingOf(flow, newFrame(flow), newConfiguration(flow));
  return { ...reading, ctx, params: params ?? reading.params };
}

/** Overwrites `target`, an array for an array; both are of the same flow. */
export function copyConfiguration(target: Configuration, source: Configuration): void {
  target.leaves.set(source.leaves);
  target.entered.set(source.entered);
  target.holds.set(source.holds);
  target.edges.set(source.edges);
  target.ctx.set(source.ctx);
}

/** Undefined when it can be a configuration of the flow; else what is wrong with it, for people. */
export function brokenConfiguration(flow: Flow, of: Configuration): string | undefined {
  const like = newConfiguration(flow);
  for (const part of ['leaves', 'entered', 'holds', 'edges', 'ctx'] as const) {
    if (of[part].length !== like[part].length) return `${part} is of another flow`;
  }
  const active = new Set<number>();
  for (const [index, leaf] of of.leaves.entries()) {
    const state = flow.states[leaf];
    if (state?.region !== index || state.initial !== -1) return `region ${index} is in no leaf`;
    for (let at = leaf; at !== -1; at = flow.states[at]?.parent ?? -1) active.add(at);
  }
  for (const [index, { path }] of flow.states.entries()) {
    if (active.has(index) !== (of.entered[index] !== -1)) return `${path} has a wrong entry time`;
  }
  for (const [index, variable] of flow.ctx.entries()) {
    const value = of.ctx[index] ?? unknown;
    if (!Object.is(heldInRange(variable, value), value)) return `ctx.${variable.name} is ${value}`;
    if (Number.isNaN(value)) return `ctx.${variable.name} has no value`;
  }
  return undefined;
}

/** Undefined when both are the same to the bit; else what differs, for people. */
export function sameConfiguration(
  left: Configuration,
  right: Configuration,
  flow?: Flow,
): string | undefined {
  for (const part of ['leaves', 'ctx', 'entered', 'holds', 'edges'] as const) {
    const index = firstDifference(left[part], right[part]);
    if (index === -1) continue;
    const shown = [left[part][index], right[part][index]].map((value) => {
      return (part === 'leaves' ? flow?.states[value ?? -1]?.path : undefined) ?? value;
    });
    return `${nameOfPart(part, index, flow)}: ${shown.join(' and ')}`;
  }
  return undefined;
}

function nameOfPart(part: keyof Configuration, index: number, flow: Flow | undefined): string {
  switch (part) {
    case 'leaves':
      return `state of ${flow?.regions[index]?.name ?? `region ${index}`}`;
    case 'entered':
      return `entry time of ${flow?.states[index]?.path ?? `state ${index}`}`;
    case 'holds':
      return `hold timer of ${flow?.transitions[flow.holds[index] ?? -1]?.id ?? index}`;
    case 'edges':
      return `memory of edge ${index}`;
    case 'ctx':
      return `ctx.${flow?.ctx[index]?.name ?? index}`;
  }
}

/** Undefined when both fired the same and held the same at a bound; else what differs. */
export function sameStep(left: StepResult, right: StepResult, flow?: Flow): string | undefined {
  const firedIn = (result: StepResult) =>
    Array.from(result.fired.subarray(0, result.count), (index) => {
      return flow?.transitions[index]?.id ?? `transition ${index}`;
    }).join(' ') || 'nothing';
  let same = left.count === right.count;
  for (let index = 0; same && index < left.count; index += 1) {
    same = left.fired[index] === right.fired[index];
  }
  if (!same) return `fired: ${firedIn(left)} and ${firedIn(right)}`;
  const index = firstDifference(left.bounded, right.bounded);
  if (index === -1) return undefined;
  return `ctx.${flow?.ctx[index]?.name ?? index} held at its bound in one of them`;
}

type Numbers = Float64Array | Int32Array | Uint8Array;

function firstDifference(left: Numbers, right: Numbers): number {
  if (left.length !== right.length) return Math.min(left.length, right.length);
  for (let index = 0; index < left.length; index += 1) {
    if (!Object.is(left[index], right[index])) return index;
  }
  return -1;
}

/** Outputs and signals of a configuration: idle, unless an active state says; the inner one wins. */
export function moore(
  flow: Flow,
  leaves: Int32Array,
  outputs: Float64Array,
  signals: Float64Array,
): void {
  for (const [index, output] of flow.outputs.entries()) outputs[index] = output.idle;
  for (const [index, signal] of flow.signals.entries()) signals[index] = signal.idle;
  for (const leaf of leaves) drive(flow, leaf, outputs, signals);
}

function drive(flow: Flow, state: number, outputs: Float64Array, signals: Float64Array): void {
  const declared = flow.states[state];
  if (declared === undefined) return;
  drive(flow, declared.parent, outputs, signals);
  for (const { output, value } of declared.outputs) outputs[output] = value;
  for (const { signal, value } of declared.signals) signals[signal] = value;
}
