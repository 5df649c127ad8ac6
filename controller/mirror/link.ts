// Keeps one connection to the broker: connects, waits for acknowledgements within a window, ends what no
// longer answers, waits, and comes back. It queues nothing: what does not fit the window stays with its owner.
import { CellError } from '#contract/error.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Cancel, Clock, Random } from '#contract/time.ts';
import type {
  BrokerConnection,
  BrokerEvents,
  InMessage,
  OpenBroker,
  OutMessage,
} from './broker.ts';

/** Messages on their way, of each kind: events never wait for state, nor state for events. */
const windows = { state: 150, event: 50, answer: 50 } as const;
export type Lane = keyof typeof windows;

/** To be taken by the broker, and to be acknowledged by it. */
const patience = seconds(5);
/** A connection that lived so long was a good one. */
const steady = seconds(10);
/** Where nobody answers it is asked again soon: its state is to be there within 1 s of its return. */
const firstWait = 100;
const absentWait = 500;
/** Where each connection is taken and dropped it is asked ever more seldom. */
const droppedWait = 10_000;
/** A check that comes so late was held up by ourselves: acknowledgements may lie unread. */
const ownStall = seconds(2);
const goodbye = milliseconds(500);

export interface LinkEvents {
  /** What the broker shall say when it no longer hears us. Asked at each attempt. */
  will(): OutMessage;
  opened(): void;
  message(message: InMessage): void;
  skipped(length: number): void;
  /** There is room again. */
  acknowledged(): void;
  /** It ended, or could not be had. Gives how long to stay away, where that is not for the link to say. */
  lost(error: CellError): number | undefined;
}

export class BrokerLink {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #open: OpenBroker;
  readonly #events: LinkEvents;
  #connection: BrokerConnection | undefined;
  #openedAt: number | undefined;
  /** When each message on its way was sent, oldest first. */
  readonly #flying = new Map<number, number>();
  readonly #count: Record<Lane, number> = { state: 0, event: 0, answer: 0 };
  #sent = 0;
  /** Counts connections that ended: what is heard of an earlier one is nothing. */
  #attempt = 0;
  #absences = 0;
  #drops = 0;
  #checked = 0;
  #timer: Cancel | undefined;
  #closed = false;

  constructor(clock: Clock, random: Random, open: OpenBroker, events: LinkEvents) {
    this.#clock = clock;
    this.#random = random;
    this.#open = open;
    this.#events = events;
  }

  get up(): boolean {
    return this.#openedAt !== undefined;
  }

  get flying(): number {
    return this.#flying.size;
  }

  start(): void {
    if (this.#closed) return;
    this.#timer = this.#clock.after(patience, () =>
      this.drop(new CellError('E_MIRROR_BROKER', 'no connection within 5s')),
    );
    this.#connection = this.#open(this.#events.will(), this.#heard());
  }

  /** How many messages of a lane may be sent now. */
  room(lane: Lane): number {
    return this.up ? windows[lane] - this.#count[lane] : 0;
  }

  /** Sends now; `acknowledged` is never called when the connection ends before. */
  publish(lane: Lane, message: OutMessage, acknowledged?: () => void): void {
    const connection = this.#connection;
    if (connection === undefined || !this.up) return;
    const number = this.#fly();
    this.#count[lane] += 1;
    connection.publish(message, () => {
      if (this.#connection !== connection || !this.#flying.delete(number)) return;
      this.#count[lane] -= 1;
      acknowledged?.();
      this.#events.acknowledged();
    });
  }

  subscribe(filters: readonly string[], done: (granted: boolean) => void): void {
    const connection = this.#connection;
    if (connection === undefined || !this.up) return;
    const number = this.#fly();
    connection.subscribe(filters, (granted) => {
      if (this.#connection !== connection || !this.#flying.delete(number)) return;
      done(granted);
    });
  }

  /** To be called often: ends a connection whose broker does not acknowledge. */
  check(): void {
    const now = this.#clock.now();
    const stalled = now - this.#checked > ownStall;
    this.#checked = now;
    if (!this.up || stalled) return;
    if (now - (this.#openedAt ?? now) >= steady) [this.#drops, this.#absences] = [0, 0];
    const [oldest] = this.#flying.values();
    if (oldest !== undefined && now - oldest > patience) {
      const text = `the broker has not acknowledged for ${Math.round((now - oldest) / 1000)}s`;
      this.drop(new CellError('E_MIRROR_SILENT', text));
    }
  }

  /** Ends this connection; the next comes later. `quietly`: we leave, and no last will is said. */
  drop(error: CellError, quietly = false): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#timer?.();
    const lived = this.#openedAt === undefined ? undefined : this.#clock.now() - this.#openedAt;
    this.#connection = undefined;
    this.#attempt += 1;
    this.#openedAt = undefined;
    this.#flying.clear();
    Object.assign(this.#count, { state: 0, event: 0, answer: 0 });
    if (quietly) void connection.end(undefined, goodbye);
    else connection.destroy();
    const wait = this.#events.lost(error) ?? this.#wait(lived);
    const part = 0.5 + this.#random() / 2;
    this.#timer = this.#clock.after(milliseconds(wait * part), () => this.start());
  }

  async close(last: OutMessage | undefined): Promise<void> {
    this.#closed = true;
    this.#timer?.();
    const connection = this.#connection;
    const { up } = this;
    this.#connection = undefined;
    this.#openedAt = undefined;
    if (up) await connection?.end(last, goodbye);
    else connection?.destroy();
  }

  /** Something is on its way from now on. */
  #fly(): number {
    this.#sent += 1;
    this.#flying.set(this.#sent, this.#clock.now());
    return this.#sent;
  }

  #wait(lived: number | undefined): number {
    if (lived === undefined) {
      const wait = Math.min(absentWait, firstWait * 2 ** Math.min(this.#absences, 8));
      this.#absences += 1;
      return wait;
    }
    if (lived >= steady) return firstWait;
    this.#drops += 1;
    return Math.min(droppedWait, firstWait * 2 ** Math.min(this.#drops, 8));
  }

  #heard(): BrokerEvents {
    const attempt = this.#attempt;
    const mine = (): boolean => this.#attempt === attempt && !this.#closed;
    return {
      opened: () => {
        if (!mine() || this.up) return;
        this.#timer?.();
        this.#openedAt = this.#clock.now();
        this.#checked = this.#clock.now();
        this.#events.opened();
      },
      message: (message) => {
        if (mine()) this.#events.message(message);
      },
      skipped: (length) => {
        if (mine()) this.#events.skipped(length);
      },
      closed: (error) => {
        if (mine()) this.drop(error);
      },
    };
  }
}
