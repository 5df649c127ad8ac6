// language.md section 1: what a file declares, with what is required, and what comes later.
import { describe, expect, test } from 'vitest';
import type { Refusal } from './sources.ts';
import { cleanFlow, refusal, flowText, withMore, withTransition } from './sources.ts';

const head = (name: string, value: string): string =>
  ['flow: test', 'format: cellflow/1', 'version: 1', 'scan: 20ms']
    .map((line) => (line.startsWith(`${name}:`) ? `${name}: ${value}` : line))
    .filter((line) => line !== `${name}: `)
    .join('\n');
const withHead = (name: string, value: string): string => flowText({ head: head(name, value) });
const input = (fields: string): string => withMore('inputs', fields);
const nothing = '«f»low: test';

const refusals: readonly Refusal[] = [
  // flow, format, version, scan
  ['a flow without format', flowText({ head: `${nothing}\nversion: 1\nscan: 20ms` }), 'CF0102'],
  [
    'a flow without version',
    flowText({ head: `${nothing}\nformat: cellflow/1\nscan: 20ms` }),
    'CF0102',
  ],
  [
    'a flow without scan',
    flowText({ head: `${nothing}\nformat: cellflow/1\nversion: 1` }),
    'CF0102',
  ],
  ['a flow without regions', flowText({ regions: '' }).replace('flow', '«f»low'), 'CF0102'],
  ['another format', withHead('format', '«cellflow/2»'), 'CF0103', 'cellflow/1'],
  ['a version that is no whole number', withHead('version', '«1.5»'), 'CF0103'],
  ['a scan without a unit', withHead('scan', '«20»'), 'CF0103', '20ms'],
  ['a scan of zero', withHead('scan', '«0ms»'), 'CF0103'],
  ['a name with a space', withHead('flow', '«my flow»'), 'CF0105'],
  ['an unknown section', `${flowText()}\n«output»: 1`, 'CF0101', 'outputs'],
  // inputs
  ['an input without stale', input('«x»: {type: bool}'), 'CF0102 CF0501'],
  ['an input without a type', input('«x»: {stale: 1s}'), 'CF0102 CF0501'],
  ['a number without min', input('«x»: {type: int, max: 3, stale: 1s}'), 'CF0102 CF0501'],
  ['a number without max', input('«x»: {type: real, min: 3, stale: 1s}'), 'CF0102 CF0501'],
  ['an enum without values', input('«x»: {type: enum, stale: 1s}'), 'CF0102 CF0501'],
  ['a min above max', input('«x»: {type: int, «min»: 4, max: 3, stale: 1s}'), 'CF0501 CF0108'],
  ['a unit of a bool', input('«x»: {type: bool, «unit»: bar, stale: 1s}'), 'CF0501 CF0101'],
  [
    'values of an int',
    input('«x»: {type: int, min: 0, max: 1, «values»: [q], stale: 1s}'),
    'CF0501 CF0101',
  ],
  ['a text as type', input('«x»: {type: «string», stale: 1s}'), 'CF0501 CF0103', 'note'],
  ['a bad value of another type', input('«x»: {type: bool, stale: 1s, bad: «3»}'), 'CF0501 CF0103'],
  [
    'a bad value out of range',
    input('«x»: {type: int, min: 0, max: 2, stale: 1s, bad: «3»}'),
    'CF0501 CF0107',
  ],
  [
    'another use of uncertain',
    input('«x»: {type: bool, stale: 1s, uncertain: «bad»}'),
    'CF0501 CF0103',
  ],
  [
    'a latch on a number',
    input('«x»: {type: int, min: 0, max: 2, stale: 1s, «latch»: true}'),
    'CF0501 CF0103',
  ],
  [
    'a value twice in an enum',
    input('«x»: {type: enum, values: [q, «q»], stale: 1s}'),
    'CF0501 CF0106',
  ],
  ['a fraction as int', input('«x»: {type: int, min: «0.5», max: 2, stale: 1s}'), 'CF0501 CF0103'],
  ['a name that begins with cmd', input('«cmd.x»: {type: bool, stale: 1s}'), 'CF0105 CF0501'],
  ['a name that begins with sys', input('«sys.x»: {type: bool, stale: 1s}'), 'CF0105 CF0501'],
  ['a name with a dash', input('«x-y»: {type: bool, stale: 1s}'), 'CF0105 CF0501'],
  ['an unknown field', input('«x»: {type: bool, stale: 1s, «titel»: X}'), 'CF0501 CF0101', 'title'],
  // commands
  ['a command without role', withMore('commands', '«x»: {class: stop}'), 'CF0102 CF0501'],
  ['an unknown role', withMore('commands', '«x»: {role: «boss»}'), 'CF0501 CF0103'],
  ['an unknown class', withMore('commands', '«x»: {role: anyone, class: «halt»}'), 'CF0501 CF0103'],
  [
    'a held time without unit',
    withMore('commands', '«x»: {role: anyone, held: «300»}'),
    'CF0501 CF0103',
  ],
  // outputs
  ['an output without safe', withMore('outputs', '«x»: {type: bool}'), 'CF0102'],
  [
    'a safe value out of range',
    withMore('outputs', 'x: {type: int, min: 0, max: 5, safe: «6»}'),
    'CF0107',
  ],
  [
    'an idle value out of range',
    withMore('outputs', 'x: {type: int, min: 0, max: 5, safe: 0, idle: «6»}'),
    'CF0107',
  ],
  [
    'a safe value that the enum lacks',
    withMore('outputs', 'x: {type: enum, values: [reda, green], safe: «redb»}'),
    'CF0103',
    'reda',
  ],
  ['an output that is an input', withMore('outputs', '«a»: {type: bool, safe: false}'), 'CF0106'],
  // signals, ctx, params
  ['a signal without idle', withMore('signals', '«x»: {type: bool}'), 'CF0102'],
  [
    'a signal that is an output',
    withMore('signals', '«valve»: {type: bool, idle: false}'),
    'CF0106',
  ],
  ['a variable without init', withMore('ctx', '«x»: {type: bool}'), 'CF0102'],
  [
    'a numeric variable without range',
    withMore('ctx', '«x»: {type: int, init: 0}'),
    'CF0102 CF0102',
  ],
  ['an init out of range', withMore('ctx', 'x: {type: int, min: 0, max: 2, init: «3»}'), 'CF0107'],
  [
    'a verify range that is larger',
    withMore('ctx', 'x: {type: int, min: 0, max: 2, init: 0, verify: {max: «3»}}'),
    'CF0107',
  ],
  [
    'a parameter out of its envelope',
    withMore('params', '«x»: {type: int, min: 1, max: 2, init: «3»}'),
    'CF0501 CF0107',
  ],
  [
    'a step of zero',
    withMore('params', '«x»: {type: int, min: 1, max: 2, init: 1, maxStep: «0»}'),
    'CF0501 CF0103',
  ],
  ['a text as a parameter', withMore('params', '«x»: {type: «string», init: a}'), 'CF0501 CF0103'],
  // let, regions
  ['a let with a dot', withMore('let', '«x.y»: a'), 'CF0105 CF0501'],
  ['a let named as an input', withMore('let', '«a»: b'), 'CF0106'],
  ['a let named as a word of the language', withMore('let', '«out»: b'), 'CF0105 CF0501'],
  ['a region with a dot', flowText().replace('  main:', '  «main.x»:'), 'CF0105'],
  ['a region named as a word of the language', flowText().replace('  main:', '  «sig»:'), 'CF0105'],
  [
    'a verify range of a bool',
    withMore('ctx', 'x: {type: bool, init: false, verify: {«max»: true}}'),
    'CF0101',
  ],
  [
    'a step of a bool',
    withMore('params', '«x»: {type: bool, init: true, «maxStep»: 1}'),
    'CF0501 CF0101',
  ],
  [
    'a title in no language',
    withMore('outputs', 'x: {type: bool, safe: true, title: «{}»}'),
    'CF0103',
  ],
  [
    'a title that is a number in one language',
    withMore('outputs', 'x: {type: bool, safe: true, title: {en: «5»}}'),
    'CF0103',
  ],
  ['no regions at all', flowText({ regions: ' «{}»' }), 'CF0103'],
  // not yet
  ['meters', `${flowText()}\n«meters»: {}`, 'CF0104', 'Leave'],
  ['migrate', `${flowText()}\n«migrate»: {}`, 'CF0104'],
  ['swapWhen', `${flowText()}\n«swapWhen»: []`, 'CF0104'],
  ['recipeIn', `${flowText()}\n«recipeIn»: []`, 'CF0104'],
  [
    'a parameter of type duration',
    withMore('params', '«x»: {type: «duration», init: 5s}'),
    'CF0501 CF0104',
  ],
  [
    'a region like a block',
    withMore('regions', 'x: {«like»: v.block.yaml, «with»: {a: b}}'),
    'CF0104 CF0104',
  ],
  [
    'runs on a region',
    flowText().replace('    initial: A', '    «runs»: a\n    initial: A'),
    'CF0104',
  ],
  ['after of a parameter', withTransition('after: «param.wait», to: B'), 'CF0104'],
  ['for of a parameter', withTransition('when: a, for: «param.wait», to: B'), 'CF0104'],
  ['a meter in an expression', withTransition('when: «meter.x» && a, to: B'), 'CF0104'],
];

describe('section 1: a file', () => {
  test.each(refusals)('%s is refused', (_, marked, codes, hint) => {
    const { found, wanted } = refusal(marked, codes, hint);
    expect(found).toEqual(wanted);
  });

  test('an input carries all that it declares', () => {
    const more = `x.y: {type: int, unit: mm, min: -5, max: 20, stale: 1500ms, bad: 7, uncertain: good, title: {en: X, ko: 엑스}}`;
    const flow = cleanFlow(withMore('inputs', more).replace('b && n > 1', 'b && n > 1 && x.y > 1'));
    expect(flow.inputs.find(({ name }) => name === 'x.y')).toMatchObject({
      type: { kind: 'int' },
      unit: 'mm',
      min: -5,
      max: 20,
      stale: 1500,
      substitute: 7,
      uncertainIsGood: true,
      latch: false,
      system: false,
      title: { en: 'X', ko: '엑스' },
    });
  });

  test('uncertain reads as unknown, nothing latches and the title is the name, by default', () => {
    const [first] = cleanFlow(flowText()).inputs;
    expect(first).toMatchObject({ uncertainIsGood: false, latch: false, title: 'a' });
    expect(first).not.toHaveProperty('substitute');
  });

  test('a command has class other, and is not held, unless it says so', () => {
    const { commands } = cleanFlow(flowText());
    expect(commands[0]).toEqual({ name: 'press', title: 'press', role: 'anyone', class: 'other' });
    expect(commands[1]).toMatchObject({ held: 300 });
  });

  test('an output is idle at its safe value unless it says otherwise', () => {
    const { outputs } = cleanFlow(
      withMore('outputs', 'x: {type: enum, values: [red, green], safe: red, idle: green}'),
    );
    expect(outputs.find(({ name }) => name === 'x')).toMatchObject({ safe: 0, idle: 1 });
    expect(outputs[1]).toMatchObject({ name: 'speed', safe: 0, idle: 0 });
  });

  test('ctx may be bool, int, real or enum; what is retained says so', () => {
    const { ctx } = cleanFlow(
      withMore('ctx', 'kept: {type: int, min: 0, max: 9, init: 2, retain: true, verify: {max: 1}}'),
    );
    expect(ctx.map(({ type }) => type.kind)).toEqual(['int', 'real', 'bool', 'enum', 'int']);
    expect(ctx.map(({ retain }) => retain)).toEqual([false, false, false, false, true]);
  });

  test('a parameter has its envelope', () => {
    const more =
      'x: {type: real, unit: bar, init: 2, min: 1, max: 8, maxStep: 0.5, every: 10min, advice: true}';
    const flow = cleanFlow(
      withMore('params', more).replace('p > param.least', 'p > param.least && p > param.x'),
    );
    expect(flow.params[1]).toEqual({
      name: 'x',
      type: { kind: 'real' },
      unit: 'bar',
      init: 2,
      min: 1,
      max: 8,
      maxStep: 0.5,
      every: 600_000,
      advice: true,
    });
  });

  test('system tags need no declaration and stand after the declared inputs', () => {
    const names = [
      'sys.restarted',
      'sys.chronicle.ok',
      'sys.mirror.ok',
      'sys.device.my-plc.ok',
      'sys.device.my-plc.returned',
    ];
    const guard = `${names.join(' && ')} && sys.scan.late < 50 && sys.disk.free > 1000`;
    const flow = cleanFlow(withTransition(`when: "${guard}", to: B`));
    const system = flow.inputs.slice(7);
    expect(system.map(({ name }) => name)).toEqual([...names, 'sys.scan.late', 'sys.disk.free']);
    expect(system.every((tag) => tag.system && tag.stale === undefined)).toBe(true);
    expect(system.map(({ type, unit }) => unit ?? type.kind)).toEqual([
      ...names.map(() => 'bool'),
      'ms',
      'MB',
    ]);
  });
});
