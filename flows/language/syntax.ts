// Expressions as written: CEL's syntax, the part that the language has, with the place of each node
// in the file. Nothing is known of names and types here; depth and length are bounded.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import type { BinaryOperator } from '#flows/program.ts';
import { expressionDepthLimit, expressionLimit, tokenLimit } from './limits.ts';
import type { Token } from './lexer.ts';
import { tokensOf } from './lexer.ts';
import type { Report } from './report.ts';
import type { ScalarNode } from '#flows/tree.ts';

export type Syntax = { readonly span: Span } & (
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number; readonly real: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'not' | 'negate'; readonly of: Syntax }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Syntax;
      readonly right: Syntax;
    }
  | {
      readonly kind: 'choose';
      readonly test: Syntax;
      readonly then: Syntax;
      readonly otherwise: Syntax;
    }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly nameSpan: Span;
      readonly of: readonly Syntax[];
    }
);

/** Binary operators by how loosely they bind, as in CEL; all associate to the left. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];

class SyntaxProblem extends Error {
  readonly span: Span;
  readonly suggestion: string | undefined;

  constructor(span: Span, text: string, suggestion?: string) {
    super(text);
    this.span = span;
    this.suggestion = suggestion;
  }
}

/** The expression of a scalar; undefined when it is told that there is none. */
export function parseExpression(scalar: ScalarNode, report: Report): Syntax | undefined {
  if (scalar.text.length > expressionLimit) {
    report.error('CF0002', scalar.span, `an expression has at most ${expressionLimit} characters`);
    return undefined;
  }
  const { tokens, problem } = tokensOf(scalar.text);
  const place = ({ start, end }: Span): Span => ({
    start: scalar.at(start),
    end: Math.max(scalar.at(start), end > start ? scalar.at(end - 1) + 1 : scalar.at(end)),
  });
  if (problem !== undefined) {
    report.error('CF0201', place(problem.span), problem.text, problem.suggestion);
    return undefined;
  }
  if (tokens.length > tokenLimit) {
    const told = `an expression has at most ${tokenLimit} names, numbers and signs`;
    report.error('CF0002', scalar.span, told, 'Name parts of it in `let`.');
    return undefined;
  }
  try {
    return new Parser(tokens, place).whole();
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    report.error('CF0201', error.span, error.message, error.suggestion);
    return undefined;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #place: (span: Span) => Span;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], place: (span: Span) => Span) {
    this.#tokens = tokens;
    this.#place = place;
  }

  whole(): Syntax {
    const read = this.#choice();
    const rest = this.#peek();
    if (rest.kind === 'end') return read;
    const and = rest.kind === 'path' && (rest.text === 'and' || rest.text === 'or');
    const hint = and ? `Write ${rest.text === 'and' ? '&&' : '||'}.` : undefined;
    throw this.#problem(rest, `expected an operator or the end, not ${quoted(rest.text)}`, hint);
  }

  #choice(): Syntax {
    return this.#deeper(() => {
      const test = this.#binary(0);
      if (!this.#take('?')) return test;
      const then = this.#choice();
      this.#expect(':', 'after the value that `?` chooses');
      const otherwise = this.#choice();
      // oxlint-disable-next-line unicorn/no-thenable -- never awaited
      return { kind: 'choose', span: over(test, otherwise), test, then, otherwise };
    });
  }

  #binary(level: number): Syntax {
    const operators = levels[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((candidate) => candidate === this.#peek().text);
      if (operator === undefined || this.#peek().kind !== 'operator') return left;
      this.#next += 1;
      const right = this.#binary(level + 1);
      left = { kind: 'binary', span: over(left, right), operator, left, right };
    }
  }

  #unary(): Syntax {
    const token = this.#peek();
    const sign = token.kind === 'operator' ? token.text : '';
    if (sign !== '!' && sign !== '-') return this.#primary();
    this.#next += 1;
    return this.#deeper(() => {
      const of = this.#unary();
      const span = { start: this.#place(token.span).start, end: of.span.end };
      return { kind: sign === '!' ? 'not' : 'negate', span, of };
    });
  }

  #primary(): Syntax {
    const token = this.#peek();
    const span = this.#place(token.span);
    this.#next += 1;
    if (token.kind === 'number') {
      const value = Number(token.text);
      const real = /[.eE]/.test(token.text);
      if (real ? Number.isFinite(value) : Number.isSafeInteger(value))
        return { kind: 'number', span, value, real };
      throw this.#problem(token, `${quoted(token.text)} is too large`);
    }
    if (token.kind === 'text') return { kind: 'text', span, value: token.text };
    if (token.kind === 'path') {
      if (this.#take('(')) return this.#call(token.text, span);
      if (token.text === 'true' || token.text === 'false')
        return { kind: 'bool', span, value: token.text === 'true' };
      return { kind: 'path', span, path: token.text };
    }
    if (token.kind === 'operator' && token.text === '(') {
      const inner = this.#choice();
      const end = this.#expect(')', 'to close the parenthesis');
      return { ...inner, span: { start: span.start, end } };
    }
    this.#next -= 1;
    const found = token.kind === 'end' ? 'the end' : quoted(token.text);
    throw this.#problem(token, `expected a value, not ${found}`);
  }

  #call(name: string, nameSpan: Span): Syntax {
    const of: Syntax[] = [];
    if (!this.#is(')')) {
      do of.push(this.#choice());
      while (this.#take(','));
    }
    const end = this.#expect(')', `to close \`${name}(\``);
    return { kind: 'call', span: { start: nameSpan.start, end }, name, nameSpan, of };
  }

  #deeper(read: () => Syntax): Syntax {
    this.#depth += 1;
    if (this.#depth > expressionDepthLimit)
      throw this.#problem(this.#peek(), `nested more than ${expressionDepthLimit} levels deep`);
    const syntax = read();
    this.#depth -= 1;
    return syntax;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', span: { start: 0, end: 0 } };
  }

  #is(operator: string): boolean {
    const token = this.#peek();
    return token.kind === 'operator' && token.text === operator;
  }

  #take(operator: string): boolean {
    const found = this.#is(operator);
    if (found) this.#next += 1;
    return found;
  }

  /** The place after it. */
  #expect(operator: string, why: string): number {
    const token = this.#peek();
    if (this.#take(operator)) return this.#place(token.span).end;
    const found = token.kind === 'end' ? 'the end' : quoted(token.text);
    throw this.#problem(token, `expected \`${operator}\` ${why}, not ${found}`);
  }

  #problem(token: Token, text: string, suggestion?: string): SyntaxProblem {
    return new SyntaxProblem(this.#place(token.span), text, suggestion);
  }
}

function over(left: Syntax, right: Syntax): Span {
  return { start: left.span.start, end: right.span.end };
}
