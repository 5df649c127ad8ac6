// A flow at one moment: which transitions could fire from there, and what the condition of each says.
// Everything that explains a flow (why it waits, its commands, its way back) looks at it through this.
import { formatDuration, milliseconds } from '#contract/time.ts';
import type { Term } from '#contract/wire.ts';
import { readingOf } from '#flows/engine/engine.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import { evaluate } from '#flows/engine/evaluate.ts';
import type { Reading } from '#flows/engine/evaluate.ts';
import { formatExpr } from '#flows/language/format.ts';
import type { CellPlan, FlowPlan } from '#flows/plan.ts';
import type { Expr, Flow, TransitionDecl } from '#flows/program.ts';
import { Clauses } from './clause.ts';
import { joined, judge } from './condition.ts';
import type { Condition } from './condition.ts';
import { Possible } from './possible.ts';

/** What can be said of a flow before its state is known. */
export interface Outline {
  readonly flow: Flow;
  readonly clauses: Clauses;
  readonly possible: Possible;
}

/** Kept as long as the plan. */
const outlines = new WeakMap<FlowPlan, Outline>();

/** Of the flow at `index`; undefined where the cell has none. */
export function outlineOf(plan: CellPlan, index: number): Outline | undefined {
  const planned = plan.flows[index];
  if (planned === undefined) return undefined;
  const known = outlines.get(planned);
  if (known !== undefined) return known;
  const { flow } = planned;
  const tagNames = planned.inputs.map((tag) => plan.tags[tag]?.name ?? 'sys.restarted');
  const clauses = new Clauses(flow, tagNames);
  const outline: Outline = { flow, clauses, possible: new Possible(flow) };
  outlines.set(planned, outline);
  return outline;
}

/** A command that is not held was there for one scan; from here on it is waited for. */
export function waitingFrame(flow: Flow, frame: Frame, given = -1): Frame {
  const commands = Uint8Array.from(flow.commands, ({ held }, index) =>
    index === given || (held !== undefined && frame.commands[index] === 1) ? 1 : 0,
  );
  return { ...frame, commands };
}

/** Transitions that could fire from here, in the order in which they are tried. */
export function openTransitions(flow: Flow, { leaves, entered }: Configuration): TransitionDecl[] {
  const active = (state: number): boolean => (entered[state] ?? -1) !== -1;
  return flow.regions.flatMap((region, index) => {
    const path: number[] = [];
    let state = leaves[index] ?? -1;
    while (state >= 0) {
      path.unshift(state);
      state = flow.states[state]?.parent ?? -1;
    }
    const tried = [...region.go, ...path.flatMap((step) => flow.states[step]?.go ?? [])];
    return tried
      .flatMap((transition) => flow.transitions[transition] ?? [])
      .filter(({ except }) => !except.some(active));
  });
}

/** A flow at one moment, in which transitions can be judged. */
export class Scene {
  readonly #flow: Flow;
  readonly #now: number;
  readonly #configuration: Configuration;
  readonly #reading: Reading;
  readonly #clauses: Clauses;

  constructor({ flow, clauses }: Outline, frame: Frame, configuration: Configuration) {
    this.#flow = flow;
    this.#now = frame.now;
    this.#configuration = configuration;
    this.#reading = readingOf(flow, frame, configuration);
    this.#clauses = clauses;
  }

  /** `when`, `unless`, `after`, `for` and the values of `set`, all of which it needs. */
  conditionOf(transition: TransitionDecl): Condition {
    const parts: Condition[] = [];
    if (transition.when !== undefined) {
      const when = judge(this.#clauses.of(transition.when), this.#reading);
      parts.push(...(when.shape === 'all' && isChain(transition.when) ? when.of : [when]));
    }
    if (transition.unless !== undefined) parts.push(this.#unless(transition.unless));
    parts.push(...this.#times(transition), ...this.#unknownSets(transition));
    const truth = joined(
      'all',
      parts.map(({ term }) => term.truth),
    );
    const text = parts.map(({ term }) => term.text).join(', ');
    const term: Term = { kind: 'all', truth, text, of: parts.map((part) => part.term) };
    return { term, opposite: `!(${text})`, shape: 'all', of: parts };
  }

  /** Holds while what it says is not surely true: unknown is enough. */
  #unless(expr: Expr): Condition {
    const inner = judge(this.#clauses.of(expr), this.#reading);
    const sure: Condition = {
      term: { ...inner.term, truth: inner.term.truth === 'true' ? 'true' : 'false' },
      opposite: inner.opposite,
      shape: 'sure',
      of: [inner],
    };
    const text = `unless ${inner.term.text}`;
    const truth = inner.term.truth === 'true' ? 'false' : 'true';
    return {
      term: { kind: 'not', truth, text, of: [inner.term] },
      opposite: inner.term.text,
      shape: 'not',
      of: [sure],
    };
  }

  #times(transition: TransitionDecl): Condition[] {
    const { entered, holds } = this.#configuration;
    const parts: Condition[] = [];
    const timer = (kind: 'after' | 'for', span: number, since: number): void => {
      const passed = since < 0 ? 0 : this.#now - since;
      const text = `${kind} ${formatDuration(milliseconds(span))}`;
      const remaining_ms = Math.max(0, span - passed);
      const truth = since >= 0 && remaining_ms === 0 ? 'true' : 'false';
      const term: Term = { kind, truth, text, remaining_ms };
      parts.push({ term, opposite: `before ${text}`, shape: 'leaf', of: [] });
    };
    if (transition.after !== undefined)
      timer('after', transition.after, entered[transition.holder] ?? -1);
    if (transition.for !== undefined) timer('for', transition.for, holds[transition.hold] ?? -1);
    return parts;
  }

  /** A `set` whose value is unknown keeps the transition shut. */
  #unknownSets({ set }: TransitionDecl): Condition[] {
    return set.flatMap(({ ctx, expr }) => {
      if (!Number.isNaN(evaluate(expr, this.#reading))) return [];
      const name = this.#flow.ctx[ctx]?.name ?? '?';
      const text = `a value for ctx.${name}: ${formatExpr(this.#flow, expr)}`;
      const term: Term = {
        kind: 'term',
        truth: 'unknown',
        text,
        tags: this.#clauses.tagsOf(expr),
      };
      return [{ term, opposite: text, shape: 'leaf' as const, of: [] }];
    });
  }
}

const isChain = (expr: Expr): boolean => expr.kind === 'binary' && expr.operator === '&&';
