// language.md section 6: alarms of a flow, their delays and their states after ISA-18.2, and those that
// the scan raises by itself.
import { describe, expect, test } from 'vitest';
import { status } from '#contract/quality.ts';
import { rigOf } from './cell-rig.ts';
import type { Rig } from './cell-rig.ts';

const tank = `
flow: tank
format: cellflow/1
version: 1
scan: 50ms
inputs:
  full: {type: bool, stale: 1s}
  empty: {type: bool, stale: 1s}
  ok: {type: bool, stale: 1s}
  fill: {type: bool, stale: 1s}
outputs:
  valve: {type: bool, safe: false}
ctx:
  fills: {type: int, min: 0, max: 2, init: 0}
assume:
  oneLevel: "!(full && empty)"
regions:
  r:
    initial: Rest
    states:
      Rest: {rest: true, go: [{id: T1, when: rise(fill), set: {fills: ctx.fills + 1}, to: Fill}]}
      Fill: {rest: true, do: {valve: true}, go: [{id: T2, unless: fill, to: Rest}]}
interlocks:
  room: {output: valve, permit: ok}
alarms:
  high: {when: full, priority: 2, text: The tank is full, response: Open the drain}
  sick: {unless: ok, priority: 1, text: Not well}
  late: {when: fill, for: 200ms, offDelay: 100ms, priority: 3, text: It fills for long}
`;

async function tankOf(): Promise<Rig> {
  const rig = await rigOf({ flows: { tank } });
  rig.scan({ tags: { ...rig.rest(), ok: true } });
  rig.scan();
  return rig;
}

/** The changes of one alarm over scans that take these. */
function changes(rig: Rig, takings: readonly Parameters<Rig['scan']>[0][]): string[] {
  return takings.flatMap((taking) => rig.alarms(rig.scan(taking)));
}

describe('states after ISA-18.2', () => {
  test.each([
    [
      'raised, acknowledged, cleared: gone',
      ['on', 'ack', 'off'],
      ['raised', 'acknowledged', 'cleared'],
      [],
    ],
    ['raised, cleared: waits for a person', ['on', 'off'], ['raised', 'cleared'], ['returned']],
    [
      'raised, cleared, acknowledged: gone',
      ['on', 'off', 'ack'],
      ['raised', 'cleared', 'acknowledged'],
      [],
    ],
    [
      'raised again before anyone came',
      ['on', 'off', 'on'],
      ['raised', 'cleared', 'raised'],
      ['unacknowledged'],
    ],
    [
      'raised again after it was gone',
      ['on', 'ack', 'off', 'on'],
      ['raised', 'acknowledged', 'cleared', 'raised'],
      ['unacknowledged'],
    ],
    ['acknowledged twice', ['on', 'ack', 'ack'], ['raised', 'acknowledged'], ['acknowledged']],
  ])('%s', async (_, steps, expected, standing) => {
    const rig = await tankOf();
    const seen = steps.flatMap((step) =>
      rig.alarms(
        rig.scan(
          step === 'ack'
            ? { acts: [rig.acknowledge('tank.high')] }
            : { tags: { full: step === 'on' } },
        ),
      ),
    );
    expect(seen).toEqual(expected.map((change) => `tank.high ${change}`));
    const { board } = rig.cell.flows[0]?.alarms ?? {};
    expect(board?.standing().map(({ state }) => state)).toEqual(standing);
  });

  test('an acknowledgement says who, and one that nothing waits for is ignored', async () => {
    const rig = await tankOf();
    expect(rig.scan({ acts: [rig.acknowledge('tank.high')] }).outcomes[0]?.outcome).toMatch(
      /^ignored/,
    );
    rig.scan({ tags: { full: true } });
    const { alarms, outcomes } = rig.scan({ acts: [rig.acknowledge('tank.high')] });
    expect(outcomes[0]?.outcome).toBe('done');
    expect(alarms).toMatchObject([{ change: 'acknowledged', by: 'console:test', flow: 0 }]);
  });

  test('a change says priority, text and response', async () => {
    const rig = await tankOf();
    const { alarms } = rig.scan({ tags: { full: true } });
    expect(alarms).toEqual([
      {
        id: 'tank.high',
        change: 'raised',
        priority: 2,
        text: 'The tank is full',
        response: 'Open the drain',
        flow: 0,
      },
    ]);
  });
});

describe('conditions and delays', () => {
  test('unknown raises what says `unless`, and not what says `when`', async () => {
    const rig = await tankOf();
    const bad = { v: null, s: status.Bad };
    expect(changes(rig, [{ tags: { full: bad, ok: bad } }])).toEqual(['tank.sick raised']);
  });

  test('`for` is the on-delay: shorter is nothing', async () => {
    const rig = await tankOf();
    rig.scan({ tags: { fill: true } });
    const at180 = changes(
      rig,
      Array.from({ length: 9 }, () => ({})),
    );
    expect(at180).toEqual([]);
    expect(changes(rig, [{}])).toEqual(['tank.late raised']);
    rig.scan({ tags: { fill: false } });
    rig.pass(1000);
    rig.scan({ tags: { fill: true } });
    rig.pass(160);
    rig.scan({ tags: { fill: false } });
    expect(
      changes(
        rig,
        Array.from({ length: 20 }, () => ({})),
      ),
    ).toEqual([]);
  });

  test('`offDelay`: a shorter pause clears nothing', async () => {
    const rig = await tankOf();
    rig.scan({ tags: { fill: true } });
    rig.pass(400);
    const pause = [{ tags: { fill: false } }, {}, {}, {}, { tags: { fill: true } }, {}, {}];
    expect(changes(rig, pause)).toEqual([]);
    expect(changes(rig, [{ tags: { fill: false } }, {}, {}, {}, {}, {}])).toEqual([
      'tank.late cleared',
    ]);
  });
});

describe('the scan raises by itself', () => {
  test('an interlock trip', async () => {
    const rig = await tankOf();
    rig.scan({ tags: { fill: true } });
    expect(changes(rig, [{ tags: { ok: false } }])).toContain('tank.interlock.room raised');
    expect(changes(rig, [{ tags: { fill: false } }])).toContain('tank.interlock.room cleared');
  });

  test('an assumption that surely does not hold', async () => {
    const rig = await tankOf();
    expect(changes(rig, [{ tags: { empty: true } }])).toEqual([]);
    expect(changes(rig, [{ tags: { full: true } }])).toContain('tank.assume.oneLevel raised');
    expect(changes(rig, [{ tags: { full: { v: null, s: status.Bad } } }])).toContain(
      'tank.assume.oneLevel cleared',
    );
  });

  test('a value held at its bound', async () => {
    const rig = await tankOf();
    const press = [{ tags: { fill: true } }, {}, { tags: { fill: false } }];
    expect(changes(rig, [...press, ...press])).toEqual([]);
    expect(changes(rig, press)).toEqual(['tank.bound.fills raised', 'tank.bound.fills cleared']);
    expect(rig.cell.flows[0]?.configuration.ctx[0]).toBe(2);
  });

  test('a force, a minute before it ends', async () => {
    const rig = await tankOf();
    const given = rig.scan({ acts: [rig.force('full', false, 100_000)] });
    expect(rig.alarms(given)).toEqual([]);
    expect(changes(rig, [{ after: 39_960 }])).toEqual([]);
    expect(changes(rig, [{ after: 20 }])).toEqual(['force.full raised']);
    expect(changes(rig, [{ after: 60_000 }])).toEqual(['force.full cleared']);
    expect(changes(rig, [{ acts: [rig.acknowledge('force.full')] }])).toEqual([
      'force.full acknowledged',
    ]);
  });
});
