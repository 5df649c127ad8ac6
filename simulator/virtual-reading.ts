// How control comes to know a device's values in virtual time, by protocol: polls, a subscription, a device that pushes;
// and what a driver makes of answers that are wrong, short or late. How long anything takes is the connection's business.
import { status, type StatusCode } from '#contract/quality.ts';
import type { ReadingTimes } from './driver-timing.ts';
import type { PlantValue, Sensor } from './plant/plant.ts';

/** The terminals of one device as it shows them, and the tag of each. */
export interface Points {
  readonly tags: readonly number[];
  /** What the device shows now of each of them, in the same order. */
  readonly sensors: readonly Sensor[];
}

/** A value, and when the device had it. */
export interface Reported {
  readonly tag: number;
  /** Null: none; the last one is kept. */
  readonly value: PlantValue | null;
  readonly status: StatusCode;
  readonly at: number;
}

/** What is the matter with all that a device says. */
export type Damage = 'wrong' | 'short' | 'late';

/** What a device says to a question; only a right answer is a sign of life. */
export interface Answer {
  readonly right: boolean;
  take(): void;
}

/** One connection as its protocol has it; a lost one does nothing any more. */
export interface Connection {
  readonly now: number;
  /** When control last heard anything right over it. */
  readonly heard: number;
  /** Of what the device says now. */
  readonly damage: Damage | undefined;
  /** `serve` runs at the device; undefined is no answer. Where none comes in time, `missed` runs. */
  ask(deadline: number, serve: () => Answer | undefined, missed: () => void): void;
  /** What the device sends by itself, in its order. */
  send(arrive: () => void): void;
  after(delay: number, run: () => void): void;
  /** It is not believed any longer. */
  lose(): void;
}

/** Where control takes what it learns. */
export interface ReadingSink {
  changed(reports: readonly Reported[]): void;
  /** Confirms all of these; the same array each time. */
  seen(tags: readonly number[]): void;
}

export interface Reading {
  /** A new connection: everything is to be given once. */
  begin(connection: Connection): void;
  /** The machine has moved. */
  tick?(now: number): void;
}

/** `points` of each poll class in their order; other protocols have one. */
export function readingOf(
  times: ReadingTimes,
  points: readonly Points[],
  sink: ReadingSink,
): Reading {
  const [first = { tags: [], sensors: [] }] = points;
  switch (times.kind) {
    case 'polled': {
      const polls = times.classes.flatMap(([, period], order) => {
        const own = points[order];
        return own === undefined ? [] : [new Poll({ ...times, period }, own, sink)];
      });
      return {
        begin: (connection) => {
          for (const poll of polls) poll.begin(connection);
        },
      };
    }
    case 'subscribed':
      return new Subscription(times, first, sink);
    case 'pushed':
      return new Pushed(times, first, sink);
  }
}

const allBad = (tags: readonly number[], code: StatusCode, at: number): Reported[] =>
  tags.map((tag) => ({ tag, value: null, status: code, at }));

const unchanged: readonly Reported[] = [];

class Poll {
  readonly #times: { readonly period: number; readonly timeout: number; readonly told: boolean };
  readonly #points: Points;
  readonly #sink: ReadingSink;
  /** By place: what the last answer said; undefined: nothing that control knows of. */
  readonly #last: (PlantValue | undefined)[];
  #due = 0;

  constructor(
    times: { readonly period: number; readonly timeout: number; readonly told: boolean },
    points: Points,
    sink: ReadingSink,
  ) {
    this.#times = times;
    this.#points = points;
    this.#sink = sink;
    this.#last = points.tags.map(() => undefined);
  }

  begin(connection: Connection): void {
    this.#last.fill(undefined);
    this.#due = connection.now;
    const { timeout } = this.#times;
    const next = (): void => this.#next(connection, poll);
    const take = (): void => {
      this.#sink.seen(this.#points.tags);
      next();
    };
    const quiet: Answer = { right: true, take };
    const serve = (): Answer | undefined => this.#serve(connection, quiet, next);
    const missed = (): void => {
      // What the lost answer said is not known.
      this.#last.fill(undefined);
      next();
    };
    const poll = (): void => connection.ask(timeout, serve, missed);
    poll();
  }

  #serve(connection: Connection, quiet: Answer, next: () => void): Answer | undefined {
    const { damage, now } = connection;
    const { tags } = this.#points;
    if (damage === undefined) {
      const reports = this.#read(now);
      if (reports === unchanged) return quiet;
      const take = (): void => {
        this.#sink.changed(reports);
        quiet.take();
      };
      return { right: true, take };
    }
    if (damage !== 'wrong' || !this.#times.told) return undefined;
    const take = (): void => {
      this.#last.fill(undefined);
      this.#sink.changed(allBad(tags, status.BadCommunicationError, now));
      next();
    };
    return { right: false, take };
  }

  #read(now: number): readonly Reported[] {
    const { tags, sensors } = this.#points;
    let reports: Reported[] | undefined;
    for (let place = 0; place < tags.length; place += 1) {
      const value = sensors[place]?.() ?? false;
      if (this.#last[place] === value) continue;
      this.#last[place] = value;
      (reports ??= []).push({ tag: tags[place] ?? -1, value, status: status.Good, at: now });
    }
    return reports ?? unchanged;
  }

  /** Absolute deadlines; those that the answer missed are dropped. */
  #next(connection: Connection, poll: () => void): void {
    const { now } = connection;
    this.#due += this.#times.period;
    if (this.#due < now) this.#due = now;
    connection.after(this.#due - now, poll);
  }
}

/** What a device shows, and since when. */
class Watch {
  readonly points: Points;
  #shown: readonly Reported[];

  constructor(points: Points) {
    this.points = points;
    this.#shown = points.tags.map((_, place) => this.#look(place, 0));
  }

  get shown(): readonly Reported[] {
    return this.#shown;
  }

  /** Looks again; true when something has changed. */
  tick(now: number): boolean {
    const before = this.#shown;
    const { sensors } = this.points;
    let same = true;
    for (let place = 0; same && place < before.length; place += 1) {
      same = before[place]?.value === sensors[place]?.();
    }
    if (same) return false;
    this.#shown = before.map((one, place) => {
      const seen = this.#look(place, now);
      return seen.value === one.value ? one : seen;
    });
    return true;
  }

  #look(place: number, at: number): Reported {
    const { tags, sensors } = this.points;
    const value = sensors[place]?.() ?? false;
    return { tag: tags[place] ?? -1, value, status: status.Good, at };
  }
}

class Subscription implements Reading {
  readonly #times: Extract<ReadingTimes, { kind: 'subscribed' }>;
  readonly #watch: Watch;
  readonly #sink: ReadingSink;
  /** What was published last, by place. */
  #published: readonly Reported[] = [];
  #quiet = 0;
  /** A publish that comes when the next one should. */
  #late: (() => void) | undefined;

  constructor(
    times: Extract<ReadingTimes, { kind: 'subscribed' }>,
    points: Points,
    sink: ReadingSink,
  ) {
    this.#times = times;
    this.#watch = new Watch(points);
    this.#sink = sink;
  }

  begin(connection: Connection): void {
    this.#published = [];
    this.#quiet = 0;
    this.#late = undefined;
    this.#publish(connection);
  }

  tick(now: number): void {
    this.#watch.tick(now);
  }

  #publish(connection: Connection): void {
    const { publish, keepAlive, silence } = this.#times;
    const { damage, now, heard } = connection;
    // A channel that has once carried half a message is closed.
    if (now - heard > silence || damage === 'short') return connection.lose();
    const reports = this.#news(now, damage === 'wrong');
    this.#quiet += 1;
    if (reports.length > 0 || this.#quiet >= keepAlive) {
      this.#quiet = 0;
      this.#send(connection, () => {
        if (reports.length > 0) this.#sink.changed(reports);
        this.#sink.seen(this.#watch.points.tags);
      });
    }
    connection.after(publish, () => this.#publish(connection));
  }

  /** Of a device that is wrong: what is no value, in each publish. */
  #news(now: number, wrong: boolean): readonly Reported[] {
    const { shown, points } = this.#watch;
    const before = this.#published;
    this.#published = wrong ? [] : shown;
    if (wrong) return allBad(points.tags, status.BadTypeMismatch, now);
    if (before === shown) return unchanged;
    return shown.filter((one, place) => one.value !== before[place]?.value);
  }

  #send(connection: Connection, arrive: () => void): void {
    const kept = this.#late;
    this.#late = connection.damage === 'late' ? arrive : undefined;
    if (kept !== undefined) connection.send(kept);
    if (this.#late === undefined) connection.send(arrive);
  }
}

class Pushed implements Reading {
  readonly #times: Extract<ReadingTimes, { kind: 'pushed' }>;
  readonly #watch: Watch;
  readonly #sink: ReadingSink;
  #connection: Connection | undefined;
  /** Has said that it is there: what came before may have begun before anybody listened. */
  #inStep = false;
  /** The end of what it sent is missing: with the beginning of the next it is nonsense. */
  #torn = false;
  /** What comes when the next one should. */
  #late: readonly Reported[] | undefined;

  constructor(times: Extract<ReadingTimes, { kind: 'pushed' }>, points: Points, sink: ReadingSink) {
    this.#times = times;
    this.#watch = new Watch(points);
    this.#sink = sink;
  }

  begin(connection: Connection): void {
    this.#connection = connection;
    this.#inStep = false;
    this.#torn = false;
    this.#late = undefined;
    this.#ask(connection);
  }

  tick(now: number): void {
    if (!this.#watch.tick(now)) return;
    const connection = this.#connection;
    if (connection === undefined) return;
    const reports = this.#watch.shown.filter(({ at }) => at === now);
    const late = this.#late;
    this.#late = connection.damage === 'late' ? reports : undefined;
    if (late !== undefined) this.#push(connection, late);
    if (this.#late === undefined) this.#push(connection, reports);
  }

  #push(connection: Connection, reports: readonly Reported[]): void {
    const whole = this.#isWhole(connection);
    if (whole === undefined) return;
    connection.send(() => {
      if (!this.#inStep) return;
      if (whole) this.#sink.changed(reports);
      else this.#misunderstood(connection.now);
    });
  }

  /** Its word that it is there confirms what it sent last. */
  #ask(connection: Connection): void {
    const { every, timeout } = this.#times;
    const serve = (): Answer | undefined => {
      const whole = connection.damage === 'late' ? undefined : this.#isWhole(connection);
      if (whole === true) return { right: true, take: () => this.#confirm(connection.now) };
      if (whole === false) connection.send(() => this.#misunderstood(connection.now));
      return undefined;
    };
    connection.ask(timeout, serve, () => undefined);
    connection.after(every, () => this.#ask(connection));
  }

  /** Can what it sends now be understood; undefined: nothing comes that ends. */
  #isWhole({ damage }: Connection): boolean | undefined {
    const torn = this.#torn;
    this.#torn = damage === 'short';
    if (damage === 'short') return undefined;
    return damage !== 'wrong' && !torn;
  }

  #confirm(now: number): void {
    const { tags } = this.#watch.points;
    // It is there, and nobody knows what it would say.
    if (!this.#inStep) this.#sink.changed(allBad(tags, status.BadWaitingForInitialData, now));
    this.#inStep = true;
    this.#sink.seen(tags);
  }

  /** It may have been anything: what it sent before is not known to be so still. */
  #misunderstood(now: number): void {
    if (!this.#inStep) return;
    const { tags } = this.#watch.points;
    this.#sink.changed(allBad(tags, status.BadCommunicationError, now));
  }
}
