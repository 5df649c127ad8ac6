// How flows enter a boot: hot, ask, warm, cold; and how a state is saved and put back (contract.md
// sections 2 and 6).
import { describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { RestartClass } from '#flows/engine/restart.ts';
import { Chance } from './chance.ts';
import { enginesOf, rigOf } from './cell-rig.ts';
import type { Rig } from './cell-rig.ts';
import { LiveRun } from './live-run.ts';
import { randomCell } from './random-cell.ts';

const oven = `
flow: oven
format: cellflow/1
version: 1
scan: 50ms
inputs:
  door: {type: bool, stale: 1s}
  hot: {type: bool, stale: 1s}
commands:
  bake: {role: operator, class: start}
  jog: {role: operator, held: 300ms}
outputs:
  heat: {type: bool, safe: false}
  fan: {type: int, min: 0, max: 9, safe: 0}
signals:
  baking: {type: bool, idle: false}
ctx:
  loaves: {type: int, min: 0, max: 99, init: 0, retain: true}
  tries: {type: int, min: 0, max: 99, init: 0}
params:
  speed: {type: int, min: 1, max: 9, init: 3}
regions:
  unit:
    initial: Idle
    states:
      Idle: {rest: true, go: [{id: O1, when: cmd.bake, set: {loaves: ctx.loaves + 1, tries: ctx.tries + 1}, to: Bake}, {id: O4, when: cmd.jog && param.speed > 4, to: Idle}]}
      Bake:
        do: {heat: true, fan: 5, baking: true}
        go:
          - {id: O2, after: 10s, to: Idle}
          - {id: O3, when: hot, for: 5s, to: Idle}
  first:
    initial: Wait
    states:
      Wait: {rest: true, go: [{id: F1, when: sys.restarted && !sig.baking, to: Seen}]}
      Seen: {rest: true, go: [{id: F2, when: sig.baking, to: Wait}]}
interlocks:
  shut: {output: heat, permit: "!door"}
alarms:
  open: {when: door, priority: 2, text: The door is open}
  warm: {when: hot, for: 1s, priority: 3, text: It is hot}
`;

/** An oven that has baked for 6 s, 4 s of them hot. */
async function baking(): Promise<Rig> {
  const rig = await rigOf({ flows: { oven } });
  rig.scan({ tags: rig.rest() });
  rig.scan({ command: 'oven.bake' });
  rig.pass(2_000);
  rig.scan({ tags: { hot: true } });
  rig.pass(3_960);
  return rig;
}

/** A new boot of the same cell, with what was saved. */
function restart(rig: Rig, way: RestartClass, state?: Json): void {
  const saved = state ?? JSON.parse(canonicalJson(rig.cell.save()));
  rig.cell = new Cell(rig.plan, rig.engines());
  rig.cell.enter(saved, [way]);
}

const leaf = (rig: Rig): string => rig.state('oven', 'unit');
const stage = (rig: Rig): string | undefined => rig.cell.flows[0]?.stage;
const ctx = (rig: Rig): number[] => [...(rig.cell.flows[0]?.configuration.ctx ?? [])];

describe('hot and ask', () => {
  test.each(['hot', 'ask'] as const)(
    '%s: the state is restored and not stepped, outputs safe, signals idle, until it is resumed',
    async (way) => {
      const rig = await baking();
      restart(rig, way);
      expect(stage(rig)).toBe('asking');
      const first = rig.scan({ tags: { ...rig.rest(), hot: true } });
      expect(first.outputs).toEqual([
        { tag: rig.tag('heat'), value: false, safe: true },
        { tag: rig.tag('fan'), value: 0, safe: true },
      ]);
      expect(rig.scan({ command: 'oven.bake' }).outcomes[0]?.outcome).toMatch(/^ignored/);
      rig.pass(20_000);
      expect([leaf(rig), rig.out('heat')]).toEqual(['unit.Bake', false]);
      const resumed = rig.scan({ acts: [rig.resume('oven')] });
      expect(resumed.record?.stepped).toEqual([{ flow: 0, stepped: true }]);
      // The first scan: `sys.restarted`, and signals idle in it.
      expect(rig.fired(resumed)).toEqual(['oven.F1']);
      expect([leaf(rig), rig.out('heat'), rig.out('fan')]).toEqual(['unit.Bake', true, 5]);
    },
  );

  test('time away does not count for `after` and for `for`', async () => {
    const rig = await baking();
    restart(rig, 'hot');
    rig.scan({ tags: { ...rig.rest(), hot: true } });
    rig.pass(60_000);
    rig.scan({ acts: [rig.resume('oven')] });
    // It was hot for 4 s before; 5 s are needed.
    rig.pass(1_020);
    expect(leaf(rig)).toBe('unit.Bake');
    rig.pass(20);
    expect(leaf(rig)).toBe('unit.Idle');
  });

  test('a restart soon after a long run goes on as well: time away does not count backwards either', async () => {
    const rig = await baking();
    rig.scan({ tags: { hot: false } });
    restart(rig, 'hot');
    rig.scan({ tags: { ...rig.rest(), hot: false }, acts: [rig.resume('oven')] });
    rig.pass(3_900);
    expect(leaf(rig)).toBe('unit.Bake');
    rig.pass(100);
    expect(leaf(rig)).toBe('unit.Idle');
  });

  test('latches are kept', async () => {
    const rig = await baking();
    rig.scan({ tags: { door: true } });
    restart(rig, 'ask');
    rig.scan({ tags: rig.rest() });
    rig.scan({ acts: [rig.resume('oven')] });
    rig.pass(200);
    expect(rig.cell.output(rig.tag('heat'))).toMatchObject({ by: 'interlock', asked: true });
  });

  test('what was saved of other states than the flow has cannot be had: warm', async () => {
    const rig = await baking();
    const saved = JSON.parse(canonicalJson(rig.cell.save()));
    saved.flows.oven.states = { 'unit.Roast': 5, first: 3 };
    restart(rig, 'hot', saved);
    expect([stage(rig), leaf(rig), ctx(rig)]).toEqual(['settling', 'unit.Idle', [1, 0]]);
  });
});

describe('warm and cold', () => {
  test.each([
    ['warm', [1, 0], 7],
    ['cold', [0, 0], 3],
  ] as const)('%s: initial states, by itself', async (way, expected, speed) => {
    const rig = await baking();
    rig.scan({ tags: { door: true }, acts: [rig.parameter('oven', 'speed', 7)] });
    restart(rig, way);
    const first = rig.scan({ tags: rig.rest() });
    expect(first.record?.stepped).toEqual([{ flow: 0, stepped: true }]);
    expect([leaf(rig), ctx(rig)]).toEqual(['unit.Idle', expected]);
    expect(rig.cell.flows[0]?.frame.params[0]).toBe(speed);
    // The latch of the door is gone.
    rig.scan({ command: 'oven.bake' });
    expect(rig.out('heat')).toBe(true);
  });

  test('nothing saved: everything initial, whatever the class', async () => {
    const rig = await rigOf({ flows: { oven } });
    rig.cell.enter(undefined, ['ask']);
    expect(rig.scan({ tags: rig.rest() }).record?.stepped).toHaveLength(1);
  });
});

describe('a restart', () => {
  test('ends forces and held commands', async () => {
    const rig = await baking();
    rig.scan({ acts: [rig.force('fan', 9, 1e6)], held: { 'oven.jog': true } });
    restart(rig, 'warm');
    rig.scan({ tags: rig.rest() });
    expect([rig.out('fan'), rig.cell.tags.forces.size]).toEqual([0, 0]);
    expect(rig.cell.flows[0]?.down[1]).toBe(0);
  });

  test('raises alarms anew and keeps acknowledgements', async () => {
    const rig = await baking();
    rig.scan({ tags: { door: true } });
    rig.scan({ acts: [rig.acknowledge('oven.open')] });
    restart(rig, 'ask');
    const first = rig.scan({ tags: { ...rig.rest(), door: true, hot: true } });
    expect(rig.alarms(first)).toEqual([
      'oven.open raised',
      'oven.open acknowledged',
      'oven.warm raised',
      'oven.interlock.shut raised',
    ]);
    const resumed = rig.scan({ acts: [rig.resume('oven')] });
    expect(rig.alarms(resumed)).toEqual([]);
    expect(rig.alarms(rig.scan({ tags: { door: false } }))).toEqual(['oven.open cleared']);
  });

  test.each([
    ['hot', 'faulted'],
    ['ask', 'faulted'],
    ['warm', 'settling'],
    ['cold', 'settling'],
  ] as const)('of a flow that had faulted: %s leaves it %s', async (way, expected) => {
    const rig = await baking();
    rig.scan({ faults: [0] });
    expect(stage(rig)).toBe('faulted');
    restart(rig, way);
    expect([stage(rig), leaf(rig)]).toEqual([expected, 'unit.Idle']);
    rig.scan({ tags: rig.rest() });
    rig.scan({ acts: [rig.resume('oven')] });
    expect([stage(rig), ctx(rig)]).toEqual(['running', way === 'cold' ? [0, 0] : [1, 0]]);
  });
});

describe('a saved state', () => {
  test('is canonical JSON, and putting it back saves the same, at random moments of random lives', async () => {
    for (const seed of [31, 32, 33, 34, 35, 36]) {
      const plan = randomCell(seed);
      const engines = await enginesOf(
        plan.flows.map(({ flow }) => flow),
        false,
      );
      const run = new LiveRun(plan, engines, new Chance(seed));
      for (let moment = 0; moment < 20; moment += 1) {
        run.live(40);
        const text = canonicalJson(run.cell.save());
        const cell = new Cell(plan, engines());
        cell.restore(JSON.parse(text));
        expect(canonicalJson(cell.save()), `seed ${seed}`).toBe(text);
      }
    }
  }, 30_000);

  test.each<[string, (state: { flows: Record<string, unknown> }) => unknown]>([
    ['null', () => null],
    ['a list', () => []],
    ['without flows', () => ({})],
    ['with a field too many', (state) => ({ ...state, more: 1 })],
    ['of no flow of this cell', (state) => ({ ...state, flows: {} })],
    ['with a wrong stage', (state) => wrong(state, { stage: 'asleep' })],
    ['with states that the flow has not', (state) => wrong(state, { states: { 'unit.Roast': 1 } })],
    [
      'with two leaves in a region',
      (state) => wrong(state, { states: { 'unit.Idle': 1, 'unit.Bake': 1, 'first.Wait': 1 } }),
    ],
    ['without a leaf in a region', (state) => wrong(state, { states: { 'unit.Idle': 1 } })],
    ['with an image of another size', (state) => ({ ...state, image: [] })],
  ])('%s is refused with a code', async (_, change) => {
    const rig = await baking();
    const saved = change(JSON.parse(canonicalJson(rig.cell.save()))) as Json;
    const cell = new Cell(rig.plan, rig.engines());
    const refusal = (): unknown => {
      try {
        cell.restore(saved);
        return undefined;
      } catch (error) {
        return error instanceof CellError ? error.code : error;
      }
    };
    expect(refusal()).toBe('E_CHRONICLE_FORMAT');
  });
});

function wrong(state: { flows: Record<string, unknown> }, parts: object): unknown {
  return { ...state, flows: { oven: { ...(state.flows['oven'] as object), ...parts } } };
}
