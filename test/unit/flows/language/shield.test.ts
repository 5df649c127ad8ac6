// language.md sections 5, 6 and 7: interlocks, alarms, assumptions and properties.
import { describe, expect, test } from 'vitest';
import { formatExpr } from '#flows/language/format.ts';
import type { Refusal } from './sources.ts';
import { cleanFlow, flowText, refusal, withMore } from './sources.ts';

/** Properties that cover all outputs, so that no lint is told. */
const covered =
  '\n  x: {never: "out.valve && out.speed > 5 || out.job == \'load\'"}' +
  '\n  all: {when: "a && b && n > 1 && p > q && t > 1.0 && e == \'load\' && p > param.least", can: sig.want}';
const interlock = (entry: string): string =>
  flowText({ interlocks: `\n  ${entry}`, prove: covered });
const alarm = (fields: string): string => flowText({ alarms: `\n  hot: {${fields}}` });
const assume = (entry: string): string => flowText({ assume: `\n  ${entry}` });
const prove = (fields: string): string => withMore('prove', `x: {${fields}}`);

const interlocks: readonly Refusal[] = [
  ['an interlock of no kind', interlock('«x»: {output: valve}'), 'CF0102'],
  ['a permit without output', interlock('«x»: {permit: a}'), 'CF0102'],
  ['an unknown output', interlock('x: {output: «valv», permit: a}'), 'CF0202', 'valve'],
  ['a permit that is no bool', interlock('x: {output: valve, permit: «n»}'), 'CF0203'],
  [
    'a permit that reads a command',
    interlock('x: {output: valve, permit: a && «cmd.press»}'),
    'CF0207',
  ],
  [
    'a permit that reads a signal',
    interlock('x: {output: valve, permit: a && «sig.want»}'),
    'CF0207',
  ],
  ['a permit that reads ctx', interlock('x: {output: valve, permit: a && «ctx.ready»}'), 'CF0207'],
  [
    'a permit that reads a parameter',
    interlock('x: {output: valve, permit: p > «param.least»}'),
    'CF0207',
  ],
  [
    'a permit that reads a state',
    interlock("x: {output: valve, permit: a && «active('main.A')»}"),
    'CF0207',
  ],
  [
    'a permit that reads a trip',
    interlock("x: {output: valve, permit: a && «trip('x')»}"),
    'CF0207',
  ],
  ['a permit that reads an edge', interlock('x: {output: valve, permit: «rise(a)»}'), 'CF0207'],
  [
    'a permit that reads an output',
    interlock('x: {output: valve, permit: a && «out.valve»}'),
    'CF0207',
  ],
  [
    "a permit that reads another flow's signal",
    interlock('x: {output: valve, permit: a && «flow.y.sig.z»}'),
    'CF0207',
  ],
  [
    'a permit that reads a let of states',
    interlock('x: {output: valve, permit: «c»}').replace(
      '  both: a && b',
      "  both: a && b\n  c: active('main.A')",
    ),
    'CF0207',
  ],
  [
    'a safe value that allow leaves out',
    interlock('x: {output: job, permit: a, allow: «[load]»}'),
    'CF0401',
    'Add it',
  ],
  [
    'a value in allow that the output lacks',
    interlock('x: {output: job, permit: a, allow: [none, «lode»]}'),
    'CF0103',
  ],
  ['exclusive of one output', interlock('x: {exclusive: «[valve]»}'), 'CF0103'],
  ['exclusive of one output twice', interlock('x: {exclusive: [valve, «valve»]}'), 'CF0106'],
  [
    'exclusive of an unknown output',
    interlock('x: {exclusive: [valve, «speet»]}'),
    'CF0202',
    'speed',
  ],
  ['exclusive with a permit', interlock('x: {exclusive: [valve, job], «permit»: a}'), 'CF0101'],
  ['a limit of a bool', interlock('x: {output: valve, «limit»: {max: 1}}'), 'CF0203'],
  ['a limit without bounds', interlock('x: {output: speed, limit: «{}»}'), 'CF0102'],
  ['a limit outside the range', interlock('x: {output: speed, limit: {max: «101»}}'), 'CF0107'],
  [
    'a limit that forbids the safe value',
    interlock('x: {output: speed, limit: «{min: 5}»}'),
    'CF0401',
  ],
  [
    'a limit that is empty',
    interlock('x: {output: speed, limit: «{min: 3, max: 1}»}'),
    'CF0108 CF0401',
  ],
  [
    'a limit that latches',
    interlock('x: {output: speed, limit: {max: 5}, «latch»: true}'),
    'CF0101',
  ],
  [
    'a limit that reads a state',
    interlock("x: {output: speed, limit: {max: 5}, unless: «active('main.A')»}"),
    'CF0207',
  ],
];

describe('section 5: interlocks', () => {
  test.each(interlocks)('%s is refused', (_, marked, codes, hint) => {
    const { found, wanted } = refusal(marked, codes, hint);
    expect(found).toEqual(wanted);
  });

  test('a permit lets only the safe value pass without it, and latches', () => {
    const flow = cleanFlow(interlock('x: {output: job, permit: a && good(p) && both}'));
    expect(flow.interlocks[0]).toMatchObject({
      kind: 'permit',
      output: 2,
      allow: [0],
      latch: true,
    });
  });

  test('allow names the values that need no permit; latch: false does not latch', () => {
    const flow = cleanFlow(
      interlock('x: {output: job, permit: a, allow: [none, unload], latch: false}'),
    );
    expect(flow.interlocks[0]).toMatchObject({ allow: [0, 2], latch: false });
  });

  test('exclusive names outputs of any type', () => {
    const flow = cleanFlow(interlock('x: {exclusive: [valve, job, speed]}'));
    expect(flow.interlocks[0]).toMatchObject({
      kind: 'exclusive',
      outputs: [0, 2, 1],
      latch: true,
    });
  });

  test('a limit holds numbers between its bounds unless its condition holds', () => {
    const flow = cleanFlow(interlock('x: {output: speed, limit: {max: 5}, unless: sure(both)}'));
    const [found] = flow.interlocks;
    expect(found).toMatchObject({ kind: 'limit', output: 1, max: 5 });
    expect(found).not.toHaveProperty('min');
  });

  test('a guard may ask whether an interlock tripped', () => {
    const text = interlock('x: {output: valve, permit: a}').replace(
      'when: both',
      `when: "trip('x')"`,
    );
    const flow = cleanFlow(text);
    const when = flow.transitions[1]?.when;
    expect(when && formatExpr(flow, when)).toBe("trip('x')");
  });
});

const judgements: readonly Refusal[] = [
  [
    'an alarm without a condition',
    flowText({ alarms: '\n  «hot»: {priority: 1, text: Hot}' }),
    'CF0102',
  ],
  [
    'an alarm with both conditions',
    alarm('when: a, «unless»: b, priority: 1, text: Hot'),
    'CF0101',
  ],
  ['an alarm without priority', flowText({ alarms: '\n  «hot»: {when: a, text: Hot}' }), 'CF0102'],
  ['an alarm without text', flowText({ alarms: '\n  «hot»: {when: a, priority: 1}' }), 'CF0102'],
  ['an alarm of priority 5', alarm('when: a, priority: «5», text: Hot'), 'CF0103'],
  ['an alarm of priority 0', alarm('when: a, priority: «0», text: Hot'), 'CF0103'],
  ['an alarm with a number as text', alarm('when: a, priority: 1, text: «5»'), 'CF0103'],
  [
    'an alarm with a delay without unit',
    alarm('when: a, for: «5», priority: 1, text: Hot'),
    'CF0103',
  ],
  ['an alarm that reads an output', alarm('when: «out.valve», priority: 1, text: Hot'), 'CF0207'],
  ['an alarm with an unknown field', alarm('when: a, «prio»: 1, priority: 1, text: Hot'), 'CF0101'],
  ['an assumption that is no bool', assume('x: «n»'), 'CF0203'],
  ['an assumption over outputs', assume('x: «out.valve»'), 'CF0207'],
];

describe('section 6: alarms, and assumptions', () => {
  test.each(judgements)('%s is refused', (_, marked, codes, hint) => {
    const { found, wanted } = refusal(marked, codes, hint);
    expect(found).toEqual(wanted);
  });

  test('an alarm has its condition, delays, priority and texts', () => {
    const fields =
      'unless: both, for: 2s, offDelay: 500ms, priority: 2, text: {en: Hot, ko: 뜨겁다}, response: Wait';
    expect(cleanFlow(alarm(fields)).alarms[0]).toMatchObject({
      name: 'hot',
      sense: 'unless',
      for: 2000,
      offDelay: 500,
      priority: 2,
      text: { en: 'Hot', ko: '뜨겁다' },
      response: 'Wait',
    });
  });

  test('without delays an alarm is raised and cleared at once', () => {
    const [found] = cleanFlow(alarm('when: a, priority: 1, text: Hot')).alarms;
    expect(found).toMatchObject({ for: 0, offDelay: 0 });
    expect(found).not.toHaveProperty('response');
  });

  test('an assumption is a named expression about the plant', () => {
    const flow = cleanFlow(assume('apart: "!(a && b)"'));
    expect(flow.assumes.map(({ name, expr }) => `${name}: ${formatExpr(flow, expr)}`)).toEqual([
      'apart: !(a && b)',
    ]);
  });
});

const properties: readonly Refusal[] = [
  ['a property of no kind', withMore('prove', '«x»: {require: a}'), 'CF0102'],
  ['entering without require', withMore('prove', '«x»: {entering: main.B}'), 'CF0102'],
  ['entering an unknown state', prove('entering: «main.C», require: a'), 'CF0301', 'main.A'],
  ['entering a region', prove('entering: «main», require: a'), 'CF0301'],
  ['never over inputs', prove('never: «a»'), 'CF0207'],
  ['never over a let of inputs', prove('never: «both»'), 'CF0207'],
  ['never over a command', prove('never: «cmd.press»'), 'CF0207'],
  ['then over inputs', prove('when: a, then: «b»'), 'CF0207'],
  ['then without a condition', withMore('prove', '«x»: {then: sig.want}'), 'CF0102'],
  ['then with both conditions', prove('when: a, «unless»: b, then: sig.want'), 'CF0101'],
  ['can without when', withMore('prove', '«x»: {can: sig.want}'), 'CF0102'],
  ['can with unless', prove('«unless»: a, when: a, can: sig.want'), 'CF0101'],
  ['reach by an unknown role', prove("always can reach: active('main.B'), by: «boss»"), 'CF0103'],
  ['reach of an input', prove('always can reach: «a»'), 'CF0207'],
  ['start over inputs', prove('start: «a»'), 'CF0207'],
  ['a property that is no bool', prove('never: «out.speed»'), 'CF0203'],
  ['an unknown output', prove('never: «out.valv»'), 'CF0202', 'out.valve'],
];

describe('section 7: properties', () => {
  test.each(properties)('%s is refused', (_, marked, codes, hint) => {
    const { found, wanted } = refusal(marked, codes, hint);
    expect(found).toEqual(wanted);
  });

  test.each([
    ['never: out.valve && ctx.ready', { kind: 'never' }],
    ['entering: main.B, require: "a && out.valve && cmd.press"', { kind: 'entering', state: 1 }],
    ['when: a && rise(b), then: sig.want', { kind: 'then', sense: 'when' }],
    ['unless: a, then: out.valve', { kind: 'then', sense: 'unless' }],
    ["always can reach: active('main.B')", { kind: 'always-can-reach' }],
    [
      "always can reach: active('main.B'), by: operator",
      { kind: 'always-can-reach', by: 'operator' },
    ],
    ['when: a, can: out.valve', { kind: 'can' }],
    ["start: active('main.A') && !out.valve", { kind: 'start' }],
  ])('{%s} is parsed and typed', (fields, wanted) => {
    const text = fields.includes('&& !')
      ? withMore('prove', `x:\n    ${fields.replace(': ', ': "')}"`)
      : prove(fields);
    const { properties: found } = cleanFlow(text);
    expect(found.at(-1)).toMatchObject({ name: 'x', ...wanted });
  });

  test('a lint names each output that an interlock guards and no property covers', () => {
    const text = flowText({
      interlocks:
        '\n  «x»: {output: valve, permit: a}\n  «y»: {exclusive: [valve, job]}\n  z: {output: speed, limit: {max: 5}}',
    }).replace('can: sig.want', 'can: "sig.want && out.speed > 1"');
    const { found, wanted } = refusal(text, 'CF0902 CF0902', 'out.job');
    expect(found).toEqual(wanted);
  });
});
