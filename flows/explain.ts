// Why a flow waits: for each transition that its active states could take, what it still lacks, and
// which commands the active states accept now. Reads the state between two scans and changes nothing.
import type { Candidate, Term, Why } from '#contract/wire.ts';
import { formatDuration, milliseconds } from '#contract/time.ts';
import { lacksOf, fewest } from '#flows/explain/blocking.ts';
import { Clauses } from '#flows/explain/clause.ts';
import type { Condition } from '#flows/explain/condition.ts';
import { joined, judge } from '#flows/explain/condition.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import { evaluate, readingOf } from '#flows/engine/evaluate.ts';
import type { Reading } from '#flows/engine/evaluate.ts';
import { formatExpr } from '#flows/language/format.ts';
import type { CellPlan, FlowPlan } from './plan.ts';
import type { Expr, Flow, TransitionDecl } from './program.ts';

export type Explanation = Pick<Why, 'candidates' | 'commands'>;

/** Of the flow at `index`, as it stands after the scan that `frame` was of. */
export function explain(
  plan: CellPlan,
  index: number,
  frame: Frame,
  configuration: Configuration,
): Explanation {
  const at = flowAt(plan, index);
  if (at === undefined) return { candidates: [], commands: [] };
  const waiting = new Scene(at, waitingFrame(at.flow, frame), configuration);
  const open = openTransitions(at.flow, configuration);
  const candidates = open
    .filter(({ to }) => to >= 0)
    .map((transition) => candidateOf(at.flow, transition, waiting));
  return { candidates, commands: commandsOf(at, open, frame, configuration) };
}

/** Why one transition fired or may fire: its terms over the frozen state of that scan, before its commit. */
export function explainTransition(
  plan: CellPlan,
  at: { readonly flow: number; readonly transition: number },
  frame: Frame,
  configuration: Configuration,
): Term | undefined {
  const flow = flowAt(plan, at.flow);
  const transition = flow?.flow.transitions[at.transition];
  if (flow === undefined || transition === undefined) return undefined;
  return new Scene(flow, frame, configuration).conditionOf(transition).term;
}

/** The tags that a term reads, with those of its parts. */
export function tagsOfTerm(term: Term): readonly string[] {
  return [...new Set([...(term.tags ?? []), ...(term.of ?? []).flatMap(tagsOfTerm)])];
}

interface At {
  readonly flow: Flow;
  readonly clauses: Clauses;
}

/** What can be said of a flow before its state is known; kept as long as its plan. */
const outlines = new WeakMap<FlowPlan, At>();

function flowAt(plan: CellPlan, index: number): At | undefined {
  const planned = plan.flows[index];
  if (planned === undefined) return undefined;
  const known = outlines.get(planned);
  if (known !== undefined) return known;
  const { flow } = planned;
  const tagNames = planned.inputs.map((tag) => plan.tags[tag]?.name ?? 'sys.restarted');
  const at: At = { flow, clauses: new Clauses(flow, tagNames) };
  outlines.set(planned, at);
  return at;
}

/** A command that is not held was there for one scan; from here on it is waited for. */
function waitingFrame(flow: Flow, frame: Frame, given = -1): Frame {
  const commands = Uint8Array.from(flow.commands, ({ held }, index) =>
    index === given || (held !== undefined && frame.commands[index] === 1) ? 1 : 0,
  );
  return { ...frame, commands };
}

/** Transitions that could fire from here, in the order in which they are tried. */
function openTransitions(flow: Flow, { leaves, entered }: Configuration): TransitionDecl[] {
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
class Scene {
  readonly #flow: Flow;
  readonly #now: number;
  readonly #configuration: Configuration;
  readonly #reading: Reading;
  readonly #clauses: Clauses;

  constructor({ flow, clauses }: At, frame: Frame, configuration: Configuration) {
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

function candidateOf(flow: Flow, transition: TransitionDecl, scene: Scene): Candidate {
  const condition = scene.conditionOf(transition);
  const region = flow.regions[transition.region]?.name ?? '?';
  const to = flow.states[transition.to]?.path;
  return {
    region,
    transition: transition.id,
    from: flow.states[transition.holder]?.path ?? region,
    ...(to === undefined ? {} : { to }),
    ...(transition.why === undefined ? {} : { why: transition.why }),
    term: condition.term,
    blocking: [...lacksOf(condition, 'true')],
  };
}

/** Commands that an open transition waits for, and what it lacks beside the command. */
function commandsOf(
  at: At,
  open: readonly TransitionDecl[],
  frame: Frame,
  configuration: Configuration,
): Why['commands'] {
  return at.flow.commands.flatMap(({ name, held }, command) => {
    const wants = (expr: Expr | undefined): boolean =>
      expr !== undefined && at.clauses.commandsOf(expr).has(command);
    const asked = open.filter(({ when }) => wants(when));
    // A held command also counts where letting it go is what ends the state.
    const kept = held !== undefined && open.some(({ unless }) => wants(unless));
    if (asked.length === 0 && !kept) return [];
    const scene = new Scene(at, waitingFrame(at.flow, frame, command), configuration);
    const ways = asked.map((transition) => lacksOf(scene.conditionOf(transition), 'true'));
    const lacks = kept ? [] : [...fewest(ways)];
    return [{ name, ready: lacks.length === 0, lacks }];
  });
}
