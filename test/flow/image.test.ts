// The image: age decides, deadbands and latches hold, and nothing costs a tag anything in a quiet scan.
import { describe, expect, test } from 'vitest';
import { deviceId, tagName } from '#contract/name.ts';
import { qualityOf, status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { TagChange } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import { instant, milliseconds, utcMs } from '#contract/time.ts';
import { Image } from '#flows/engine/image.ts';
import type { TagPlan } from '#flows/plan.ts';
import { Chance } from './chance.ts';

const plan = (name: string, more: Partial<TagPlan> = {}): TagPlan => ({
  name: tagName(name),
  kind: 'input',
  type: 'real',
  values: [],
  device: deviceId('io'),
  stale: milliseconds(200),
  deadband: 0,
  latch: false,
  readBy: [0],
  recorded: true,
  logged: false,
  ...more,
});

const sample = (tag: number, value: Value, at: number, code: StatusCode = status.Good) => ({
  tag,
  value,
  status: code,
  time: utcMs(1_000_000 + at),
  received: instant(at),
});

/** `value status` of each change, in order. */
const said = (changes: readonly TagChange[]): unknown[][] =>
  changes.map(({ tag, value, status: code }) => [tag, value, qualityOf(code)]);

function imageOf(...more: Partial<TagPlan>[]): Image {
  return new Image(more.map((one, index) => plan(`tag.n${index}`, one)));
}

describe('age decides', () => {
  test('before its first answer a tag waits for its first data, however long', () => {
    const image = imageOf({});
    expect(image.judge(10_000, [])).toEqual([]);
    expect(image.ageOf(0, 10_000)).toBeUndefined();
    const [change] = image.judge(20_000, []);
    expect(change).toBeUndefined();
  });

  test('a value is good until its age passes `stale`, to the millisecond', () => {
    const image = imageOf({});
    image.samples([sample(0, 5, 100)]);
    expect(said(image.judge(120, []))).toEqual([[0, 5, 'good']]);
    expect(image.judge(300, [])).toEqual([]);
    expect(image.ageOf(0, 300)).toBe(200);
    expect(image.judge(301, [])).toEqual([
      { tag: 0, value: 5, status: status.BadNoCommunication, time: 1_000_100 },
    ]);
    expect(image.judge(5_000, [])).toEqual([]);
  });

  test('a confirmation of its group keeps it good, and brings it back', () => {
    const image = imageOf({}, {});
    const group = [0, 1];
    image.samples([sample(0, 5, 0), sample(1, 6, 0)]);
    image.judge(20, []);
    for (let now = 100; now <= 2_000; now += 100) {
      image.seen(group, instant(now));
      expect(image.judge(now + 20, [])).toEqual([]);
    }
    expect(said(image.judge(2_201, []))).toEqual([
      [0, 5, 'bad'],
      [1, 6, 'bad'],
    ]);
    expect(image.changedRead).toBe(false);
    image.seen(group, instant(2_300));
    expect(image.changedRead).toBe(true);
    expect(said(image.judge(2_310, []))).toEqual([
      [0, 5, 'good'],
      [1, 6, 'good'],
    ]);
    expect(image.changedRead).toBe(false);
  });

  test('a new array of the same tags is the same confirmation', () => {
    const image = imageOf({}, {});
    image.samples([sample(0, 5, 0), sample(1, 6, 0)]);
    image.judge(20, []);
    for (let now = 100; now <= 1_000; now += 100) {
      image.seen(now % 200 === 0 ? [0, 1] : [1, 0], instant(now));
      expect(image.judge(now + 20, [])).toEqual([]);
    }
    image.seen([1], instant(1_100));
    expect(said(image.judge(1_250, []))).toEqual([[0, 5, 'bad']]);
  });

  test('only the device itself makes a value bad sooner, and its value stays for people', () => {
    const image = imageOf({});
    image.samples([sample(0, 5, 0)]);
    image.judge(20, []);
    image.samples([sample(0, null, 30, status.BadDeviceFailure)]);
    expect(image.judge(40, [])).toEqual([
      { tag: 0, value: 5, status: status.BadDeviceFailure, time: 1_000_030 },
    ]);
  });

  test('a tag without `stale` never grows old', () => {
    const image = new Image([{ ...plan('out'), kind: 'output', stale: undefined } as never]);
    image.samples([sample(0, true, 0)]);
    image.judge(20, []);
    expect(image.judge(1_000_000, [])).toEqual([]);
  });

  test('every tag of a random life is bad just when its last confirmation is older than `stale`', () => {
    const chance = new Chance(7);
    const stales = [30, 60, 200, 900, 5_000, 20_000];
    const image = imageOf(...stales.map((span) => ({ stale: milliseconds(span) })));
    const groups = [
      [0, 1, 2],
      [3, 4, 5],
    ];
    const confirmed = stales.map(() => -1);
    const bad = stales.map(() => false);
    for (let now = 1; now < 60_000; now += chance.whole(1, 60)) {
      for (const group of groups) {
        if (!chance.odds(now % 20_000 < 8_000 ? 0.4 : 0.01)) continue;
        image.seen(group, instant(now));
        for (const tag of group) if (confirmed[tag] !== -1) confirmed[tag] = now;
      }
      const tag = chance.whole(0, 5);
      if (chance.odds(0.05)) {
        image.samples([sample(tag, chance.whole(0, 9), now)]);
        confirmed[tag] = now;
      }
      for (const change of image.judge(now, [])) {
        bad[change.tag] = qualityOf(change.status) === 'bad';
      }
      const old = stales.map((span, index) => {
        const at = confirmed[index] ?? -1;
        return at !== -1 && now - at > span;
      });
      expect([now, ...bad]).toEqual([now, ...old]);
    }
  });
});

describe('a change', () => {
  test('within the deadband is a confirmation only; a change of quality always passes', () => {
    const image = imageOf({ deadband: 0.5 });
    image.samples([sample(0, 5, 0)]);
    image.judge(20, []);
    image.samples([sample(0, 5.5, 30)]);
    expect(image.changedRead).toBe(false);
    expect(image.judge(40, [])).toEqual([]);
    expect(image.ageOf(0, 40)).toBe(10);
    image.samples([sample(0, 5.4, 50, status.UncertainLastUsableValue)]);
    expect(said(image.judge(60, []))).toEqual([[0, 5.4, 'uncertain']]);
    image.samples([sample(0, 5.95, 70, status.UncertainLastUsableValue)]);
    expect(said(image.judge(80, []))).toEqual([[0, 5.95, 'uncertain']]);
  });

  test('of an input that a flow reads waits for a scan; of any other tag it does not', () => {
    const image = imageOf({}, { readBy: [] }, { kind: 'system' });
    image.samples([sample(1, 5, 0), sample(2, true, 0)]);
    expect(image.changedRead).toBe(false);
    image.samples([sample(0, 5, 0)]);
    expect(image.changedRead).toBe(true);
    expect(said(image.judge(20, []))).toHaveLength(3);
    image.samples([sample(0, 6, 30)]);
    image.samples([sample(0, 5, 31)]);
    // It is back where the flow knows it: nothing waits.
    expect(image.changedRead).toBe(false);
    expect(image.judge(40, [])).toEqual([]);
  });

  test('the newest of several samples counts', () => {
    const image = imageOf({});
    image.samples([sample(0, 1, 0), sample(0, 2, 1), sample(0, 3, 2)]);
    expect(said(image.judge(20, []))).toEqual([[0, 3, 'good']]);
  });

  test('of a string or a 64-bit integer is seen', () => {
    const image = imageOf({ type: 'string' }, { type: 'int' });
    image.samples([sample(0, 'A-1', 0), sample(1, 2n ** 60n, 0)]);
    image.judge(20, []);
    image.samples([sample(0, 'A-1', 30), sample(1, 2n ** 60n, 30)]);
    expect(image.judge(40, [])).toEqual([]);
    image.samples([sample(0, 'A-2', 50), sample(1, 2n ** 60n + 1n, 50)]);
    expect(said(image.judge(60, []))).toEqual([
      [0, 'A-2', 'good'],
      [1, 2n ** 60n + 1n, 'good'],
    ]);
  });

  test('changes come in the order of the tags', () => {
    const image = imageOf({}, {}, {});
    image.samples([sample(2, 1, 0), sample(0, 1, 0), sample(1, 1, 0)]);
    expect(image.judge(20, []).map(({ tag }) => tag)).toEqual([0, 1, 2]);
  });
});

describe('`latch`', () => {
  test.each([
    ['on', false, [true, false], [true, false]],
    ['off', true, [false, true], [false, true]],
    ['and several at once', false, [true, false, true, false], [true, false]],
  ])('a pulse %s between two scans is seen by the next', (_, start, pulse, expected) => {
    const image = imageOf({ type: 'bool', latch: true });
    image.samples([sample(0, start, 0)]);
    image.judge(20, []);
    image.samples(pulse.map((value, at) => sample(0, value, 25 + at)));
    expect(image.changedRead).toBe(true);
    expect(said(image.judge(40, []))).toEqual([[0, expected[0], 'good']]);
    // The level after it waits for the next scan, which need not be on the grid.
    expect(image.changedRead).toBe(true);
    expect(said(image.judge(41, []))).toEqual([[0, expected[1], 'good']]);
    expect(image.changedRead).toBe(false);
    expect(image.judge(60, [])).toEqual([]);
  });

  test('without it the pulse is gone', () => {
    const image = imageOf({ type: 'bool' });
    image.samples([sample(0, false, 0)]);
    image.judge(20, []);
    image.samples([sample(0, true, 25), sample(0, false, 26)]);
    expect(image.judge(40, [])).toEqual([]);
  });

  test('a pulse that ends bad is bad at once', () => {
    const image = imageOf({ type: 'bool', latch: true });
    image.samples([sample(0, false, 0)]);
    image.judge(20, []);
    image.samples([sample(0, true, 25), sample(0, null, 26, status.BadDeviceFailure)]);
    expect(said(image.judge(40, []))).toEqual([[0, true, 'bad']]);
    expect(image.judge(60, [])).toEqual([]);
  });
});

test('a scan of 20,000 quiet tags costs what one of 100 does, in as many groups', () => {
  costOf(100);
  expect(costOf(20_000) / costOf(100)).toBeLessThan(10);
});

/** The least time of several rounds, so that a busy machine does not decide. */
function costOf(size: number): number {
  const image = imageOf(...Array.from({ length: size }, () => ({ stale: milliseconds(60_000) })));
  const groups = Array.from({ length: 100 }, (_, group) =>
    Array.from({ length: size / 100 }, (__, at) => (group * size) / 100 + at),
  );
  image.samples(Array.from({ length: size }, (_, tag) => sample(tag, 1, 0)));
  image.judge(20, []);
  let least = Number.POSITIVE_INFINITY;
  let now = 20;
  for (let round = 0; round < 8; round += 1) {
    const begun = performance.now();
    for (let scan = 0; scan < 200; scan += 1) {
      now += 20;
      for (const group of groups) image.seen(group, instant(now));
      if (image.judge(now, []).length > 0) throw new Error('a quiet tag changed');
    }
    least = Math.min(least, performance.now() - begun);
  }
  return least;
}
