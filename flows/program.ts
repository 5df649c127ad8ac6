// A flow after parsing and checking: what both engines, the explainer and the prover work on.
// Everything is resolved to indices and every value is a number: bool 0 or 1, an enum its index,
// unknown NaN. NaN therefore never is a value, and arithmetic carries unknown along by itself.
import type { Span } from '#contract/diagnostic.ts';
import type { Duration } from '#contract/time.ts';
import type { Text } from '#contract/described.ts';

export type FlowType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int' }
  | { readonly kind: 'real' }
  | { readonly kind: 'enum'; readonly values: readonly string[] };

/** Unknown. */
export const unknown = Number.NaN;

export type BinaryOperator =
  | '&&'
  | '||'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

/** A typed expression. `span` is its place in the flow's text; `type` its type. */
export type Expr = { readonly span: Span; readonly type: FlowType } & (
  | { readonly kind: 'literal'; readonly value: number }
  | { readonly kind: 'input'; readonly input: number }
  | { readonly kind: 'command'; readonly command: number }
  | { readonly kind: 'signal'; readonly signal: number }
  | { readonly kind: 'foreign'; readonly foreign: number }
  | { readonly kind: 'ctx'; readonly ctx: number }
  | { readonly kind: 'param'; readonly param: number }
  /** Only in properties. */
  | { readonly kind: 'output'; readonly output: number }
  | { readonly kind: 'active'; readonly state: number }
  | { readonly kind: 'good'; readonly input: number }
  | { readonly kind: 'sure'; readonly of: Expr }
  | { readonly kind: 'maybe'; readonly of: Expr }
  /** `memory` indexes the flow's edges. */
  | {
      readonly kind: 'edge';
      readonly edge: 'rise' | 'fall';
      readonly memory: number;
      readonly of: Expr;
    }
  | { readonly kind: 'trip'; readonly interlock: number }
  | { readonly kind: 'let'; readonly let: number }
  | { readonly kind: 'not'; readonly of: Expr }
  | { readonly kind: 'negate'; readonly of: Expr }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
    }
  | { readonly kind: 'choose'; readonly test: Expr; readonly then: Expr; readonly otherwise: Expr }
  | { readonly kind: 'call'; readonly name: 'min' | 'max' | 'abs'; readonly of: readonly Expr[] }
);

export interface Ranged {
  readonly type: FlowType;
  readonly unit?: string;
  /** Of numbers only. */
  readonly min?: number;
  readonly max?: number;
}

export interface InputDecl extends Ranged {
  /** The name in the flow; the manifest may bind it to another tag. */
  readonly name: string;
  readonly title: Text;
  /** Absent for system tags, which need no declaration and never grow old. */
  readonly stale?: Duration;
  /** `bad: literal`: stands in while there is no usable value. */
  readonly substitute?: number;
  readonly uncertainIsGood: boolean;
  readonly latch: boolean;
  readonly system: boolean;
  readonly span: Span;
}

export type Role = 'anyone' | 'operator' | 'maintenance' | 'engineer';
export interface CommandDecl {
  readonly name: string;
  readonly title: Text;
  readonly role: Role;
  readonly class: 'stop' | 'start' | 'other';
  /** True while keep-alives come at most this far apart; absent: true for one scan. */
  readonly held?: Duration;
}

export interface OutputDecl extends Ranged {
  readonly name: string;
  readonly title: Text;
  readonly safe: number;
  readonly idle: number;
  readonly span: Span;
}
export interface SignalDecl extends Ranged {
  readonly name: string;
  readonly idle: number;
}
export interface CtxDecl extends Ranged {
  readonly name: string;
  readonly init: number;
  readonly retain: boolean;
}
export interface ParamDecl extends Ranged {
  readonly name: string;
  readonly init: number;
  readonly maxStep?: number;
  readonly every?: Duration;
  readonly advice: boolean;
}
/** A signal of another flow of the cell. */
export interface ForeignDecl {
  readonly flow: string;
  readonly signal: string;
  /** Assumed bool until the cell is linked and says otherwise. */
  readonly type: FlowType;
  readonly span: Span;
}
export interface LetDecl {
  readonly name: string;
  readonly expr: Expr;
}

export interface Assignment {
  readonly ctx: number;
  readonly expr: Expr;
}

export interface StateDecl {
  /** `unit.Execute.Loading`. */
  readonly path: string;
  readonly name: string;
  readonly title: Text;
  readonly region: number;
  /** -1: directly in the region. */
  readonly parent: number;
  readonly children: readonly number[];
  /** Child entered first; -1 of a leaf. */
  readonly initial: number;
  readonly rest: boolean;
  readonly outputs: readonly { readonly output: number; readonly value: number }[];
  readonly signals: readonly { readonly signal: number; readonly value: number }[];
  readonly entry: readonly Assignment[];
  /** Transitions held here, in order. */
  readonly go: readonly number[];
  readonly span: Span;
}

export interface NoteDecl {
  readonly kind: string;
  /** Tags of the cell, by name; they may be strings. */
  readonly fields: readonly { readonly name: string; readonly tag: string; readonly span: Span }[];
}

export interface TransitionDecl {
  /** `E7`. */
  readonly id: string;
  readonly region: number;
  /** The state that holds it; -1: the region. */
  readonly holder: number;
  readonly when?: Expr;
  readonly unless?: Expr;
  readonly after?: Duration;
  readonly for?: Duration;
  /** Index of its hold timer; -1 without `for`. */
  readonly hold: number;
  /** Children of the holder in which it does not fire. */
  readonly except: readonly number[];
  readonly set: readonly Assignment[];
  /** The state named; -1: stay, nothing is entered. */
  readonly to: number;
  /** The deepest state that is neither left nor entered; -1: the region. Meaningless for a stay. */
  readonly domain: number;
  readonly notes: readonly NoteDecl[];
  readonly why?: Text;
  readonly span: Span;
}

export interface RegionDecl {
  readonly name: string;
  /** Index of the state entered first. */
  readonly initial: number;
  /** States of the region, parents before children, in the file's order. */
  readonly states: readonly number[];
  /** The region's own transitions, in order. */
  readonly go: readonly number[];
  /** Outputs and ctx that this region drives. */
  readonly span: Span;
}

export type InterlockDecl = { readonly name: string; readonly span: Span } & (
  | {
      readonly kind: 'permit';
      readonly output: number;
      /** Over inputs alone, on the device's own values. */
      readonly permit: Expr;
      /** Values that need no permit; the safe value unless `allow` is given. */
      readonly allow: readonly number[];
      readonly latch: boolean;
    }
  | { readonly kind: 'exclusive'; readonly outputs: readonly number[]; readonly latch: boolean }
  | {
      readonly kind: 'limit';
      readonly output: number;
      readonly min?: number;
      readonly max?: number;
      /** Held inside the limit unless this surely holds. */
      readonly unless?: Expr;
    }
);

export interface AlarmDecl {
  readonly name: string;
  readonly sense: 'when' | 'unless';
  readonly expr: Expr;
  readonly for: Duration;
  readonly offDelay: Duration;
  readonly priority: 1 | 2 | 3 | 4;
  readonly text: Text;
  readonly response?: Text;
}
export interface AssumeDecl {
  readonly name: string;
  readonly expr: Expr;
}

export type PropertyDecl = { readonly name: string; readonly span: Span } & (
  | { readonly kind: 'never'; readonly expr: Expr }
  | { readonly kind: 'entering'; readonly state: number; readonly require: Expr }
  | {
      readonly kind: 'then';
      readonly sense: 'when' | 'unless';
      readonly expr: Expr;
      readonly then: Expr;
    }
  | { readonly kind: 'always-can-reach'; readonly expr: Expr; readonly by?: Role }
  | { readonly kind: 'can'; readonly when: Expr; readonly can: Expr }
  | { readonly kind: 'start'; readonly expr: Expr }
);

/** One flow, whole. Arrays are indexed by the numbers that expressions and declarations carry. */
export interface Flow {
  /** The file's own name; in a cell the manifest's key stands for it. */
  readonly name: string;
  readonly version: number;
  readonly scan: Duration;
  /** Declared inputs first, then the system tags that expressions use. */
  readonly inputs: readonly InputDecl[];
  readonly commands: readonly CommandDecl[];
  readonly outputs: readonly OutputDecl[];
  readonly signals: readonly SignalDecl[];
  readonly foreign: readonly ForeignDecl[];
  readonly ctx: readonly CtxDecl[];
  readonly params: readonly ParamDecl[];
  /** Each uses only those before it, whatever their order in the file. */
  readonly lets: readonly LetDecl[];
  readonly regions: readonly RegionDecl[];
  readonly states: readonly StateDecl[];
  readonly transitions: readonly TransitionDecl[];
  /** What each `rise` and `fall` remembers, in the order of their `memory`. */
  readonly edges: readonly Expr[];
  /** Transitions with `for`, in the order of their `hold`. */
  readonly holds: readonly number[];
  readonly interlocks: readonly InterlockDecl[];
  readonly alarms: readonly AlarmDecl[];
  readonly assumes: readonly AssumeDecl[];
  readonly properties: readonly PropertyDecl[];
}
