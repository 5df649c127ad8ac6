// When scans run: the two rules of the grid, held against random times.
import { describe, expect, test } from 'vitest';
import { followUpLimit, Grid } from '#flows/engine/grid.ts';
import type { Due } from '#flows/engine/grid.ts';
import { Chance } from './chance.ts';

const grid = () => new Grid({ period: 20, min: 1 });

describe('the grid', () => {
  test('a scan is periodic when a deadline was reached, at the last deadline', () => {
    const one = grid();
    expect(one.next(19.9, false)).toBeUndefined();
    const due = one.next(20.7, false);
    expect(due).toEqual({ now: 20, missed: 0, offGrid: false });
    one.ran(due as Due, false);
    expect(one.next(39, false)).toBeUndefined();
    expect(one.next(105, true)).toEqual({ now: 100, missed: 3, offGrid: false });
  });

  test('what waits makes a scan off the grid, `min` after the last', () => {
    const one = new Grid({ period: 20, min: 5, last: 40 });
    expect(one.next(44.9, true)).toBeUndefined();
    expect(one.next(45.2, true)).toEqual({ now: 45, missed: 0, offGrid: true });
    expect(one.next(45.2, false)).toBeUndefined();
    expect(one.wake(true)).toBe(45);
    expect(one.wake(false)).toBe(60);
  });

  test('a scan off the grid moves nothing of it', () => {
    const one = grid();
    one.ran(one.next(20, false) as Due, false);
    one.ran(one.next(33, true) as Due, false);
    expect(one.next(39, false)).toBeUndefined();
    expect(one.next(40, false)).toEqual({ now: 40, missed: 0, offGrid: false });
  });

  test(`follow-ups run at most ${followUpLimit} in a row`, () => {
    const one = new Grid({ period: 1_000, min: 1 });
    one.ran(one.next(1_000, false) as Due, true);
    let count = 0;
    for (let t = 1_001; t < 1_100; t += 1) {
      const due = one.next(t, false);
      if (due === undefined) continue;
      count += 1;
      one.ran(due, true);
    }
    expect(count).toBe(followUpLimit);
    // An act or a changed input is a cause of its own, and begins a new row.
    one.ran(one.next(1_200, true) as Due, true);
    expect(one.next(1_201, false)).toEqual({ now: 1_201, missed: 0, offGrid: true });
  });

  test('in random times `now` strictly increases, every deadline is run or missed, and `wake` tells the truth', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const chance = new Chance(seed);
      const period = chance.whole(2, 50);
      const min = chance.whole(1, 10);
      const one = new Grid({ period, min });
      let last = 0;
      let passed = 0;
      let row = 0;
      let followUp = false;
      for (let t = 0; t < 5_000; t += chance.next() * (chance.odds(0.05) ? 200 : 6)) {
        const waiting = chance.odds(0.2);
        const wake = one.wake(waiting);
        const due = one.next(t, waiting);
        expect(due !== undefined, `seed ${seed} at ${t}`).toBe(t >= wake);
        if (due === undefined) continue;
        row = due.offGrid && !waiting ? row + 1 : 0;
        passed += due.offGrid ? 0 : 1 + due.missed;
        expect({
          later: due.now > last && due.now <= t,
          onGrid: due.now % period === 0,
          spaced: !due.offGrid || due.now - last >= min,
          caused: !due.offGrid || waiting || followUp,
          row: row <= followUpLimit,
          counted: due.offGrid ? due.missed === 0 : passed === due.now / period,
        }).toEqual({
          later: true,
          onGrid: !due.offGrid,
          spaced: true,
          caused: true,
          row: true,
          counted: true,
        });
        last = due.now;
        followUp = chance.odds(0.7);
        one.ran(due, followUp);
      }
    }
  });
});
