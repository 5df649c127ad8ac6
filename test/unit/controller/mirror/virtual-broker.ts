// A broker in virtual time: it takes connections, acknowledges, retains and tells its subscribers as MQTT
// 3.1.1 says, and fails in the ways that brokers do.
import { CellError } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type {
  BrokerConnection,
  BrokerEvents,
  InMessage,
  OpenBroker,
  OutMessage,
} from '#controller/mirror/broker.ts';

/** What it does: `deaf` takes connections and no message on them; `silent` not even those; `drops` ends each at once. */
export type Mood = 'well' | 'away' | 'deaf' | 'silent' | 'drops';

interface Peer {
  readonly id: string;
  readonly events: BrokerEvents;
  readonly will: OutMessage;
  readonly filters: string[];
  gone: boolean;
  deaf: boolean;
}

/** A message as the broker took it. */
export interface Taken extends OutMessage {
  readonly at: number;
  readonly id: string;
}

export class VirtualBroker {
  readonly #clock: Clock;
  readonly #peers = new Set<Peer>();
  readonly retained = new Map<string, string>();
  readonly taken: Taken[] = [];
  mood: Mood = 'well';
  /** From a message to its acknowledgement, ms. */
  delay = 2;
  attempts = 0;
  /** The most messages that waited for their acknowledgement. */
  mostFlying = 0;
  #flying = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get connected(): number {
    return this.#peers.size;
  }

  /** How a client of this id connects. */
  door(id: string): OpenBroker {
    return (will, events) => this.#connect(id, will, events);
  }

  /** What others publish. */
  publish(topic: string, payload: string | Uint8Array, retain = false): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (retain) this.retained.set(topic, Buffer.from(bytes).toString('utf8'));
    this.#tell({ topic, payload: bytes, retained: false });
  }

  /** It ends, and with it all that it kept: as a broker does that has no disk. */
  die(): void {
    this.mood = 'away';
    this.retained.clear();
    for (const peer of this.#peers) this.#end(peer, 'reset');
  }

  /** Payloads that were taken on a topic, oldest first. */
  on(topic: string): readonly Taken[] {
    return this.taken.filter((message) => message.topic === topic);
  }

  #connect(id: string, will: OutMessage, events: BrokerEvents): BrokerConnection {
    const peer: Peer = { id, events, will, filters: [], gone: false, deaf: false };
    this.attempts += 1;
    this.#later(1, () => this.#answer(peer));
    return {
      publish: (message, acknowledged) => this.#take(peer, message, acknowledged),
      subscribe: (filters, done) =>
        this.#later(1, () => {
          if (peer.gone || this.mood !== 'well') return;
          peer.filters.push(...filters);
          done(true);
          for (const [topic, payload] of this.retained) {
            if (fits(peer, topic))
              peer.events.message({ topic, payload: Buffer.from(payload), retained: true });
          }
        }),
      end: (last) => {
        if (last !== undefined) this.#take(peer, last, () => undefined);
        this.#leave(peer);
        return Promise.resolve();
      },
      destroy: () => {
        if (peer.gone) return;
        this.#leave(peer);
        if (this.mood === 'well') this.#keep(peer.will);
      },
    };
  }

  #answer(peer: Peer): void {
    if (peer.gone || this.mood === 'silent') return;
    if (this.mood === 'away') {
      peer.gone = true;
      peer.events.closed(new CellError('E_MIRROR_BROKER', 'connect ECONNREFUSED'));
      return;
    }
    // Whoever comes under a name that is there takes its place. [MQTT-3.1.4-2]
    const older = [...this.#peers].find(({ id }) => id === peer.id);
    if (older !== undefined) this.#end(older, 'taken over');
    this.#peers.add(peer);
    peer.events.opened();
    if (this.mood === 'drops') this.#later(1, () => this.#end(peer, 'dropped'));
  }

  #take(peer: Peer, message: OutMessage, acknowledged: () => void): void {
    if (peer.gone) return;
    this.#flying += 1;
    this.mostFlying = Math.max(this.mostFlying, this.#flying);
    this.#later(this.delay, () => {
      this.#flying -= 1;
      // What it has not taken of a connection it takes nothing after: acknowledgements are in order. [MQTT-4.6.0-2]
      if (this.mood !== 'well') peer.deaf = true;
      if (peer.deaf) return;
      // What was sent before a goodbye is still taken.
      this.taken.push({ ...message, at: this.#clock.now(), id: peer.id });
      this.#keep(message);
      if (!peer.gone) acknowledged();
    });
  }

  #keep({ topic, payload, retain }: OutMessage): void {
    if (retain && payload === '') this.retained.delete(topic);
    else if (retain) this.retained.set(topic, payload);
    this.#tell({ topic, payload: Buffer.from(payload), retained: false });
  }

  #tell(message: InMessage): void {
    for (const peer of this.#peers) if (fits(peer, message.topic)) peer.events.message(message);
  }

  #leave(peer: Peer): void {
    peer.gone = true;
    this.#peers.delete(peer);
  }

  #end(peer: Peer, why: string): void {
    if (peer.gone) return;
    this.#leave(peer);
    if (this.mood !== 'away') this.#keep(peer.will);
    peer.events.closed(new CellError('E_MIRROR_BROKER', why));
  }

  #later(delay: number, run: () => void): void {
    this.#clock.after(milliseconds(delay), run);
  }
}

function fits({ filters }: Peer, topic: string): boolean {
  const levels = topic.split('/');
  return filters.some((filter) => {
    const wanted = filter.split('/');
    return (
      wanted.length === levels.length &&
      wanted.every((level, index) => level === '+' || level === levels[index])
    );
  });
}
