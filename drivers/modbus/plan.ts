// Which blocks to read so that every tag is covered with few requests; pure. What a device refused
// is learned here too: cuts, and tags that are read alone. Schedules and sockets are elsewhere.
import type { TagName } from '#contract/name.ts';
import type { Table } from './config.ts';
import type { Format } from './codec.ts';

/** One tag as it lies on the device; addresses from 0. */
export interface Point {
  readonly tag: TagName;
  readonly unit: number;
  readonly table: Table;
  readonly start: number;
  /** Registers, or bits in the tables of bits. */
  readonly count: number;
  /** Undefined in the tables of bits. */
  readonly format: Format | undefined;
  readonly poll: string;
  /** Fits one value only: two points that differ are read anew. */
  readonly key: string;
}

/** One request, and the tags that its answer confirms together. */
export interface Block {
  readonly unit: number;
  readonly table: Table;
  readonly poll: string;
  readonly start: number;
  readonly count: number;
  readonly points: readonly Point[];
  /** The same array as long as the block lives. */
  readonly group: readonly TagName[];
}

export interface Limits {
  readonly registers: number;
  readonly bits: number;
  /** Registers that may be read in vain between two tags; 16 times as many bits. */
  readonly gap: number;
}

export const isBits = (table: Table): boolean => table === 'coil' || table === 'discrete';

/** Bytes that so many registers or bits take in a frame. */
export const bytesOf = (table: Table, count: number): number =>
  isBits(table) ? Math.ceil(count / 8) : count * 2;

/** What a device taught by refusing: where not to read across, and which tags to read alone. */
export class Learned {
  /** `unit table poll start`: no block may reach across to a tag that begins here. */
  readonly #cuts = new Set<string>();
  readonly #alone = new Set<string>();

  isCut(point: Point): boolean {
    return this.#cuts.has(cutKey(point));
  }

  isAlone(point: Point): boolean {
    return this.#alone.has(point.key);
  }

  /** A block with several tags was refused: it is cut in the middle. False when it cannot be. */
  bisect(block: Block): boolean {
    const starts = [...new Set(block.points.map((point) => point.start))];
    const middle = starts[Math.ceil(starts.length / 2)];
    const first = block.points.find((point) => point.start === middle);
    if (first === undefined) return false;
    this.#cuts.add(cutKey(first));
    return true;
  }

  /** These were refused alone: they stay alone, and the cuts that led to them go. */
  isolate(block: Block): void {
    for (const point of block.points) this.#alone.add(point.key);
    for (const key of this.#cuts) {
      if (key.startsWith(`${block.unit} ${block.table} ${block.poll} `)) this.#cuts.delete(key);
    }
  }

  /** They answered after all. */
  readmit(block: Block): void {
    for (const point of block.points) this.#alone.delete(point.key);
  }

  clear(): void {
    this.#cuts.clear();
    this.#alone.clear();
  }
}

const cutKey = (point: Point): string =>
  `${point.unit} ${point.table} ${point.poll} ${point.start}`;

/**
 * Blocks of one unit, one table and one poll class each. Every point lies whole in exactly one
 * block; the result does not depend on the order of `points`.
 */
export function plan(points: readonly Point[], limits: Limits, learned: Learned): Block[] {
  const groups = new Map<string, Point[]>();
  for (const point of points) {
    const key = `${point.unit} ${point.table} ${point.poll}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point]);
    else group.push(point);
  }
  const blocks: Block[] = [];
  for (const group of groups.values()) blocks.push(...sweep(group, limits, learned));
  return blocks.toSorted(byPlace);
}

/** Extends a block while the next tag is near enough and the whole is not too long. */
function sweep(group: readonly Point[], limits: Limits, learned: Learned): Block[] {
  const sorted = group.toSorted(
    (a, b) => a.start - b.start || b.count - a.count || (a.tag < b.tag ? -1 : 1),
  );
  const first = sorted[0];
  if (first === undefined) return [];
  const most = isBits(first.table) ? limits.bits : limits.registers;
  const gap = isBits(first.table) ? limits.gap * 16 : limits.gap;
  const alone = sorted.filter((point) => learned.isAlone(point));
  const blocks: Block[] = [];
  let open: Point[] = [];
  let end = 0;
  const close = (): void => {
    if (open.length > 0) blocks.push(blockOf(open));
    open = [];
  };
  for (const point of sorted) {
    if (learned.isAlone(point)) continue;
    const start = open[0]?.start ?? point.start;
    const reach = Math.max(end, point.start + point.count);
    const fits = point.start - end <= gap && reach - start <= most;
    const cut = learned.isCut(point) && point.start !== open.at(-1)?.start;
    if (open.length > 0 && (!fits || cut || touches(alone, start, reach))) close();
    end = open.length === 0 ? point.start + point.count : reach;
    open.push(point);
  }
  close();
  // Tags at the same place fail together and are read together.
  for (const point of alone) {
    const twin = blocks.findIndex(
      (block) => block.start === point.start && block.count === point.count && isLone(block),
    );
    const twins = blocks[twin];
    if (twins === undefined) blocks.push(blockOf([point]));
    else blocks[twin] = blockOf([...twins.points, point]);
  }
  return blocks;

  function isLone(block: Block): boolean {
    return block.points.every((point) => learned.isAlone(point));
  }
}

const touches = (alone: readonly Point[], start: number, end: number): boolean =>
  alone.some((point) => point.start < end && point.start + point.count > start);

function blockOf(points: readonly Point[]): Block {
  const first = points[0];
  if (first === undefined) throw new RangeError('a block has a tag');
  const { unit, table, poll, start } = first;
  const end = Math.max(...points.map((point) => point.start + point.count));
  const group = points.map((point) => point.tag);
  return { unit, table, poll, start, count: end - start, points, group };
}

const byPlace = (a: Block, b: Block): number =>
  a.unit - b.unit ||
  (a.table < b.table ? -1 : a.table > b.table ? 1 : 0) ||
  a.start - b.start ||
  a.count - b.count ||
  (a.poll < b.poll ? -1 : a.poll > b.poll ? 1 : 0);
