// The live feed of control's door: a snapshot, then deltas, to each client that asked for them. Control
// never waits for one: while a client lags its deltas are merged, and `WirePeer` ends it beyond its bound.
import { mergeDeltas } from '#contract/merge.ts';
import { deltaPages, helloPages, snapshotPages } from '#contract/pages.ts';
import type { SectionEntry } from '#contract/pages.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type {
  Delta,
  FromControl,
  Hello,
  Sections,
  Stopped,
  WholeSections,
  Why,
} from '#contract/wire.ts';
import type { WirePeer } from '#controller/wire/server.ts';

/** The least time between two frames, and the longest silence. */
const pace = milliseconds(50);
const heartbeat = milliseconds(500);
/** Bytes unread by a client beyond which its deltas are merged instead of sent. */
const lagLimit = 64 * 1024;

/** What the feed shows; control is behind it. */
export interface FeedSource {
  hello(): Hello;
  moment(): { now: number; time: number; seq: number };
  /** Everything that is shown, each as it is when it is asked for. */
  entries(): Iterable<SectionEntry>;
  figures(): WholeSections;
  /** What changed since the last call; undefined when nothing did. */
  changes(): Partial<Sections> | undefined;
  why(flow: string): Omit<Why, 'type' | 'frame'> | undefined;
  stopped(): readonly Stopped[];
}

interface Client {
  readonly peer: WirePeer;
  watched: readonly string[];
  /** The last `why` sent of each flow, to send changes only. */
  readonly told: Map<string, string>;
  /** What it is being sent, page by page as it reads. */
  pages: Iterator<FromControl> | undefined;
  /** What happened since that was made. */
  pending: Delta | undefined;
  /** It asked for a snapshot, or for reasons; it gets them with the next frame, however often it asked. */
  stale: boolean;
  asks: boolean;
}

/** What each flow waits for, asked once a frame. */
type Reasons = Map<string, Omit<Why, 'type' | 'frame'> | undefined>;

/** All clients of the feed. */
export class Feed {
  readonly #clock: Clock;
  readonly #source: FeedSource;
  readonly #clients = new Map<WirePeer, Client>();
  #frame = 0;
  #lastSent = 0;
  #timer: Cancel | undefined;

  constructor(clock: Clock, source: FeedSource) {
    this.#clock = clock;
    this.#source = source;
  }

  start(): void {
    this.#timer = this.#clock.after(pace, () => {
      this.#tick();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.();
  }

  /** Greets a client; with `feed` it gets a snapshot and then every change. */
  open(peer: WirePeer): void {
    // A delta tells what changed since the one before: nothing may change between that and the snapshot.
    if (peer.feed) this.#tick();
    const client: Client = {
      peer,
      watched: [],
      told: new Map(),
      pages: helloPages(this.#source.hello()),
      pending: undefined,
      stale: peer.feed,
      asks: false,
    };
    this.#clients.set(peer, client);
    this.#send(client);
  }

  close(peer: WirePeer): void {
    this.#clients.delete(peer);
  }

  /** It has read what waited for it: what it is being sent goes on. */
  drained(peer: WirePeer): void {
    if (this.#clients.get(peer)?.pages !== undefined) this.#tick();
  }

  watch(peer: WirePeer, flows: readonly string[]): void {
    const client = this.#clients.get(peer);
    if (client === undefined || !peer.feed) return;
    client.watched = flows;
    client.told.clear();
    client.asks = true;
  }

  resync(peer: WirePeer): void {
    const client = this.#clients.get(peer);
    if (client !== undefined && peer.feed) client.stale = true;
  }

  /** To every client of the feed, now. */
  broadcast(message: Stopped): void {
    for (const { peer } of this.#clients.values()) if (peer.feed) peer.send(message);
  }

  *#picture(): Generator<FromControl> {
    const source = this.#source;
    const head = { frame: this.#frame, ...source.moment() };
    yield* snapshotPages(head, source.entries(), source.figures());
    yield* source.stopped();
  }

  #tick(): void {
    const now = this.#clock.now();
    const changes = this.#source.changes();
    if (changes === undefined && now - this.#lastSent < heartbeat) {
      this.#drain();
      return;
    }
    this.#lastSent = now;
    this.#frame += 1;
    const moment = this.#source.moment();
    const delta: Delta = {
      type: 'delta',
      frame: this.#frame,
      from: this.#frame,
      ...moment,
      ...changes,
    };
    const reasons: Reasons = new Map();
    for (const client of this.#clients.values()) {
      if (client.peer.feed)
        client.pending = client.pending === undefined ? delta : mergeDeltas(client.pending, delta);
      this.#send(client);
      this.#tellWhy(client, reasons);
    }
  }

  #drain(): void {
    const reasons: Reasons = new Map();
    for (const client of this.#clients.values()) {
      this.#send(client);
      if (client.asks) this.#tellWhy(client, reasons);
    }
  }

  /** While it reads: what was begun, then a new picture if it asked, then what happened since. */
  #send(client: Client): void {
    const { peer } = client;
    while (peer.waiting <= lagLimit) {
      client.pages ??= this.#next(client);
      if (client.pages === undefined) return;
      const page = client.pages.next();
      if (page.done === true) client.pages = undefined;
      else peer.send(page.value);
    }
  }

  #next(client: Client): Client['pages'] {
    const { stale, pending } = client;
    client.stale = false;
    client.pending = undefined;
    if (stale) return this.#picture();
    return pending === undefined ? undefined : deltaPages(pending);
  }

  #tellWhy(client: Client, reasons: Reasons): void {
    if (client.peer.waiting > lagLimit || client.pages !== undefined) return;
    client.asks = false;
    for (const flow of client.watched) {
      if (!reasons.has(flow)) reasons.set(flow, this.#source.why(flow));
      const reason = reasons.get(flow);
      if (reason === undefined) continue;
      // A countdown is the client's own to count; only what is not time makes a change.
      const told = JSON.stringify(reason, (key, value: unknown) =>
        key === 'remaining_ms' ? 0 : value,
      );
      if (client.told.get(flow) === told) continue;
      client.told.set(flow, told);
      client.peer.send({ type: 'why', frame: this.#frame, ...reason });
    }
  }
}
