// Where a number's normal band ends: the bounds that flows hold an input against in what acts past them.
// Read from the flows' text alone; a screen draws them, and nothing decides by them.
import type { Limit } from '#contract/described.ts';
import { parts } from './walk.ts';
import type { CellPlan, FlowPlan } from './plan.ts';
import type { Expr, Flow, TransitionDecl } from './program.ts';

/** Limits of one tag that are told; the first ones of a flow are those that people know. */
const limitsPerTag = 8;

/** By tag. Alarms, interlocks and transitions that leave Execute act; so does what puts a region where Execute leaves. */
export function limitsOf(plan: CellPlan): ReadonlyMap<number, readonly Limit[]> {
  const found = new Map<number, Limit[]>();
  for (const flow of plan.flows) {
    for (const { input, ...limit } of flowLimits(flow.flow)) {
      const tag = flow.inputs[input] ?? -1;
      if (tag >= 0) add(found, tag, { ...limit, flow: flow.name });
    }
  }
  return found;
}

/** By tag: the kinds of note that it is written into. */
export function notesOf(plan: CellPlan): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  const take = (flow: FlowPlan): void => {
    for (const [index, { notes }] of flow.flow.transitions.entries()) {
      for (const [place, { kind }] of notes.entries()) {
        for (const tag of flow.notes[index]?.[place] ?? []) {
          const kinds = found.get(tag) ?? [];
          if (!kinds.includes(kind)) found.set(tag, [...kinds, kind]);
        }
      }
    }
  };
  for (const flow of plan.flows) take(flow);
  return found;
}

function add(found: Map<number, Limit[]>, tag: number, limit: Limit): void {
  const known = found.get(tag) ?? [];
  const same = known.some(
    ({ side, flow, value, parameter }) =>
      side === limit.side &&
      flow === limit.flow &&
      value === limit.value &&
      parameter === limit.parameter,
  );
  if (!same && known.length < limitsPerTag) found.set(tag, [...known, limit]);
}

type InputLimit = Omit<Limit, 'flow'> & { readonly input: number };

function* flowLimits(flow: Flow): Generator<InputLimit> {
  for (const { name, sense, expr } of flow.alarms)
    yield* boundsIn(flow, expr, { acts: sense === 'when', by: name });
  for (const interlock of flow.interlocks) {
    const { name } = interlock;
    if (interlock.kind === 'permit')
      yield* boundsIn(flow, interlock.permit, { acts: false, by: name });
    if (interlock.kind === 'limit' && interlock.unless !== undefined)
      yield* boundsIn(flow, interlock.unless, { acts: false, by: name });
  }
  for (const transition of flow.transitions.filter((one) => leavesWork(flow, one))) {
    yield* conditionBounds(flow, transition);
    for (const state of statesIn(flow, transition)) yield* entryBounds(flow, state);
  }
}

const work = 'unit.Execute';
const done = 'unit.Complete';

/** From Execute, or from around it, to anything but completion. */
function leavesWork(flow: Flow, { holder, to, except, region }: TransitionDecl): boolean {
  const execute = flow.states.findIndex(({ path }) => path === work);
  const path = flow.states[to]?.path;
  if (execute < 0 || path === undefined || isWithin(path, done) || isWithin(path, work))
    return false;
  if (holder < 0) return flow.states[execute]?.region === region && !except.includes(execute);
  return isWithin(flow.states[holder]?.path ?? '', work);
}

const isWithin = (path: string, state: string): boolean =>
  path === state || path.startsWith(`${state}.`);

function* conditionBounds(flow: Flow, { id, when, unless }: TransitionDecl): Generator<InputLimit> {
  if (when !== undefined) yield* boundsIn(flow, when, { acts: true, by: id });
  if (unless !== undefined) yield* boundsIn(flow, unless, { acts: false, by: id });
}

/** What leads into a state of another region, from outside it. */
function* entryBounds(flow: Flow, state: number): Generator<InputLimit> {
  const into = flow.states[state]?.path ?? '';
  for (const transition of flow.transitions) {
    const [from, to] = [transition.holder, transition.to].map((at) => flow.states[at]?.path ?? '');
    if (isWithin(to ?? '', into) && !isWithin(from ?? '', into))
      yield* conditionBounds(flow, transition);
  }
}

/** States of other regions that make the transition fire by being active. */
function statesIn(flow: Flow, { when, unless, region }: TransitionDecl): readonly number[] {
  const found = new Set<number>();
  const visit = (expr: Expr, acts: boolean): void => {
    if (expr.kind === 'active' && acts && flow.states[expr.state]?.region !== region)
      found.add(expr.state);
  };
  if (when !== undefined) search(flow, when, { acts: true, visit });
  if (unless !== undefined) search(flow, unless, { acts: false, visit });
  return [...found];
}

/** Comparisons of an input with a constant or a parameter; `acts`: which truth of the whole acts. */
function boundsIn(
  flow: Flow,
  expr: Expr,
  { acts, by }: { readonly acts: boolean; readonly by: string },
): readonly InputLimit[] {
  const found: InputLimit[] = [];
  const visit = (part: Expr, sense: boolean): void => {
    const limit = part.kind === 'binary' ? limitOf(flow, part, sense) : undefined;
    if (limit !== undefined) found.push({ ...limit, by });
  };
  search(flow, expr, { acts, visit });
  return found;
}

type Visit = (part: Expr, acts: boolean) => void;

/** Every part, lets opened once for each sense, with the truth of it that helps the whole to act. */
function search(
  flow: Flow,
  expr: Expr,
  { acts, visit }: { readonly acts: boolean; readonly visit: Visit },
): void {
  const seen = new Set<string>();
  const open = (part: Expr, sense: boolean): void => {
    visit(part, sense);
    if (part.kind === 'let') {
      const place = `${part.let} ${String(sense)}`;
      const named = flow.lets[part.let];
      if (named !== undefined && !seen.has(place)) open(named.expr, sense);
      seen.add(place);
    }
    const turns = part.kind === 'not' || (part.kind === 'edge' && part.edge === 'fall');
    for (const inner of conditionsIn(part)) open(inner, sense !== turns);
  };
  open(expr, acts);
}

/** The parts that are conditions themselves, and help the whole by one truth alone. */
function conditionsIn(part: Expr): readonly Expr[] {
  if (part.kind === 'choose') return [part.then, part.otherwise];
  const joins = part.kind === 'binary' && (part.operator === '&&' || part.operator === '||');
  return joins || part.kind !== 'binary' ? parts(part) : [];
}

const sides = { '<': 'low', '<=': 'low', '>': 'high', '>=': 'high' } as const;
const turned = { low: 'high', high: 'low' } as const;

function limitOf(
  flow: Flow,
  { operator, left, right }: Expr & { kind: 'binary' },
  acts: boolean,
): Omit<InputLimit, 'by'> | undefined {
  if (operator !== '<' && operator !== '<=' && operator !== '>' && operator !== '>=')
    return undefined;
  const [one, other] = [opened(flow, left), opened(flow, right)];
  const input = one.kind === 'input' ? one : other;
  const bound = boundOf(flow, input === one ? other : one);
  if (input.kind !== 'input' || bound === undefined) return undefined;
  const side = input === one ? sides[operator] : turned[sides[operator]];
  return { input: input.input, side: acts ? side : turned[side], ...bound };
}

function boundOf(flow: Flow, expr: Expr): Pick<Limit, 'value' | 'parameter'> | undefined {
  if (expr.kind === 'literal') return { value: expr.value };
  if (expr.kind === 'negate') {
    const of = opened(flow, expr.of);
    return of.kind === 'literal' ? { value: 0 - of.value } : undefined;
  }
  const parameter = expr.kind === 'param' ? flow.params[expr.param]?.name : undefined;
  return parameter === undefined ? undefined : { parameter };
}

/** What a let stands for. */
function opened(flow: Flow, expr: Expr): Expr {
  const named = expr.kind === 'let' ? flow.lets[expr.let] : undefined;
  return named === undefined ? expr : opened(flow, named.expr);
}
