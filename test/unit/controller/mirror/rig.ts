// A mirror in virtual time: a record on disk that the test writes, a feed that the test speaks, a broker that
// fails when the test says so. All between them is the product.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import type { Entry, EntryKind } from '#contract/entry.ts';
import type { EventMessage, HealthMessage } from '#contract/mirror.ts';
import { encodeScan } from '#contract/record.ts';
import type { ScanRecord } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';
import type { AlarmState, Delta, FromClient, Hello, Snapshot, TagState } from '#contract/wire.ts';
import { ChronicleDatabase } from '#controller/chronicle/database.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { hashOf } from '#controller/chronicle/row.ts';
import { Mirror } from '#controller/mirror/mirror.ts';
import { MirrorStore } from '#controller/mirror/store.ts';
import { TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { removeFolder } from '#test/folder.ts';
import { VirtualBroker } from './virtual-broker.ts';

export const base = 'acme/north/machining/line-1/tending-1';

export const nothing: ScanRecord = {
  now: 0,
  missed: 0,
  tags: [],
  held: [],
  stepped: [],
  fired: [],
  outputs: [],
  trips: [],
  rolling: { high: 0, low: 0 },
};

/** A chronicle that the test writes entry by entry; whole rows, hashes and all. */
export class Record implements Disposable {
  readonly folder: string;
  readonly path: string;
  #database: ChronicleDatabase;
  readonly #clock: TestClock;
  seq = 0;
  boot = 1;
  #hash: Uint8Array = new Uint8Array(32);

  constructor(clock: TestClock) {
    this.#clock = clock;
    this.folder = mkdtempSync(join(tmpdir(), 'mirror-'));
    this.path = join(this.folder, 'chronicle.db');
    this.#database = new ChronicleDatabase(this.path, 'fast');
  }

  append(kind: EntryKind, body: Json): number {
    return this.#add([[kind, Buffer.from(canonicalJson(body))]]);
  }

  note(count: number): number {
    return this.append('note', note(count));
  }

  /** Many at once: notes that count on from `first`. */
  notes(first: number, count: number): void {
    const bodies = Array.from({ length: count }, (_, index) => note(first + index));
    this.#add(bodies.map((body) => ['note', Buffer.from(canonicalJson(body))]));
  }

  scan(record: Partial<ScanRecord> = {}): number {
    const at = utcMs(Math.floor(this.#clock.time()));
    return this.#add([['scan', encodeScan({ ...nothing, ...record }, at)]]);
  }

  /** Retention. */
  removeBefore(seq: number): void {
    this.#database.removeBefore(seq);
  }

  /** Another file in its place, as when it could not be read, or an older one was put back. */
  replace(keep: number): void {
    const kept = keep === 0 ? [] : this.#database.rows(1, keep);
    this.#database.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${this.path}${suffix}`, { force: true });
    this.#database = new ChronicleDatabase(this.path, 'fast');
    if (kept.length > 0) this.#database.write(kept);
    const last = kept.at(-1);
    this.seq = last?.seq ?? 0;
    this.boot = last?.boot ?? this.boot;
    this.#hash = last?.hash ?? new Uint8Array(32);
  }

  #add(entries: readonly (readonly [EntryKind, Uint8Array])[]): number {
    const rows = entries.map(([kind, body]): Entry => {
      this.seq += 1;
      const row = {
        seq: this.seq,
        boot: this.boot,
        scan: null,
        at: Math.floor(this.#clock.time()),
        kind,
        actor: 'system',
        body,
        prev: this.#hash,
      };
      this.#hash = hashOf(row);
      return { ...row, hash: this.#hash };
    });
    this.#database.write(rows);
    return this.seq;
  }

  [Symbol.dispose](): void {
    this.#database.close();
    removeFolder(this.folder);
  }
}

const note = (count: number): Json => ({
  flow: 'tending',
  transition: 'E4',
  kind: 'part',
  values: { count: { v: count, s: 0 } },
});

/** Control, as the mirror hears it. */
export class FeedDouble {
  frame = 0;
  readonly tags = new Map<string, TagState>();
  readonly alarms = new Map<string, AlarmState>();
  readonly #record: Record;
  readonly #clock: TestClock;
  readonly #take: () => Mirror;

  constructor(clock: TestClock, record: Record, take: () => Mirror) {
    this.#clock = clock;
    this.#record = record;
    this.#take = take;
  }

  greet(): void {
    this.#take().take(greeting(this.#record.boot, [...this.tags.keys()]));
    const snapshot: Snapshot = {
      type: 'snapshot',
      ...this.#head(),
      tags: Object.fromEntries(this.tags),
      outputs: {},
      flows: {},
      alarms: Object.fromEntries(this.alarms),
      forces: {},
      devices: {},
      scan: {
        count: 0,
        missed: 0,
        late: { p50: 0, p99: 0, max: 0 },
        cost: { p50: 0, p99: 0, max: 0 },
      },
      chronicle: { ok: true, seq: 0, waiting: 0, commit: { p50: 0, p99: 0 }, bytes: 0 },
    };
    this.#take().take(snapshot);
  }

  change(name: string, v: TagState['v'], s = 0): void {
    const state = { v, s, t: Math.floor(this.#clock.time()) };
    this.tags.set(name, state);
    this.#take().take(this.#delta({ tags: { [name]: state } }));
  }

  alarm(id: string, state: AlarmState | null): void {
    if (state === null) this.alarms.delete(id);
    else this.alarms.set(id, state);
    this.#take().take(this.#delta({ alarms: { [id]: state } }));
  }

  #delta(changes: Partial<Delta>): Delta {
    this.frame += 1;
    return { type: 'delta', ...this.#head(), from: this.frame, ...changes };
  }

  #head() {
    const time = Math.floor(this.#clock.time());
    return { frame: this.frame, now: this.#clock.now(), time, seq: this.#record.seq };
  }
}

export function greeting(boot: number, tags: readonly string[]): Hello {
  return {
    type: 'hello',
    protocol: 1,
    cell: 'tending-1',
    title: 'Tending',
    boot,
    version: '1.0.0',
    simulated: false,
    durability: 'strict',
    period_ms: 20,
    flows: [
      {
        name: 'tending',
        version: 1,
        hash: 'a'.repeat(64),
        file: 'tending.flow.yaml',
        restart: 'ask',
        regions: [],
        commands: [
          { name: 'start', title: 'start', role: 'operator', class: 'start' },
          { name: 'abort', title: 'abort', role: 'anyone', class: 'stop' },
        ],
        parameters: [],
        ctx: [],
        signals: [],
      },
    ],
    tags: tags.map((name) => ({ name, kind: 'input' as const, type: 'int' as const })),
    devices: [],
    seq: 0,
  };
}

export interface RigOptions {
  readonly commands?: boolean;
  /** Its own unless it is given: two mirrors at one broker. */
  readonly clock?: TestClock;
  readonly broker?: VirtualBroker;
  readonly id?: string;
}

export class Rig implements AsyncDisposable {
  readonly clock: TestClock;
  readonly record: Record;
  readonly broker: VirtualBroker;
  readonly feed: FeedDouble;
  readonly sent: FromClient[] = [];
  readonly log: string[] = [];
  readonly #options: RigOptions;
  readonly #id: string;
  #store: MirrorStore | undefined;
  #mirror: Mirror | undefined;

  constructor(options: RigOptions = {}) {
    this.clock = options.clock ?? new TestClock();
    this.record = new Record(this.clock);
    this.broker = options.broker ?? new VirtualBroker(this.clock);
    this.feed = new FeedDouble(this.clock, this.record, () => this.mirror);
    this.#options = options;
    this.#id = options.id ?? 'mirror';
    this.record.append('boot', bootBody);
  }

  get mirror(): Mirror {
    if (this.#mirror === undefined) throw new Error('the mirror was not started');
    return this.#mirror;
  }

  get store(): MirrorStore {
    if (this.#store === undefined) throw new Error('the mirror was not started');
    return this.#store;
  }

  /** A run of station begins. */
  start(): this {
    this.#store = MirrorStore.open(join(this.record.folder, 'station.db'), this.clock.time());
    let chance = 1;
    const random = (): number => {
      chance = (chance * 16_807) % 2_147_483_647;
      return chance / 2_147_483_647;
    };
    this.#mirror = new Mirror(
      this.clock,
      random,
      {
        open: this.broker.door(this.#id),
        openLog: () => openReader(this.record.path),
        store: this.#store,
        log: (_, text) => this.log.push(text),
        send: (message) => {
          this.sent.push(JSON.parse(JSON.stringify(message)));
          return true;
        },
      },
      {
        cell: 'tending-1',
        base,
        broker: 'virtual',
        commands: this.#options.commands ?? false,
        version: '1.0.0',
      },
    );
    this.#mirror.start();
    this.feed.greet();
    return this;
  }

  /** It ends in order. */
  async stop(): Promise<void> {
    const ended = this.#mirror?.close();
    this.clock.pass(10);
    await ended;
    this.#store?.close();
    this.#mirror = undefined;
    this.#store = undefined;
  }

  /** Events that the broker took, in order. */
  get events(): EventMessage[] {
    return this.broker.on(`${base}/event`).map(({ payload }) => JSON.parse(payload));
  }

  /** What the notes among them count. */
  get counts(): number[] {
    return this.events.flatMap(({ kind, body }) =>
      kind === 'note' ? [(body as { values: { count: { v: number } } }).values.count.v] : [],
    );
  }

  get health(): HealthMessage {
    return JSON.parse(this.broker.retained.get(`${base}/health`) ?? 'null');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#mirror !== undefined) await this.stop();
    this.record[Symbol.dispose]();
  }
}

export const bootBody = { version: '1', node: 'v20', platform: 'linux', before: 'first' };

/** Events that are told a second time with the same place and kind, left out. */
export function once(events: readonly EventMessage[]): EventMessage[] {
  const seen = new Set<string>();
  return events.filter(({ n, kind }) => {
    const key = `${n.join('/')} ${kind}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}
