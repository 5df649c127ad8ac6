// Blocks cover every tag once, whole, and never reach where they may not; against a device that
// refuses, the plan learns what it refuses.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tagName } from '#contract/name.ts';
import { formatOf, wordsOf } from '#drivers/modbus/codec.ts';
import { Learned, isBits, plan } from '#drivers/modbus/plan.ts';
import type { Block, Limits, Point } from '#drivers/modbus/plan.ts';
import type { Table } from '#drivers/modbus/config.ts';

const settings = { seed: 20261122, numRuns: 300 };

interface Shape {
  readonly table?: Table;
  readonly start: number;
  readonly as?: string;
  readonly unit?: number;
  readonly poll?: string;
}

function points(shapes: readonly Shape[]): Point[] {
  return shapes.map(({ table = 'holding', start, as = 'u16', unit = 1, poll = 'fast' }, i) => {
    const format = isBits(table) ? undefined : formatOf(as, 'ABCD', undefined);
    const count = format === undefined ? 1 : wordsOf(format);
    const tag = tagName(`t${i}`);
    return { tag, unit, table, start, count, format, poll, key: `${i}` };
  });
}

const limits: Limits = { registers: 125, bits: 2000, gap: 125 };
const spans = (blocks: readonly Block[]): [number, number][] =>
  blocks.map(({ start, count }) => [start, count]);

describe('what is near is read together', () => {
  const table: { name: string; starts: number[]; gap: number; blocks: [number, number][] }[] = [
    { name: 'neighbours', starts: [0, 1, 2], gap: 0, blocks: [[0, 3]] },
    { name: 'a gap that is small enough', starts: [0, 11], gap: 10, blocks: [[0, 12]] },
    {
      name: 'a gap that is too large',
      starts: [0, 12],
      gap: 10,
      blocks: [
        [0, 1],
        [12, 1],
      ],
    },
    { name: 'as much as one answer holds', starts: [0, 124], gap: 125, blocks: [[0, 125]] },
    {
      name: 'one more than that',
      starts: [0, 125],
      gap: 125,
      blocks: [
        [0, 1],
        [125, 1],
      ],
    },
    { name: 'the last register', starts: [65535], gap: 125, blocks: [[65535, 1]] },
    { name: 'the same register twice', starts: [5, 5], gap: 0, blocks: [[5, 1]] },
  ];
  test.for(table)('$name', ({ starts, gap, blocks }) => {
    const found = plan(
      points(starts.map((start) => ({ start }))),
      { ...limits, gap },
      new Learned(),
    );
    expect(spans(found)).toEqual(blocks);
  });

  test('poll classes, units and tables are never merged', () => {
    const found = plan(
      points([
        { start: 0 },
        { start: 1, poll: 'slow' },
        { start: 2, unit: 2 },
        { start: 3, table: 'input' },
        { start: 4, table: 'coil' },
      ]),
      limits,
      new Learned(),
    );
    expect(found).toHaveLength(5);
  });
});

const shape = fc.record({
  table: fc.constantFrom<Table>('coil', 'discrete', 'input', 'holding'),
  start: fc.integer({ min: 0, max: 600 }),
  as: fc.constantFrom('u16', 'u32', 'f64', 'string(20)'),
  unit: fc.integer({ min: 1, max: 3 }),
  poll: fc.constantFrom('fast', 'slow'),
});
const anyLimits = fc.record({
  registers: fc.integer({ min: 10, max: 125 }),
  bits: fc.integer({ min: 1, max: 2000 }),
  gap: fc.integer({ min: 0, max: 125 }),
});

describe('for any tags and limits', () => {
  test('every tag lies whole in exactly one block of its unit, table and class', () => {
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 80 }), anyLimits, (shapes, anyLimit) => {
        const all = points(shapes);
        const blocks = plan(all, anyLimit, new Learned());
        const covered = blocks.flatMap((block) => block.points.map((point) => ({ block, point })));
        expect(covered.map(({ point }) => point.tag).toSorted()).toEqual(
          all.map(({ tag }) => tag).toSorted(),
        );
        for (const { block, point } of covered) {
          const { unit, table, poll } = block;
          expect({ unit, table, poll }).toEqual({
            unit: point.unit,
            table: point.table,
            poll: point.poll,
          });
          expect(point.start).toBeGreaterThanOrEqual(block.start);
          expect(point.start + point.count).toBeLessThanOrEqual(block.start + block.count);
        }
        for (const block of blocks) {
          const most = isBits(block.table) ? anyLimit.bits : anyLimit.registers;
          expect(block.count).toBeLessThanOrEqual(most);
          expect(block.group).toEqual(block.points.map(({ tag }) => tag));
        }
      }),
      settings,
    );
  });

  test('the order in which tags are given makes no difference', () => {
    const shuffled = fc
      .array(shape, { maxLength: 40 })
      .chain((shapes) =>
        fc.tuple(
          fc.constant(points(shapes)),
          fc.shuffledSubarray(points(shapes), { minLength: shapes.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, anyLimits, ([one, other], anyLimit) => {
        expect(plan(other, anyLimit, new Learned())).toEqual(plan(one, anyLimit, new Learned()));
      }),
      settings,
    );
  });
});

/** Reads by the plan as the driver does, until nothing new is learned. */
function learn(
  all: readonly Point[],
  refuses: (block: Block) => boolean,
): { read: Set<string>; refused: Set<string>; blocks: Block[] } {
  const learned = new Learned();
  for (let round = 0; round < 2000; round += 1) {
    const blocks = plan(all, limits, learned);
    const read = new Set<string>();
    const refused = new Set<string>();
    let changed = false;
    for (const block of blocks) {
      if (!refuses(block)) for (const tag of block.group) read.add(tag);
      else if (learned.bisect(block)) changed = true;
      else {
        for (const tag of block.group) refused.add(tag);
        if (!block.points.every((point) => learned.isAlone(point))) {
          learned.isolate(block);
          changed = true;
        }
      }
      // The driver plans anew at once.
      if (changed) break;
    }
    if (!changed) return { read, refused, blocks };
  }
  throw new Error('the plan does not settle');
}

const covers = (block: Block, holes: readonly number[]): boolean =>
  holes.some((hole) => hole >= block.start && hole < block.start + block.count);

describe('a device that refuses', () => {
  test('one bad register costs its own tag alone, and the rest is merged again', () => {
    const all = points(Array.from({ length: 64 }, (_, start) => ({ start })));
    const found = learn(all, (block) => covers(block, [37]));
    expect([...found.refused]).toEqual(['t37']);
    expect(found.read.size).toBe(63);
    expect(spans(found.blocks)).toEqual([
      [0, 37],
      [37, 1],
      [38, 26],
    ]);
  });

  test('a hole between two tags costs no tag', () => {
    const all = points([{ start: 0 }, { start: 1 }, { start: 20 }, { start: 21 }]);
    const found = learn(all, (block) => covers(block, [10]));
    expect(found.refused.size).toBe(0);
    expect(spans(found.blocks)).toEqual([
      [0, 2],
      [20, 2],
    ]);
  });

  test('for any holes: a tag is refused if it touches a hole, and read if it does not', () => {
    const holes = fc.uniqueArray(fc.integer({ min: 0, max: 120 }), { maxLength: 6 });
    const small = fc.record({
      start: fc.integer({ min: 0, max: 120 }),
      as: fc.constantFrom('u16', 'u32', 'f64'),
    });
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 40 }), holes, (shapes, gone) => {
        const all = points(shapes);
        const { read, refused } = learn(all, (block) => covers(block, gone));
        const touches = ({ start, count }: Point): boolean =>
          gone.some((hole) => hole >= start && hole < start + count);
        const bad = all.filter(touches).map(({ tag }) => tag);
        expect([...refused].toSorted()).toEqual(bad.toSorted());
        expect(read.size).toBe(all.length - bad.length);
      }),
      settings,
    );
  });
});
