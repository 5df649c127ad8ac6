// A device and its driver in virtual time, by what control sees of the two: a connection that is made, lost and made
// again, questions and answers that take their time on it, and faults that hold, drop, delay or falsify them.
import type { Random } from '#contract/time.ts';
import type { Agenda } from './agenda.ts';
import type { DriverTiming } from './driver-timing.ts';
import { deviceFaults, type DeviceFault, type DeviceFaultKind, type FaultPoint } from './faults.ts';
import type { PlantValue } from './plant/plant.ts';
import type { Terminals } from './plant/terminals.ts';
import type { Answer, Connection, Damage, Reading } from './virtual-reading.ts';
import type { Latency } from './weather.ts';

/** What its driver tells control. */
export interface DeviceSink {
  /** `again`: it was online before. */
  online(ok: boolean, again: boolean): void;
}

export interface VirtualDeviceOptions {
  readonly timing: DriverTiming;
  readonly latency: Latency;
}

/** As drivers do: full jitter on a doubling delay, ms; begun anew after so long online. */
const backoff = { base: 250, most: 2000, steady: 10_000 };
/** Answers missed in a row after which a connection is not believed. */
const missedLimit = 2;
/** Exchanges of a greeting. */
const greetings = 5;

/** Nothing that it says can be read in time. */
const isMute = (damage: Damage | undefined): boolean => damage === 'short' || damage === 'late';

export class VirtualDevice implements FaultPoint {
  readonly terminals: Terminals;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #options: VirtualDeviceOptions;
  readonly #reading: Reading;
  readonly #sink: DeviceSink;
  /** What control asks of each output; written again at every connect. */
  readonly #asked = new Map<string, PlantValue>();
  #fault: DeviceFault | undefined;
  #running = false;
  #connected = false;
  /** Connected and greeted. */
  #serving = false;
  /** Since when it answers; undefined while it does not. */
  #onlineSince: number | undefined;
  /** It was online since control came. */
  #known = false;
  /** Counts connections, so that what belongs to an old one is known. */
  #epoch = 0;
  /** The connection on which control died. */
  #left = -1;
  #failures = 0;
  #missed = 0;
  #heard = 0;
  /** When the last thing sent each way is there: nothing overtakes on a line. */
  #arrives = 0;
  #returns = 0;
  /** What the hanging line holds of this connection. */
  #held: (() => void)[] = [];

  constructor(
    agenda: Agenda,
    random: Random,
    options: VirtualDeviceOptions,
    parts: { terminals: Terminals; reading: Reading; sink: DeviceSink },
  ) {
    this.terminals = parts.terminals;
    this.#agenda = agenda;
    this.#random = random;
    this.#options = options;
    this.#reading = parts.reading;
    this.#sink = parts.sink;
  }

  get online(): boolean {
    return this.#onlineSince !== undefined;
  }

  /** The faults that it has. */
  get kinds(): readonly DeviceFaultKind[] {
    return deviceFaults.filter((kind) => kind !== 'range' || this.terminals.hasNumbers);
  }

  /** Control is there: its driver connects. */
  start(): void {
    this.#running = true;
    this.#later(this.#latency());
  }

  /** Control is gone, and its connection with it; the device stays as it is. */
  leave(): void {
    this.#running = false;
    this.#known = false;
    this.#failures = 0;
    this.#left = this.#epoch;
    this.#end();
    this.#asked.clear();
  }

  tick(span: number): void {
    this.terminals.outputs.tick(span);
    this.#reading.tick?.(this.#agenda.now);
  }

  fault(fault: DeviceFault | undefined): void {
    this.#fault = fault;
    const kind = fault?.kind;
    this.terminals.fault(kind === 'stuck' || kind === 'range' ? kind : undefined);
    if (kind === 'kill') {
      if (this.#connected) this.#lose();
    } else if (kind !== 'hang') {
      for (const release of this.#held.splice(0)) release();
    }
  }

  write(output: string, value: PlantValue): void {
    if (!this.#running) return;
    this.#asked.set(output, value);
    if (this.#serving) this.#write(output, value);
  }

  /** Of what the device says. */
  get #damage(): Damage | undefined {
    const kind = this.#fault?.kind;
    return kind === 'wrong' || kind === 'short' || kind === 'late' ? kind : undefined;
  }

  get #slow(): number {
    return this.#fault?.kind === 'slow' ? this.#fault.by : 0;
  }

  #later(delay: number): void {
    const epoch = this.#epoch;
    this.#agenda.surely(delay, () => {
      if (this.#running && this.#epoch === epoch) this.#connect();
    });
  }

  #connect(): void {
    if (this.#fault?.kind === 'kill') return this.#retry();
    this.#epoch += 1;
    this.#connected = true;
    this.#missed = 0;
    this.#heard = this.#agenda.now;
    const connection = this.#connection();
    const { greeting } = this.#options.timing;
    if (greeting === undefined) return this.#serve(connection);
    this.#greet(connection, { until: this.#agenda.now + greeting, left: greetings });
  }

  /** One question after the other; without any answer in time there is no connection. */
  #greet(connection: Connection, { until, left }: { until: number; left: number }): void {
    if (left === 0) return this.#serve(connection);
    const greeted = (): void => this.#greet(connection, { until, left: left - 1 });
    connection.ask(
      until - connection.now,
      // Wrong values are no wrong greeting.
      () => (isMute(this.#damage) ? undefined : { right: false, take: greeted }),
      () => connection.lose(),
    );
  }

  #serve(connection: Connection): void {
    this.#serving = true;
    this.#reading.begin(connection);
    for (const [output, value] of this.#asked) this.#write(output, value);
    const { heartbeat } = this.#options.timing;
    if (heartbeat !== undefined) this.#beat(connection, heartbeat);
  }

  #lose(): void {
    this.#end();
    this.#retry();
  }

  #end(): void {
    const { online } = this;
    const { now } = this.#agenda;
    if (now - (this.#onlineSince ?? now) >= backoff.steady) this.#failures = 0;
    this.#connected = false;
    this.#serving = false;
    this.#onlineSince = undefined;
    this.#epoch += 1;
    this.#held = [];
    if (online && this.#running) this.#sink.online(false, false);
  }

  #retry(): void {
    const most = Math.min(backoff.most, backoff.base * 2 ** this.#failures);
    this.#failures += 1;
    this.#later(most * (0.5 + this.#random() / 2));
  }

  #beat(connection: Connection, every: number): void {
    this.#reach(() => this.terminals.outputs.beat());
    connection.after(every, () => this.#beat(connection, every));
  }

  #write(output: string, value: PlantValue): void {
    this.#reach(() => this.terminals.outputs.write(output, value));
  }

  /** Brings something to the device over this connection, in order, or never. */
  #reach(arrive: () => void): void {
    const { now } = this.#agenda;
    this.#arrives = Math.max(this.#arrives, now + this.#latency() / 2);
    this.#carry(this.#arrives - now, arrive, { sent: true });
  }

  #connection(): Connection {
    const epoch = this.#epoch;
    const agenda = this.#agenda;
    const ifStill = (run: () => void): (() => void) => {
      return () => {
        if (this.#epoch === epoch) run();
      };
    };
    const heard = (): number => this.#heard;
    const damage = (): Damage | undefined => this.#damage;
    return {
      get now() {
        return agenda.now;
      },
      get heard() {
        return heard();
      },
      get damage() {
        return damage();
      },
      ask: (deadline, serve, missed) => this.#ask(deadline, serve, missed),
      send: (arrive) => this.#send(epoch, arrive),
      after: (delay, run) => agenda.surely(delay, ifStill(run)),
      lose: ifStill(() => this.#lose()),
    };
  }

  #ask(deadline: number, serve: () => Answer | undefined, missed: () => void): void {
    const agenda = this.#agenda;
    const epoch = this.#epoch;
    const until = agenda.now + deadline;
    const way = this.#latency() / 2;
    let open = true;
    // Armed only where the answer may stay away.
    const doubt = (): void => {
      agenda.surely(until - agenda.now, () => {
        if (!open || this.#epoch !== epoch) return;
        open = false;
        this.#missed += 1;
        if (this.#missed >= missedLimit) this.#lose();
        else missed();
      });
    };
    const arrive = (): void => {
      // A question that was given up is answered all the same; its driver does not look at that.
      if (!open) return;
      const answer = serve();
      const back = way + this.#slow;
      if (answer === undefined || agenda.now + back > until) return doubt();
      const take = (): void => {
        if (!open) return;
        open = false;
        if (answer.right) this.#hear();
        answer.take();
      };
      this.#carry(back, take, { held: doubt });
    };
    this.#carry(way, arrive, { held: doubt });
  }

  #send(epoch: number, arrive: () => void): void {
    const agenda = this.#agenda;
    if (this.#epoch !== epoch) return;
    this.#returns = Math.max(this.#returns, agenda.now + this.#latency() / 2 + this.#slow);
    const take = (): void => {
      this.#hear();
      arrive();
    };
    this.#carry(this.#returns - agenda.now, take, {});
  }

  /**
   * Over this connection and no other. A network that hangs holds it, a serial line loses it; `held` is told.
   * `sent`: what control had sent when it died still arrives.
   */
  #carry(delay: number, arrive: () => void, on: { held?: () => void; sent?: boolean }): void {
    const epoch = this.#epoch;
    const run = (): void => {
      if (this.#epoch !== epoch && !(on.sent === true && this.#left === epoch)) return;
      if (this.#fault?.kind !== 'hang') return arrive();
      on.held?.();
      if (this.#options.timing.wire === 0) this.#held.push(run);
    };
    this.#agenda.surely(delay, run);
  }

  #hear(): void {
    const { now } = this.#agenda;
    this.#heard = now;
    this.#missed = 0;
    if (this.online) return;
    this.#onlineSince = now;
    this.#sink.online(true, this.#known);
    this.#known = true;
  }

  #latency(): number {
    const { least, spread } = this.#options.latency;
    const share = this.#random();
    return least + spread * share * share * share;
  }
}
