// What executes one flow's statechart for one scan. Two make it: XState (xstate.ts), which decides,
// and the generated table engine (table.ts), which shadows it and serves replay and simulation.

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
  /** By ctx variable: 1 when a `set` or `entry` was held at a bound of its range. */
  readonly bounded: Uint8Array;
}

/** Conditions outside the statechart, in three values: 0 false, 1 true, 2 unknown. */
export interface Verdicts {
  /** `permit` of each permit interlock, `unless` of each limit; 2 for exclusive ones. On own values. */
  readonly interlocks: Uint8Array;
  readonly alarms: Uint8Array;
  readonly assumes: Uint8Array;
}

/** One flow's statechart. */
export interface FlowEngine {
  /** The state after the last step; not to be changed from outside. */
  readonly configuration: Configuration;
  /** Enters the initial states at `now`, all ctx at `init` but for what `retained` gives. */
  reset(now: number, retained?: Readonly<Record<string, number>>): void;
  restore(configuration: Configuration): void;
  step(frame: Frame, result: StepResult): void;
  /** Reads the configuration as it is now; call before `step` for what reads the frozen state. */
  judge(frame: Frame, verdicts: Verdicts): void;
}
