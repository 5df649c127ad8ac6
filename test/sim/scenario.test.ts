// Scenarios: each kind of step does what it says, and what is not as expected is told with its place.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { playScenario } from '#simulator/scenario/scenario.ts';

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
