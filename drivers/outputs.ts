// Outputs are levels: one pending value for each, the newest wins, and what was asked last is written
// again after every reconnect. This keeps what is wanted and proves it; the driver does the asking,
// between its polls, and brings the protocol as an `OutputWire`.
import { assert } from '#contract/error.ts';
import type { WriteOutcome, WriteRequest, WriteResult } from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { instant, milliseconds } from '#contract/time.ts';
import type { Cancel, Clock, Instant } from '#contract/time.ts';

/** What became of one exchange for an output. */
export type Exchange =
  /** The device answered; `echo` is the value that it said it took, or that it holds. */
  | { readonly kind: 'done'; readonly value: Value }
  /** It refused; `again`: it may not refuse later. */
  | { readonly kind: 'refused'; readonly status: StatusCode; readonly again: boolean }
  /** Nobody knows: no answer, or no right one. */
  | { readonly kind: 'silent' };

/** How a driver writes and reads back one output, as its protocol does. Neither may reject. */
export interface OutputWire<Point> {
  write(point: Point, value: Value): Promise<Exchange>;
  /** Reads the device afresh, never from a cache. */
  read(point: Point): Promise<Exchange>;
  /** Would the device hold `value` as `held`? */
  same(point: Point, value: Value, held: Value): boolean;
}

/** How long after a write a device may still show the old value. */
const settle = milliseconds(50);
/** After an exchange that settled nothing: meanwhile others have their turn. */
const askAgain = milliseconds(5);
const writeAgain = milliseconds(50);

const all = (): boolean => true;

type Ask = Pick<WriteRequest, 'value' | 'verify' | 'tolerance' | 'safe'>;

interface Waiter {
  readonly request: WriteRequest;
  readonly since: Instant;
  readonly resolve: (result: WriteResult) => void;
  cancel: Cancel;
}

/** A value on its way to the device. */
interface Want {
  readonly ask: Ask;
  readonly order: number;
  waiter: Waiter | undefined;
  /** When it was written; undefined while it is still to be written. */
  written: Instant | undefined;
  notBefore: number;
  /** What is known if it ends now. */
  outcome: WriteOutcome;
  status: StatusCode;
  readBack: Value | undefined;
}

interface Output<Point> {
  point: Point;
  /** What was asked last; it outlives its connection. */
  asked: Ask | undefined;
  want: Want | undefined;
}

/** The outputs of one device. */
export class Outputs<Point> {
  readonly #clock: Clock;
  readonly #wire: OutputWire<Point>;
  readonly #outputs = new Map<TagName, Output<Point>>();
  /** Those that want something; few, whatever the size of the device. */
  readonly #wanting = new Set<Output<Point>>();
  #order = 0;

  constructor(clock: Clock, wire: OutputWire<Point>) {
    this.#clock = clock;
    this.#wire = wire;
  }

  /** Replaces the set of outputs. One whose point is the same object keeps what was asked of it. */
  setPoints(points: ReadonlyMap<TagName, Point>): void {
    for (const [tag, output] of this.#outputs) {
      if (points.get(tag) === output.point) continue;
      this.#end(output, 'unknown', status.BadConfigurationError);
      this.#outputs.delete(tag);
    }
    for (const [tag, point] of points) {
      if (!this.#outputs.has(tag)) {
        this.#outputs.set(tag, { point, asked: undefined, want: undefined });
      }
    }
  }

  /** Takes one request; while there is no connection it is kept and ends `unknown` at once. */
  ask(request: WriteRequest, connected: boolean): Promise<WriteResult> {
    const since = this.#clock.now();
    const output = this.#outputs.get(request.tag);
    if (output === undefined) {
      return this.reject(request, status.BadConfigurationError);
    }
    const { value, verify, tolerance, safe } = request;
    output.asked = { value, verify, safe, ...(tolerance === undefined ? {} : { tolerance }) };
    this.#end(output, 'superseded');
    if (!connected) {
      return Promise.resolve(this.#result(request, since, 'unknown', status.BadNotConnected));
    }
    return new Promise((resolve) => {
      const want = this.#want(output, output.asked ?? request);
      const cancel = this.#clock.after(request.deadline, () => this.#overdue(output, want));
      want.waiter = { request, since, resolve, cancel };
    });
  }

  /** A request that cannot be carried out at all; what was asked before stands. */
  reject(request: WriteRequest, code: StatusCode): Promise<WriteResult> {
    return Promise.resolve(this.#result(request, this.#clock.now(), 'rejected', code));
  }

  /** A new connection: everything that was ever asked is wanted again. */
  connected(): void {
    for (const output of this.#outputs.values()) {
      if (output.asked !== undefined && output.want === undefined) this.#want(output, output.asked);
    }
  }

  /** The connection is gone: what waited ends `unknown`, what was asked is kept. */
  disconnected(): void {
    for (const output of this.#outputs.values()) {
      this.#end(output, 'unknown', status.BadNotConnected);
    }
  }

  /** When there is something to do at `points`: now or earlier, later, or undefined for nothing. */
  due(points: (point: Point) => boolean = all): Instant | undefined {
    let first: number | undefined;
    for (const { want, point } of this.#wanting) {
      if (want !== undefined && points(point)) {
        first = Math.min(first ?? Infinity, want.notBefore);
      }
    }
    return first === undefined ? undefined : instant(first);
  }

  /** Does the most urgent exchange that is due: safe values, then other values, then proofs. */
  async step(points: (point: Point) => boolean = all): Promise<void> {
    const now = this.#clock.now();
    let chosen: Output<Point> | undefined;
    let best: Want | undefined;
    for (const output of this.#wanting) {
      const { want } = output;
      if (want === undefined || want.notBefore > now) continue;
      if (best !== undefined && rank(best) <= rank(want)) continue;
      if (!points(output.point)) continue;
      chosen = output;
      best = want;
    }
    if (chosen === undefined || best === undefined) return;
    if (best.written === undefined) await this.#write(chosen, best);
    else await this.#prove(chosen, best);
  }

  async #write(output: Output<Point>, want: Want): Promise<void> {
    assert(want.written === undefined, 'a value is proved after it is written');
    const { ask } = want;
    const exchange = await this.#wire.write(output.point, ask.value);
    // While it was on the wire a newer value may have come, or the connection may have gone.
    if (output.want !== want) return;
    const now = this.#clock.now();
    switch (exchange.kind) {
      case 'silent':
        want.outcome = 'unknown';
        want.status = status.BadTimeout;
        want.notBefore = now + askAgain;
        return;
      case 'refused':
        want.status = exchange.status;
        if (exchange.again || ask.safe) {
          want.outcome = exchange.again ? 'unknown' : 'rejected';
          want.notBefore = now + writeAgain;
          if (!exchange.again) this.#answer(want, 'rejected');
        } else {
          this.#end(output, 'rejected', exchange.status);
        }
        return;
      case 'done':
        want.readBack = exchange.value;
        if (ask.verify === 'none') {
          this.#end(output, 'confirmed', status.Good);
        } else if (!this.#same(output.point, ask, exchange.value)) {
          this.#differs(output, want);
        } else if (ask.verify === 'echo') {
          this.#end(output, 'confirmed', status.Good);
        } else {
          want.written = now;
          want.outcome = 'unknown';
        }
        return;
    }
  }

  async #prove(output: Output<Point>, want: Want): Promise<void> {
    assert(want.written !== undefined, 'a value is written before it is proved');
    const { point } = output;
    const exchange = await this.#wire.read(point);
    if (output.want !== want) return;
    const now = this.#clock.now();
    want.notBefore = now + askAgain;
    if (exchange.kind !== 'done') {
      want.outcome = 'unknown';
      want.status = exchange.kind === 'refused' ? exchange.status : status.BadTimeout;
      return;
    }
    want.readBack = exchange.value;
    if (this.#same(point, want.ask, exchange.value)) {
      this.#end(output, 'confirmed', status.Good);
    } else if (now - want.written >= settle) {
      this.#differs(output, want);
    } else {
      want.outcome = 'mismatch';
      want.status = status.Bad;
    }
  }

  /** The device took another value. A safe value is written again, any other ends here. */
  #differs(output: Output<Point>, want: Want): void {
    if (!want.ask.safe) return this.#end(output, 'mismatch', status.Bad);
    want.outcome = 'mismatch';
    want.status = status.Bad;
    want.written = undefined;
    want.notBefore = this.#clock.now() + writeAgain;
  }

  /** Its deadline has passed. A safe value goes on without its waiter, any other is given up. */
  #overdue(output: Output<Point>, want: Want): void {
    if (output.want !== want) return;
    if (want.ask.safe) this.#answer(want, want.outcome);
    else this.#end(output, want.outcome, want.status);
  }

  #same(point: Point, ask: Ask, held: Value): boolean {
    if (this.#wire.same(point, ask.value, held)) return true;
    const { value, tolerance } = ask;
    if (tolerance === undefined) return false;
    if (typeof value === 'number' && typeof held === 'number') {
      return Math.abs(value - held) <= tolerance;
    }
    if (typeof value === 'bigint' && typeof held === 'bigint') {
      return Math.abs(Number(value - held)) <= tolerance;
    }
    return false;
  }

  #want(output: Output<Point>, ask: Ask): Want {
    assert(output.want === undefined, 'an output has one pending value');
    this.#order += 1;
    const want: Want = {
      ask,
      order: this.#order,
      waiter: undefined,
      written: undefined,
      notBefore: 0,
      outcome: 'unknown',
      status: status.BadTimeout,
      readBack: undefined,
    };
    output.want = want;
    this.#wanting.add(output);
    return want;
  }

  #end(output: Output<Point>, outcome: WriteOutcome, code?: StatusCode): void {
    const { want } = output;
    if (want === undefined) return;
    output.want = undefined;
    this.#wanting.delete(output);
    if (code !== undefined) want.status = code;
    this.#answer(want, outcome, code !== undefined);
  }

  #answer(want: Want, outcome: WriteOutcome, withStatus = true): void {
    const { waiter } = want;
    if (waiter === undefined) return;
    want.waiter = undefined;
    waiter.cancel();
    const { request, since, resolve } = waiter;
    resolve(
      this.#result(request, since, outcome, withStatus ? want.status : undefined, want.readBack),
    );
  }

  #result(
    request: WriteRequest,
    since: Instant,
    outcome: WriteOutcome,
    code?: StatusCode,
    readBack?: Value,
  ): WriteResult {
    return {
      id: request.id,
      outcome,
      took: milliseconds(this.#clock.now() - since),
      ...(code === undefined ? {} : { status: code }),
      ...(readBack === undefined ? {} : { readBack }),
    };
  }
}

/** Lower is sooner: safe before other values, values before proofs, then the older. */
function rank(want: Want): number {
  const stage = want.written !== undefined ? 2 : want.ask.safe ? 0 : 1;
  return (stage * Number.MAX_SAFE_INTEGER) / 4 + want.order;
}
