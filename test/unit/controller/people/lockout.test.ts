// How wrong attempts to sign in are counted and locked, in time that moves by hand.
import { beforeEach, expect, test } from 'vitest';
import { minutes, seconds } from '#contract/time.ts';
import { Lockout, freeTries } from '#controller/people/lockout.ts';
import type { Attempt } from '#controller/people/lockout.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

let clock: HandClock;
let lockout: Lockout;
beforeEach(() => {
  clock = new HandClock();
  lockout = new Lockout(clock);
});

const ben: Attempt = { name: 'ben', address: '10.0.0.9', panel: false };

function wrong(attempt: Attempt, times: number): void {
  for (let each = 0; each < times; each += 1) lockout.take(attempt);
}

test('each further wrong attempt locks for twice as long, up to a quarter of an hour', () => {
  wrong(ben, freeTries.name - 1);
  const waits: number[] = [];
  for (let each = 0; each < 14; each += 1) {
    expect(lockout.take(ben)).toEqual({ wait: 0, locked: true });
    const { wait } = lockout.take(ben);
    waits.push(wait);
    clock.advance(wait);
  }
  expect(waits.slice(0, 5)).toEqual([1, 2, 4, 8, 16].map((count) => seconds(count)));
  expect(waits.slice(-3)).toEqual([minutes(15), minutes(15), minutes(15)]);
});

test('many at once get no more attempts than one after the other', () => {
  const looked = Array.from({ length: 50 }, () => lockout.take(ben)).filter(
    ({ wait }) => wait === 0,
  );
  expect(looked).toHaveLength(freeTries.name);
});

test('what is locked from afar is not locked at the panel, nor is another name', () => {
  wrong(ben, 30);
  expect(lockout.take({ ...ben, address: '10.0.0.10' }).wait).toBeGreaterThan(0);
  expect(lockout.take({ ...ben, address: '127.0.0.1', panel: true }).wait).toBe(0);
  expect(lockout.take({ ...ben, name: 'eve' }).wait).toBe(0);
});

test('an address that tries name after name is locked, whatever name comes next', () => {
  for (let each = 0; each < freeTries.address; each += 1)
    lockout.take({ ...ben, name: `eve${each}` });
  expect(lockout.take({ ...ben, name: 'ada' }).wait).toBeGreaterThan(0);
  expect(lockout.take({ ...ben, name: 'ada', address: '10.0.0.10' }).wait).toBe(0);
});

test('a right one ends the count of its name, and not that of the address', () => {
  for (let each = 0; each < freeTries.address; each += 1) {
    lockout.take({ ...ben, name: `eve${each}` });
    if (each === 10) {
      lockout.take(ben);
      lockout.right(ben);
    }
  }
  expect(lockout.take({ ...ben, name: 'ada' }).wait).toBeGreaterThan(0);
  wrong({ ...ben, address: '10.0.0.11' }, freeTries.name - 1);
  lockout.right({ ...ben, address: '10.0.0.11' });
  expect(lockout.take({ ...ben, address: '10.0.0.11' })).toEqual({ wait: 0, locked: false });
});

test('what was not looked at does not count, and what was long ago is forgotten', () => {
  for (let each = 0; each < 20; each += 1) {
    expect(lockout.take(ben).wait).toBe(0);
    lockout.undo(ben);
  }
  wrong(ben, 30);
  clock.advance(minutes(61));
  expect(lockout.take(ben)).toEqual({ wait: 0, locked: false });
});
