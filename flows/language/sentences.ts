// Expressions where they stand in a file: parsed, typed, held against their place, and remembered.
// The later parts of a compilation share one of these.
import type { Span } from '#contract/diagnostic.ts';
import type { Expr, FlowType, Ranged } from '#flows/program.ts';
import type { Typer } from './expression.ts';
import { sameType, typeText, unitText } from './expression.ts';
import type { Fields } from './fields.ts';
import { asScalar } from './fields.ts';
import type { Place } from './places.ts';
import { restrict } from './places.ts';
import type { Report } from './report.ts';
import type { Names } from './resolve.ts';
import { parseExpression } from './syntax.ts';
import type { Node, ScalarNode } from '#flows/tree.ts';
import type { Reads } from './reads.ts';

/** An output, a signal or a variable of ctx that a region gives a value, with the place. */
export interface Driven {
  readonly kind: 'output' | 'signal' | 'ctx';
  readonly index: number;
  readonly region: number;
  readonly span: Span;
}

export class Sentences {
  readonly report: Report;
  readonly names: Names;
  readonly reads: Reads;
  /** Every expression that was typed, with its place; named ones too. */
  readonly all: { readonly expr: Expr; readonly place: Place }[] = [];
  /** Inputs that a transition notes. */
  readonly noted = new Set<number>();
  /** Who drives what, for the check that only one region does. */
  readonly driven: Driven[] = [];
  /** Some expression could not be read: what nothing seems to use may stand in it. */
  broken = false;
  readonly #typer: Typer;

  constructor(report: Report, names: Names, typer: Typer, reads: Reads) {
    this.report = report;
    this.names = names;
    this.reads = reads;
    this.#typer = typer;
  }

  get edges(): readonly Expr[] {
    return this.#typer.edges;
  }

  /** The bool in a field; undefined when there is none, or when it is told that it is wrong. */
  bool(fields: Fields, name: string, place: Place): Expr | undefined {
    const node = fields.find(name);
    return node === undefined ? undefined : this.boolOf(node, name, place);
  }

  boolOf(node: Node, name: string, place: Place): Expr | undefined {
    const scalar = asScalar(this.report, node, `\`${name}\``);
    const syntax = scalar && parseExpression(scalar, this.report);
    const expr = syntax && this.#typer.bool(syntax, `\`${name}\``);
    return this.keep(expr, place);
  }

  /** What a variable is set to: of its type and unit. */
  value(scalar: ScalarNode, target: Ranged & { name: string }, place: Place): Expr | undefined {
    const syntax = parseExpression(scalar, this.report);
    const typed = syntax && this.#typer.type(syntax, target.type);
    if (syntax === undefined || typed === undefined) return this.keep(undefined, place);
    const { expr, unit } = typed;
    if (!fits(expr.type, target.type)) {
      const told = `\`${target.name}\` is ${typeText(target.type)}, and this is ${typeText(expr.type)}`;
      this.report.error('CF0203', syntax.span, told);
      return undefined;
    }
    const own = target.unit ?? '';
    if (unit !== undefined && unit !== own) {
      const told = `\`${target.name}\` is ${unitText(own)}, and this is ${unitText(unit)}`;
      this.report.error('CF0204', syntax.span, told);
      return undefined;
    }
    return this.keep(expr, place);
  }

  /** Holds an expression against its place and remembers it, or that one is missing. */
  keep(expr: Expr | undefined, place: Place): Expr | undefined {
    if (expr === undefined) {
      this.broken = true;
      return undefined;
    }
    restrict(expr, place, this.reads, this.report);
    this.all.push({ expr, place });
    return expr;
  }
}

/** Whether a value of one type can be kept in another; a whole number is a real one too. */
function fits(from: FlowType, into: FlowType): boolean {
  return sameType(from, into) || (from.kind === 'int' && into.kind === 'real');
}
