// The way of drafts from control's thread to the writer's: a ring in shared memory, which is also the
// bounded backlog. A draft stays in it until it is on disk. One thread pushes, one takes.
//
// A record: u32 length (all of it, a multiple of 8), u8 kind, u8 actor's bytes, u16 free, u32 body's
// bytes, u32 free, f64 seq, f64 scan (NaN: none), f64 at, f64 appended, actor, body. It lies in one
// piece, so it may take half of the ring; a length of 0 says that the next one is at the start.
import { encodeUtf8 } from '#contract/bytes.ts';
import { entryKinds, type Draft } from '#contract/entry.ts';
import { assert, present } from '#contract/error.ts';

const head = 48;
const decoder = new TextDecoder();

/** Words of 32 bits that both threads see. */
const word = {
  signal: 0,
  head: 1,
  tail: 2,
  durable: 3,
  told: 4,
  closing: 5,
  commit: 6,
  never: 7,
} as const;

/** A draft with the number it got when it was appended. */
export type NumberedDraft = Draft & { readonly seq: number };

/** What both threads hold: make it on one side with `makeRing`, pass it to the other. */
export interface SharedRing {
  readonly words: SharedArrayBuffer;
  readonly records: SharedArrayBuffer;
}

/** A ring that holds up to `bytes` of drafts. */
export const makeRing = (bytes: number): SharedRing => ({
  words: new SharedArrayBuffer(Object.keys(word).length * 4),
  records: new SharedArrayBuffer(Math.max(65_536, Math.ceil(bytes / 8) * 8)),
});

/** Control's end. */
export class RingSource {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #size: number;
  readonly #actors = new Map<string, Uint8Array>();
  #head = 0;
  #durable = 0;
  #lastDurable = 0;

  constructor(ring: SharedRing) {
    this.#words = new Int32Array(ring.words);
    this.#bytes = new Uint8Array(ring.records);
    this.#view = new DataView(ring.records);
    this.#size = ring.records.byteLength;
  }

  /** False when there is no room; then nothing was changed. The writer looks for it when it is woken. `appended` is monotonic ms. */
  push(draft: NumberedDraft, appended: number): boolean {
    const actor = this.#actorBytes(draft.actor);
    const needed = Math.ceil((head + actor.length + draft.body.length) / 8) * 8;
    const at = this.#place(needed);
    if (at === undefined) return false;
    const view = this.#view;
    view.setUint32(at, needed);
    view.setUint8(at + 4, entryKinds.indexOf(draft.kind));
    view.setUint8(at + 5, actor.length);
    view.setUint32(at + 8, draft.body.length);
    view.setFloat64(at + 16, draft.seq);
    view.setFloat64(at + 24, draft.scan ?? Number.NaN);
    view.setFloat64(at + 32, draft.at);
    view.setFloat64(at + 40, appended);
    this.#bytes.set(actor, at + head);
    this.#bytes.set(draft.body, at + head + actor.length);
    this.#head = (at + needed) % this.#size;
    Atomics.store(this.#words, word.head, this.#head);
    return true;
  }

  /** Drafts that are on disk since the ring was made. */
  durable(): number {
    const now = Atomics.load(this.#words, word.durable);
    this.#durable += (now - this.#lastDurable) >>> 0;
    this.#lastDurable = now;
    return this.#durable;
  }

  /** The oldest draft that is not on disk yet: when it was appended, and its `at`. */
  oldest(): { readonly appended: number; readonly at: number } | undefined {
    const tail = this.#tail();
    if (tail === this.#head) return undefined;
    return { appended: this.#view.getFloat64(tail + 40), at: this.#view.getFloat64(tail + 32) };
  }

  /** Bytes that wait. */
  get waiting(): number {
    const tail = Atomics.load(this.#words, word.tail);
    return (this.#head - tail + this.#size) % this.#size;
  }

  /** Microseconds that the last commit took. */
  get commitMicros(): number {
    return Atomics.load(this.#words, word.commit);
  }

  /** The writer tells of its next commit only after this. */
  heard(): void {
    Atomics.store(this.#words, word.told, 0);
  }

  /** Tells the writer that something was pushed. */
  wake(): void {
    Atomics.add(this.#words, word.signal, 1);
    Atomics.notify(this.#words, word.signal);
  }

  /** Asks the writer to end once the ring is empty. */
  close(): void {
    Atomics.store(this.#words, word.closing, 1);
    this.wake();
  }

  #tail(): number {
    const tail = Atomics.load(this.#words, word.tail);
    return tail !== this.#head && this.#view.getUint32(tail) === 0 ? 0 : tail;
  }

  /** Where `needed` bytes may be written; head never reaches tail, because equal means empty. */
  #place(needed: number): number | undefined {
    const tail = Atomics.load(this.#words, word.tail);
    const free = (tail - this.#head - 8 + this.#size) % this.#size;
    const toEnd = this.#size - this.#head;
    // Back to the start when the ring is empty: the same few pages of memory serve a quiet cell.
    const early = tail === this.#head && this.#head > 65_536 && needed < this.#head;
    const wrap = needed > toEnd || early;
    if (needed + (wrap ? toEnd : 0) > free) return undefined;
    if (!wrap) return this.#head;
    this.#view.setUint32(this.#head, 0);
    return 0;
  }

  #actorBytes(actor: string): Uint8Array {
    const known = this.#actors.get(actor);
    if (known !== undefined) return known;
    const made = encodeUtf8(actor);
    assert(made.length < 256, 'an actor has less than 256 bytes');
    if (this.#actors.size >= 256) this.#actors.clear();
    this.#actors.set(actor, made);
    return made;
  }
}

/** The writer's end. */
export class RingSink {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #tail = 0;
  #next = 0;
  #seen = 0;

  constructor(ring: SharedRing) {
    this.#words = new Int32Array(ring.words);
    this.#bytes = new Uint8Array(ring.records);
    this.#view = new DataView(ring.records);
  }

  /** Copies of what waits, in order, at most `count` drafts and little more than `bytes`. */
  peek(count: number, bytes: number): NumberedDraft[] {
    const end = Atomics.load(this.#words, word.head);
    const drafts: NumberedDraft[] = [];
    let at = this.#tail;
    for (let size = 0; at !== end && drafts.length < count && size < bytes;) {
      if (this.#view.getUint32(at) === 0) at = 0;
      drafts.push(this.#read(at));
      size += this.#view.getUint32(at);
      at = (at + this.#view.getUint32(at)) % this.#bytes.length;
    }
    this.#next = at;
    return drafts;
  }

  /** What the last `peek` gave is on disk. True: control's thread is to be told. */
  release(count: number, micros: number): boolean {
    this.#tail = this.#next;
    Atomics.store(this.#words, word.commit, Math.min(micros, 0x7fffffff));
    Atomics.store(this.#words, word.tail, this.#tail);
    Atomics.add(this.#words, word.durable, count);
    return Atomics.exchange(this.#words, word.told, 1) === 0;
  }

  get closing(): boolean {
    return Atomics.load(this.#words, word.closing) === 1;
  }

  get empty(): boolean {
    return this.#tail === Atomics.load(this.#words, word.head);
  }

  /** Blocks the thread until something was pushed since the last call, or the ring is closed. */
  wait(): void {
    Atomics.wait(this.#words, word.signal, this.#seen);
    this.#seen = Atomics.load(this.#words, word.signal);
  }

  /** Blocks the thread for `span` ms. */
  pause(span: number): void {
    Atomics.wait(this.#words, word.never, 0, span);
  }

  #read(at: number): NumberedDraft {
    const view = this.#view;
    const actorEnd = at + head + view.getUint8(at + 5);
    const scan = view.getFloat64(at + 24);
    const actor = this.#bytes.slice(at + head, actorEnd);
    return {
      seq: view.getFloat64(at + 16),
      scan: Number.isNaN(scan) ? null : scan,
      at: view.getFloat64(at + 32),
      kind: present(entryKinds[view.getUint8(at + 4)], 'a kind that was pushed'),
      actor: decoder.decode(actor),
      body: this.#bytes.slice(actorEnd, actorEnd + view.getUint32(at + 8)),
    };
  }
}
