// A device on a serial line: asked for its values, or one that sends by itself and is asked whether it
// is alive. Frames are framer.ts and link.ts, values points.ts and codec.ts, pending writes
// #drivers/outputs.ts; this ties them.
import { CellError } from '#contract/error.ts';
import type {
  Driver,
  DriverDeps,
  DriverKind,
  DriverSink,
  DriverTag,
  TagGroup,
  WriteRequest,
  WriteResult,
} from '#contract/driver.ts';
import type { Issue } from '#contract/error.ts';
import { status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Sample, Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import type { Duration } from '#contract/time.ts';
import { Given } from '#drivers/given.ts';
import type { Learned } from '#drivers/given.ts';
import { Outputs } from '#drivers/outputs.ts';
import type { Exchange } from '#drivers/outputs.ts';
import { Supervisor } from '#drivers/supervise.ts';
import type { Outcome } from '#drivers/supervise.ts';
import * as z from 'zod';
import { formatText, parseText } from './codec.ts';
import { SerialAt, SerialConfig, SerialTagOptions } from './config.ts';
import { SerialLink } from './link.ts';
import type { Answer, Question } from './link.ts';
import { patternOf } from './pattern.ts';
import type { Pattern } from './pattern.ts';
import { compile } from './points.ts';
import type { Found, Point, Received } from './points.ts';

/** A line has one device: one number stands for it in the breakers. */
const unit = 0;
/** To open a port; adapters that hang take their driver with them otherwise. */
const openTimeout = milliseconds(2000);

/** The pattern of a configuration that was checked. */
function checked(source: string | undefined): Pattern | undefined {
  const pattern = source === undefined ? undefined : patternOf(source);
  return typeof pattern === 'string' ? undefined : pattern;
}

class SerialDriver implements Driver {
  /** Only a device that is asked answers a command so that it can be told from the rest. */
  readonly write?: NonNullable<Driver['write']>;
  readonly #deps: DriverDeps;
  readonly #question: Question;
  readonly #every: Duration;
  readonly #timeout: Duration;
  readonly #isAsked: boolean;
  readonly #config: SerialConfig;
  readonly #ignore: Pattern | undefined;
  readonly #supervisor: Supervisor<SerialLink>;
  readonly #outputs: Outputs<Point>;
  readonly #given = new Given();
  /** Made anew when the tags change; so it says too whether an answer is of these. */
  #points: readonly Point[] = [];
  #group: TagGroup = [];
  #pollAt = 0;

  constructor(deps: DriverDeps, config: SerialConfig) {
    const { ask, alive } = config;
    this.#deps = deps;
    this.#config = config;
    this.#isAsked = ask !== undefined;
    const { send, expect, every, timeout } = ask ?? alive ?? nothing;
    this.#question = { send, expect: checked(expect) };
    this.#every = every;
    this.#timeout = timeout;
    this.#ignore = checked(config.ignore);
    this.#supervisor = new Supervisor(deps, {
      connectTimeout: openTimeout,
      open: (lost) => this.#open(lost),
      serve: (link) => this.#serve(link),
    });
    this.#outputs = new Outputs(deps.clock, {
      write: (point, value) => this.#set(point, value),
      read: (point) => this.#readBack(point),
      same: (_point, value, held) => formatText(value) === formatText(held),
    });
    if (ask !== undefined) this.write = (requests) => this.#write(requests);
  }

  start(sink: DriverSink): void {
    this.#supervisor.start(sink);
  }

  async setTags(tags: readonly DriverTag[]): Promise<readonly Issue[]> {
    const { points, issues } = compile(tags, this.#config);
    const before = new Map(this.#points.map((point) => [point.key, point]));
    this.#points = points.map((point) => before.get(point.key) ?? point);
    const kept = new Set(this.#points);
    for (const point of before.values()) if (!kept.has(point)) this.#given.forget(point.tag);
    this.#group = this.#points.map((point) => point.tag);
    const written = new Set(tags.flatMap((tag) => (tag.direction === 'output' ? [tag.name] : [])));
    this.#outputs.setPoints(
      new Map(this.#points.filter((p) => written.has(p.tag)).map((point) => [point.tag, point])),
    );
    this.#pollAt = 0;
    this.#supervisor.wake();
    return issues;
  }

  async stop(deadline: Duration): Promise<void> {
    await this.#supervisor.stop(deadline);
    this.#outputs.disconnected();
  }

  #write(requests: readonly WriteRequest[]): Promise<readonly WriteResult[]> {
    const results = requests.map((request) => {
      const point = this.#points.find(({ tag }) => tag === request.tag);
      if (point !== undefined && !fits(point, request.value)) {
        return this.#outputs.reject(request, status.BadTypeMismatch);
      }
      return this.#outputs.ask(request, this.#supervisor.connected);
    });
    this.#supervisor.wake();
    return Promise.all(results);
  }

  #open(lost: (error: CellError) => void): SerialLink {
    const alive = this.#isAsked ? undefined : this.#question.expect;
    const link: SerialLink = new SerialLink(this.#deps.clock, this.#config, alive, {
      lost,
      pushed: (frame, learned) => this.#supervisor.isCurrent(link) && this.#pushed(frame, learned),
      flooded: (count) => this.#supervisor.isCurrent(link) && this.#flooded(count),
    });
    return link;
  }

  async #serve(link: SerialLink): Promise<void> {
    const { clock } = this.#deps;
    this.#given.clear();
    this.#outputs.connected();
    this.#pollAt = clock.now();
    while (this.#supervisor.isCurrent(link)) {
      const now = clock.now();
      const writeAt = this.#outputs.due() ?? Infinity;
      const pollAt = this.#group.length === 0 ? Infinity : this.#pollAt;
      const quietAt = link.quietAt(this.#timeout);
      if (now < quietAt) await this.#supervisor.rest(quietAt);
      else if (writeAt <= now) await this.#outputs.step();
      else if (now < pollAt) await this.#supervisor.rest(Math.min(pollAt, writeAt));
      else {
        this.#nextPoll(now);
        await (this.#isAsked ? this.#poll() : this.#askAlive());
      }
    }
    this.#outputs.disconnected();
  }

  /** Deadlines are absolute: a late poll does not shift the next, and is not made up for. */
  #nextPoll(now: number): void {
    const missed = this.#pollAt === 0 ? 0 : Math.floor((now - this.#pollAt) / this.#every);
    this.#supervisor.late(missed);
    this.#pollAt =
      this.#pollAt === 0 ? now + this.#every : this.#pollAt + (missed + 1) * this.#every;
  }

  async #ask(question: Question, right: (frame: Received) => boolean): Promise<Outcome<Answer>> {
    let asked: SerialLink | undefined;
    const outcome = await this.#supervisor.request<Answer>(
      unit,
      this.#timeout,
      (link) => {
        asked = link;
        return link.ask(question);
      },
      (answer) => answer.kind === 'frame' && right(answer.frame),
    );
    if (outcome.kind === 'timeout') asked?.giveUp();
    return outcome;
  }

  async #poll(): Promise<Outcome<Answer>> {
    const points = this.#points;
    const isRight = (frame: Received): boolean =>
      points.some((point) => point.read(frame).kind !== 'absent');
    const outcome = await this.#ask(this.#question, isRight);
    // The tags may have changed while the question was on the wire; then it is asked again.
    if (outcome.kind !== 'answer' || points !== this.#points) return outcome;
    const answer = outcome.value;
    if (answer.kind === 'malformed') this.#misunderstood(outcome, answer.text);
    else if (!isRight(answer.frame)) this.#misunderstood(outcome, shown(answer.frame));
    else this.#give(points, answer.frame, outcome);
    return outcome;
  }

  /** One answer has all tags: one that is not in it is bad. */
  #give(points: readonly Point[], frame: Received, learned: Learned): void {
    const batch = points.flatMap((point) => {
      const sample = this.#sample(point, point.read(frame), learned);
      return sample === undefined ? [] : [sample];
    });
    if (batch.length > 0) this.#supervisor.samples(batch);
    if (batch.length < points.length) this.#supervisor.seen(this.#group, learned.received);
  }

  #sample({ tag }: Point, found: Found, learned: Learned): Sample | undefined {
    switch (found.kind) {
      case 'value':
        return this.#given.good(tag, found.value, learned);
      case 'unreadable':
        return this.#given.bad(tag, status.BadOutOfRange, learned);
      case 'absent':
        return this.#given.bad(tag, status.BadCommunicationError, learned);
    }
  }

  async #askAlive(): Promise<void> {
    const outcome = await this.#ask(this.#question, () => true);
    if (outcome.kind !== 'answer') return;
    // It is there, and nobody knows what it would say: tags wait for what it sends.
    const news = this.#points.filter((point) => !this.#given.has(point.tag));
    this.#giveBad(news, status.BadWaitingForInitialData, outcome);
    if (news.length < this.#points.length) this.#supervisor.seen(this.#group, outcome.received);
  }

  #pushed(frame: Received | undefined, learned: Learned): void {
    if (frame === undefined) return this.#misunderstood(learned, 'bytes that are no frame');
    const found = this.#points.map((point) => ({ point, found: point.read(frame) }));
    const meant = found.filter((one) => one.found.kind !== 'absent');
    if (meant.length === 0) {
      const isNobodys = frame.text !== undefined && this.#ignore?.match(frame.text) !== undefined;
      // It may have been any tag's: what they were is not known to be so still.
      if (!isNobodys) this.#misunderstood(learned, shown(frame));
      return;
    }
    const batch: Sample[] = [];
    for (const { point, found: value } of meant) {
      const sample = this.#sample(point, value, learned);
      if (sample !== undefined) batch.push(sample);
      else this.#supervisor.seen(point.group, learned.received);
    }
    if (batch.length > 0) this.#supervisor.samples(batch);
  }

  /** Frames were left out: until a tag comes again nobody knows what it is. */
  #flooded(count: number): void {
    const { clock } = this.#deps;
    this.#supervisor.late(count);
    const text = `${count} frames in a moment were not looked at`;
    this.#supervisor.blemish(new CellError('E_DEVICE_FLOOD', text));
    if (this.#isAsked) return;
    const learned = { received: clock.now(), time: clock.time() };
    this.#giveBad(this.#points, status.BadCommunicationError, learned);
  }

  #misunderstood(learned: Learned, text: string): void {
    this.#supervisor.blemish(new CellError('E_DEVICE_PROTOCOL', `not understood: ${text}`));
    this.#giveBad(this.#points, status.BadCommunicationError, learned);
  }

  #giveBad(points: readonly Point[], code: StatusCode, learned: Learned): void {
    const batch = points.flatMap(({ tag }) => this.#given.bad(tag, code, learned) ?? []);
    if (batch.length > 0) this.#supervisor.samples(batch);
  }

  async #set({ setting, type }: Point, value: Value): Promise<Exchange> {
    const text = formatText(value);
    if (setting === undefined || text === undefined) return refused;
    const send = setting.send.split('{value}').join(text);
    // Any frame answers it: one that is not as expected is the device's refusal.
    const outcome = await this.#ask(
      { send, expect: undefined },
      (frame) => frame.text !== undefined,
    );
    if (outcome.kind !== 'answer' || outcome.value.kind === 'malformed') return silent;
    const said = outcome.value.frame.text;
    if (said === undefined) return silent;
    const found = setting.expect.match(said);
    if (found === undefined) return refused;
    if (setting.expect.groups === 0) return { kind: 'done', value };
    return { kind: 'done', value: parseText(found.group ?? '', type) ?? null };
  }

  /** A read-back is a poll like any other. */
  async #readBack(point: Point): Promise<Exchange> {
    const outcome = await this.#poll();
    if (outcome.kind !== 'answer' || outcome.value.kind === 'malformed') return silent;
    const found = point.read(outcome.value.frame);
    return found.kind === 'value' ? { kind: 'done', value: found.value } : silent;
  }
}

/** The schema lets no device through that is neither asked nor alive. */
const nothing = { send: '', expect: undefined, every: milliseconds(0), timeout: milliseconds(0) };

const silent: Exchange = { kind: 'silent' };
const refused: Exchange = { kind: 'refused', status: status.BadDeviceFailure, again: false };

/** Could this value be written there? */
function fits({ type }: Point, value: Value): boolean {
  if (formatText(value) === undefined) return false;
  switch (type) {
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'int':
    case 'real':
    case 'enum':
      return typeof value === 'number' || typeof value === 'bigint';
  }
}

/** The beginning of a frame, for people. */
function shown({ bytes, text }: Received): string {
  return text === undefined
    ? `0x${bytes.toString('hex', 0, 16)}`
    : JSON.stringify(text.slice(0, 40));
}

/** A device on a serial line. */
export const serial: DriverKind<SerialConfig, SerialAt> = {
  name: 'serial',
  config: SerialConfig,
  at: SerialAt,
  tagOptions: SerialTagOptions,
  endpoint: z.strictObject({ port: SerialConfig.shape.port }),
  address: (config) => config.port,
  place: (at) =>
    at === undefined
      ? 'in its text'
      : `byte ${at.offset} ${at.as}${at.bit === undefined ? '' : `.${at.bit}`}`,
  writable: () => true,
  natural: (at) => {
    if (at === undefined) return undefined;
    if (at.bit !== undefined) return 'bool';
    if (at.as.startsWith('string')) return 'string';
    return at.as.startsWith('f') ? 'real' : 'int';
  },
  confirms: (config) => ({
    period: (config.ask ?? config.alive ?? nothing).every,
    usual: 3,
    least: 3,
  }),
  create: (deps, config) => new SerialDriver(deps, config),
};
