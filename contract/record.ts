// The body of a `scan` entry: what one recorded scan took and made. The byte layout is documented in
// docs/reference/record.md and held by golden bytes.
import type { Value } from './sample.ts';
import type { StatusCode } from './quality.ts';
import type { UtcMs } from './time.ts';

/** A tag as judged in a scan, the device's own value beneath any force. */
export interface TagChange {
  /** Index in the segment's tag table. */
  readonly tag: number;
  readonly value: Value;
  readonly status: StatusCode;
  readonly time: UtcMs;
}

/** An output's decided value, after forces and interlocks. */
export interface OutputChange {
  readonly tag: number;
  readonly value: Value;
}

/** An interlock's hold on one output: it trips (`holds`), and may stay latched. */
export interface TripChange {
  readonly flow: number;
  readonly interlock: number;
  readonly tag: number;
  readonly holds: boolean;
  readonly latched: boolean;
}

/** 64 bits as two unsigned halves. */
export interface Rolling {
  readonly high: number;
  readonly low: number;
}

/** Flows, commands and transitions are indices: flows in the order of the manifest, the others in the flow's. */
export interface ScanRecord {
  readonly now: number;
  readonly missed: number;
  readonly tags: readonly TagChange[];
  readonly held: readonly {
    readonly flow: number;
    readonly command: number;
    readonly down: boolean;
  }[];
  readonly stepped: readonly { readonly flow: number; readonly stepped: boolean }[];
  readonly fired: readonly { readonly flow: number; readonly transition: number }[];
  readonly outputs: readonly OutputChange[];
  readonly trips: readonly TripChange[];
  readonly rolling: Rolling;
}
