// Writes expressions as JavaScript for the table engine, on two rails: a condition that holds when
// the expression is surely true, and one that holds when it is surely false. Comparisons with an
// unknown operand (NaN) are false in JavaScript, so both rails are false then, at no cost.
import type { BinaryOperator, Expr, Flow } from '#flows/program.ts';

/** What the written expressions call. */
export const guardFunctions = 'function differ(a, b) {\n  return a < b || a > b;\n}';

type Rail = 'surely' | 'surelyNot';
const otherRail = { surely: 'surelyNot', surelyNot: 'surely' } as const;

/** Kinds that are read in one place, so that they may stand anywhere without a function. */
const atoms: ReadonlySet<Expr['kind']> = new Set([
  'literal',
  'input',
  'command',
  'signal',
  'foreign',
  'ctx',
  'param',
  'active',
  'good',
  'trip',
] as const);

/** The comparison that holds when this one surely does not. */
const opposite: Partial<Record<BinaryOperator, string>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/** Writes the expressions of one flow, over the arrays of `Frame` and `Configuration` by name. */
export class Guards {
  readonly #flow: Flow;
  readonly #functions: string[] = [];
  readonly #names = new Set<string>();
  readonly #numbers = new Map<Expr, number>();

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  /** The functions that the expressions written so far call. */
  get functions(): readonly string[] {
    return this.#functions;
  }

  /** A condition that is true when `expr` is surely true. */
  surely(expr: Expr): string {
    return this.#condition(expr, 'surely');
  }

  /** 0 false, 1 true, 2 unknown. */
  truth(expr: Expr): string {
    return this.#inThree(expr, '2');
  }

  /** The value, NaN when it is unknown. */
  value(expr: Expr): string {
    switch (expr.kind) {
      case 'literal':
        return `(${expr.value})`;
      case 'input':
        return `values[${expr.input}]`;
      case 'command':
        return `commands[${expr.command}]`;
      case 'signal':
        return `signals[${expr.signal}]`;
      case 'foreign':
        return `foreign[${expr.foreign}]`;
      case 'ctx':
        return `ctx[${expr.ctx}]`;
      case 'param':
        return `params[${expr.param}]`;
      case 'good':
        return `good[${expr.input}]`;
      case 'trip':
        return `trips[${expr.interlock}]`;
      case 'active':
        return `(entered[${expr.state}] === -1 ? 0 : 1)`;
      case 'sure':
      case 'maybe':
      case 'edge':
      case 'not':
        return this.#inThree(expr, 'NaN');
      case 'negate':
        return `(-${this.value(expr.of)})`;
      case 'call':
        return `Math.${expr.name}(${expr.of.map((argument) => this.value(argument)).join(', ')})`;
      case 'let':
        return expr.type.kind === 'bool'
          ? this.#inThree(expr, 'NaN')
          : this.#called(expr, 'value', (body) => this.value(body));
      case 'choose':
        return expr.type.kind === 'bool' ? this.#inThree(expr, 'NaN') : this.#chosenValue(expr);
      case 'binary':
        return expr.type.kind === 'bool' ? this.#inThree(expr, 'NaN') : this.#arithmetic(expr);
      case 'output':
        throw new TypeError('only properties read outputs');
    }
  }

  #inThree(expr: Expr, otherwise: 'NaN' | '2'): string {
    const [yes, no] = [this.#condition(expr, 'surely'), this.#condition(expr, 'surelyNot')];
    return `(${yes} ? 1 : ${no} ? 0 : ${otherwise})`;
  }

  #condition(expr: Expr, rail: Rail): string {
    switch (expr.kind) {
      case 'literal':
      case 'input':
      case 'command':
      case 'signal':
      case 'foreign':
      case 'ctx':
      case 'param':
      case 'good':
      case 'trip':
        return `(${this.value(expr)} === ${rail === 'surely' ? 1 : 0})`;
      case 'active':
        return `(entered[${expr.state}] ${rail === 'surely' ? '!==' : '==='} -1)`;
      case 'not':
        return this.#condition(expr.of, otherRail[rail]);
      case 'sure':
        return negatedUnless(rail === 'surely', this.#condition(expr.of, 'surely'));
      case 'maybe':
        return negatedUnless(rail === 'surelyNot', this.#condition(expr.of, 'surelyNot'));
      case 'edge': {
        const rising = expr.edge === 'rise';
        const now = this.#condition(expr.of, rising ? 'surely' : 'surelyNot');
        const edge = `(edges[${expr.memory}] === ${rising ? 0 : 1} && ${now})`;
        return negatedUnless(rail === 'surely', edge);
      }
      case 'let':
        return this.#shared(expr, rail);
      case 'choose': {
        const first = `${this.#shared(expr.test, 'surely')} && ${this.#condition(expr.then, rail)}`;
        const second = this.#condition(expr.otherwise, rail);
        return `(${first} || ${this.#shared(expr.test, 'surelyNot')} && ${second})`;
      }
      case 'binary':
        return this.#binaryCondition(expr, rail);
      case 'negate':
      case 'call':
      case 'output':
        throw new TypeError(`not a condition: ${expr.kind}`);
    }
  }

  #binaryCondition({ operator, left, right }: Expr & { kind: 'binary' }, rail: Rail): string {
    const surely = rail === 'surely';
    if (operator === '&&' || operator === '||') {
      const joint = (operator === '&&') === surely ? '&&' : '||';
      return `(${this.#condition(left, rail)} ${joint} ${this.#condition(right, rail)})`;
    }
    if (operator === '==' || operator === '!=') {
      const same = (operator === '==') === surely;
      if (left.type.kind === 'bool') return this.#boolsAre(same, left, right);
      const [one, other] = [this.value(left), this.value(right)];
      return same ? `(${one} === ${other})` : `differ(${one}, ${other})`;
    }
    const comparison = surely ? operator : opposite[operator];
    if (comparison === undefined || opposite[operator] === undefined) {
      throw new TypeError(`not a condition: ${operator}`);
    }
    return `(${this.value(left)} ${comparison} ${this.value(right)})`;
  }

  /** Both known, and the same; or both known, and not the same. */
  #boolsAre(same: boolean, left: Expr, right: Expr): string {
    const cases = (['surely', 'surelyNot'] as const).map((rail) => {
      const other = same ? rail : otherRail[rail];
      return `${this.#shared(left, rail)} && ${this.#shared(right, other)}`;
    });
    return `(${cases.join(' || ')})`;
  }

  #chosenValue({ test, then, otherwise }: Expr & { kind: 'choose' }): string {
    const no = `${this.#shared(test, 'surelyNot')} ? ${this.value(otherwise)} : NaN`;
    return `(${this.#shared(test, 'surely')} ? ${this.value(then)} : ${no})`;
  }

  #arithmetic({ operator, type, left, right }: Expr & { kind: 'binary' }): string {
    const result = `(${this.value(left)} ${operator} ${this.value(right)})`;
    return operator === '/' && type.kind === 'int' ? `Math.trunc${result}` : result;
  }

  /** A condition that stands in several places, so that the text does not multiply with depth. */
  #shared(expr: Expr, rail: Rail): string {
    if (atoms.has(expr.kind)) return this.#condition(expr, rail);
    return this.#called(expr, rail, (body) => this.#condition(body, rail));
  }

  /** A call of a function that is written once: for a `let`, of its name's. */
  #called(expr: Expr, what: Rail | 'value', write: (body: Expr) => string): string {
    const declared = expr.kind === 'let' ? this.#flow.lets[expr.let] : undefined;
    const name = `${what}${expr.kind === 'let' ? `Let${expr.let}` : this.#numberOf(expr)}`;
    if (!this.#names.has(name)) {
      this.#names.add(name);
      const body = write(declared?.expr ?? expr);
      const comment = declared === undefined ? '' : ` // ${commentOf(declared.name)}`;
      this.#functions.push(`function ${name}() {${comment}\n  return ${body};\n}`);
    }
    return `${name}()`;
  }

  #numberOf(expr: Expr): number {
    const number = this.#numbers.get(expr) ?? this.#numbers.size;
    this.#numbers.set(expr, number);
    return number;
  }
}

function negatedUnless(straight: boolean, condition: string): string {
  return straight ? condition : `(!${condition})`;
}

/** A name as it may stand in a comment of the generated text, whatever it holds. */
export function commentOf(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '?');
}
