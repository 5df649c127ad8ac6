// The flows that the product brings compile without a word, to what their text says; and a flow's
// canonical text keeps what carries meaning and nothing else.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Flow } from '#flows/program.ts';
import { canonicalFlow } from '#flows/language/canonical.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { formatExpr } from '#flows/language/format.ts';
import { parts } from '#flows/walk.ts';
import { chanceOf } from './random.ts';
import { cleanFlow, flowText, withTransition } from './sources.ts';

const files = ['flows/lamp/lamp.flow.yaml', 'flows/cnc-tending/cnc-tending.flow.yaml'] as const;
const read = (file: string): string => readFileSync(file, 'utf8');

/** Every expression of a flow, with what it is. */
function expressions(flow: Flow): string[] {
  const write = (what: string, expr: Parameters<typeof formatExpr>[1] | undefined): string[] =>
    expr === undefined ? [] : [`${what}: ${formatExpr(flow, expr)}`];
  return [
    ...flow.lets.flatMap(({ name, expr }) => write(name, expr)),
    ...flow.transitions.flatMap(({ id, when, unless, set }) => [
      ...write(`${id} when`, when),
      ...write(`${id} unless`, unless),
      ...set.flatMap(({ expr }) => write(`${id} set`, expr)),
    ]),
    ...flow.alarms.flatMap(({ name, expr }) => write(name, expr)),
    ...flow.interlocks.flatMap((one) => (one.kind === 'permit' ? write(one.name, one.permit) : [])),
  ];
}

describe('the flows of the product', () => {
  test.each(files)('%s compiles and nothing is told, no warning either', (file) => {
    const { flow, diagnostics } = compileFlow(file, read(file));
    expect(diagnostics).toEqual([]);
    expect(flow).toBeDefined();
  });

  test.each(files)('every expression of %s, written back, means the same', (file) => {
    const text = read(file);
    const flow = cleanFlow(text);
    const written = expressions(flow);
    expect(written.length).toBeGreaterThan(2);
    for (const line of written) {
      const expression = line.slice(line.indexOf(': ') + 2);
      expect(normalized(text)).toContain(normalized(expression));
    }
  });

  test('the lamp is what its file says', () => {
    const flow = cleanFlow(read(files[0]));
    expect(flow.states.map(({ path, rest }) => `${path} ${rest}`)).toEqual([
      'light.Waiting true',
      'light.Shining false',
    ]);
    expect(flow.transitions.map(({ id, to }) => `${id} ${flow.states[to]?.name ?? ''}`)).toEqual([
      'L1 Shining',
      'L2 Waiting',
      'L3 Waiting',
      'L4 Waiting',
    ]);
    expect(flow.edges.map((edge) => formatExpr(flow, edge))).toEqual(['button']);
    expect(flow.transitions[3]).toMatchObject({ after: 30_000, hold: -1 });
    expect(flow.properties.map(({ kind }) => kind)).toEqual([
      'entering',
      'then',
      'always-can-reach',
    ]);
  });

  test('the machine tending flow has the shape that its file gives it', () => {
    const flow = cleanFlow(read(files[1]));
    expect(flow.regions.map(({ name }) => name)).toEqual([
      'mode',
      'unit',
      'door',
      'clamp',
      'coolant',
    ]);
    expect(flow.inputs.map(({ name }) => name).slice(-2)).toEqual([
      'coolant.flow',
      'sys.restarted',
    ]);
    expect(flow.transitions).toHaveLength(95);
    expect(new Set(flow.transitions.map(({ id }) => id)).size).toBe(95);
    expect(flow.properties).toHaveLength(56);
    expect(flow.holds.map((index) => flow.transitions[index]?.id)).toEqual([
      'E28',
      'E20',
      'C4',
      'K6',
    ]);
    const domains = ['E1', 'E2', 'E5', 'U15', 'U1', 'K7', 'K8', 'U33'].map((id) => {
      const found = flow.transitions.find((one) => one.id === id);
      return `${id} ${flow.states[found?.domain ?? -1]?.path ?? '-'}`;
    });
    expect(domains).toEqual([
      'E1 -',
      'E2 unit.Execute',
      'E5 -',
      'U15 -',
      'U1 -',
      'K7 -',
      'K8 coolant.Failed',
      'U33 -',
    ]);
  });

  test('an input in an expression is the one that its place in the text names', () => {
    for (const file of files) {
      const text = read(file);
      const flow = cleanFlow(text);
      const open = flow.transitions.flatMap((one) => [one.when ?? [], one.unless ?? []].flat());
      const seen: string[] = [];
      const named: string[] = [];
      for (let expr = open.pop(); expr !== undefined; expr = open.pop()) {
        open.push(...parts(expr));
        if (expr.kind !== 'input') continue;
        seen.push(text.slice(expr.span.start, expr.span.end));
        named.push(flow.inputs[expr.input]?.name ?? '');
      }
      expect(seen.length).toBeGreaterThan(2);
      expect(seen).toEqual(named);
    }
  });
});

function normalized(text: string): string {
  return text.replaceAll(/[\s()]/g, '');
}

function canonical(text: string): string {
  const found = canonicalFlow(text);
  if (found === undefined) throw new Error('the text is a flow');
  return found;
}

describe('the canonical text', () => {
  const base = withTransition('when: b, for: 2s, to: B, why: because');

  test.each([
    ['comments', base.replace('inputs:', '# about inputs\ninputs:  # here')],
    ['quotes', base.replace('when: b,', `when: "b",`).replace('because', `'because'`)],
    ['the order of fields', base.replace('when: b, for: 2s', 'for: 2s, when: b')],
    ['the order of sections', base.replace(/^(flow: test\n)(format: cellflow\/1\n)/, '$2$1')],
    ['line ends', base.replaceAll('\n', '\r\n')],
    ['a map on lines', base.replace('  press: {role: anyone}', '  press:\n    role: anyone')],
  ])('does not change with %s', (_, text) => {
    cleanFlow(text);
    expect(text).not.toBe(base);
    expect(canonical(text)).toBe(canonical(base));
  });

  test.each([
    ['a guard', base.replace('when: b', 'when: a && n > 3')],
    ['a number that is whole or real', base.replace('t > 1.0', 't > 1')],
    ['the order of transitions', base.replace(/( +- \{id: T1.*\n)( +- \{id: T2.*\n)/, '$2$1')],
    [
      'the order of states',
      base.replace(/( {6}A:\n[\s\S]*)( {6}B:\n[\s\S]*?)(?=\nprove)/, '$2\n$1'),
    ],
    ['the order of inputs', base.replace(/( +a: .*\n)( +b: .*\n)/, '$2$1')],
    ['a text for people', base.replace('because', 'for nothing')],
    ['a duration', base.replace('for: 2s', 'for: 3s')],
  ])('changes with %s', (_, text) => {
    expect(text).not.toBe(base);
    expect(canonical(text)).not.toBe(canonical(base));
  });

  test('is one for one text, and stands for its meaning: it is YAML of the same flow', () => {
    for (const file of files) {
      const text = canonical(read(file));
      expect(canonical(text)).toBe(text);
      expect(text).not.toContain('\n');
    }
  });

  test('of what is no YAML there is none', () => {
    expect(canonicalFlow('{')).toBeUndefined();
    expect(canonicalFlow('')).toBeUndefined();
    expect(canonicalFlow(`${flowText()}\nflow: again`)).toBeUndefined();
  });

  test('never throws', () => {
    const chance = chanceOf(77);
    const text = read(files[0]);
    for (let round = 0; round < 60; round += 1) {
      const at = chance(text.length);
      expect(() => canonicalFlow(text.slice(0, at) + text.slice(at + chance(9)))).not.toThrow();
    }
  });
});
