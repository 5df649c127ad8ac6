// Expressions where they stand in a file: parsed, typed, held against their place, and remembered.
// The later parts of a compilation share one of these.
import type { Expr, FlowType, Ranged } from '#flows/program.ts';
import type { Typer } from './expression.ts';
import { sameType, typeText, unitText } from './expression.ts';
import type { Fields } from './fields.ts';
import type { Place } from './places.ts';
import { restrict } from './places.ts';
import type { Report } from './report.ts';
import type { Names } from './resolve.ts';
import { parseExpression } from './syntax.ts';
import type { ScalarNode } from './tree.ts';
import { asScalar } from './fields.ts';
import type { Node } from './tree.ts';
import type { Reads } from './walk.ts';

export class Sentences {
  readonly report: Report;
  readonly names: Names;
  readonly reads: Reads;
  /** Every expression that was typed, with its place; named ones too. */
  readonly all: { readonly expr: Expr; readonly place: Place }[] = [];
  /** Inputs that a transition notes. */
  readonly noted = new Set<number>();
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
    const syntax = scalar === undefined ? undefined : parseExpression(scalar, this.report);
    const expr = syntax && this.#typer.bool(syntax, `\`${name}\``);
    return expr && this.keep(expr, place);
  }

  /** What a variable is set to: of its type and unit. */
  value(scalar: ScalarNode, target: Ranged & { name: string }, place: Place): Expr | undefined {
    const syntax = parseExpression(scalar, this.report);
    const typed = syntax && this.#typer.type(syntax, target.type);
    if (syntax === undefined || typed === undefined) return undefined;
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

  keep(expr: Expr, place: Place): Expr {
    restrict(expr, place, this.reads, this.report);
    this.all.push({ expr, place });
    return expr;
  }
}

/** Whether a value of one type can be kept in another; a whole number is a real one too. */
function fits(from: FlowType, into: FlowType): boolean {
  return sameType(from, into) || (from.kind === 'int' && into.kind === 'real');
}
