// What a driver brings to the contract suite: a device of the test's own, and tags on it.
import type { Driver, DriverDeps, DriverKind, DriverTag, WriteRequest } from '#contract/driver.ts';
import { tagName } from '#contract/name.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import { driverDeps, typeOf } from './deps.ts';
import { Recorder } from './recorder.ts';

/** What happens to a request instead of its answer. */
export type Fault = 'cut' | 'silence' | 'garbage' | 'half';

/** A device of the test's own with the faults that its line has: `RigServer` over TCP, others on their own lines. */
export interface RigDevice {
  /** Requests that came, over all connections. */
  readonly requests: number;
  /** Connections, or openings of the line, so far. */
  readonly connections: number;
  /** Connections that are open. */
  readonly open: number;
  /** Milliseconds that the device takes for an answer. */
  delay: number;
  /** Sends each answer byte by byte. */
  pieces: boolean;
  /** It is there; the second time at the same address. */
  listen(): Promise<void>;
  /** Decides the fate of the n-th request from here on, n = 1, 2, ... */
  begin(fault: (n: number) => Fault | undefined): void;
  /** Ends every connection at once. */
  cut(): void;
  /** It is away. */
  close(): Promise<void>;
}

export interface Rig {
  readonly kind: DriverKind;
  readonly server: RigDevice;
  /** The cell's data directory, where the driver needs one. */
  readonly data?: string;
  /** The device's part of a manifest, before its schema; short times, in milliseconds below. */
  config(): Readonly<Record<string, unknown>>;
  readonly timeout: number;
  /** At least three, all in one poll. */
  readonly inputs: readonly RigTag[];
  /** At least four, or none: a device that cannot be written. */
  readonly outputs: readonly RigTag[];
  /** A tag that this driver cannot serve. */
  readonly badTag: DriverTag;
  /** What the device holds. */
  get(name: string): Value;
  set(name: string, value: Value): void;
  /** When the device came to hold what it holds, where its protocol tells that; UTC milliseconds. */
  sourceTime?(name: string): number;
  /** A real that can be no number or infinite, where the protocol has them. */
  readonly real?: SpecialTag;
  /** A 64-bit integer, where the protocol has them. */
  readonly wide?: SpecialTag;
  /** Writes that the device took, in order, without heartbeats. */
  readonly written: { readonly name: string; readonly value: Value }[];
}

/** A tag whose device holds what only some protocols can say. */
export interface SpecialTag {
  readonly tag: DriverTag;
  hold(value: number | bigint): void;
}

export interface RigTag {
  readonly tag: DriverTag;
  readonly name: string;
  /** Two values that differ. */
  readonly values: readonly [Value, Value];
}

export const rigTag = (
  name: string,
  at: unknown,
  direction: 'input' | 'output',
  values: readonly [Value, Value],
  options: Readonly<Record<string, unknown>> = {},
): RigTag => ({
  name,
  values,
  tag: { name: tagName(name), at, direction, type: typeOf(values[0]), options },
});

/** A driver that runs against a rig, ended with its device at the end of the scope. */
export class Bench {
  readonly rig: Rig;
  readonly driver: Driver;
  readonly sink = new Recorder();
  readonly log: string[] = [];
  alive = true;

  constructor(
    rig: Rig,
    config: Readonly<Record<string, unknown>> = {},
    over: Partial<DriverDeps> = {},
  ) {
    this.rig = rig;
    const deps = driverDeps({
      log: (level, text) => this.log.push(`${level} ${text}`),
      heartbeat: { alive: () => this.alive },
      ...(rig.data === undefined ? {} : { data: rig.data }),
      ...over,
    });
    this.driver = rig.kind.create(deps, rig.kind.config.parse({ ...rig.config(), ...config }));
  }

  get tags(): DriverTag[] {
    return [...this.rig.inputs, ...this.rig.outputs].map((one) => one.tag);
  }

  /** Serves all tags of the rig and waits until each was given. */
  async online(): Promise<this> {
    const issues = await this.driver.setTags(this.tags);
    if (issues.length > 0) throw new Error(issues.map((issue) => issue.text).join('; '));
    this.driver.start(this.sink);
    await this.settled();
    return this;
  }

  /** Online, and every tag good with the value that the device holds. */
  async settled(limit?: number): Promise<void> {
    const right = ({ name }: RigTag): boolean => this.sink.good(name) === this.rig.get(name);
    await this.sink.until(
      'every tag is good and right',
      () =>
        (this.sink.state === 'online' || this.sink.state === 'degraded') &&
        [...this.rig.inputs, ...this.rig.outputs].every(right),
      limit,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.driver.stop(milliseconds(2000));
    await this.rig.server.close();
  }
}

export type MakeRig = () => Promise<Rig>;
export type MakeBench = () => Promise<Bench>;

let nextId = 0;

/** A write of one of the rig's outputs. */
export function request(
  one: RigTag,
  value: Value,
  options: Partial<Omit<WriteRequest, 'value'>> = {},
): WriteRequest {
  nextId += 1;
  const deadline = milliseconds(10_000);
  const { name: tag } = one.tag;
  return { id: `w${nextId}`, tag, value, deadline, verify: 'readback', safe: false, ...options };
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** One of a list that the rig promised. */
export function nth<T>(list: readonly T[], i: number): T {
  const one = list[i];
  if (one === undefined) throw new Error(`the rig has fewer than ${i + 1}`);
  return one;
}
