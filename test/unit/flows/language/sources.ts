// Flows to test the language with: one small flow that has something of everything, sections of
// which a test replaces, and expectations of what is told where. «...» marks the place in a text.
import { formatDiagnostic } from '#contract/diagnostic.ts';
import type { Flow } from '#flows/program.ts';
import type { Compiled } from '#flows/language/compile.ts';
import { compileFlow } from '#flows/language/compile.ts';

const sections = {
  head: `flow: test
format: cellflow/1
version: 1
scan: 20ms`,
  inputs: `
  a: {type: bool, stale: 1s}
  b: {type: bool, stale: 1s}
  n: {type: int, min: 0, max: 10, stale: 1s}
  p: {type: real, unit: bar, min: 0, max: 12, stale: 1s}
  q: {type: real, unit: bar, min: 0, max: 12, stale: 1s}
  t: {type: real, unit: degC, min: -20, max: 150, stale: 1s}
  e: {type: enum, values: [none, load, unload], stale: 1s}`,
  commands: `
  press: {role: anyone}
  hand: {role: operator, held: 300ms}`,
  outputs: `
  valve: {type: bool, safe: false}
  speed: {type: int, min: 0, max: 100, safe: 0}
  job: {type: enum, values: [none, load, unload], safe: none}`,
  signals: `
  want: {type: bool, idle: false}
  level: {type: int, idle: 1}`,
  ctx: `
  count: {type: int, min: 0, max: 5, init: 0}
  dose: {type: real, unit: bar, min: 0, max: 12, init: 0}
  ready: {type: bool, init: false}
  kind: {type: enum, values: [none, load, unload], init: none}`,
  params: `
  least: {type: real, unit: bar, init: 5.0, min: 1.0, max: 8.0}`,
  let: `
  both: a && b`,
  assume: '',
  regions: `
  main:
    initial: A
    states:
      A:
        rest: true
        go:
          - {id: T1, when: cmd.press && cmd.hand, to: B}
          - {id: T2, when: both, to: B}
      B:
        rest: true
        do: {want: true}
        go:
          - {id: T3, unless: both, to: A}`,
  interlocks: '',
  alarms: '',
  prove: `
  all: {when: "a && b && n > 1 && p > q && t > 1.0 && e == 'load' && p > param.least", can: sig.want}`,
};

export type Section = keyof typeof sections;

/** The flow with some of its sections replaced; an empty one is left out. */
export function flowText(replaced: Partial<Record<Section, string>> = {}): string {
  const all = { ...sections, ...replaced };
  return Object.entries(all)
    .filter(([, body]) => body !== '')
    .map(([name, body]) => (name === 'head' ? body : `${name}:${body.trimEnd()}`))
    .join('\n');
}

/** The flow with more entries in one of its sections. */
export function withMore(section: Section, more: string): string {
  return flowText({ [section]: `${sections[section].trimEnd()}\n  ${more.trim()}` });
}

/** The flow with one more transition, the last of the state A. */
export function withTransition(fields: string): string {
  const body = sections.regions.replace(
    '      B:\n',
    `          - {id: X1, ${fields}}\n      B:\n`,
  );
  return flowText({ regions: body });
}

/** The flow with a transition of this guard. */
export function withGuard(expression: string): string {
  return withTransition(`when: "${expression}", to: B`);
}

export function compile(text: string): Compiled {
  return compileFlow('test.flow.yaml', text);
}

/** What is told, as people see it. */
export function told(text: string, { diagnostics }: Compiled = compile(text)): string {
  return diagnostics.map((one) => formatDiagnostic(one, text)).join('\n');
}

/** The flow of a text of which nothing is told, no warning either. */
export function cleanFlow(text: string): Flow {
  const { flow, diagnostics } = compile(text);
  if (flow === undefined || diagnostics.length > 0) throw new Error(told(text));
  return flow;
}

/** The text without its marks, and the places that they mark. */
export function unmarked(marked: string): { text: string; places: string[] } {
  const places: string[] = [];
  let text = '';
  let start = 0;
  for (const part of marked.split(/([«»])/)) {
    if (part === '«') start = text.length;
    else if (part === '»') places.push(`${start}-${text.length}`);
    else text += part;
  }
  return { text, places };
}

/**
 * What is told of a marked text, and what should be: exactly these codes, in this order, each at its
 * mark or at the last; no flow when one is an error; and `hint` in some suggestion.
 */
export function refusal(
  marked: string,
  codes: string,
  hint?: string | RegExp,
): { found: string[]; wanted: string[] } {
  const { text, places } = unmarked(marked);
  const { flow, diagnostics } = compile(text);
  const last = places.at(-1) ?? 'no mark';
  const hints = diagnostics.map(({ suggestion }) => suggestion ?? '').join('\n');
  const wanted = codes.split(' ').map((code, index) => `${code} at ${places[index] ?? last}`);
  const found = diagnostics.map(({ code, span }) => `${code} at ${span.start}-${span.end}`);
  if (diagnostics.some(({ severity }) => severity === 'error') !== (flow === undefined))
    found.push('a flow with errors, or none without');
  const hinted = hint instanceof RegExp ? hint.test(hints) : hints.includes(hint ?? '');
  if (!hinted) found.push(`hints: ${hints}`);
  return { found: found.join() === wanted.join() ? found : [...found, told(text)], wanted };
}

/** One line of a table of refusals. */
export type Refusal = [what: string, marked: string, codes: string, hint?: string | RegExp];
