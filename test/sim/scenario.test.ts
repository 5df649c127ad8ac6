// Scenarios: each kind of step does what it says, and what is not as expected is told with its place.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { findScenarios, testAll } from '#simulator/test-verb.ts';
import { playScenario } from '#simulator/scenario/scenario.ts';

// Minutes of a machine take a busy processor its time.
vi.setConfig({ testTimeout: 240_000 });

const folder = mkdtempSync(join(tmpdir(), 'rebe-scenario-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
async function played(product: 'lamp' | 'cnc-tending', steps: string, more = '') {
  const here = resolve('flows', product);
  files += 1;
  const file = join(folder, `${files}.scenario.yaml`);
  const plant = join(here, product === 'lamp' ? 'lamp.plant.yaml' : 'tending.plant.yaml');
  const cell = join(here, 'cell.yaml');
  writeFileSync(
    file,
    `scenario: one\nformat: scenario/1\ncell: ${cell}\nplant: ${plant}\n${more}steps:\n${steps}`,
  );
  const { tested } = await playScenario(file);
  return tested;
}

/** The machine at work, as a person brings it there. */
const working = `
  - {expect: {state: unit.Aborted, quality: {door.closed: good}}, within: 10s}
  - {wait: 2s}
  - {command: clear}
  - {expect: {state: unit.Stopped}, within: 20s}
  - {command: empty}
  - {wait: 100ms}
  - {command: reset}
  - {expect: {state: unit.Idle}, within: 30s}
  - {command: start}
  - {expect: {state: unit.Execute}, within: 1s}
`;

test('commands bring the machine to work, a part is made, nothing trips and nothing breaks', async () => {
  const steps = `${working}
  - {expect: {ctx: {parts: 1}, trips: 0, incidents: 0}, within: 1min}
`;
  expect(await played('cnc-tending', steps)).toMatchObject({ ok: true, problems: [] });
});

test('faults begin, end by themselves, and are cleared', async () => {
  const steps = `${working}
  - {fault: plant estop, for: 2s}
  - {expect: {state: unit.Aborted}, within: 5s}
  - {fault: io hang}
  - {expect: {quality: {door.closed: bad}}, within: 1s}
  - {clear: all}
  - {expect: {quality: {door.closed: good}}, within: 5s}
`;
  expect(await played('cnc-tending', steps)).toMatchObject({ ok: true, problems: [] });
});

test('a parameter is set, a held command is held, control dies and comes back', async () => {
  const steps = `
  - {wait: 5s}
  - {set: {batch: 3}}
  - {command: manual}
  - {expect: {state: mode.Manual}, within: 1s}
  - {hold: jog.open, for: 2s}
  - {expect: {tag: {door.opened: true}}, within: 2s}
  - {restart: 1s}
  - {expect: {state: unit.Aborted}, within: 10s}
`;
  expect(await played('cnc-tending', steps)).toMatchObject({ ok: true, problems: [] });
});

test('what may never hold ends the scenario at once, in the midst of a step', async () => {
  const tested = await played(
    'lamp',
    '  - {wait: 5s}\n  - {expect: {state: light.Shining}, within: 2min}\n  - {wait: 1s}\n',
    'never: {state: light.Shining}\n',
  );
  expect(tested.problems.map(({ code, line }) => ({ code, line }))).toEqual([
    { code: 'E_SCENARIO_EXPECT', line: 5 },
  ]);
});

/** What was not as expected. */
const wrong = async (product: 'lamp' | 'cnc-tending', steps: string) =>
  (await played(product, steps)).problems[0]?.text;

const atWork = (step: string) => wrong('cnc-tending', `${working}  - {wait: 1s}\n  - ${step}\n`);

const names = (words: readonly string[]): string[] =>
  findScenarios(words).map((file) => basename(file));

test('an expectation says when: not before, until when, and for how long', async () => {
  const lit = '  - {expect: {state: light.Shining}, within: 2min}\n';
  const out = (more: string) => `${lit}  - {expect: {state: light.Waiting}, ${more}}\n`;
  expect(await wrong('lamp', out('within: 31s, notBefore: 2s'))).toBeUndefined();
  expect(await wrong('lamp', out('within: 5s'))).toMatch(/^not within 5s: light.Shining is active/);
  expect(await wrong('lamp', out('within: 40s, notBefore: 39s'))).toMatch(
    /^it holds after .*, and not before/,
  );
  expect(
    await wrong('lamp', `${lit}  - {expect: {state: light.Shining}, for: 5s}\n`),
  ).toBeUndefined();
  expect(await wrong('lamp', `${lit}  - {expect: {output: {lamp: true}}, for: 50s}\n`)).toMatch(
    /^it held for \d+ms, not for 50s: lamp is false, not true$/,
  );
  expect(await wrong('lamp', out('within: 2s, notBefore: 3s'))).toContain('`within` is longer');
});

test('bands, alarms that stand or do not, transitions and figures of the machine', async () => {
  expect(await atWork('{expect: {tag: {clamp.pressure: {max: 1}}, noAlarm: all, fired: E2}}')).toBe(
    'E2 has not fired',
  );
  expect(await atWork('{expect: {tag: {spindle.temp: {min: 20, max: 25}}}}')).toBeUndefined();
  expect(await atWork('{expect: {tag: {spindle.temp: {min: 90}}}}')).toMatch(/not at least 90$/);
  expect(await atWork('{expect: {machine: {made: 3, beacon: green}}}')).toBe(
    "the machine's made is 0, not 3",
  );
  expect(await atWork('{expect: {noAlarm: tending.safety, param: {batch: 1}}}')).toBe(
    'param.batch is 200, not 1',
  );
});

test('people force, acknowledge and resume; what is ignored fails unless that is expected', async () => {
  const steps = `
  - {wait: 3s}
  - {command: start, ignored: true}
  - {force: {coolant.pump: true}, for: 1min}
  - {expect: {output: {coolant.pump: true}}}
  - {unforce: coolant.pump}
  - {expect: {output: {coolant.pump: false}}}
  - {fault: plant estop, for: 1s}
  - {expect: {alarm: tending.safety}, within: 1s}
  - {acknowledge: tending.safety}
  - {restart: 1s, as: ask}
  - {wait: 1s}
  - {command: clear, ignored: true}
  - {resume: tending}
  - {expect: {state: unit.Aborted}, within: 10s}
  - {command: reset}
`;
  const tested = await played('cnc-tending', steps);
  expect(tested.problems).toMatchObject([{ text: 'command reset: ignored in unit.Aborted' }]);
  expect(tested.problems[0]?.line).toBe(6 + 15);
});

test('a failure tells everything that happened, of each kind, and what the flow waited for', async () => {
  const steps = `${working}
  - {expect: {state: unit.Execute.Machining}, within: 40s}
  - {fault: io hang, for: 3s}
  - {expect: {state: unit.Idle}, within: 20s}
`;
  const tested = await played('cnc-tending', steps);
  expect(tested.ok).toBe(false);
  const kinds = new Set((tested.timeline ?? []).map(({ kind }) => kind));
  expect([...kinds].toSorted()).toEqual(
    ['alarm', 'as expected', 'device', 'did', 'failed', 'flow', 'output'].toSorted(),
  );
  const texts = (tested.timeline ?? []).map(({ text }) => text);
  expect(texts).toEqual(
    expect.arrayContaining(['fault io hang for 3s: io hang', 'io is lost', 'io answers']),
  );
  expect(texts.at(-1)).toMatch(/^not within 20s: unit.Aborted is active, not unit.Idle$/);
  const times = (tested.timeline ?? []).map(({ at }) => Math.floor(at));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(tested.waited).toContain('U5 unit.Aborted -> unit.Clearing');
});

test('another scenario is played first, and a failure in it is told at its own place', async () => {
  const begin = join(folder, 'begin.scenario.yaml');
  const here = resolve('flows', 'lamp');
  const head = `scenario: begin\nformat: scenario/1\ncell: ${here}/cell.yaml\nplant: ${here}/lamp.plant.yaml\n`;
  writeFileSync(begin, `${head}steps:\n  - {expect: {state: light.Shining}, within: 2min}\n`);
  const first = `first: ${begin}\n`;
  const never = 'never: {state: light.Waiting}\n';
  const after = '  - {expect: {output: {lamp: true}}, for: 5s}\n';
  expect(await played('lamp', after, first + never)).toMatchObject({ ok: true });
  writeFileSync(begin, `${head}steps:\n  - {expect: {state: light.Shining}}\n`);
  expect((await played('lamp', after, first)).problems).toMatchObject([
    { file: expect.stringContaining('begin.scenario.yaml') as string, line: 6 },
  ]);
  writeFileSync(begin, `${head}${first}steps:\n  - {wait: 1s}\n`);
  expect((await played('lamp', after, first)).problems).toMatchObject([
    { code: 'E_SCENARIO_FIELD', text: expect.stringContaining('more than 8') as string },
  ]);
});

test('scenarios are found below a directory and by a pattern; one that cannot be read is told', async () => {
  expect(names(['flows/lamp'])).toEqual(['lamp.scenario.yaml']);
  expect(names(['flows']).length).toBeGreaterThanOrEqual(13);
  expect(names(['flows/cnc-tending/scenarios/*-lost.scenario.yaml'])).toEqual(
    ['io-lost', 'part-lost', 'plc-lost', 'serial-lost'].map((name) => `${name}.scenario.yaml`),
  );
  expect(names(['flows/lamp', 'flows/lamp/lamp.scenario.yaml'])).toHaveLength(1);
  expect(() => findScenarios(['docs'])).toThrow(/docs: there is no scenario/);
  const printed: string[] = [];
  const failed = await testAll(
    ['no.scenario.yaml', 'flows/lamp/lamp.scenario.yaml'],
    { json: true },
    (text) => printed.push(text),
  );
  expect(failed).toBe(1);
  expect(JSON.parse(printed.join(''))).toMatchObject([
    { ok: false, problems: [{ code: 'E_FILE_READ' }] },
    { ok: true, seed: 1 },
  ]);
});

describe('a name that is nowhere is told at its place before anything is played', () => {
  test.each([
    ['{command: stopp}', 'there is no command `stopp`', 'Did you mean `stop`?', 15],
    ['{expect: {state: light.Off}}', 'there is no state `light.Off`', 'There are: light.Wai', 22],
    ['{expect: {state: [light.Waiting, light.Of]}}', 'no state `light.Of`', 'There are', 38],
    ['{expect: {output: {lamb: true}}}', 'there is no tag `lamb`', 'Did you mean `lamp`?', 24],
    ['{expect: {ctx: {x: 1}}}', 'there is no ctx `x`', 'There are', 21],
    ['{expect: {fired: L9}}', 'there is no transition `L9`', 'Did you mean `L1`?', 22],
    ['{expect: {alarm: lamp.out}}', 'there is no alarm `lamp.out`', 'There are', 22],
    ['{expect: {machine: {lid: 1}}}', 'there is no figure `lid`', 'Did you mean `lit`?', 25],
    ['{set: {x: 1}}', 'there is no parameter `x`', 'There are', 12],
    ['{force: {lampe: true}, for: 1s}', 'there is no tag `lampe`', 'Did you mean `lamp`?', 14],
    ['{resume: lamb}', 'there is no flow `lamb`', 'Did you mean `lamp`?', 14],
    ['{fault: oi hang}', 'there is no device `oi`', 'Did you mean `io`?', 13],
    ['{fault: io hung}', 'there is no fault of io `hung`', 'Did you mean `hang`?', 13],
    ['{fault: plant estopp}', 'there is no fault of plant `estopp`', 'Did you mean', 13],
    ['{clear: oi}', 'there is no device `oi`', 'Did you mean `io`?', 13],
    ['{command: stop, flow: other}', 'there is no flow `other`', 'There are: lamp.', 27],
  ])('%s', async (step, told, suggestion, column) => {
    const tested = await played('lamp', `  - {wait: 1h}\n  - ${step}\n`);
    expect(tested.ok).toBe(false);
    expect(tested.took_ms).toBeUndefined();
    expect(tested.problems[0]?.text).toContain(told);
    expect(tested.problems[0]?.suggestion).toContain(suggestion);
    expect(tested.problems[0]).toMatchObject({ code: 'E_SCENARIO_NAME', line: 7, column });
  });
});

test.each([
  ['  - {wiat: 5s}\n', 'a step has one of wait, command'],
  ['  - {command: stop, folw: lamp}\n', 'folw'],
  ['  - {wait: 5}\n', 'wait'],
  ['  - {expect: {}}\n', 'expect'],
  ['  []\n', 'steps'],
])('a scenario that is not one is told with its place: %s', async (steps, told) => {
  const tested = await played('lamp', steps);
  expect(tested.ok).toBe(false);
  expect(tested.problems[0]).toMatchObject({ code: 'E_SCENARIO_FIELD' });
  expect(tested.problems[0]?.text).toContain(told);
});
