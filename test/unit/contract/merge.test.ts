// Deltas merged in any grouping leave the same picture as deltas applied one by one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyDelta, follows, mergeDeltas } from '#contract/merge.ts';
import type { Delta } from '#contract/wire.ts';
import { delta, good, snapshot } from '#test/unit/hmi/messages.ts';

const alarm = {
  state: 'unacknowledged',
  priority: 2,
  text: 'Coolant low',
  raised: 1,
} as const;

const change = fc.record(
  {
    tags: fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.integer().map((v) => good(v)),
    ),
    alarms: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom(null, alarm)),
    forces: fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.constantFrom(null, { value: 1, reason: 'r', actor: 'console:a', until: 9 }),
    ),
  },
  { requiredKeys: [] },
);

describe('merging', () => {
  test('does not change the picture that results', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.nat(7), (changes, at) => {
        const deltas = changes.map((more, index) => delta(index + 1, more));
        const one = deltas.reduce(applyDelta, snapshot(0));
        const cut = Math.min(at, deltas.length - 1);
        const merged = [deltas.slice(0, cut), deltas.slice(cut)].flatMap((part) =>
          part.length === 0 ? [] : [part.reduce(mergeDeltas)],
        );
        expect(merged.reduce(applyDelta, snapshot(0))).toEqual(one);
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  test('says from which frame on a merged delta speaks', () => {
    const merged = [delta(4), delta(5), delta(6)].reduce(mergeDeltas);
    expect(merged).toMatchObject({ from: 4, frame: 6 });
  });

  test('takes away what a null says is gone, also when it came and went in one merge', () => {
    const merged = mergeDeltas(
      delta(1, { alarms: { x: alarm } }),
      delta(2, { alarms: { x: null } }),
    );
    expect(applyDelta(snapshot(0, { alarms: { x: alarm } }), merged).alarms).toEqual({});
  });

  test('changes neither of its two', () => {
    const older: Delta = Object.freeze(delta(1, { tags: Object.freeze({ a: good(1) }) }));
    const newer: Delta = Object.freeze(delta(2, { tags: Object.freeze({ b: good(2) }) }));
    expect(mergeDeltas(older, newer).tags).toEqual({ a: good(1), b: good(2) });
    expect(older.tags).toEqual({ a: good(1) });
  });

  test.each([
    [6, 7, 9, true],
    [6, 5, 9, true],
    [6, 8, 9, false],
  ])('after frame %d a delta from %d to %d follows: %s', (frame, from, to, yes) => {
    expect(follows(frame, delta(to, { from }))).toBe(yes);
  });
});
