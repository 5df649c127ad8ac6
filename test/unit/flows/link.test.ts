import { describe, expect, test } from 'vitest';
import { placeOf } from '#contract/diagnostic.ts';
import type { TagName } from '#contract/name.ts';
import { milliseconds } from '#contract/time.ts';
import { linkCell } from '#flows/link.ts';
import type { FlowSource, LinkFacts } from '#flows/link-report.ts';
import { readManifest } from '#flows/manifest.ts';
import type { Flow } from '#flows/program.ts';
import { enumOf, flowOf, inputOf, outputOf, real, span, transitionOf } from './flow-fixture.ts';

const head = 'cell: c\nformat: cell/1\ndevices:\n  io: {driver: bench}\n  plc: {driver: bench}\n';

const cell = (tags: string, flows: string): string =>
  `${head}tags:\n${lines(tags)}flows:\n${lines(flows)}`;
const lines = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `  ${line.trim()}\n`)
    .join('');

/** Flow texts are spaces only: a flow's diagnostics are known by their file and offset. */
const source = (name: string, flow: Flow): [string, FlowSource] => [
  name,
  { flow, file: `${name}.flow.yaml`, text: ' '.repeat(200) },
];

function link(text: string, flows: Record<string, Flow>, facts: LinkFacts = {}) {
  const { manifest, diagnostics, place } = readManifest('cell.yaml', text);
  expect(diagnostics).toEqual([]);
  if (manifest === undefined) throw new Error('the manifest is good');
  const sources = new Map(Object.entries(flows).map(([name, flow]) => source(name, flow)));
  return linkCell(manifest, sources, { file: 'cell.yaml', place, ...facts });
}

/** `file:line:col code text` of everything wrong. */
function wrong(text: string, flows: Record<string, Flow>, facts: LinkFacts = {}): string[] {
  return link(text, flows, facts).diagnostics.map((found) => {
    const own = found.file === 'cell.yaml' ? text : ' '.repeat(200);
    const { line, column } = placeOf(own, found.span.start);
    const hint = found.suggestion === undefined ? '' : ` (${found.suggestion})`;
    return `${found.file}:${line}:${column} ${found.code} ${found.text}${hint}`;
  });
}

const at = (start: number) => ({ span: { start, end: start + 3 } });
const one = 'a: {file: a.flow.yaml}';
const both = 'a: {file: a.flow.yaml}\nb: {file: b.flow.yaml}';

describe('a cell that fits', () => {
  const flow = flowOf({
    inputs: [
      inputOf('door.opened', { title: 'Door is open', latch: true }),
      inputOf('temp', { type: real, unit: 'degC', min: -20, max: 150, stale: milliseconds(2000) }),
      inputOf('sys.restarted', { system: true }),
      inputOf('sys.device.io.ok', { system: true }),
    ],
    outputs: [outputOf('lamp'), outputOf('robot.job', { type: enumOf('none', 'load') })],
    transitions: [
      transitionOf('E1', {
        notes: [{ kind: 'part', fields: [{ name: 'code', tag: 'part.code', span }] }],
      }),
    ],
    foreign: [{ flow: 'b', signal: 'wants', type: { kind: 'bool' }, span }],
  });
  const neighbour = flowOf({
    inputs: [inputOf('door.opened', { latch: true })],
    signals: [
      { name: 'gives', type: { kind: 'bool' }, idle: 0 },
      { name: 'wants', type: { kind: 'bool' }, idle: 0 },
    ],
  });
  const text = cell(
    `part.code: {device: io, type: string}
     spindle.temp: {device: plc, deadband: 0.2, stale: 1s}
     door.opened: {device: io, at: {bit: 0}}
     lamp: {device: io, at: {bit: 1}}
     job: {device: io, at: {word: 1}, map: {load: 3}}
     spare: {device: io, type: int, min: 0, record: false}`,
    `a: {file: a.flow.yaml, restart: hot, bind: {temp: spindle.temp, robot.job: job}}
     b: {file: b.flow.yaml}`,
  );
  const { plan, diagnostics } = link(text, { a: flow, b: neighbour });

  test('has no diagnostics and device tags before system tags', () => {
    expect(diagnostics).toEqual([]);
    expect(plan?.tags.map(({ name }) => name)).toEqual([
      'part.code',
      'spindle.temp',
      'door.opened',
      'lamp',
      'job',
      'spare',
      'sys.chronicle.ok',
      'sys.mirror.ok',
      'sys.scan.late',
      'sys.disk.free',
      'sys.device.io.ok',
      'sys.device.io.returned',
      'sys.device.plc.ok',
      'sys.device.plc.returned',
    ]);
    plan?.tags.forEach(({ name }, index) => expect(plan.tagIndex.get(name)).toBe(index));
  });

  const tag = (name: string) => plan?.tags[plan.tagIndex.get(name) ?? -1];

  test('resolves every name to an index', () => {
    expect(plan?.flows.map(({ name, restart }) => [name, restart])).toEqual([
      ['a', 'hot'],
      ['b', 'ask'],
    ]);
    expect(plan?.flows[0]?.inputs).toEqual([2, 1, -1, 10]);
    expect(plan?.flows[0]?.outputs).toEqual([3, 4]);
    expect(plan?.flows[0]?.notes).toEqual([[[0]]]);
    expect(plan?.flows[0]?.foreign).toEqual([{ flow: 1, signal: 1 }]);
    expect(plan?.flowIndex.get('b')).toBe(1);
  });

  test('takes what a tag is from the flow that uses it, and from the manifest when none does', () => {
    expect(tag('spindle.temp')).toMatchObject({
      kind: 'input',
      type: 'real',
      unit: 'degC',
      min: -20,
      max: 150,
      stale: 1000,
      deadband: 0.2,
      latch: false,
      readBy: [0],
    });
    expect(tag('door.opened')).toMatchObject({
      title: 'Door is open',
      latch: true,
      readBy: [0, 1],
      stale: 500,
    });
    expect(tag('part.code')).toMatchObject({ type: 'string', readBy: [0], recorded: true });
    expect(tag('job')).toMatchObject({
      kind: 'output',
      type: 'enum',
      values: ['none', 'load'],
      driver: { flow: 0, output: 1 },
      readBy: [],
    });
    expect(tag('job')).not.toHaveProperty('stale');
    expect(tag('spare')).toMatchObject({ type: 'int', min: 0, recorded: false, readBy: [] });
    expect(tag('sys.device.io.ok')).toMatchObject({ kind: 'system', type: 'bool', readBy: [0] });
  });

  test('links alike every time', () => {
    expect(link(text, { b: neighbour, a: flow }).plan).toEqual(plan);
  });
});

const warm = (own: string): string =>
  cell(`temp: {device: io, at: {word: 1}${own}}`, 'a: {file: a.flow.yaml}');
const confirms = (period: number): LinkFacts => ({
  confirms: () => ({ period: milliseconds(period), usual: 3, least: 3 }),
});
const staleOf = (...args: Parameters<typeof link>) => link(...args).plan?.tags[0]?.stale;
const writable = (tag: TagName): boolean => tag !== 'lamp';
const natural = (): undefined => undefined;

describe('stale', () => {
  const reads = flowOf({
    inputs: [inputOf('temp', { type: real, stale: milliseconds(300), ...at(7) })],
  });

  test.each<[name: string, own: string, flow: Flow, facts: LinkFacts, stale: number | undefined]>([
    ['the flow says it', '', reads, {}, 300],
    ['the manifest says less', ', stale: 250ms', reads, {}, 250],
    ['the manifest says more', ', stale: 5s', reads, {}, 300],
    ['nobody says it: what the device can keep', ', type: real', flowOf(), confirms(100), 300],
    ['nobody says it: at least 200 ms', ', type: real', flowOf(), confirms(10), 200],
    ['nobody says it and nothing is known of the device', ', type: real', flowOf(), {}, undefined],
  ])('%s', (_, own, flow, facts, stale) => {
    expect(staleOf(warm(own), { a: flow }, facts)).toBe(stale);
  });

  test('shorter than the device can keep, in the flow', () => {
    expect(wrong(warm(''), { a: reads }, confirms(200))).toEqual([
      'a.flow.yaml:1:8 E_MANIFEST_TIME `stale` of `temp` is 300ms; its device confirms it each 200ms, and 3 of these may pass (Write 600ms or more, or poll more often.)',
    ]);
  });

  test('shorter than the device can keep, in the manifest', () => {
    expect(wrong(warm(', stale: 250ms'), { a: reads }, confirms(100))).toEqual([
      'cell.yaml:7:44 E_MANIFEST_TIME `stale` of `temp` is 250ms; its device confirms it each 100ms, and 3 of these may pass (Write 300ms or more, or poll more often.)',
    ]);
  });

  test('is not judged in replay, where no device is known', () => {
    expect(wrong(warm(', stale: 1ms'), { a: reads })).toEqual([]);
  });
});

describe('each mistake has its place', () => {
  const reader = (name: string, parts = {}) =>
    flowOf({ inputs: [inputOf(name, { ...at(4), ...parts })] });
  const driver = (name: string, parts = {}) =>
    flowOf({ outputs: [outputOf(name, { ...at(4), ...parts })] });
  const door = 'door.opened: {device: io, at: {bit: 0}}';

  test.each<[name: string, text: string, flows: Record<string, Flow>, found: string[]]>([
    [
      'a tag that the cell does not have',
      cell(door, one),
      { a: reader('door.open') },
      [
        "a.flow.yaml:1:5 E_MANIFEST_REFERENCE the cell has no tag `door.open` (Did you mean `door.opened`? Declare it in the manifest's `tags`, or bind it: `bind: {door.open: TAG}`.)",
      ],
    ],
    [
      'a binding to a tag that is not there',
      cell(door, 'a: {file: f, bind: {x: door.opend}}'),
      { a: reader('x') },
      [
        'cell.yaml:9:26 E_MANIFEST_REFERENCE the cell has no tag `door.opend` (Did you mean `door.opened`?)',
      ],
    ],
    [
      'a binding of a name that the flow does not use',
      cell(door, 'a: {file: f, bind: {dor: door.opened}}'),
      { a: reader('door.opened') },
      [
        'cell.yaml:9:28 E_MANIFEST_REFERENCE flow `a` uses no tag that it calls `dor` (It uses: door.opened.)',
      ],
    ],
    [
      'a binding to a system tag',
      cell(door, 'a: {file: f, bind: {x: sys.chronicle.ok}}'),
      { a: reader('x') },
      [
        'cell.yaml:9:26 E_MANIFEST_REFERENCE `sys.chronicle.ok` is bound to no name: a flow reads it as it is, without declaring it',
      ],
    ],
    [
      'a system tag of a device that is not there',
      cell(door, one),
      { a: reader('sys.device.oi.ok', { system: true }) },
      [
        'a.flow.yaml:1:5 E_MANIFEST_REFERENCE the cell has no tag `sys.device.oi.ok` (Did you mean `sys.device.io.ok`?)',
      ],
    ],
    [
      'a noted tag that is not there',
      cell(door, one),
      {
        a: flowOf({
          transitions: [
            transitionOf('E1', {
              notes: [{ kind: 'part', fields: [{ name: 'code', tag: 'part.code', ...at(9) }] }],
            }),
          ],
        }),
      },
      [
        "a.flow.yaml:1:10 E_MANIFEST_REFERENCE the cell has no tag `part.code` (Declare it in the manifest's `tags`, or bind it: `bind: {part.code: TAG}`.)",
      ],
    ],
    [
      'a flow that was not read',
      cell(door, one),
      {},
      ['cell.yaml:9:13 E_MANIFEST_REFERENCE `a` was not read'],
    ],
    [
      'a signal of a flow that is not there',
      cell(door, one),
      { a: flowOf({ foreign: [{ flow: 'bb', signal: 's', type: { kind: 'bool' }, ...at(2) }] }) },
      ['a.flow.yaml:1:3 E_MANIFEST_REFERENCE the cell has no flow `bb` (Flows: a.)'],
    ],
    [
      'a signal that its flow does not have',
      cell(door, both),
      {
        a: flowOf({ foreign: [{ flow: 'b', signal: 'want', type: { kind: 'bool' }, ...at(2) }] }),
        b: flowOf({ signals: [{ name: 'wants', type: { kind: 'bool' }, idle: 0 }] }),
      },
      [
        'a.flow.yaml:1:3 E_MANIFEST_REFERENCE flow `b` has no signal `want` (Did you mean `wants`?)',
      ],
    ],
    [
      'a signal of another type',
      cell(door, both),
      {
        a: flowOf({ foreign: [{ flow: 'b', signal: 'wants', type: { kind: 'bool' }, ...at(2) }] }),
        b: flowOf({ signals: [{ name: 'wants', type: enumOf('keep', 'open'), idle: 0 }] }),
      },
      ['a.flow.yaml:1:3 E_MANIFEST_TYPE `flow.b.sig.wants` is an enum (keep or open), not a bool'],
    ],
    [
      'two flows that drive one output',
      cell('lamp: {device: io, at: {bit: 1}}', both),
      { a: driver('lamp'), b: driver('lamp') },
      [
        'b.flow.yaml:1:5 E_MANIFEST_OUTPUT `lamp` is driven by flow `a` already (Drive it in one flow, and let the other ask for it with a signal.)',
      ],
    ],
    [
      'an output that another flow reads as an input',
      cell('lamp: {device: io, at: {bit: 1}}', both),
      { a: driver('lamp'), b: reader('lamp') },
      [
        'b.flow.yaml:1:5 E_MANIFEST_OUTPUT `lamp` is an output of flow `a` and cannot be read as an input (Read a signal of `a`, or declare what the device reads back as a tag of its own.)',
      ],
    ],
    [
      'two outputs at one address',
      cell('lamp: {device: io, at: {bit: 1}}\nhorn: {device: io, at: {bit: 1}}', one),
      { a: flowOf({ outputs: [outputOf('lamp'), outputOf('horn')] }) },
      ['cell.yaml:8:22 E_MANIFEST_OUTPUT `horn` is at the address of `lamp`; both are outputs'],
    ],
    [
      'two flows that declare one tag differently',
      cell('temp: {device: io}', both),
      {
        a: reader('temp', { type: real, unit: 'degC', max: 100, stale: milliseconds(500) }),
        b: reader('temp', { type: real, unit: 'K', max: 100, stale: milliseconds(1000) }),
      },
      [
        'b.flow.yaml:1:5 E_MANIFEST_TYPE `unit` of `temp` is K here and degC in flow `a` (Flows that use one tag declare it alike.)',
        'b.flow.yaml:1:5 E_MANIFEST_TYPE `stale` of `temp` is 1s here and 500ms in flow `a` (Flows that use one tag declare it alike.)',
      ],
    ],
    [
      'a manifest that contradicts the flow',
      cell('temp: {device: io, type: int, unit: K, max: 90}', one),
      { a: reader('temp', { type: real, unit: 'degC', max: 100 }) },
      [
        'cell.yaml:7:28 E_MANIFEST_TYPE the flow that uses `temp` says a real (Leave `type` out here.)',
        'cell.yaml:7:39 E_MANIFEST_TYPE the flow that uses `temp` says `unit` is degC (Leave `unit` out here.)',
        'cell.yaml:7:47 E_MANIFEST_TYPE the flow that uses `temp` says `max` is 100 (Leave `max` out here.)',
      ],
    ],
    [
      'a flow that is not valid for scans so far apart',
      cell(door, one),
      { a: flowOf({ scan: milliseconds(10) }) },
      [
        'cell.yaml:9:3 E_MANIFEST_TIME `a` is valid for scans of up to 10ms; this cell scans each 20ms (Write `scan: {period: 10ms}` or less.)',
      ],
    ],
    [
      'a tag kept out of the record that a flow reads',
      cell('door.opened: {device: io, record: false}', one),
      { a: reader('door.opened') },
      ['cell.yaml:7:37 E_MANIFEST_RECORD flow `a` reads `door.opened`, so it must be recorded'],
    ],
    [
      'an enum without values, and fields for other types',
      cell(
        'mode: {device: io, type: enum}\ncode: {device: io, type: string, deadband: 1, map: {x: 1}}',
        one,
      ),
      { a: flowOf() },
      [
        'cell.yaml:7:28 E_MANIFEST_TYPE `mode` is an enum without `values`',
        'cell.yaml:8:46 E_MANIFEST_TYPE `deadband` is for numbers; `code` is string',
        'cell.yaml:8:49 E_MANIFEST_TYPE `map` is for an enum; `code` is string',
      ],
    ],
    [
      'a number on the wire for a value that the enum does not have',
      cell('job: {device: io, map: {lod: 3}}', one),
      { a: driver('job', { type: enumOf('none', 'load') }) },
      ['cell.yaml:7:32 E_MANIFEST_REFERENCE `job` has no value `lod` (Did you mean `load`?)'],
    ],
  ])('%s', (_, text, flows, found) => {
    expect(wrong(text, flows)).toEqual(found);
  });

  test('an output at an address that cannot be written', () => {
    const text = cell('lamp: {device: io, at: {discrete: 1}}', one);
    expect(wrong(text, { a: driver('lamp') }, { writable })).toEqual([
      'cell.yaml:7:22 E_MANIFEST_OUTPUT `lamp` is an output, but its address cannot be written',
    ]);
  });

  test('a tag that nothing says anything of', () => {
    const text = cell('x: {device: io}', one);
    expect(wrong(text, { a: flowOf() }, { natural })).toEqual([
      'cell.yaml:7:3 E_MANIFEST_TYPE nothing says what `x` is (No flow uses it: give it a `type`.)',
    ]);
    expect(wrong(text, { a: flowOf() })).toEqual([]);
  });

  test('a tag whose address gives another type than the flow reads', () => {
    const text = cell('x: {device: io, at: {coil: 1}}', one);
    expect(wrong(text, { a: reader('x', { type: real }) }, { natural: () => 'bool' })).toEqual([
      'cell.yaml:7:19 E_MANIFEST_TYPE `x` is real, but this address gives bool',
    ]);
    expect(wrong(text, { a: reader('x') }, { natural: () => 'bool' })).toEqual([]);
    expect(wrong(text, { a: reader('x', { type: real }) }, { natural: () => 'int' })).toEqual([]);
  });
});
