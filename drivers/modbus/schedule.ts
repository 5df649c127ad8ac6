// Which block is read next, and when; it does no I/O and is told the time. Deadlines are absolute,
// a poll that comes too late is dropped and counted, and no class of polls can starve another.
import { instant } from '#contract/time.ts';
import type { Instant } from '#contract/time.ts';
import type { Block } from './plan.ts';

/** One poll class: its blocks are read together, once each period. */
interface Round {
  readonly poll: string;
  /** Milliseconds; 0: again as soon as the others have had their turn. */
  readonly period: number;
  blocks: readonly Block[];
  /** The next deadline. */
  next: number;
  /** Blocks of the poll in progress that are still to be read. */
  left: Block[];
  /** A whole poll was made: a slower class may have one block first. */
  owes: boolean;
}

/** The polls of one device. */
export class Schedule {
  /** Fastest first. */
  readonly #rounds: readonly Round[];

  constructor(classes: readonly (readonly [string, number])[]) {
    this.#rounds = classes
      .map(([poll, period]): Round => {
        return { poll, period, blocks: [], next: 0, left: [], owes: false };
      })
      .toSorted((a, b) => a.period - b.period);
  }

  /** Replaces the blocks; deadlines stay. A poll in progress goes on with what it has not read. */
  setBlocks(blocks: readonly Block[], again?: Block): void {
    for (const round of this.#rounds) {
      const open = new Set(round.left.flatMap((block) => block.group));
      if (again?.poll === round.poll) for (const tag of again.group) open.add(tag);
      round.blocks = byTurns(blocks.filter((block) => block.poll === round.poll));
      round.left = round.blocks.filter((block) => block.group.some((tag) => open.has(tag)));
    }
  }

  /** Everything is due now: a new connection, whose every tag is to be given once. */
  restart(now: Instant): void {
    for (const round of this.#rounds) {
      round.next = now;
      round.left = [];
      round.owes = false;
    }
  }

  /** A class is due now, because it has tags that were never read. */
  hasten(poll: string, now: Instant): void {
    const round = this.#rounds.find((one) => one.poll === poll);
    if (round !== undefined && round.left.length === 0) round.next = Math.min(round.next, now);
  }

  /** A unit gave no answer: what is left of the polls in progress leaves it out. */
  skip(unit: number): void {
    for (const round of this.#rounds) {
      round.left = round.left.filter((block) => block.unit !== unit);
    }
  }

  /** Takes the next block to read, if one is due, and counts the polls that were dropped. */
  take(now: Instant, permits: (block: Block) => boolean): { block?: Block; dropped: number } {
    let dropped = 0;
    for (const round of this.#rounds) dropped += begin(round, now, permits);
    const block = this.#pick(0);
    return block === undefined ? { dropped } : { block, dropped };
  }

  /** When the next poll is due; undefined when there is nothing to poll. */
  due(): Instant | undefined {
    let first: number | undefined;
    for (const round of this.#rounds) {
      if (round.blocks.length > 0) first = Math.min(first ?? Infinity, round.next);
    }
    return first === undefined ? undefined : instant(first);
  }

  /** From `level` on, the fastest first; but one that has just had its poll lets a slower one in. */
  #pick(level: number): Block | undefined {
    const round = this.#rounds[level];
    if (round === undefined) return undefined;
    if (round.owes) {
      round.owes = false;
      const slower = this.#pick(level + 1);
      if (slower !== undefined) return slower;
    }
    const block = round.left.shift();
    if (block === undefined) return this.#pick(level + 1);
    if (round.left.length === 0) round.owes = true;
    return block;
  }
}

/** Milliseconds between two looks at a class of 0 ms whose units are all left out. */
const idle = 10;

/** Begins a poll that is due, unless the one before has not ended; gives how many were dropped. */
function begin(round: Round, now: Instant, permits: (block: Block) => boolean): number {
  if (round.blocks.length === 0 || round.left.length > 0 || now < round.next) return 0;
  round.left = round.blocks.filter(permits);
  if (round.period === 0) {
    // When nothing may be asked there is nothing to wait for either: look again a little later.
    round.next = round.left.length > 0 ? now : now + idle;
    return 0;
  }
  const missed = Math.floor((now - round.next) / round.period);
  round.next += (missed + 1) * round.period;
  return missed;
}

/** Blocks of several units by turns, so that one unit's many do not come in a row. */
function byTurns(blocks: readonly Block[]): Block[] {
  const turns = new Map<number, number>();
  return blocks
    .map((block) => {
      const turn = turns.get(block.unit) ?? 0;
      turns.set(block.unit, turn + 1);
      return { block, turn };
    })
    .toSorted((a, b) => a.turn - b.turn || a.block.unit - b.block.unit)
    .map(({ block }) => block);
}
