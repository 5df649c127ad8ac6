// How wrong attempts to sign in are counted and locked, in time that moves by hand.
import { beforeEach, expect, test } from 'vitest';
import { present } from '#contract/error.ts';
import { minutes, seconds } from '#contract/time.ts';
import { Lockout, freeTries, rememberLimit } from '#controller/people/lockout.ts';
import type { Attempt } from '#controller/people/lockout.ts';
import { Attempts } from './attempts.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

let clock: HandClock;
let kept: Attempts;
let lockout: Lockout;
beforeEach(() => {
  clock = new HandClock();
  kept = new Attempts('ada', 'ben');
  lockout = new Lockout(clock, kept);
});

const ben: Attempt = { name: 'ben', address: '10.0.0.9', place: 'network' };

function wrong(attempt: Attempt, times: number): void {
  for (let each = 0; each < times; each += 1) lockout.take(attempt);
}

/** Each once the lock of the one before is over. */
function wrongAndWaited(attempt: Attempt, times: number): void {
  for (let each = 0; each < times; each += 1) {
    lockout.take(attempt);
    clock.advance(lockout.take(attempt).wait);
  }
}

test('each further wrong attempt locks for twice as long, up to a quarter of an hour', () => {
  wrong(ben, freeTries.name - 1);
  const waits: number[] = [];
  for (let each = 0; each < 14; each += 1) {
    expect(lockout.take(ben)).toMatchObject({ wait: 0, locked: true });
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
  expect(lockout.take({ ...ben, address: '127.0.0.1', place: 'panel' }).wait).toBe(0);
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
    if (each === 10) lockout.right(lockout.take(ben));
  }
  expect(lockout.take({ ...ben, name: 'ada' }).wait).toBeGreaterThan(0);
  wrong({ ...ben, address: '10.0.0.11' }, freeTries.name - 2);
  lockout.right(lockout.take({ ...ben, address: '10.0.0.11' }));
  expect(lockout.take({ ...ben, address: '10.0.0.11' })).toMatchObject({ wait: 0, locked: false });
});

test('what was not looked at does not count, and what was long ago is forgotten', () => {
  for (let each = 0; each < 20; each += 1) {
    const taken = lockout.take(ben);
    expect(taken.wait).toBe(0);
    lockout.undo(taken);
  }
  wrong(ben, 30);
  clock.advance(minutes(61));
  expect(lockout.take(ben)).toMatchObject({ wait: 0, locked: false });
});

test('an attempt that is undone leaves no lock of its own, however many were wrong before', () => {
  wrongAndWaited(ben, 10);
  // A right password without its code, and with it at once.
  const half = lockout.take(ben);
  expect(half.locked).toBe(true);
  lockout.undo(half);
  expect(lockout.take(ben)).toMatchObject({ wait: 0, locked: true });
});

test('one that was right locks no address from which much was wrong', () => {
  for (let each = 0; each < freeTries.address + 5; each += 1) {
    lockout.take({ ...ben, name: `eve${each}` });
    clock.advance(minutes(1));
  }
  for (let each = 0; each < 3; each += 1) {
    const taken = lockout.take(ben);
    expect(taken.wait).toBe(0);
    lockout.right(taken);
  }
});

test('what is undone takes back nothing of what came after it', () => {
  const first = lockout.take(ben);
  wrong(ben, freeTries.name);
  lockout.undo(first);
  wrong(ben, 1);
  expect(lockout.take(ben).wait).toBeGreaterThan(0);
  clock.advance(minutes(61));
  wrong(ben, freeTries.name);
  lockout.undo(first);
  expect(lockout.take(ben).wait).toBe(seconds(1));
});

test('one who has many addresses of one network of IPv6 has one', () => {
  for (let each = 0; each < freeTries.address; each += 1)
    lockout.take({ ...ben, name: `eve${each}`, address: `2001:db8:0:7::${each + 1}` });
  expect(lockout.take({ ...ben, address: '2001:db8:0:7:8:9:a:b' }).wait).toBeGreaterThan(0);
  expect(lockout.take({ ...ben, address: '2001:db8:0:8::1' }).wait).toBe(0);
});

test('a clock that is set gives no lock away and makes none longer', () => {
  wrong(ben, freeTries.name + 1);
  clock.advance(seconds(1));
  wrong(ben, 1);
  for (const hour of [minutes(60), minutes(-120)]) {
    clock.setDate(hour);
    expect(lockout.take(ben).wait).toBe(seconds(2));
  }
  clock.advance(seconds(2));
  expect(lockout.take(ben).wait).toBe(0);
});

test('a station that starts again gives no attempt back, and a lock begins anew', () => {
  wrong(ben, freeTries.name - 1);
  const second = new Lockout(clock, kept);
  expect(second.take(ben)).toMatchObject({ wait: 0, locked: true });
  const third = new Lockout(new HandClock(), kept);
  expect(third.take(ben)).toMatchObject({ wait: seconds(1), locked: false });
  expect(third.take({ ...ben, place: 'panel', address: '127.0.0.1' }).wait).toBe(0);
});

test('what was right, undone or long ago is not kept', () => {
  const taken = Array.from({ length: 3 }, () => lockout.take(ben));
  const [first, second, third] = taken;
  lockout.right(present(first, 'an attempt'));
  expect(kept.kept).toEqual([{ kind: 'address', key: '10.0.0.9', wrong: 2 }]);
  lockout.undo(present(second, 'an attempt'));
  lockout.undo(present(third, 'an attempt'));
  expect(kept.kept).toEqual([]);
  wrong(ben, 3);
  clock.advance(minutes(61));
  lockout.take({ ...ben, address: '10.0.0.10' });
  expect(kept.kept.map(({ wrong: count }) => count)).toEqual([3, 1, 1]);
});

test('names that are invented without end take no more room, and push out no person’s', () => {
  wrong(ben, freeTries.name);
  const many = rememberLimit.nobody + 500;
  for (let each = 0; each < many; each += 1)
    lockout.take({
      name: `eve${each}`,
      address: `10.1.${each >> 8}.${each & 255}`,
      place: 'network',
    });
  expect(kept.kept.filter(({ kind }) => kind === 'nobody')).toHaveLength(rememberLimit.nobody);
  expect(kept.kept.filter(({ kind }) => kind === 'address')).toHaveLength(rememberLimit.address);
  expect(lockout.take({ ...ben, address: '10.0.0.10' }).wait).toBeGreaterThan(0);
});
