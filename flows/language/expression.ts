// Types expressions: from what is written to `Expr`, with the type and the unit of every part.
// Where something is wrong it is told once; what stands above it is then left alone.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import type { Expr, FlowType } from '#flows/program.ts';
import type { Report } from './report.ts';
import { didYouMean, oneOf } from './report.ts';
import type { Names, Typed } from './resolve.ts';
import { bool } from './resolve.ts';
import type { Syntax } from './syntax.ts';

const int: FlowType = { kind: 'int' };
const real: FlowType = { kind: 'real' };
const functions = ['active', 'good', 'sure', 'maybe', 'rise', 'fall', 'trip', 'min', 'max', 'abs'];

type Of<Kind extends Syntax['kind']> = Extract<Syntax, { kind: Kind }>;

export class Typer {
  readonly #names: Names;
  readonly #report: Report;
  /** What each `rise` and `fall` remembers. */
  readonly edges: Expr[] = [];

  constructor(names: Names, report: Report) {
    this.#names = names;
    this.#report = report;
  }

  /** Typed as it stands; `expected` gives an enum's name its meaning, and nothing else. */
  type(syntax: Syntax, expected?: FlowType): Typed | undefined {
    const { span } = syntax;
    switch (syntax.kind) {
      case 'bool':
        return plain({ kind: 'literal', value: Number(syntax.value), type: bool, span });
      case 'number': {
        const type = syntax.real ? real : int;
        return plain({ kind: 'literal', value: syntax.value, type, span });
      }
      case 'text':
        return this.#enumName(syntax, expected);
      case 'path':
        return this.#names.path(syntax.path, span, expected);
      case 'not': {
        const of = this.bool(syntax.of, '`!`');
        return of && plain({ kind: 'not', of, type: bool, span });
      }
      case 'negate':
        return this.#negate(syntax);
      case 'binary':
        return this.#binary(syntax);
      case 'choose':
        return this.#choose(syntax, expected);
      case 'call':
        return this.#call(syntax);
    }
  }

  /** An expression that must be a bool. */
  bool(syntax: Syntax, where: string): Expr | undefined {
    const typed = this.type(syntax, bool);
    if (typed === undefined || typed.expr.type.kind === 'bool') return typed?.expr;
    const told = `${where} needs a bool, not ${typeText(typed.expr.type)}`;
    this.#report.error('CF0203', syntax.span, told, 'Compare it with something.');
    return undefined;
  }

  #number(syntax: Syntax, where: string): Typed | undefined {
    const typed = this.type(syntax);
    if (typed === undefined || isNumber(typed.expr.type)) return typed;
    const told = `${where} needs a number, not ${typeText(typed.expr.type)}`;
    this.#report.error('CF0203', syntax.span, told);
    return undefined;
  }

  #enumName({ value, span }: Of<'text'>, expected: FlowType | undefined): Typed | undefined {
    if (expected?.kind !== 'enum') {
      const told =
        expected === undefined
          ? `'${value}' stands alone: an enum's name needs something to compare with`
          : `an enum's name, '${value}', where ${typeText(expected)} is needed`;
      this.#report.error('CF0203', span, told);
      return undefined;
    }
    const index = expected.values.indexOf(value);
    if (index >= 0) return plain({ kind: 'literal', value: index, type: expected, span });
    const told = `'${value}' is none of ${oneOf(expected.values)}`;
    this.#report.error('CF0203', span, told, didYouMean(value, expected.values));
    return undefined;
  }

  #negate({ of, span }: { of: Syntax; span: Span }): Typed | undefined {
    const typed = this.#number(of, '`-`');
    if (typed === undefined) return undefined;
    const { expr, unit } = typed;
    const { type } = expr;
    if (expr.kind === 'literal')
      return { expr: { kind: 'literal', value: 0 - expr.value, type, span }, unit };
    return { expr: { kind: 'negate', of: expr, type, span }, unit };
  }

  #binary(syntax: Of<'binary'>): Typed | undefined {
    const { operator } = syntax;
    switch (operator) {
      case '&&':
      case '||': {
        const left = this.bool(syntax.left, `\`${operator}\``);
        const right = this.bool(syntax.right, `\`${operator}\``);
        if (left === undefined || right === undefined) return undefined;
        return plain({ kind: 'binary', operator, left, right, type: bool, span: syntax.span });
      }
      case '==':
      case '!=':
        return this.#equal(syntax);
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const pair = this.#numbers(syntax);
        if (pair === undefined || !this.#sameUnit(syntax, pair)) return undefined;
        const [left, right] = [pair.left.expr, pair.right.expr];
        return plain({ kind: 'binary', operator, left, right, type: bool, span: syntax.span });
      }
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        return this.#arithmetic(syntax);
    }
  }

  #equal(syntax: Of<'binary'>): Typed | undefined {
    const { operator, span } = syntax;
    const pair = this.#pair(syntax.left, syntax.right);
    if (pair === undefined) return undefined;
    const [left, right] = [pair.left.expr, pair.right.expr];
    if (left.type.kind === 'real' || right.type.kind === 'real') {
      const told = `\`${operator}\` on a real number holds by luck`;
      this.#report.error('CF0205', span, told, 'Compare with <= or >=.');
      return undefined;
    }
    if (!sameType(left.type, right.type)) {
      const told = `\`${operator}\` compares ${typeText(left.type)} with ${typeText(right.type)}`;
      this.#report.error('CF0203', span, told, quoteHint(syntax, left.type, right.type));
      return undefined;
    }
    if (!this.#sameUnit(syntax, pair)) return undefined;
    return plain({ kind: 'binary', operator, left, right, type: bool, span });
  }

  #arithmetic(syntax: Of<'binary'>): Typed | undefined {
    const { operator, span } = syntax;
    const pair = this.#numbers(syntax);
    if (pair === undefined) return undefined;
    const [left, right] = [pair.left.expr, pair.right.expr];
    const whole = left.type.kind === 'int' && right.type.kind === 'int';
    const type = whole ? int : real;
    const expr: Expr = { kind: 'binary', operator, left, right, type, span };
    if (operator === '+' || operator === '-') {
      if (!this.#sameUnit(syntax, pair)) return undefined;
      return { expr, unit: pair.left.unit ?? pair.right.unit };
    }
    if (operator === '*') return { expr, unit: product(pair.left.unit, pair.right.unit) };
    const by = constant(right);
    if (by === undefined || by === 0) {
      const told = `\`${operator}\` only by a constant that is not zero`;
      this.#report.error('CF0206', syntax.right.span, told, 'Multiply on the other side.');
      return undefined;
    }
    if (operator === '%' && !whole) {
      this.#report.error('CF0203', span, '`%` is of whole numbers');
      return undefined;
    }
    return { expr, unit: pair.left.unit };
  }

  /** Both sides of an operator on numbers; a whole number beside a real one counts as real. */
  #numbers(syntax: Of<'binary'>): { left: Typed; right: Typed } | undefined {
    const where = `\`${syntax.operator}\``;
    const left = this.#number(syntax.left, where);
    const right = this.#number(syntax.right, where);
    return left === undefined || right === undefined ? undefined : { left, right };
  }

  /** Two sides that belong together: an enum's name takes its type from the other. */
  #pair(
    first: Syntax,
    second: Syntax,
    expected?: FlowType,
  ): { left: Typed; right: Typed } | undefined {
    if (isName(first) && !isName(second)) {
      const right = this.type(second, expected);
      const left = right && this.type(first, expected ?? right.expr.type);
      return left && right && { left, right };
    }
    const left = this.type(first, expected);
    // A name beside what is wrong already has no meaning to be held against.
    if (left === undefined && expected === undefined && isName(second)) return undefined;
    const right = this.type(second, expected ?? left?.expr.type);
    return left && right && { left, right };
  }

  #choose(syntax: Of<'choose'>, expected: FlowType | undefined): Typed | undefined {
    const { span } = syntax;
    const test = this.bool(syntax.test, '`?`');
    const pair = this.#pair(syntax.then, syntax.otherwise, expected);
    if (test === undefined || pair === undefined) return undefined;
    const [then, otherwise] = [pair.left.expr, pair.right.expr];
    const type = joined(then.type, otherwise.type);
    if (type === undefined) {
      const told = `\`?\` chooses between ${typeText(then.type)} and ${typeText(otherwise.type)}`;
      this.#report.error('CF0203', span, told);
      return undefined;
    }
    if (!this.#sameUnit({ operator: '?', span }, pair)) return undefined;
    const unit = pair.left.unit ?? pair.right.unit;
    // oxlint-disable-next-line unicorn/no-thenable -- never awaited
    return { expr: { kind: 'choose', test, then, otherwise, type, span }, unit };
  }

  #call(syntax: Of<'call'>): Typed | undefined {
    const { name, of, span, nameSpan } = syntax;
    const [first] = of;
    if (name === 'min' || name === 'max' || name === 'abs') return this.#numeric(syntax);
    if (!functions.includes(name)) {
      const hint = didYouMean(name, functions) ?? `There are ${functions.join(', ')}.`;
      this.#report.error('CF0202', nameSpan, `there is no function ${quoted(name)}`, hint);
      return undefined;
    }
    if (first === undefined || of.length > 1) {
      this.#report.error('CF0203', span, `\`${name}\` takes one value, not ${of.length}`);
      return undefined;
    }
    if (name === 'active' || name === 'trip') return this.#named(name, first, span);
    if (name === 'good') return this.#good(first, span);
    const inner = this.bool(first, `\`${name}\``);
    if (inner === undefined) return undefined;
    if (name === 'sure' || name === 'maybe')
      return plain({ kind: name, of: inner, type: bool, span });
    const memory = this.edges.push(inner) - 1;
    const edge = name === 'rise' ? 'rise' : 'fall';
    return plain({ kind: 'edge', edge, memory, of: inner, type: bool, span });
  }

  #named(name: 'active' | 'trip', first: Syntax, span: Span): Typed | undefined {
    if (first.kind !== 'text') {
      const hint = first.kind === 'path' ? `Write ${name}('${first.path}').` : undefined;
      this.#report.error('CF0203', first.span, `\`${name}\` takes a name in quotes`, hint);
      return undefined;
    }
    if (name === 'active') {
      const state = this.#names.state(first.value, first.span);
      return state === undefined ? undefined : plain({ kind: name, state, type: bool, span });
    }
    const interlock = this.#names.interlock(first.value, first.span);
    return interlock === undefined ? undefined : plain({ kind: name, interlock, type: bool, span });
  }

  #good(first: Syntax, span: Span): Typed | undefined {
    const typed = first.kind === 'path' ? this.type(first) : undefined;
    if (typed?.expr.kind === 'input')
      return plain({ kind: 'good', input: typed.expr.input, type: bool, span });
    if (first.kind !== 'path' || typed !== undefined)
      this.#report.error('CF0203', first.span, '`good` takes an input', 'Name one tag.');
    return undefined;
  }

  #numeric(syntax: Of<'call'>): Typed | undefined {
    const { of, span } = syntax;
    const name = syntax.name === 'min' ? 'min' : syntax.name === 'max' ? 'max' : 'abs';
    if (name === 'abs' ? of.length !== 1 : of.length < 2) {
      const takes = name === 'abs' ? 'one value' : 'two values or more';
      this.#report.error('CF0203', span, `\`${name}\` takes ${takes}, not ${of.length}`);
      return undefined;
    }
    const typed = of.map((part) => this.#number(part, `\`${name}\``));
    const known = typed.filter((part) => part !== undefined);
    if (known.length < typed.length) return undefined;
    const type = known.every(({ expr }) => expr.type.kind === 'int') ? int : real;
    const units = [...new Set(known.map(({ unit }) => unit).filter((unit) => unit !== undefined))];
    if (units.length > 1) {
      this.#report.error('CF0204', span, `\`${name}\` of ${units.map(unitText).join(' and ')}`);
      return undefined;
    }
    return {
      expr: { kind: 'call', name, of: known.map(({ expr }) => expr), type, span },
      unit: units[0],
    };
  }

  #sameUnit(
    { operator, span }: { operator: string; span: Span },
    { left, right }: { left: Typed; right: Typed },
  ): boolean {
    if (left.unit === undefined || right.unit === undefined || left.unit === right.unit)
      return true;
    const told = `\`${operator}\` between ${unitText(left.unit)} and ${unitText(right.unit)}`;
    this.#report.error('CF0204', span, told);
    return false;
  }
}

function plain(expr: Expr): Typed {
  return { expr, unit: undefined };
}

export function isNumber(type: FlowType): boolean {
  return type.kind === 'int' || type.kind === 'real';
}

export function sameType(left: FlowType, right: FlowType): boolean {
  if (left.kind !== 'enum' || right.kind !== 'enum') return left.kind === right.kind;
  return (
    left.values.length === right.values.length &&
    left.values.every((value, index) => value === right.values[index])
  );
}

/** The type that holds both, as a whole number is a real one too. */
function joined(left: FlowType, right: FlowType): FlowType | undefined {
  if (sameType(left, right)) return left;
  return isNumber(left) && isNumber(right) ? real : undefined;
}

function isName(syntax: Syntax): boolean {
  if (syntax.kind === 'choose') return isName(syntax.then) && isName(syntax.otherwise);
  return syntax.kind === 'text';
}

export function typeText(type: FlowType): string {
  if (type.kind === 'enum') return `an enum (${oneOf(type.values)})`;
  return type.kind === 'int' ? 'an int' : `a ${type.kind}`;
}

export function unitText(unit: string): string {
  return unit === '' ? 'a number without unit' : unit;
}

/** Where a name of an enum was meant and a tag or let of that name was found. */
function quoteHint(
  { left, right }: { left: Syntax; right: Syntax },
  leftType: FlowType,
  rightType: FlowType,
): string | undefined {
  const name = meantName(right, leftType) ?? meantName(left, rightType);
  return name === undefined ? undefined : `A value of an enum is quoted: '${name}'.`;
}

function meantName(side: Syntax, other: FlowType): string | undefined {
  const named = side.kind === 'path' && other.kind === 'enum' && other.values.includes(side.path);
  return named ? side.path : undefined;
}

/** Units of a product, in one order; a number without unit changes nothing. */
function product(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined || left === '') return right ?? left;
  if (right === undefined || right === '') return left;
  return [...left.split('·'), ...right.split('·')].toSorted().join('·');
}

/** The value of an expression of literals. */
export function constant(expr: Expr): number | undefined {
  if (expr.kind === 'literal') return expr.value;
  if (expr.kind !== 'binary') return undefined;
  const left = constant(expr.left);
  const right = constant(expr.right);
  if (left === undefined || right === undefined) return undefined;
  if (expr.operator === '+') return left + right;
  if (expr.operator === '-') return left - right;
  return expr.operator === '*' ? left * right : undefined;
}
