// language.md section 9: what YAML a flow is written in, and what of it is refused.
import { describe, expect, test } from 'vitest';
import type { Refusal } from './sources.ts';
import { compile, refusal, told, flowText, withTransition } from './sources.ts';

const deep = `${'['.repeat(60)}1${']'.repeat(60)}`;

const refusals: readonly Refusal[] = [
  ['a duplicate key', `${flowText()}\n«version»: 2`, 'CF0003', 'Keep one'],
  [
    'a duplicate key in a flow map',
    withTransition('when: b, to: B, «to»: A'),
    'CF0003',
    'Keep one',
  ],
  ['an anchor', withTransition('when: «&x b», to: B'), 'CF0004'],
  ['an alias', withTransition('when: «*x», to: B'), 'CF0004'],
  ['a merge key', withTransition('when: b, to: B, «<<»: {why: x}'), 'CF0004'],
  ['a tag', withTransition('when: b, to: «!!str B»'), 'CF0005'],
  ['a directive', `«%»YAML 1.1\n---\n${flowText()}`, 'CF0004'],
  ['a second document', `${flowText()}\n«-»--\nflow: other`, 'CF0004'],
  ['a tab as indentation', `${flowText()}\n«\t»x: 1`, 'CF0001', 'spaces'],
  ['a key that is a list', `${flowText()}\n? «[a]»\n: 1`, 'CF0001'],
  ['a key called on', `${flowText()}\n«on»: 1`, 'CF0006 CF0101'],
  [
    'a value off',
    flowText({ head: 'flow: test\nformat: cellflow/1\nversion: 1\nscan: «off»' }),
    'CF0006 CF0103',
  ],
  [
    'a value in a `{...}` that starts with !',
    withTransition('when: «!a», to: B'),
    'CF0005',
    'Quote it',
  ],
  [
    'a value that starts with ! in a block',
    flowText({ let: '\n  both: a && b\n  not: «!a»' }),
    'CF0005',
    'Quote it',
  ],
  [
    'a value that was cut at a comma',
    withTransition('when: max(p, q) > 3.0, to: B').replace(
      'max(p, q) > 3.0',
      'max(p«», «q) > 3.0»',
    ),
    'CF0201 CF0005',
    'Quote it',
  ],
  [
    'a text that was cut at a comma',
    withTransition('when: b, to: B, why: not now, «later»'),
    'CF0005',
    'Quote it',
  ],
  [
    'a value in a `{...}` with a colon and a space',
    withTransition('when: b, to: B, why: «see: manual»'),
    'CF0005',
    'Quote',
  ],
];

describe('section 9: YAML', () => {
  test.each(refusals)('%s is refused', (_, marked, codes, hint) => {
    const { found, wanted } = refusal(marked, codes, hint);
    expect(found).toEqual(wanted);
  });

  test('a value that was cut at ` #` says that it needs quotes', () => {
    const { flow, diagnostics } = compile(withTransition('when: b, why: part #1, to: B'));
    expect(flow).toBeUndefined();
    expect(diagnostics.map(({ code }) => code)).toEqual(['CF0001']);
    expect(diagnostics[0]?.suggestion).toContain('` #`');
  });

  test.each(['on', 'off', 'yes', 'no'])('no state is called %s', (name) => {
    const body = flowText()
      .replaceAll('to: B', `to: ${name}`)
      .replace('      B:', `      ${name}:`);
    const { diagnostics } = compile(body);
    expect(new Set(diagnostics.map(({ code }) => code))).toEqual(new Set(['CF0006']));
  });

  test('a state called Off compiles with a warning, for readers that take it for false', () => {
    const body = flowText().replaceAll('to: B', 'to: Off').replace('      B:', '      Off:');
    const { flow, diagnostics } = compile(body);
    expect(flow).toBeDefined();
    expect(new Set(diagnostics.map(({ code, severity }) => `${code} ${severity}`))).toEqual(
      new Set(['CF0006 warning']),
    );
  });

  test.each(['7', '1e3', '0x1F'])('no state has the integer-like name %s', (name) => {
    const body = flowText()
      .replaceAll('to: B', `to: "${name}"`)
      .replace('      B:', `      «${name}»:`);
    const { found, wanted } = refusal(body, 'CF0105');
    expect(found).toEqual(wanted);
  });

  test.each(['t1', 'T', '1', 'T1a', 'T-1', 'T1.5'])('%s is no id', (id) => {
    const body = flowText().replace('id: T1,', `id: «${id}»,`);
    const { found, wanted } = refusal(body, 'CF0105', 'E7');
    expect(found).toEqual(wanted);
  });

  test.each(['A1', 'E7', 'ABC123'])('%s is an id', (id) => {
    expect(told(flowText().replace('id: T1,', `id: ${id},`))).toBe('');
  });

  test('depth is bounded', () => {
    const { diagnostics } = compile(`${flowText()}\nx: ${deep}`);
    expect(diagnostics.map(({ code }) => code)).toEqual(['CF0002']);
  });

  test('size is bounded', () => {
    const { diagnostics } = compile(`${flowText()}\n${'# much\n'.repeat(40_000)}`);
    expect(diagnostics.map(({ code }) => code)).toEqual(['CF0002']);
  });

  test.each([
    [
      'states',
      flowText().replace(
        '      B:',
        `${Array.from({ length: 2100 }, (_, index) => `      S${index}: {rest: true}\n`).join('')}      B:`,
      ),
    ],
    [
      'transitions',
      flowText().replace(
        '          - {id: T2',
        `${Array.from({ length: 4200 }, (_, index) => `          - {id: X${index}, when: b, to: B}\n`).join('')}          - {id: T2`,
      ),
    ],
    ['characters', withTransition(`when: "b${' '.repeat(4100)}&& a", to: B`)],
    [
      'entries',
      flowText({
        alarms: `\n${Array.from({ length: 4100 }, (_, index) => `  x${index}: {}`).join('\n')}`,
      }),
    ],
  ])('the number of %s is bounded', (what, text) => {
    const said = compile(text)
      .diagnostics.filter(({ code }) => code === 'CF0002')
      .map(({ text: words }) => words);
    expect(said.length).toBeGreaterThan(0);
    for (const words of said) expect(words).toContain(what);
  });

  test('an empty file says so', () => {
    expect(compile('').diagnostics.map(({ code }) => code)).toEqual(['CF0102']);
    expect(compile('# nothing\n').diagnostics.map(({ code }) => code)).toEqual(['CF0102']);
  });

  test('of what is no map no field is missing', () => {
    for (const text of ['just a text', '- a\n- b', '[]']) {
      const { diagnostics } = compile(text);
      expect(diagnostics.map(({ code, text: said }) => `${code} ${said}`)).toEqual([
        'CF0103 this flow is a map',
      ]);
    }
  });

  test('comments, quotes and layout are free', () => {
    expect(
      told(
        withTransition(`
            when: 'a
              &&   cmd.press', # why not
            "to": "B"`),
      ),
    ).toBe('');
  });

  test('a byte order mark does not matter', () => {
    expect(told(`\uFEFF${flowText()}`)).toBe('');
  });
});
