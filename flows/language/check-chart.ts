// Checks of the statechart: states that wait for ever, that nothing reaches, transitions without `to`
// that would fire in every scan.
import type { Expr } from '#flows/program.ts';
import { operands } from '#flows/walk.ts';
import type { Draft } from './draft.ts';

export function checkChart(draft: Draft): void {
  boundedWaits(draft);
  stays(draft);
  reached(draft);
}

/** Every leaf may rest or has a transition with `after`. */
function boundedWaits({ states, outline, reader, sentences }: Draft): void {
  for (const [index, { children, rest, go, path, span }] of states.entries()) {
    if (children.length > 0 || rest || go.some((one) => reader.timed.has(one))) continue;
    const fields = outline.states[index]?.fields;
    // What could not be read may say it.
    const list = fields?.find('go');
    if (fields?.whole !== true || (list !== undefined && list.kind !== 'list')) continue;
    const told = `\`${path}\` may wait for ever: it has no \`after\` and not \`rest: true\``;
    const hint = 'Say what happens when nothing comes: {id: ..., after: 10s, to: ...}.';
    sentences.report.error('CF0304', span, told, hint);
  }
}

/** A transition without `to` is an edge: a level would fire in every scan. */
function stays({ reader, transitions, sentences }: Draft): void {
  for (const index of reader.stays) {
    const transition = transitions[index];
    if (transition === undefined) continue;
    const { when, span } = transition;
    const timed = transition.after !== undefined || transition.for !== undefined;
    if (!timed && when !== undefined && hasEdge(when, sentences)) continue;
    // An expression that could not be read may hold the edge.
    if (!timed && when === undefined && sentences.broken) continue;
    const told = timed
      ? 'a transition without `to` has neither `after` nor `for`'
      : 'a transition without `to` would fire in every scan';
    const hint = 'Let `when` be a command that is not held, rise() or fall(), with && more.';
    sentences.report.error('CF0306', span, told, hint);
  }
}

/** Whether a conjunct is true for one scan only; looked for in named expressions too. */
function hasEdge(when: Expr, { names }: Draft['sentences']): boolean {
  const seen = new Set<number>();
  const open = operands(when, '&&');
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'edge') return true;
    if (next.kind === 'command') {
      const command = names.declarations.commands.at(next.command);
      if (command === undefined || command.held === undefined) return true;
    }
    if (next.kind !== 'let' || seen.has(next.let)) continue;
    seen.add(next.let);
    const inside = names.lets.at(next.let)?.expr;
    if (inside !== undefined) open.push(...operands(inside, '&&'));
  }
  return false;
}

/** Every state is begun in or led to; below one that is not, nothing more is told. */
function reached({ states, regions, transitions, reader, sentences }: Draft): void {
  const found = new Set<number>();
  const enter = (target: number): void => {
    let state = target;
    for (; state >= 0 && !found.has(state); state = states[state]?.initial ?? -1) found.add(state);
    for (let up = states[target]?.parent ?? -1; up >= 0; up = states[up]?.parent ?? -1)
      found.add(up);
  };
  for (const { initial } of regions) enter(initial);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { holder, to } of transitions)
      if (to >= 0 && !found.has(to) && (holder < 0 || found.has(holder))) enter(to);
  }
  states.forEach(({ region, parent, path, span }, index) => {
    const known = (regions[region]?.initial ?? -1) >= 0 && !reader.lost.has(region);
    if (!known || found.has(index) || (parent >= 0 && !found.has(parent))) return;
    sentences.report.error('CF0309', span, `nothing reaches the state \`${path}\``);
  });
}
