// Finds transitions that can never fire because an earlier one always fires first: an earlier one
// of the same list, or of a state around, whose conditions are the same or fewer.
import type { Expr, TransitionDecl } from '#flows/program.ts';
import { operands, parts } from '#flows/walk.ts';
import type { Draft } from './draft.ts';
import { readOf } from './reads.ts';

/** Conjuncts of one guard that are looked at; a longer guard is not compared. */
const guardLimit = 64;

interface Guard {
  /** Keys of the conjuncts of `when`; undefined when there are too many. */
  readonly needs: ReadonlySet<string> | undefined;
  readonly unless: string | undefined;
  /** It fires whenever its conditions hold: what it sets is never unknown. */
  readonly certain: boolean;
}

export function checkHidden(draft: Draft): void {
  if (draft.sentences.broken) return;
  const guards = new Map(draft.transitions.map((one) => [one, guardOf(one, draft)]));
  for (const [transition, guard] of guards) {
    const by = before(transition, draft).find((earlier) => {
      const other = guards.get(earlier);
      return other !== undefined && firesFirst(earlier, transition) && weaker(other, guard);
    });
    if (by === undefined) continue;
    const told = `${transition.id} never fires: ${by.id}, which comes first, always does`;
    draft.sentences.report.error('CF0310', transition.span, told, 'Put the stricter one first.');
  }
}

/** Transitions that are looked at before this one whenever it could fire: from the outside in. */
function before(transition: TransitionDecl, draft: Draft): TransitionDecl[] {
  const { states, regions, transitions } = draft;
  const found: TransitionDecl[] = [];
  let inside = -1;
  for (let holder = transition.holder; ; holder = states[holder]?.parent ?? -1) {
    const list = (holder < 0 ? regions[transition.region] : states[holder])?.go ?? [];
    for (const index of list) {
      const one = transitions[index];
      if (one === transition) break;
      if (one === undefined) continue;
      const covered =
        inside < 0
          ? one.except.every((child) => transition.except.includes(child))
          : !one.except.includes(inside);
      if (covered) found.push(one);
    }
    if (holder < 0) return found;
    inside = holder;
  }
}

/** Whether the times of the first have passed whenever those of the second have. */
function firesFirst(first: TransitionDecl, second: TransitionDecl): boolean {
  const never = Number.POSITIVE_INFINITY;
  const after = first.after === undefined || first.after <= (second.after ?? -never);
  return after && (first.for === undefined || first.for <= (second.for ?? -never));
}

function weaker(first: Guard, second: Guard): boolean {
  const { needs, unless, certain } = first;
  if (!certain || needs === undefined || second.needs === undefined) return false;
  if (unless !== undefined && unless !== second.unless) return false;
  const { needs: more } = second;
  return needs.size <= more.size && [...needs].every((key) => more.has(key));
}

function guardOf(transition: TransitionDecl, draft: Draft): Guard {
  const { when, unless, set } = transition;
  const { reads } = draft.sentences;
  const certain = set.every(({ expr }) => {
    const kinds = reads.of(expr);
    return !kinds.has('input') && !kinds.has('foreign');
  });
  const needs = when === undefined ? new Set<string>() : conjuncts(when, draft);
  return { needs, unless: unless === undefined ? undefined : keyOf(unless), certain };
}

/** Keys of all that must surely hold; a named expression stands for its own conjuncts. */
function conjuncts(when: Expr, { sentences }: Draft): ReadonlySet<string> | undefined {
  const found = new Set<string>();
  const seen = new Set<number>();
  const open = operands(when, '&&');
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const inside = next.kind === 'let' ? sentences.names.lets.at(next.let)?.expr : undefined;
    if (next.kind !== 'let' || inside === undefined) found.add(keyOf(next));
    else if (!seen.has(next.let)) open.push(...operands(inside, '&&'));
    if (next.kind === 'let') seen.add(next.let);
    if (found.size > guardLimit || seen.size > guardLimit) return undefined;
  }
  return found;
}

/** One text for one meaning of an expression, so far as its form shows it. */
function keyOf(expr: Expr): string {
  const inner = parts(expr)
    .map((part) => keyOf(part))
    .join(' ');
  return `(${nameOf(expr)} ${inner})`;
}

function nameOf(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return String(expr.value);
    case 'binary':
      return expr.operator;
    case 'call':
      return expr.name;
    case 'edge':
      return expr.edge;
    case 'let':
      return `let ${expr.let}`;
    case 'not':
    case 'negate':
    case 'sure':
    case 'maybe':
    case 'choose':
      return expr.kind;
    case 'input':
    case 'good':
    case 'command':
    case 'signal':
    case 'foreign':
    case 'ctx':
    case 'param':
    case 'output':
    case 'active':
    case 'trip':
      return (readOf(expr) ?? []).join(' ');
  }
}
