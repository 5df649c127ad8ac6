// What a chronicle would hold of one boot for a replay, kept in memory as small as it would be on disk: scans as the
// bytes of their entries. Without a disk, a hash and a chain; for worlds in virtual time.
import { present } from '#contract/error.ts';
import { decodeScan, encodeScan, type ScanRecord } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';
import type { ReplayEntry, SegmentStart } from './replay.ts';

type OtherEntry = Exclude<ReplayEntry, { kind: 'scan' }>;
/** An entry before it has its number. */
type Unnumbered = OtherEntry extends infer One
  ? One extends OtherEntry
    ? Omit<One, 'seq'>
    : never
  : never;

/** One boot of control: how its segment opened, and all that a chronicle would hold of it for a replay. */
export interface Boot {
  readonly opening: SegmentStart;
  readonly entries: Tape;
  /** What the boot's last scan left, once it is over. */
  closing?: SegmentStart;
}

/** Bytes of a block; an entry that does not fit begins the next one. */
const blockSize = 1 << 20;
/** Source times are kept as what they are past it. */
const epoch = utcMs(0);

export class Tape implements Iterable<ReplayEntry> {
  readonly #blocks: Uint8Array[] = [];
  #free = 0;
  /** By entry: the scan, and where its bytes are; a length of zero is another kind of entry. */
  readonly #scans: number[] = [];
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #others = new Map<number, OtherEntry>();

  get length(): number {
    return this.#scans.length;
  }

  /** Bytes of all scans. */
  get size(): number {
    return this.#lengths.reduce((sum, length) => sum + length, 0);
  }

  scan(scan: number, record: ScanRecord): void {
    const bytes = encodeScan(record, epoch);
    if (this.#blocks.length === 0 || this.#free + bytes.length > blockSize) {
      this.#blocks.push(new Uint8Array(Math.max(blockSize, bytes.length)));
      this.#free = 0;
    }
    present(this.#blocks.at(-1), 'a block').set(bytes, this.#free);
    this.#add(scan, (this.#blocks.length - 1) * blockSize + this.#free, bytes.length);
    this.#free += bytes.length;
  }

  /** An act stands before the scan that took it, an alarm after the one that told it. */
  other(entry: Unnumbered): void {
    this.#others.set(this.length, { ...entry, seq: this.length });
    this.#add(entry.scan, 0, 0);
  }

  *[Symbol.iterator](): Generator<ReplayEntry> {
    for (let seq = 0; seq < this.length; seq += 1) {
      yield this.#others.get(seq) ?? this.#scanAt(seq);
    }
  }

  #add(scan: number, start: number, length: number): void {
    this.#scans.push(scan);
    this.#starts.push(start);
    this.#lengths.push(length);
  }

  #scanAt(seq: number): ReplayEntry {
    const start = this.#starts[seq] ?? 0;
    const block = present(this.#blocks[Math.floor(start / blockSize)], 'a block');
    const from = start % blockSize;
    const bytes = block.subarray(from, from + (this.#lengths[seq] ?? 0));
    return { kind: 'scan', seq, scan: this.#scans[seq] ?? 0, record: decodeScan(bytes, epoch) };
  }
}
