// A chronicle whose writer takes its turns when the test says so, in the test's own thread, on a
// clock that the test moves. Everything but the thread is the product.
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Draft, Entry, EntryKind } from '#contract/entry.ts';
import { canonicalJson, type Json } from '#contract/canonical.ts';
import { present } from '#contract/error.ts';
import { instant, milliseconds, utcMs, type Clock } from '#contract/time.ts';
import {
  Chronicle,
  type ChronicleListener,
  type ChronicleOptions,
  type Gap,
  type StartThread,
} from '#controller/chronicle/chronicle.ts';
import type { Next } from '#controller/chronicle/drain.ts';
import { ChronicleDatabase } from '#controller/chronicle/database.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Storage } from '#controller/chronicle/storage.ts';
import { openWriter, type OpenedWriter } from '#controller/chronicle/writer-thread.ts';
import { removeFolder } from '#test/folder.ts';

/** Time that only `pass` moves; timers run in order of their time. */
export class TestClock implements Clock {
  #now = 1000;
  #timers: { at: number; run: () => void }[] = [];

  now = () => instant(this.#now);
  time = () => utcMs(1_790_000_000_000 + this.#now);
  after(delay: number, run: () => void) {
    const timer = { at: this.#now + delay, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  pass(span: number): void {
    const end = this.#now + span;
    for (;;) {
      const due = this.#timers
        .filter((timer) => timer.at <= end)
        .toSorted((left, right) => left.at - right.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = end;
  }
}

/** In memory where the system has such a place: thousands of syncs, none of which is tested here. */
export function makeFolder(): { path: string; remove: () => void } {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const path = mkdtempSync(join(base, 'chronicle-'));
  return { path, remove: () => removeFolder(path) };
}

export interface Local {
  readonly chronicle: Chronicle;
  readonly clock: TestClock;
  readonly gaps: Gap[];
  readonly stalls: string[];
  readonly durable: number[];
  /** How often the writer was woken. */
  woken(): number;
  /** Lets the writer work until nothing waits, or until it has failed. Says whether all is written. */
  write(): boolean;
  /** One turn of the writer, and what it says to do next. */
  turn(): Next;
  /** Lifts `pageLimit`. */
  makeRoom(): void;
  close(): Promise<boolean>;
}

export interface LocalOptions extends Partial<ChronicleOptions> {
  readonly folder: string;
  readonly clock?: TestClock;
  readonly storage?: (storage: () => Storage) => Storage;
  readonly pageLimit?: number;
}

export async function openLocal(options: LocalOptions): Promise<Local> {
  const clock = options.clock ?? new TestClock();
  const given: ChronicleOptions = {
    path: join(options.folder, 'chronicle.db'),
    keys: join(options.folder, 'keys'),
    cell: 'tending-1',
    durability: 'strict',
    stall: milliseconds(100),
    backlog: 1_048_576,
    max: 1_000_000_000,
    ...options,
  };
  const made: { writer?: OpenedWriter; signals?: Int32Array } = {};
  const limit = { pages: options.pageLimit };
  const start: StartThread = (setup, heard) => {
    const database = () => new ChronicleDatabase(setup.path, setup.durability, () => limit.pages);
    const writer = openWriter(setup, heard, () => options.storage?.(database) ?? database());
    if (writer !== undefined) made.writer = writer;
    made.signals = new Int32Array(setup.ring.words);
    return { end: async () => {} };
  };
  const makeRoom = (): void => {
    limit.pages = undefined;
  };
  const gaps: Gap[] = [];
  const stalls: string[] = [];
  const durable: number[] = [];
  const listener: ChronicleListener = {
    durable: (seq) => durable.push(seq),
    stalled: (code, text) => stalls.push(`${code} ${text}`),
    recovered: (gap) => gaps.push(gap),
  };
  const chronicle = await Chronicle.open(clock, start, given, listener);
  const writer = present(made.writer, 'the writer is open');
  const write = (): boolean => {
    for (let next = writer.turn(); next !== 'wait'; next = writer.turn()) {
      if (next === 'end' || (next > 0 && given.durability === 'strict')) return false;
    }
    return true;
  };
  const close = async (): Promise<boolean> => {
    const closing = chronicle.close(milliseconds(1000));
    for (let turns = 0; turns < 1000; turns += 1) {
      if (writer.turn() !== 'end') continue;
      writer.close();
      return closing;
    }
    clock.pass(1000);
    return closing;
  };
  return {
    chronicle,
    clock,
    gaps,
    stalls,
    durable,
    woken: () => made.signals?.[0] ?? 0,
    write,
    turn: () => writer.turn(),
    makeRoom,
    close,
  };
}

export const jsonDraft = (kind: EntryKind, body: Json, at = 1_790_000_000_000): Draft => ({
  scan: null,
  at,
  kind,
  actor: 'system',
  body: Buffer.from(canonicalJson(body)),
});

/** A `fault` entry: the simplest body that `verify` accepts. */
export const faultDraft = (text: string): Draft =>
  jsonDraft('fault', { code: 'E_DEVICE_TIMEOUT', text, context: {} });

export function readAll(folder: string): Entry[] {
  const reader = openReader(join(folder, 'chronicle.db'));
  try {
    return [...reader.entries()];
  } finally {
    reader.close();
  }
}
