// What control asks of a driver and what a driver tells control. One driver speaks to one device, or to one bus of units.
import type * as z from 'zod';
import type { CellError, Code, Issue } from './error.ts';
import type { CellId, DeviceId, TagName } from './name.ts';
import type { Sample, TagType, Value } from './sample.ts';
import type { StatusCode } from './quality.ts';
import type { Clock, Duration, Instant, Random, UtcMs } from './time.ts';

/** A tag as its driver needs it: where it is, not what it means. Values are those on the wire, before scaling. */
export interface DriverTag {
  readonly name: TagName;
  /** The `at` of the manifest, already checked by the driver kind's own schema. */
  readonly at: unknown;
  readonly direction: 'input' | 'output';
  /** What the cell takes it for: a text on the wire is read as this, and a node written as its own type. */
  readonly type: TagType;
  /** The poll class; absent: the device's first. */
  readonly poll?: string;
  /** The other fields of the manifest's tag that belong to this driver, such as a serial `match`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How a write is proved: read back from the device, by the device's echo, or not at all. */
export type Verify = 'readback' | 'echo' | 'none';

/** One write. Outputs are levels: a driver keeps one pending value per tag, the newest wins. */
export interface WriteRequest {
  readonly id: string;
  readonly tag: TagName;
  readonly value: Value;
  readonly deadline: Duration;
  readonly verify: Verify;
  /** The largest difference that still counts as confirmed, in wire units. */
  readonly tolerance?: number;
  /** A safe value overtakes any other and is sent again until confirmed or the device is gone. */
  readonly safe: boolean;
}

export type WriteOutcome = 'confirmed' | 'mismatch' | 'rejected' | 'unknown' | 'superseded';

/** What became of one write; `unknown` after a timeout is never repeated unless the tag is a level. */
export interface WriteResult {
  readonly id: string;
  readonly outcome: WriteOutcome;
  readonly status?: StatusCode;
  readonly readBack?: Value;
  /** From the request to the proof, in milliseconds. */
  readonly took: Duration;
}

/** `connecting` until its first answer or failure; once lost, `backoff` until it answers again. */
export type DeviceState = 'connecting' | 'online' | 'degraded' | 'backoff' | 'stopped';

/** A device as people and the chronicle see it. It changes at once; a tag's quality changes by age. */
export interface DeviceHealth {
  readonly state: DeviceState;
  readonly since: UtcMs;
  /** Counts connections. */
  readonly epoch: number;
  readonly failures: number;
  readonly nextTry?: UtcMs;
  readonly lastGood?: UtcMs;
  readonly error?: { readonly code: Code; readonly text: string };
  /** Request to answer, over the last 256, in milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly requests: number;
  /** Polls that were due and dropped because the one before had not ended. */
  readonly late: number;
  /** Requests that got no answer in time. */
  readonly stale: number;
}

/** Tags that one answer confirms together: a block, a subscription. The same array as long as it lives. */
export type TagGroup = readonly TagName[];

/** Where a driver puts what it learns. Nothing here may throw back into the driver. */
export interface DriverSink {
  /** One call for each answer to a poll and each publish: what changed, or everything at first. */
  samples(batch: readonly Sample[]): void;
  /** Confirmed: a keep-alive, a poll. After `samples` of the same answer, for those left out there. */
  seen(group: TagGroup, received: Instant): void;
  /** At once when the state changes, and at most once a second when only figures do. */
  health(health: DeviceHealth): void;
}

/** A heartbeat that control lets a driver send: one beat each `every`, only if `alive()` says so. */
export interface HeartbeatSource {
  /** True once for each scan that has ended since it was last asked. */
  alive(): boolean;
}

/** It supervises itself: a device that is down is a state, never a rejected promise. After `stop` resolves nothing is called. */
export interface Driver {
  start(sink: DriverSink): void;
  /** Replaces the set of tags without reconnecting; what cannot be served comes back as issues. */
  setTags(tags: readonly DriverTag[]): Promise<readonly Issue[]>;
  /** One result for each request, in order. */
  write?(requests: readonly WriteRequest[]): Promise<readonly WriteResult[]>;
  browse?(at: string | undefined, page: Page): Promise<BrowsePage>;
  stop(deadline: Duration): Promise<void>;
}

export interface Page {
  readonly from: number;
  readonly count: number;
}
export interface BrowsePage {
  readonly items: readonly {
    readonly at: string;
    readonly title: string;
    readonly leaf: boolean;
  }[];
  readonly more: boolean;
}

/** A line of a driver's own log; it goes to the process's log, never to the chronicle. */
export type Log = (level: 'info' | 'warn', text: string, error?: CellError) => void;

export interface DriverDeps {
  readonly cell: CellId;
  readonly device: DeviceId;
  /** The cell's data directory, in which a driver may keep what the architecture names for it (`pki/`). */
  readonly data: string;
  /** What a secret's name stands for; never logged, never kept. Throws `E_SECRET_MISSING`. */
  secret(name: string): string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly heartbeat: HeartbeatSource;
}

/** How a device keeps its tags confirmed. */
export interface Confirmation {
  readonly period: Duration;
  /** `stale` is so many of these where nobody says it. */
  readonly usual: number;
  /** `stale` may not be shorter than so many of these. */
  readonly least: number;
}

/** What a driver folder exports: its name, its part of the manifest, and how one is made. */
export interface DriverKind<Config = unknown, At = unknown> {
  readonly name: string;
  /** The device's fields in the manifest, without `driver` and `onReturn`. */
  readonly config: z.ZodType<Config>;
  /** A tag's `at`, with the driver's further fields of a tag. */
  readonly at: z.ZodType<At>;
  readonly tagOptions: z.ZodType<Readonly<Record<string, unknown>>>;
  /** What `--endpoints` may say, such as `tcp` or `port`: laid over the device's own, field by field. */
  readonly endpoint: z.ZodType<object>;
  /** Where the device is, for people: `127.0.0.1:502`. */
  address(config: Config): string;
  /** Where a tag is on the device, for people: `input 20`. */
  place(at: At): string;
  /** Can this address be written? */
  writable(at: At): boolean;
  /** The value type that this address gives by itself; undefined when the flow must say. */
  natural(at: At): 'bool' | 'int' | 'real' | 'string' | undefined;
  /** How often a tag is confirmed, at the slowest. */
  confirms(
    config: Config,
    tag: { at: At; poll?: string; direction?: 'input' | 'output' },
  ): Confirmation;
  create(deps: DriverDeps, config: Config): Driver;
}
