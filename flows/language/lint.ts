// Advice: what is allowed and yet likely to be a mistake.
import type { Expr } from '#flows/program.ts';
import type { Draft } from './draft.ts';

/** States that are there for faults, by their names: nothing in the language marks them. */
const faultName = /fail|fault|error|alarm|abort|trip|emergency/i;

export function lint(draft: Draft): void {
  if (draft.sentences.broken) return;
  faultStates(draft);
  uncoveredOutputs(draft);
}

/**
 * A fault state that is entered only while an input is surely false is never entered when its
 * sensor is dead. Ways from one fault state to another do not count.
 */
function faultStates(draft: Draft): void {
  const { states, regions, transitions, sentences } = draft;
  const begun = new Set<number>();
  for (const { initial } of regions)
    for (let at = initial; at >= 0; at = states[at]?.initial ?? -1) begun.add(at);
  const inFault = chain(draft, ({ name }) => faultName.test(name));
  const negates = new Negations(draft);
  states.forEach(({ name, path, span }, index) => {
    if (!faultName.test(name) || begun.has(index)) return;
    const inside = chain(draft, (_, at) => at === index);
    const ways = transitions.filter(({ to, holder }) => to >= 0 && inside(to) && !inside(holder));
    const sure = ways.every(
      ({ holder, when }) => !inFault(holder) && when !== undefined && negates.input(when),
    );
    if (ways.length === 0 || !sure) return;
    const told = `\`${path}\` is reached only through a \`when\` that negates an input`;
    const hint = 'A dead sensor never leads there. Use `unless`, or `!sure(...)`.';
    sentences.report.warning('CF0901', span, told, hint);
  });
}

/** Whether a state, or one around it, is such a state. */
function chain(
  { states }: Draft,
  test: (state: Draft['states'][number], index: number) => boolean,
): (state: number) => boolean {
  return (state) => {
    for (let at = state; at >= 0; at = states[at]?.parent ?? -1) {
      const decl = states[at];
      if (decl !== undefined && test(decl, at)) return true;
    }
    return false;
  };
}

/** Whether an expression can hold only while an input is surely false. */
class Negations {
  /** Of each named expression: read as it stands, and read denied. */
  readonly #lets: { readonly plain: boolean; readonly denied: boolean }[] = [];

  constructor({ sentences }: Draft) {
    const { lets } = sentences.names;
    for (let index = 0; index < lets.size; index += 1) {
      const expr = lets.at(index)?.expr;
      const read = (denied: boolean): boolean => expr !== undefined && this.#read(expr, denied);
      this.#lets.push({ plain: read(false), denied: read(true) });
    }
  }

  input(expr: Expr): boolean {
    return this.#read(expr, false);
  }

  #read(expr: Expr, denied: boolean): boolean {
    if (expr.kind === 'input') return denied;
    if (expr.kind === 'not') return this.#read(expr.of, !denied);
    if (expr.kind === 'let') {
      const found = this.#lets[expr.let];
      return found !== undefined && (denied ? found.denied : found.plain);
    }
    if (expr.kind === 'binary' && (expr.operator === '&&' || expr.operator === '||'))
      return this.#read(expr.left, denied) || this.#read(expr.right, denied);
    return false;
  }
}

/** Each output that an interlock guards stands in some property. */
function uncoveredOutputs({ interlocks, sentences }: Draft): void {
  const { names, reads, report } = sentences;
  const covered = new Set<number>();
  for (const { expr, place } of sentences.all) {
    if (place !== 'property' && place !== 'state') continue;
    for (const output of reads.of(expr).get('output') ?? []) covered.add(output);
  }
  const told = new Set<number>();
  for (const name of interlocks.names()) {
    const interlock = interlocks.at(interlocks.index(name) ?? -1);
    if (interlock === undefined) continue;
    const guarded = interlock.kind === 'exclusive' ? interlock.outputs : [interlock.output];
    for (const output of guarded) {
      if (covered.has(output) || told.has(output)) continue;
      told.add(output);
      const decl = names.declarations.outputs.at(output);
      const what = `\`${name}\` guards \`${decl?.name ?? ''}\`, and no property covers it`;
      const hint = `Say in \`prove\` when \`out.${decl?.name ?? ''}\` may be what.`;
      report.warning('CF0902', interlock.span, what, hint);
    }
  }
}
