// The mirror: control's feed and the record on one side, a broker on the other. State first and as it is now,
// events in order from where the broker has them, a health every two seconds. It keeps nothing that is not in
// the record, the feed or the cursor, and knows no MQTT.
import { CellError } from '#contract/error.ts';
import { healthEvery_ms, topics } from '#contract/mirror.ts';
import type { HealthMessage } from '#contract/mirror.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock, Random } from '#contract/time.ts';
import type { MirrorFigures } from '#contract/wire.ts';
import { Bucket } from '#controller/bucket.ts';
import type { MirrorLog, SendToControl } from './station-side.ts';
import type { InMessage, OpenBroker, OutMessage } from './broker.ts';
import { Commands } from './commands.ts';
import { EventStream } from './event-stream.ts';
import type { Log } from './event-stream.ts';
import { BrokerLink } from './link.ts';
import { Retained } from './retained.ts';
import type { MirrorStore } from './store.ts';
import { hearHealth } from './twin.ts';

/** How often it looks whether something is due. */
const tick = milliseconds(50);
/** Events a second, so that a backlog leaves the broker and the network to what is live. */
export const eventPace = { rate: 500, burst: 50 };
/** Connected, it listens so long whether another cell of this name was there. */
const settle_ms = 100;
/** Another was there: it listens for three of its healths. */
const doubt_ms = 3 * healthEvery_ms;
/** Another is there: it is silent for so long, or half of it. */
const silence_ms = 120_000;
/** Turns of reading in one go, each of a few milliseconds. */
const readTurns = 4;
/** How often the cursor is kept, and how often the figures are told. */
const keepEvery_ms = 250;
const tellEvery_ms = 1000;

export interface MirrorParts {
  readonly open: OpenBroker;
  readonly openLog: () => Log;
  readonly store: MirrorStore;
  readonly log: MirrorLog;
  readonly send: SendToControl;
}

export interface MirrorSettings {
  readonly cell: string;
  /** `baseTopic` of the cell. */
  readonly base: string;
  /** The broker, for people. */
  readonly broker: string;
  readonly commands: boolean;
  readonly version: string;
}

type Stage = MirrorFigures['state'];

export class Mirror {
  readonly #clock: Clock;
  readonly #parts: MirrorParts;
  readonly #settings: MirrorSettings;
  readonly #session: string;
  readonly #link: BrokerLink;
  readonly #retained: Retained;
  readonly #events: EventStream;
  readonly #commands: Commands;
  readonly #pace: Bucket;
  #stage: Stage = 'connecting';
  #since: number;
  #settledAt = 0;
  #doubted = false;
  #controlUp = false;
  #healthAt = 0;
  #keepAt = 0;
  #tellAt = 0;
  #acknowledged = 0;
  #rate = 0;
  #error: MirrorFigures['error'];
  #timer: Cancel | undefined;
  #pumping = false;

  constructor(clock: Clock, random: Random, parts: MirrorParts, settings: MirrorSettings) {
    this.#clock = clock;
    this.#parts = parts;
    this.#settings = settings;
    this.#session = parts.store.beginSession();
    this.#since = clock.time();
    this.#pace = new Bucket(clock, eventPace);
    this.#retained = new Retained(parts.store, settings);
    this.#events = new EventStream(clock, parts.openLog, parts.store);
    this.#link = new BrokerLink(clock, random, parts.open, {
      will: () => this.#health('offline'),
      opened: () => this.#opened(),
      message: (message) => this.#hear(message),
      skipped: (length) => this.#commands.skipped(length),
      acknowledged: () => this.#acknowledge(),
      lost: (error) => this.#lost(error),
    });
    this.#commands = new Commands(clock, settings.base, {
      send: (act) => parts.send(act),
      publish: (topic, payload) => {
        if (this.#link.room('answer') > 0)
          this.#link.publish('answer', { topic, payload, retain: false });
      },
      log: parts.log,
    });
  }

  start(): void {
    this.#parts.store.addTopics([`${this.#settings.base}/${topics.health}`]);
    this.#link.start();
    this.#tick();
  }

  /** Control said something. */
  take(message: WholeFromControl): void {
    switch (message.type) {
      case 'hello':
        this.#controlUp = true;
        this.#commands.hello(message);
        this.#retained.hello(message);
        // Its record may be another than before.
        this.#keep();
        this.#events.reopen();
        return;
      case 'snapshot':
        this.#retained.snapshot(message);
        return this.#pump();
      case 'delta':
        this.#retained.delta(message);
        this.#events.look();
        return this.#pump();
      case 'receipt':
        return this.#commands.receipt(message);
      case 'done':
        return this.#commands.done(message);
      case 'why':
      case 'stopped':
      case 'bye':
        return;
    }
  }

  /** The connection to control has ended. */
  controlLost(): void {
    if (this.#controlUp && this.#stage === 'mirroring') this.#healthAt = 0;
    this.#controlUp = false;
    this.#commands.lost();
  }

  async close(): Promise<void> {
    this.#timer?.();
    const last = this.#stage === 'mirroring' ? this.#health('offline') : undefined;
    await this.#link.close(last);
    this.#keep();
    this.#events.close();
  }

  get figures(): MirrorFigures {
    const { base: topic, broker } = this.#settings;
    return {
      state: this.#stage,
      ok: this.#stage === 'mirroring',
      since: this.#since,
      broker,
      topic,
      lag: this.#events.lag(),
      rate: this.#rate,
      inflight: this.#link.flying,
      waiting: this.#retained.waiting,
      cursor: this.#events.cursor,
      gaps: this.#events.gaps,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  // --- the broker -----------------------------------------------------------------------------

  #opened(): void {
    const { base } = this.#settings;
    this.#enter('settling');
    this.#doubted = false;
    this.#settledAt = Number.POSITIVE_INFINITY;
    const filters = [`${base}/${topics.health}`];
    if (this.#settings.commands) filters.push(`${base}/${topics.commands}`);
    this.#link.subscribe(filters, (granted) => {
      if (!granted)
        this.#fail(new CellError('E_MIRROR_REFUSED', `no right to ${filters.join(', ')}`));
      this.#settledAt = this.#clock.now() + settle_ms;
    });
  }

  #hear(message: InMessage): void {
    if (message.topic !== `${this.#settings.base}/${topics.health}`) {
      // What is retained comes before anything else, to be refused; what is live may be for another until then.
      const now = this.#stage === 'mirroring' || message.retained;
      if (this.#settings.commands && now) this.#commands.take(message);
      return;
    }
    const { store } = this.#parts;
    const heard = hearHealth(store, message);
    if (heard === 'nobody') return;
    if (heard === 'maybe') {
      if (this.#stage !== 'settling' || this.#doubted) return;
      this.#doubted = true;
      this.#settledAt = this.#clock.now() + doubt_ms;
      return;
    }
    const text = `another cell speaks on ${message.topic}`;
    const twin = new CellError('E_MIRROR_TWIN', text);
    if (heard === 'alive' && this.#stage === 'mirroring') return this.#fail(twin);
    this.#link.drop(twin, true);
  }

  #begin(): void {
    this.#enter('mirroring');
    this.#healthAt = 0;
    this.#try(() => this.#retained.renew());
  }

  /** Who is put out while listening for another has heard enough: the broker took that other for us. */
  #lost(ended: CellError): number | undefined {
    this.#keep();
    this.#events.restart();
    const taken = this.#stage === 'settling' && this.#doubted && ended.code === 'E_MIRROR_BROKER';
    const error = taken
      ? new CellError('E_MIRROR_TWIN', 'another took this connection', { cause: ended })
      : ended;
    this.#fail(error);
    const twin = error.code === 'E_MIRROR_TWIN';
    this.#enter(twin ? 'silent' : 'waiting');
    return twin ? silence_ms : undefined;
  }

  #enter(stage: Stage): void {
    const was = this.#stage === 'mirroring';
    this.#stage = stage;
    if (was === (stage === 'mirroring')) return;
    this.#since = Math.floor(this.#clock.time());
    const { broker } = this.#settings;
    if (!was) this.#parts.log('info', `the mirror is with ${broker}`);
    this.#tellAt = 0;
  }

  #fail({ code, message }: CellError): void {
    const text = message.slice(0, 1000);
    // A reason is logged once until another comes.
    if (this.#error?.code !== code || this.#error.text !== text)
      this.#parts.log('warn', `mirror: ${code}: ${text}`);
    this.#error = { code, text, at: Math.floor(this.#clock.time()) };
  }

  // --- what is due ----------------------------------------------------------------------------

  #tick(): void {
    this.#timer = this.#clock.after(tick, () => this.#tick());
    const now = this.#clock.now();
    this.#link.check();
    if (this.#stage === 'settling' && now >= this.#settledAt) this.#begin();
    if (this.#stage === 'mirroring' || now >= this.#tellAt) this.#events.look();
    if (this.#events.error !== undefined) this.#fail(this.#events.error);
    this.#pump();
    if (now >= this.#keepAt) {
      this.#keepAt = now + keepEvery_ms;
      this.#keep();
    }
    if (now < this.#tellAt) return;
    this.#rate = this.#acknowledged;
    this.#acknowledged = 0;
    this.#tellAt = now + tellEvery_ms;
    this.#parts.send({ type: 'health', mirror: this.figures });
  }

  #keep(): void {
    this.#try(() => this.#events.keep());
  }

  /** What the disk refuses is said, and keeps nothing from the broker. */
  #try(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      this.#fail(error);
    }
  }

  #acknowledge(): void {
    this.#acknowledged += 1;
    this.#pump();
  }

  /** Sends what may be sent now. */
  #pump(): void {
    if (this.#stage !== 'mirroring' || this.#pumping) return;
    this.#pumping = true;
    this.#sendHealth();
    this.#try(() => this.#sendState());
    this.#sendEvents();
    this.#pumping = false;
  }

  #sendHealth(): void {
    const now = this.#clock.now();
    if (now < this.#healthAt || this.#link.room('answer') <= 0) return;
    this.#healthAt = now + healthEvery_ms;
    this.#link.publish('answer', this.#health('online'));
  }

  #sendState(): void {
    while (this.#link.room('state') > 0) {
      const next = this.#retained.take();
      if (next === undefined) return;
      const { acknowledged } = next;
      this.#link.publish('state', next, acknowledged && (() => this.#try(acknowledged)));
    }
  }

  #sendEvents(): void {
    const topic = `${this.#settings.base}/${topics.event}`;
    while (this.#link.room('event') > 0) {
      if (this.#events.empty) this.#refill();
      if (this.#events.empty || !this.#pace.take()) return;
      const next = this.#events.take();
      if (next === undefined) return;
      const { payload, acknowledged } = next;
      this.#link.publish('event', { topic, payload, retain: false }, () => this.#try(acknowledged));
    }
  }

  /** Many entries of the record are no events: it is read on, for a little while. */
  #refill(): void {
    for (let turn = 0; turn < readTurns && this.#events.refill() && this.#events.empty; turn += 1);
  }

  #health(state: HealthMessage['state']): OutMessage {
    const { base, cell, version } = this.#settings;
    const health: HealthMessage = {
      state,
      cell,
      id: this.#parts.store.id,
      session: this.#session,
      version,
      t: Math.floor(this.#clock.time()),
      n: this.#events.newest,
      control: this.#controlUp ? 'up' : 'down',
      lag: this.#events.lag(),
    };
    const payload = JSON.stringify(health);
    return { topic: `${base}/${topics.health}`, payload, retain: true };
  }
}
