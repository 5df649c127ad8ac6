// A change over the recorded demo cell: the first scan that would have gone otherwise is the first that
// does, when the same world is run again with the change in it.
import { describe, expect, it } from 'vitest';
import { present } from '#contract/error.ts';
import { Cell } from '#flows/engine/cell.ts';
import { Candidate } from '#flows/replay/candidate.ts';
import type { FixedParameter } from '#flows/replay/candidate.ts';
import { Comparison } from '#flows/replay/comparison.ts';
import { fitCells } from '#flows/replay/fit.ts';
import { Replay } from '#flows/replay/replay.ts';
import { Tally } from '#flows/replay/tally.ts';
import type { World } from '#simulator/world.ts';
import { demo, demoFiles, loadCell } from './demo.ts';
import type { Demo } from './demo.ts';

const span = 60_000;
const seed = 3;
const recorded = demo.tended(seed);
recorded.run(span);

function compare(world: World, other: Demo, fixed: readonly FixedParameter[] = []): Tally {
  const boot = present(world.boots[0], 'a boot');
  const cell = new Cell(demo.plan, present(demo.quick().engines, 'engines'));
  const replaced = new Set(other === demo ? [] : ['tending']);
  const fit = fitCells(demo.plan, other.plan, replaced);
  const beside = new Cell(other.plan, present(other.quick().engines, 'engines'));
  const candidate = new Candidate(cell, beside, fit, fixed);
  const tally = new Tally();
  const comparison = new Comparison(cell, candidate, tally);
  const run = new Replay(cell, boot.opening, (input, result) => comparison.take(input, result));
  comparison.begin();
  for (const entry of boot.entries) expect(run.take(entry)).toBeUndefined();
  expect(run.end().difference).toBeUndefined();
  comparison.end();
  return tally;
}

/** The scan time of the first transition that only one of the two worlds has. */
function firstApart(one: World, two: World): number | undefined {
  const at = one.fired.findIndex(({ id, now }, index) => {
    const other = two.fired[index];
    return other?.id !== id || other.now !== now;
  });
  return at === -1 ? undefined : Math.min(one.fired[at]?.now ?? 0, two.fired[at]?.now ?? Infinity);
}

/** The world of the record, run again with another flow. */
function again(other: Demo): World {
  const world = other.tended(seed);
  world.run(span);
  return world;
}

describe('the recorded demo cell', () => {
  it('makes parts, and is itself', () => {
    expect(recorded.fired.filter(({ id }) => id === 'E23').length).toBeGreaterThan(2);
    expect(compare(recorded, demo).first).toBeUndefined();
  });

  it.each([
    ['a guard', 'pressure >= param.clamp.min', 'pressure >= param.clamp.min + 1.0', 'E8'],
    ['a timer', 'id: E16, after: 3s', 'id: E16, after: 10ms', 'E16'],
  ])(
    'goes apart with %s where a world with it does',
    async (_, from, to, transition) => {
      const other = await loadCell(demoFiles, (text) => {
        expect(text).toContain(from);
        return text.replace(from, to);
      });
      const tally = compare(recorded, other);
      const apart = firstApart(recorded, again(other));
      expect(apart).toBeDefined();
      const first = present(
        tally.moments.find(({ transitions }) => transitions.length > 0),
        'a transition differs',
      );
      expect(first.now).toBe(apart);
      const [terms] = first.transitions[0]?.terms ?? [];
      expect(terms?.transition).toBe(transition);
      expect(terms?.recorded?.truth).not.toBe(terms?.candidate?.truth);
    },
    60_000,
  );

  it('goes apart with another parameter where a world with it does', async () => {
    const other = await loadCell(demoFiles, (text) =>
      text.replace('unit: bar, init: 5.5', 'unit: bar, init: 6.5'),
    );
    const { params } = present(demo.plan.flows[0], 'the flow').flow;
    const param = params.findIndex(({ name }) => name === 'clamp.min');
    const tally = compare(recorded, demo, [{ flow: 0, param, value: 6.5 }]);
    expect(tally.first?.now).toBe(firstApart(recorded, again(other)));
    const [terms] = tally.first?.transitions[0]?.terms ?? [];
    expect(terms).toMatchObject({
      transition: 'E8',
      recorded: { truth: 'true' },
      candidate: { truth: 'false' },
    });
    // Each part that was clamped is one, and nothing is left of it in the scans between.
    const clamped = recorded.fired.filter(({ id }) => id === 'E8').length;
    const group = tally.groups.find(({ recorded: was }) => was.startsWith('E8 '));
    expect(group?.count).toBe(clamped);
  }, 60_000);
});
