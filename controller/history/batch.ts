// What control hands to the thread that writes the history, about every other second: samples of many
// tags and what happened meanwhile. Its samples stand in one row of `batch` until they are folded.
import { ByteReader, ByteWriter } from '#contract/bytes.ts';
import type { Text } from '#contract/described.ts';
import { decodeSamples, encodeSamples } from './samples.ts';
import type { Sample } from './samples.ts';

/** A stretch of recording; `why` says, for people, why nobody recorded before it. */
export interface Run {
  /** Counts runs of this start of control. */
  readonly number: number;
  readonly began: number;
  readonly why: string;
}

/** A state that was entered, or what became of an alarm. */
export type JournalEvent =
  | {
      readonly type: 'state';
      readonly at: number;
      readonly flow: string;
      readonly region: string;
      readonly state: string;
    }
  | {
      readonly type: 'alarm';
      readonly at: number;
      readonly change: 'raised' | 'cleared' | 'acknowledged';
      readonly name: string;
      readonly priority: number;
      readonly text: Text;
      readonly response?: Text;
      readonly flow?: string;
      readonly by?: string;
    };

export interface Batch {
  /** Counts batches of the run. */
  readonly number: number;
  readonly run: Run;
  /** The run is recorded up to here, whether anything changed or not. */
  readonly until: number;
  /** By sample, in the order of time: which tag of the setup, when, and its value; NaN: none that is good. */
  readonly slots: Uint32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly journal: readonly JournalEvent[];
}

const writer = new ByteWriter(4096);

/** Sections by tag, in the order of `ids`; `began` is the time of the first sample. */
export function encodeBatch(batch: Batch, ids: readonly number[], began: number): Uint8Array {
  const byTag = new Map<number, Sample[]>();
  for (const [index, slot] of batch.slots.entries()) {
    const id = ids[slot] ?? 0;
    const sample = { time: batch.times[index] ?? began, value: batch.values[index] ?? Number.NaN };
    const samples = byTag.get(id);
    if (samples === undefined) byTag.set(id, [sample]);
    else samples.push(sample);
  }
  const sections = [...byTag].toSorted(([left], [right]) => left - right);
  const encoded = sections.flatMap(([id, samples]) =>
    [...encodeSamples(samples, Number.POSITIVE_INFINITY)].map((one) => ({ id, ...one })),
  );
  writer.clear();
  for (const { id, start, body } of encoded) {
    writer.varint(id);
    writer.varint(start - began);
    writer.varint(body.length);
    writer.bytes(body);
  }
  return writer.take();
}

/** Reads a batch's sections one after another. */
export class BatchCursor {
  readonly #from: ByteReader;
  readonly #began: number;
  #tag: number | undefined;

  constructor(body: Uint8Array, began: number) {
    this.#from = new ByteReader(body);
    this.#began = began;
    this.#next();
  }

  /** Of the section that comes next; undefined at the end. */
  get tag(): number | undefined {
    return this.#tag;
  }

  take(): Sample[] {
    const start = this.#began + this.#from.varint();
    const body = this.#from.bytes(this.#from.varint());
    this.#next();
    return decodeSamples(body, start);
  }

  skip(): void {
    this.#from.varint();
    this.#from.bytes(this.#from.varint());
    this.#next();
  }

  #next(): void {
    this.#tag = this.#from.left === 0 ? undefined : this.#from.varint();
  }
}
