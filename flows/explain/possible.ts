// What a flow's states alone allow: a condition in which everything that comes from outside (inputs,
// other flows, what interlocks and edges saw) may still turn out either way. False here means that no
// input could make it true; it says nothing of what the plant will do.
import { readingOf } from '#flows/engine/engine.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import { evaluate } from '#flows/engine/evaluate.ts';
import type { Reading } from '#flows/engine/evaluate.ts';
import { unknown } from '#flows/program.ts';
import type { Expr, Flow, LetDecl, TransitionDecl } from '#flows/program.ts';

/** The conditions of one flow, freed of what comes from outside; each is rewritten once. */
export class Possible {
  readonly #flow: Flow;
  readonly #lets: readonly LetDecl[];
  readonly #freed = new WeakMap<Expr, Expr>();

  constructor(flow: Flow) {
    this.#flow = flow;
    this.#lets = flow.lets.map(({ name, expr }) => ({ name, expr: this.#free(expr) }));
  }

  /** What the methods below read, and nothing else may. */
  reading(frame: Frame, configuration: Configuration): Reading {
    return { ...readingOf(this.#flow, frame, configuration), lets: this.#lets };
  }

  /** True unless the transition's conditions are surely false in these states; time is let pass. */
  fires({ when, unless }: TransitionDecl, reading: Reading): boolean {
    if (when !== undefined && this.valueOf(when, reading) === 0) return false;
    return unless === undefined || this.valueOf(unless, reading) !== 1;
  }

  /** The value that the states alone give; NaN: it depends. */
  valueOf(expr: Expr, reading: Reading): number {
    return evaluate(this.#free(expr), reading);
  }

  #free(expr: Expr): Expr {
    const known = this.#freed.get(expr);
    if (known !== undefined) return known;
    const freed = this.#rewritten(expr);
    this.#freed.set(expr, freed);
    return freed;
  }

  #rewritten(expr: Expr): Expr {
    const { span, type } = expr;
    switch (expr.kind) {
      case 'input':
      case 'foreign':
      case 'output':
      case 'good':
      case 'trip':
      case 'edge':
        return { kind: 'literal', value: unknown, span, type };
      // Of what is known both say the same; of what is not neither says anything yet.
      case 'sure':
      case 'maybe':
        return this.#free(expr.of);
      case 'not':
      case 'negate':
        return { ...expr, of: this.#free(expr.of) };
      case 'binary':
        return { ...expr, left: this.#free(expr.left), right: this.#free(expr.right) };
      case 'choose': {
        const [test, then] = [this.#free(expr.test), this.#free(expr.then)];
        // oxlint-disable-next-line unicorn/no-thenable -- never awaited
        return { ...expr, test, then, otherwise: this.#free(expr.otherwise) };
      }
      case 'call':
        return { ...expr, of: expr.of.map((part) => this.#free(part)) };
      case 'literal':
      case 'command':
      case 'signal':
      case 'ctx':
      case 'param':
      case 'active':
      case 'let':
        return expr;
    }
  }
}
