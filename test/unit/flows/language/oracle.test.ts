// An independent reader of CEL as the oracle of ours: random expressions must parse to the same
// meaning, precedence and all. Values are known here; unknown ones are the engines' tests.
import { isCelError, run } from '@bufbuild/cel';
import { describe, expect, test } from 'vitest';
import type { Expr } from '#flows/program.ts';
import { readDeclarations } from '#flows/language/declarations.ts';
import { Typer } from '#flows/language/expression.ts';
import { Fields } from '#flows/language/fields.ts';
import { Table } from '#flows/language/names.ts';
import { Report } from '#flows/language/report.ts';
import { Names } from '#flows/language/resolve.ts';
import { readRoot } from '#flows/language/root.ts';
import { parseExpression } from '#flows/language/syntax.ts';
import type { Chance } from './random.ts';
import { chanceOf, pick } from './random.ts';

const bools = ['a', 'b', 'c'] as const;
const ints = ['n', 'm', 'k'] as const;
const reals = ['p', 'q', 'r'] as const;
const inputs = [
  ...bools.map((name) => `  ${name}: {type: bool, stale: 1s}`),
  ...ints.map((name) => `  ${name}: {type: int, min: -20, max: 20, stale: 1s}`),
  ...reals.map((name) => `  ${name}: {type: real, min: -20, max: 20, stale: 1s}`),
].join('\n');

/** Random expressions, by CEL's levels: what binds tightest stands in parentheses only by chance. */
class Writer {
  readonly #chance: Chance;
  #left: number;

  constructor(chance: Chance, size: number) {
    this.#chance = chance;
    this.#left = size;
  }

  bool(): string {
    this.#left -= 1;
    const or = this.#chain(() => this.#chain(() => this.#relation(), [' && ']), [' || ']);
    if (this.#left <= 0 || this.#chance(6) > 0) return or;
    return `${or} ? ${this.bool()} : ${this.bool()}`;
  }

  #relation(): string {
    this.#left -= 1;
    const kind = this.#left <= 0 ? 5 : this.#chance(6);
    const order = (): string => pick(this.#chance, [' < ', ' <= ', ' > ', ' >= ']);
    if (kind === 0) return `${this.#number('int')}${order()}${this.#number('int')}`;
    if (kind === 1) return `${this.#number('real')}${order()}${this.#number('real')}`;
    if (kind === 2) return `${this.#number('int')} == ${this.#number('int')}`;
    if (kind === 3) return `${this.#number('int')} < ${this.#number('int')} != ${this.#sure()}`;
    if (kind === 4) return this.#chain(() => this.#sure(), [' == ', ' != ']);
    return this.#sure();
  }

  #sure(): string {
    this.#left -= 1;
    if (this.#left > 0 && this.#chance(4) === 0) return `(${this.bool()})`;
    const sign = pick(this.#chance, ['', '', '!', '!!']);
    const inner = this.#left > 0 && this.#chance(4) === 0 ? `(${this.bool()})` : undefined;
    return `${sign}${inner ?? pick(this.#chance, [...bools, 'true', 'false'])}`;
  }

  #number(type: 'int' | 'real'): string {
    return this.#chain(() => this.#product(type), [' + ', ' - ']);
  }

  #product(type: 'int' | 'real'): string {
    this.#left -= 1;
    let text = this.#value(type);
    for (let count = this.#chance(3); count > 0 && this.#left > 0; count -= 1) {
      const by = this.#chance(9) + 1;
      const constant = type === 'int' ? String(by) : `${by}.5`;
      const operator = pick(this.#chance, type === 'int' ? ['*', '/', '%'] : ['*', '/']);
      text += ` ${operator} ${operator === '*' ? this.#value(type) : constant}`;
    }
    return text;
  }

  #value(type: 'int' | 'real'): string {
    this.#left -= 1;
    const sign = pick(this.#chance, ['', '', '', '-']);
    if (this.#left > 0 && this.#chance(5) === 0) return `${sign}(${this.#number(type)})`;
    const literal = type === 'int' ? String(this.#chance(20)) : `${this.#chance(20)}.25`;
    return `${sign}${pick(this.#chance, [...(type === 'int' ? ints : reals), literal])}`;
  }

  #chain(part: () => string, operators: readonly string[]): string {
    let text = part();
    for (let count = this.#chance(3); count > 0 && this.#left > 0; count -= 1)
      text += pick(this.#chance, operators) + part();
    return text;
  }
}

type Values = Readonly<Record<string, number>>;

/** The plain meaning of a typed expression whose inputs are all known. */
function meaning(expr: Expr, values: Values, names: readonly string[]): number {
  const of = (part: Expr): number => meaning(part, values, names);
  if (expr.kind === 'literal') return expr.value;
  if (expr.kind === 'input') return values[names[expr.input] ?? ''] ?? Number.NaN;
  if (expr.kind === 'not') return 1 - of(expr.of);
  if (expr.kind === 'negate') return -of(expr.of);
  if (expr.kind === 'choose') return of(expr.test) === 1 ? of(expr.then) : of(expr.otherwise);
  if (expr.kind === 'binary') return calculated(expr, of(expr.left), of(expr.right));
  throw new Error(`no ${expr.kind} was written`);
}

function calculated(expr: Extract<Expr, { kind: 'binary' }>, left: number, right: number): number {
  switch (expr.operator) {
    case '&&':
      return Math.min(left, right);
    case '||':
      return Math.max(left, right);
    case '==':
      return Number(left === right);
    case '!=':
      return Number(left !== right);
    case '<':
      return Number(left < right);
    case '<=':
      return Number(left <= right);
    case '>':
      return Number(left > right);
    case '>=':
      return Number(left >= right);
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return expr.type.kind === 'int' ? Math.trunc(left / right) : left / right;
    case '%':
      return left % right;
  }
}

function read(text: string): { expr: Expr; names: readonly string[] } {
  const source = `inputs:\n${inputs}\nexpression: "${text}"`;
  const report = new Report('oracle', source.length);
  const root = readRoot(source, report);
  if (root === undefined) throw new Error('the source is YAML');
  const place = { start: 0, end: 1 };
  const top = new Fields(report, root, 'flow', place, { known: ['inputs', 'expression'] });
  const names = new Names(report, {
    declarations: readDeclarations(top),
    lets: new Table(),
    states: new Map(),
    regions: new Set(),
    interlocks: new Table(),
  });
  const scalar = top.scalar('expression');
  const syntax = scalar && parseExpression(scalar, report);
  const expr = syntax && new Typer(names, report).bool(syntax, 'it');
  if (expr === undefined)
    throw new Error(
      report
        .diagnostics()
        .map((one) => one.text)
        .join(),
    );
  return { expr, names: names.declarations.inputs.names() };
}

describe('expressions mean what CEL means', { timeout: 60_000 }, () => {
  test.each(Array.from({ length: 8 }, (_, index) => 4000 + index))('seed %i', (seed) => {
    const chance = chanceOf(seed);
    for (let round = 0; round < 40; round += 1) {
      const text = new Writer(chance, 10 + chance(30)).bool();
      const { expr, names } = read(text);
      for (let sample = 0; sample < 4; sample += 1) {
        const values: Record<string, number> = {};
        for (const name of bools) values[name] = chance(2);
        for (const name of ints) values[name] = chance(41) - 20;
        for (const name of reals) values[name] = (chance(161) - 80) / 4;
        const bindings = Object.fromEntries([
          ...bools.map((name) => [name, values[name] === 1]),
          ...ints.map((name) => [name, BigInt(values[name] ?? 0)]),
          ...reals.map((name) => [name, values[name] ?? 0]),
        ]);
        const theirs = run(text, bindings);
        const at = `seed ${seed}: ${text} with ${JSON.stringify(values)}`;
        expect(isCelError(theirs) ? String(theirs) : theirs, at).toBe(
          meaning(expr, values, names) === 1,
        );
      }
    }
  });
});
