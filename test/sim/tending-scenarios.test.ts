// The demo's scenarios, as anybody tests a flow from vitest; and each of them finds what is wrong with the flow.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { playScenario, testScenario } from '#simulator/scenario/scenario.ts';

// Minutes of a machine take a busy processor its time.
vi.setConfig({ testTimeout: 240_000 });

const folder = 'flows/cnc-tending/scenarios';
const names = readdirSync(folder).map((file) => basename(file, '.scenario.yaml'));
const fileOf = (name: string): string => `${folder}/${name}.scenario.yaml`;

test('the demo ships with twelve', () => {
  expect(names).toHaveLength(12);
});

describe('the flow as it is', () => {
  test.each(names)('%s', async (name) => {
    expect(await testScenario(fileOf(name))).toMatchObject({ ok: true });
  });
});

test('the seed changes lines, disk and processor, and no verdict', async () => {
  const soak = process.env['SOAK'] === '1';
  const seeds = soak ? [2, 3, 4, 5, 6, 7, 8, 9] : [2];
  const played = names.filter((_, index) => soak || index % 4 === 0);
  for (const seed of seeds) {
    // oxlint-disable-next-line no-await-in-loop -- one seed after the other
    const all = await Promise.all(played.map((name) => testScenario(fileOf(name), { seed })));
    expect(all.map(({ ok }) => ok)).toEqual(played.map(() => true));
  }
});

/** What is changed in the flow, once, and a scenario that must then fail where it says. */
const mutants: readonly (readonly [scenario: string, from: string, to: string, told: RegExp])[] = [
  ['start-up', "active('mode.Automatic') && !ctx.loaded", "active('mode.Automatic')", /reset was/],
  [
    'start-up',
    'when: cmd.empty, set: {loaded: false}',
    'when: cmd.empty, set: {loaded: true}',
    /reset/,
  ],
  ['batch', 'parts: ctx.parts + 1}', 'parts: ctx.parts}', /ctx.parts is 0/],
  [
    'batch',
    'when: ctx.parts >= param.batch, to: unit.Complete',
    'when: ctx.parts >= 5, to: unit.Complete',
    /unit.Complete/,
  ],
  [
    'batch',
    'when: coolant.flow >= param.flow.min, to: Running',
    'when: coolant.flow >= 0.0, to: Running',
    /coolant/,
  ],
  ['io-lost', 'unless: safe && !sys.restarted', 'when: "!safe || sys.restarted"', /unit.Aborting/],
  [
    'io-lost',
    'do: {beacon: red, cnc.stop: true}\n        go:\n          - {id: U4',
    'do: {beacon: red}\n        go:\n          - {id: U4',
    /cnc.stop/,
  ],
  ['plc-lost', '- {id: U15, unless: healthy', "- {id: U15, when: '!healthy'", /unit.Holding/],
  ['plc-lost', 'when: robot.home && still, to: Held', 'when: robot.home, to: Held', /Hel/],
  ['serial-lost', 'unless: shut && gripped', "when: '!(shut && gripped)'", /E27|Holding/],
  ['serial-lost', 'unless: shut && gripped, to', 'unless: shut && gripped, for: 5s, to', /E27/],
  ['estop', 'when: cmd.clear && safe', 'when: cmd.clear', /clear was to be ignored/],
  [
    'estop',
    'unless: safe && !sys.restarted, except: [Aborting, Aborted]',
    'unless: safe && !sys.restarted, for: 1s, except: [Aborting, Aborted]',
    /Aborting/,
  ],
  ['door-jam', 'id: D8, after: 8s', 'id: D8, after: 40s', /D8/],
  [
    'door-jam',
    "door:       {when: active('door.Failed')",
    "door:       {when: active('clamp.Failed')",
    /tending.door/,
  ],
  ['clamp', 'when: ctx.retries < 2', 'when: ctx.retries < 1', /retries/],
  ['clamp', 'gripped:    clamp.pressure >= 5.0', 'gripped:    clamp.pressure >= 3.1', /Holding/],
  ['coolant-loss', 'id: K4, after: 4s', 'id: K4, after: 40s', /./],
  ['part-lost', 'when: gripping, to: Releasing', "when: '!robot.home', to: Releasing", /Unloading/],
  ['part-lost', 'id: E22, after: 45s', 'id: E22, after: 5s', /it held for/],
  ['restart', 'unless: safe && !sys.restarted', 'unless: safe', /U2|Aborted/],
  ['hold-and-stop', 'cmd.unhold && healthy && !ctx.loaded', 'cmd.unhold && healthy', /unhold was/],
  ['hold-and-stop', 'id: U27, when: robot.home && still', 'id: U27, when: still', /robot.home/],
];

/** In CI the first of each scenario. */
const chosen = mutants.filter(
  ([name], index) => process.env['SOAK'] === '1' || mutants[index - 1]?.[0] !== name,
);

describe('a flow that is wrong fails its scenario', () => {
  test.each(chosen)('%s: %s', async (name, from, to, told) => {
    const edit = (text: string, file: string): string => {
      if (!file.endsWith('.flow.yaml')) return text;
      expect(text.split(from), `once: ${from}`).toHaveLength(2);
      return text.replace(from, () => to);
    };
    const { tested, text } = await playScenario(fileOf(name), { edit });
    expect(tested.ok, text).toBe(false);
    expect(tested.problems[0]?.code, text).toBe('E_SCENARIO_EXPECT');
    expect(tested.problems[0]?.text).toMatch(told);
  });
});
