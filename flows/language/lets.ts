// Reads `let`: named expressions, in an order in which each uses only earlier ones.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import type { Expr } from '#flows/program.ts';
import { parts } from '#flows/walk.ts';
import type { Typer } from './expression.ts';
import type { Fields } from './fields.ts';
import { asScalar, checkName } from './fields.ts';
import { openedDepthLimit } from './limits.ts';
import type { Names } from './resolve.ts';
import { languageWords } from './resolve.ts';
import type { Sentences } from './sentences.ts';
import type { Syntax } from './syntax.ts';
import { parseExpression } from './syntax.ts';

interface Written {
  readonly name: string;
  readonly span: Span;
  readonly syntax: Syntax | undefined;
  /** Other lets that it names. */
  readonly uses: readonly string[];
}

export function readLets(top: Fields, names: Names, typer: Typer, sentences: Sentences): void {
  const { report } = top;
  const entries = top.map('let')?.entries ?? [];
  const known = new Set(entries.map(({ key }) => key));
  const written = entries.map(({ key, keySpan, value }): Written => {
    checkName(report, 'word', key, keySpan);
    if (languageWords.has(key))
      report.error('CF0105', keySpan, `${quoted(key)} is a word of the language`);
    if (names.declarations.inputs.has(key))
      report.error('CF0106', keySpan, `${quoted(key)} is an input already`);
    const scalar = asScalar(report, value, `\`${key}\``);
    const syntax = scalar === undefined ? undefined : parseExpression(scalar, report);
    const uses = syntax === undefined ? [] : pathsOf(syntax).filter((path) => known.has(path));
    return { name: key, span: keySpan, syntax, uses };
  });
  const { order, circle } = sorted(written);
  if (circle.length > 0) sentences.broken = true;
  for (const { name, span } of circle) {
    names.lets.add(name, undefined);
    report.error('CF0208', span, `${quoted(name)} uses itself, through other lets or directly`);
  }
  const depths = new Map<number, number>();
  for (const { name, span, syntax } of order) {
    const typed = syntax && typer.type(syntax);
    const depth = typed === undefined ? 0 : depthOf(typed.expr, depths);
    if (depth > openedDepthLimit) {
      const told = `${quoted(name)} and its lets are more than ${openedDepthLimit} parts deep`;
      report.error('CF0002', span, told, 'Use fewer lets inside each other.');
      names.lets.add(name, undefined);
      continue;
    }
    const index = names.lets.add(name, typed);
    depths.set(index, depth);
    sentences.keep(typed?.expr, 'let');
    if (typed !== undefined) sentences.reads.define(index, typed.expr);
  }
}

/** How deep the parts of an expression stand inside each other, its lets opened. */
function depthOf(expr: Expr, lets: ReadonlyMap<number, number>): number {
  if (expr.kind === 'let') return 1 + (lets.get(expr.let) ?? 0);
  return 1 + Math.max(0, ...parts(expr).map((part) => depthOf(part, lets)));
}

/** Those that use only what stands before them, in that order, and the rest, which is a circle. */
function sorted(all: readonly Written[]): { order: Written[]; circle: Written[] } {
  const waits = new Map(all.map(({ name, uses }) => [name, new Set(uses).size]));
  const users = new Map<string, Written[]>();
  for (const one of all)
    for (const used of new Set(one.uses)) users.set(used, [...(users.get(used) ?? []), one]);
  const ready = all.filter(({ uses }) => uses.length === 0);
  const order: Written[] = [];
  for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
    order.push(next);
    for (const user of users.get(next.name) ?? []) {
      const left = (waits.get(user.name) ?? 0) - 1;
      waits.set(user.name, left);
      if (left === 0) ready.push(user);
    }
  }
  const done = new Set(order);
  return { order, circle: all.filter((one) => !done.has(one)) };
}

function pathsOf(syntax: Syntax): string[] {
  const found: string[] = [];
  const open = [syntax];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'path') found.push(next.path);
    else if (next.kind === 'not' || next.kind === 'negate') open.push(next.of);
    else if (next.kind === 'binary') open.push(next.left, next.right);
    else if (next.kind === 'choose') open.push(next.test, next.then, next.otherwise);
    else if (next.kind === 'call') open.push(...next.of);
  }
  return found;
}
