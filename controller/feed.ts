// The live feed of control's door: a snapshot, then deltas, to each client that asked for them. Control
// never waits for one: while a client lags its deltas are merged, and `WirePeer` ends it beyond its bound.
import { mergeDeltas } from '#contract/merge.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { Delta, Hello, Sections, Stopped, Why } from '#contract/wire.ts';
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
  sections(): Sections;
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
    peer.send(this.#source.hello());
    if (!peer.feed) return;
    // A delta tells what changed since the one before: nothing may change between that and the snapshot.
    this.#tick();
    const told = new Map<string, string>();
    this.#clients.set(peer, {
      peer,
      watched: [],
      told,
      pending: undefined,
      stale: false,
      asks: false,
    });
    this.#snapshot(peer);
  }

  close(peer: WirePeer): void {
    this.#clients.delete(peer);
  }

  watch(peer: WirePeer, flows: readonly string[]): void {
    const client = this.#clients.get(peer);
    if (client === undefined) return;
    client.watched = flows;
    client.told.clear();
    client.asks = true;
  }

  resync(peer: WirePeer): void {
    const client = this.#clients.get(peer);
    if (client !== undefined) client.stale = true;
  }

  /** To every client of the feed, now. */
  broadcast(message: Stopped): void {
    for (const { peer } of this.#clients.values()) peer.send(message);
  }

  #snapshot(peer: WirePeer): void {
    peer.send({
      type: 'snapshot',
      frame: this.#frame,
      ...this.#source.moment(),
      ...this.#source.sections(),
    });
    for (const message of this.#source.stopped()) peer.send(message);
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

  #send(client: Client): void {
    if (client.peer.waiting > lagLimit) return;
    if (client.stale) this.#snapshot(client.peer);
    else if (client.pending !== undefined) client.peer.send(client.pending);
    client.stale = false;
    client.pending = undefined;
  }

  #tellWhy(client: Client, reasons: Reasons): void {
    if (client.peer.waiting > lagLimit) return;
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
