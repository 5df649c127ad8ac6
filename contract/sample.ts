// A value with its quality and its times: the only form in which anything from a device is passed on.
import type { TagName } from './name.ts';
import type { StatusCode } from './quality.ts';
import type { Instant, UtcMs } from './time.ts';

/** 64-bit integers are bigint inside and decimal strings in JSON; NaN and infinities never occur. An enum is its name. */
export type Value = boolean | number | bigint | string | null;

/** What a tag is, as flow or manifest declares it; an enum is one of its names. */
export type TagType = 'bool' | 'int' | 'real' | 'enum' | 'string';

/** One value of one tag. A bad sample's value is null or the last one, for people to see. */
export interface Sample {
  readonly tag: TagName;
  readonly value: Value;
  /** OPC UA StatusCode; test its severity bits. */
  readonly status: StatusCode;
  /** The device's source time where the protocol has one, else the middle of request and answer. */
  readonly time: UtcMs;
  /** Monotonic, when the answer arrived. */
  readonly received: Instant;
}

/** A value as JSON carries it. */
export type JsonValue = boolean | number | string | null;

export const toJsonValue = (value: Value): JsonValue =>
  typeof value === 'bigint' ? value.toString() : value;
