// A Modbus device, or several units on one line: one connection, one request at a time. Writes go
// between polls, fast blocks between slow ones. Functions are link.ts, addresses points.ts, blocks
// plan.ts, deadlines schedule.ts, pending writes #drivers/outputs.ts; this ties them.
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import type { Issue } from '#contract/error.ts';
import type {
  Driver,
  DriverDeps,
  DriverKind,
  DriverSink,
  DriverTag,
  WriteRequest,
  WriteResult,
} from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Sample, Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import type { Duration, Instant } from '#contract/time.ts';
import { Given } from '#drivers/given.ts';
import { Outputs } from '#drivers/outputs.ts';
import { Supervisor } from '#drivers/supervise.ts';
import type { Outcome } from '#drivers/supervise.ts';
import { decode } from './codec.ts';
import {
  ModbusAt,
  ModbusConfig,
  ModbusEndpoint,
  addressOf,
  gapOf,
  placeOf,
  pollClasses,
  quarantineOf,
} from './config.ts';
import { Heartbeat } from './heartbeat.ts';
import { ModbusLink, worth } from './link.ts';
import { MbapPort } from './mbap.ts';
import { Learned, bytesOf, isBits, plan } from './plan.ts';
import type { Block, Point } from './plan.ts';
import type { AnswerPort } from './port.ts';
import { RtuPort } from './rtu.ts';
import { exchangeTime } from './rtu-frame.ts';
import { classOf, compile, exceptionText, fits } from './points.ts';
import { Schedule } from './schedule.ts';
import { ModbusWire, exceptionStatus } from './wire.ts';
import type { WireHost } from './wire.ts';

/** A tag that is refused alone is asked again this often. */
const retryAlone = milliseconds(1000);
/** What waits for a unit that is left out is looked at again after so long. */
const lookAgain = 50;
/** What a device refused is believed for a day. */
const relearn = 24 * 3_600_000;

type Raw = readonly (boolean | number)[];
type Answered = Extract<Outcome<unknown>, { kind: 'answer' }>;

class ModbusDriver implements Driver {
  readonly #deps: DriverDeps;
  readonly #config: ModbusConfig;
  readonly #supervisor: Supervisor<ModbusLink>;
  readonly #outputs: Outputs<Point>;
  readonly #schedule: Schedule;
  readonly #learned = new Learned();
  #learnedAt: Instant | undefined;
  #points: ReadonlyMap<TagName, Point> = new Map();
  #blockOf: ReadonlyMap<TagName, Block> = new Map();
  /** What the sink was told last in this epoch; a tag that is not here is given whatever it is. */
  readonly #given = new Given();
  /** The last answer of a block: one that is the same needs no decoding. */
  readonly #raw = new Map<Block, Raw>();
  /** Blocks that were refused alone: when they are asked again. */
  readonly #retryAt = new Map<Block, number>();
  /** On the wire now: when the plan changes meanwhile, its answer is dropped and it is read again. */
  #reading: Block | undefined;
  #link: ModbusLink | undefined;
  /** A unit of several that has just missed its deadline: the others go first. */
  #yielding: number | undefined;
  readonly #heartbeat: Heartbeat;

  constructor(deps: DriverDeps, config: ModbusConfig) {
    this.#deps = deps;
    this.#config = config;
    this.#schedule = new Schedule(pollClasses(config));
    this.#supervisor = new Supervisor(deps, {
      connectTimeout: config.connect,
      aftermath: quarantineOf(config),
      open: (lost) => new ModbusLink(this.#port(lost)),
      serve: (link) => this.#serve(link),
    });
    const wire = new ModbusWire({
      multiple: config.multiple,
      ask: this.#ask,
      held: (point, value, outcome) => this.#held(point, value, outcome),
    });
    this.#outputs = new Outputs(deps.clock, wire);
    this.#heartbeat = new Heartbeat(config, deps.heartbeat);
  }

  start(sink: DriverSink): void {
    this.#supervisor.start(sink);
  }

  async setTags(tags: readonly DriverTag[]): Promise<readonly Issue[]> {
    const { points, issues } = compile(tags, this.#config);
    const before = new Map([...this.#points.values()].map((point) => [point.key, point]));
    const kept = points.map((point) => before.get(point.key) ?? point);
    this.#points = new Map(kept.map((point) => [point.tag, point]));
    for (const point of before.values()) {
      if (this.#points.get(point.tag) !== point) this.#given.forget(point.tag);
    }
    const written = new Set(tags.flatMap((tag) => (tag.direction === 'output' ? [tag.name] : [])));
    this.#outputs.setPoints(new Map([...this.#points].filter(([tag]) => written.has(tag))));
    this.#supervisor.breakers.setUnits(kept.map((point) => point.unit));
    this.#replan(this.#reading);
    const now = this.#deps.clock.now();
    for (const point of kept) {
      if (!before.has(point.key)) this.#schedule.hasten(point.poll, now);
    }
    this.#supervisor.wake();
    return issues;
  }

  write(requests: readonly WriteRequest[]): Promise<readonly WriteResult[]> {
    const results = requests.map((request) => {
      const point = this.#points.get(request.tag);
      if (point !== undefined && !fits(point, request.value)) {
        return this.#outputs.reject(request, status.BadTypeMismatch);
      }
      return this.#outputs.ask(request, this.#supervisor.connected);
    });
    this.#supervisor.wake();
    return Promise.all(results);
  }

  async stop(deadline: Duration): Promise<void> {
    await this.#supervisor.stop(deadline);
    this.#outputs.disconnected();
  }

  #port(lost: (error: CellError) => void): AnswerPort {
    const { tcp = '', rtu } = this.#config;
    if (rtu === undefined) return new MbapPort(tcp, lost);
    return new RtuPort(rtu, quarantineOf(this.#config), this.#deps.clock, lost);
  }

  async #serve(link: ModbusLink): Promise<void> {
    const { clock } = this.#deps;
    this.#link = link;
    this.#given.clear();
    this.#raw.clear();
    this.#retryAt.clear();
    this.#schedule.restart(clock.now());
    this.#outputs.connected();
    this.#heartbeat.restart(clock.now());
    while (this.#supervisor.isCurrent(link)) {
      // oxlint-disable-next-line no-await-in-loop -- what is most urgent is chosen when the line is free
      await link.turn();
      await this.#next(clock.now());
    }
    this.#outputs.disconnected();
  }

  /** The most urgent exchange that is due, or a rest until one is. */
  async #next(now: Instant): Promise<void> {
    const free = (unit: number): boolean =>
      unit !== this.#yielding && this.#supervisor.breakers.permits(unit, now);
    const writable = ({ unit }: Point): boolean => free(unit);
    const writeAt = this.#outputs.due(writable) ?? Infinity;
    const heartbeat = this.#heartbeat;
    if (heartbeat.isDue(now, writeAt <= now) && free(heartbeat.unit)) return this.#beat(now);
    if (writeAt <= now) return this.#outputs.step(writable);
    const { block, dropped } = this.#schedule.take(now, (one) => this.#permits(one, now));
    this.#supervisor.late(dropped);
    const hasYielded = this.#yielding !== undefined;
    this.#yielding = undefined;
    if (block !== undefined) return this.#read(block);
    if (!hasYielded) return this.#rest(now, writeAt);
  }

  #permits(block: Block, now: Instant): boolean {
    const retryAt = this.#retryAt.get(block) ?? 0;
    return retryAt <= now && this.#supervisor.breakers.permits(block.unit, now);
  }

  /** Until the next poll, write or beat is due. */
  #rest(now: Instant, writeAt: number): Promise<void> {
    const pollAt = this.#schedule.due() ?? Infinity;
    const others = Math.min(this.#heartbeat.at, this.#outputs.due() ?? Infinity);
    // What is due and was not done is for a unit that is left out for now.
    const next = others <= now ? now + lookAgain : others;
    return this.#supervisor.rest(Math.min(pollAt, writeAt, next));
  }

  async #beat(now: Instant): Promise<void> {
    const error = await this.#heartbeat.beat(now, this.#ask);
    if (error !== undefined) this.#supervisor.blemish(error);
  }

  readonly #ask: WireHost['ask'] = async (unit, bytes, work) => {
    const { timeout, rtu } = this.#config;
    await this.#link?.turn();
    const onLine = rtu === undefined ? 0 : exchangeTime(rtu.baud, bytes);
    const deadline = milliseconds(timeout + onLine);
    const outcome = await this.#supervisor.request(unit, deadline, work, worth);
    if (outcome.kind === 'timeout' && this.#supervisor.breakers.size > 1) {
      this.#yielding = unit;
      this.#schedule.skip(unit);
    }
    if (outcome.kind === 'answer' && outcome.value.kind === 'malformed') {
      this.#supervisor.blemish(new CellError('E_DEVICE_PROTOCOL', outcome.value.text));
    }
    return outcome;
  };

  async #read(block: Block): Promise<void> {
    const { unit, table, start, count } = block;
    this.#reading = block;
    const outcome = await this.#ask<Raw>(unit, bytesOf(table, count), (link) =>
      isBits(table)
        ? link.readBits(unit, table, start, count)
        : link.readWords(unit, table, start, count),
    );
    this.#reading = undefined;
    if (outcome.kind !== 'answer' || !this.#isPlanned(block)) return;
    const answer = outcome.value;
    switch (answer.kind) {
      case 'data':
        return this.#give(block, answer.data, outcome);
      case 'malformed':
        return this.#giveBad(block, status.BadCommunicationError, outcome);
      case 'garbled':
        // The supervisor has made a missed deadline of it.
        return;
      case 'exception':
        return this.#refused(block, answer.exception, outcome);
    }
  }

  #isPlanned(block: Block): boolean {
    const [first] = block.group;
    return first !== undefined && this.#blockOf.get(first) === block;
  }

  /** A good answer: what changed goes out in one call, the whole block is confirmed. */
  #give(block: Block, data: Raw, answered: Answered): void {
    if (this.#retryAt.delete(block)) {
      this.#learned.readmit(block);
      this.#replan();
    }
    const last = this.#raw.get(block);
    if (last === undefined || !sameList(last, data)) {
      if (this.#isPlanned(block)) this.#raw.set(block, data);
      const words = isBits(block.table) ? [] : data.map(Number);
      const batch: Sample[] = [];
      for (const point of block.points) {
        const from = point.start - block.start;
        const value = point.format === undefined ? data[from] : decode(words, from, point.format);
        const sample = this.#news(point.tag, value, answered);
        if (sample !== undefined) batch.push(sample);
      }
      if (batch.length > 0) this.#supervisor.samples(batch);
      if (batch.length === block.points.length) return;
    }
    this.#supervisor.seen(block.group, answered.received);
  }

  /** The device itself says that it cannot give these. */
  #giveBad(block: Block, code: StatusCode, answered: Answered): void {
    this.#raw.delete(block);
    const batch: Sample[] = [];
    for (const { tag } of block.points) {
      const sample = this.#given.bad(tag, code, answered);
      if (sample !== undefined) batch.push(sample);
    }
    if (batch.length > 0) this.#supervisor.samples(batch);
    else this.#supervisor.seen(block.group, answered.received);
  }

  #refused(block: Block, exception: number, outcome: Answered): void {
    const refusal = exception === 2 || exception === 3 || exception === 4;
    if (refusal && this.#learned.bisect(block)) {
      this.#learnedAt ??= this.#deps.clock.now();
      this.#replan(block);
      return;
    }
    const where = `${block.table} ${block.start + this.#config.base}`;
    const error = new CellError('E_DEVICE_EXCEPTION', exceptionText(exception, where));
    this.#giveBad(block, exceptionStatus(exception), outcome);
    if (!refusal) return this.#supervisor.blemish(error);
    if (!this.#retryAt.has(block)) {
      const names = block.group.join(', ');
      this.#deps.log('warn', `${names}: ${error.message}`, error);
      this.#learned.isolate(block);
      this.#learnedAt ??= this.#deps.clock.now();
      this.#replan();
    }
    for (const tag of block.group) {
      const alone = this.#blockOf.get(tag);
      if (alone !== undefined) this.#retryAt.set(alone, this.#deps.clock.now() + retryAlone);
    }
  }

  /** A read-back is as good as a poll. */
  #held(point: Point, value: Value | undefined, outcome: Outcome<unknown>): void {
    if (outcome.kind !== 'answer' || this.#points.get(point.tag) !== point) return;
    // The next poll is decoded afresh: it may find what was there before the write.
    const block = this.#blockOf.get(point.tag);
    if (block !== undefined) this.#raw.delete(block);
    const sample = this.#news(point.tag, value, outcome);
    if (sample !== undefined) this.#supervisor.samples([sample]);
  }

  /** The sample of what was read there, if the sink does not know it yet. */
  #news(tag: TagName, value: Value | undefined, learned: Answered): Sample | undefined {
    return value === undefined
      ? this.#given.bad(tag, status.BadOutOfRange, learned)
      : this.#given.good(tag, value, learned);
  }

  #replan(again?: Block): void {
    const now = this.#deps.clock.now();
    if (this.#learnedAt !== undefined && now - this.#learnedAt >= relearn) {
      this.#learned.clear();
      this.#learnedAt = undefined;
    }
    const limits = { ...this.#config.limits, gap: gapOf(this.#config) };
    const blocks = plan([...this.#points.values()], limits, this.#learned);
    const lone = new Map([...this.#retryAt].map(([block, at]) => [block.points[0], at]));
    this.#raw.clear();
    this.#retryAt.clear();
    for (const block of blocks) {
      const first = block.points[0];
      const retryAt = lone.get(first);
      if (first !== undefined && retryAt !== undefined && this.#learned.isAlone(first)) {
        this.#retryAt.set(block, retryAt);
      }
    }
    this.#blockOf = new Map(
      blocks.flatMap((block) => block.group.map((tag) => [tag, block] as const)),
    );
    this.#schedule.setBlocks(blocks, again);
  }
}

function sameList(a: Raw, b: Raw): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Modbus over TCP and over serial lines. */
export const modbus: DriverKind<ModbusConfig, ModbusAt> = {
  name: 'modbus',
  config: ModbusConfig,
  at: ModbusAt,
  tagOptions: z.strictObject({}),
  endpoint: ModbusEndpoint,
  address: addressOf,
  place: (at) => {
    const { table, address } = placeOf(at);
    const bit = at.bit === undefined ? '' : `.${at.bit}`;
    return `${at.unit === undefined ? '' : `unit ${at.unit} `}${table} ${address}${bit}`;
  },
  writable: (at) => at.coil !== undefined || at.holding !== undefined,
  natural: (at) => {
    if (at.coil !== undefined || at.discrete !== undefined || at.bit !== undefined) return 'bool';
    const as = at.as ?? 'u16';
    if (as.startsWith('string')) return 'string';
    return as.startsWith('f') ? 'real' : 'int';
  },
  confirms: (config, { poll, direction }) => ({
    period: milliseconds(classOf(config, poll, direction ?? 'input')?.period ?? 0),
    usual: 3,
    least: 3,
  }),
  create: (deps, config) => new ModbusDriver(deps, config),
};
