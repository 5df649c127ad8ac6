// A cell, linked: the manifest and its flows made into one table of tags, with every name an index.
// `link.ts` makes it; the scan, the controller, the virtual world and replay work on it.
import type { Manifest } from '#contract/cell.ts';
import type { DeviceId, FlowName, TagName } from '#contract/name.ts';
import type { TagType } from '#contract/sample.ts';
import type { Duration } from '#contract/time.ts';
import type { Text } from '#contract/described.ts';
import type { Flow } from './program.ts';

/** One tag of the cell. Indices are the order: device tags as in the manifest, then system tags. */
export interface TagPlan {
  readonly name: TagName;
  readonly kind: 'input' | 'output' | 'system';
  readonly type: TagType;
  /** Names of an enum, in order. */
  readonly values: readonly string[];
  readonly title?: Text;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly device?: DeviceId;
  /** Inputs: bad when its age passes it. System tags and outputs have none. */
  readonly stale?: Duration;
  readonly deadband: number;
  /** A pulse between two scans is seen by the next. */
  readonly latch: boolean;
  /** Flows (indices) that read or note it; a change of it makes a scan off the grid. System tags never do. */
  readonly readBy: readonly number[];
  /** Outputs: the flow that drives it, the output's index there, and its safe value as on the image. */
  readonly driver?: { readonly flow: number; readonly output: number };
  /** `record: false`: kept out of the chronicle (no flow reads it). */
  readonly recorded: boolean;
  /** Its history is kept for trends. */
  readonly logged: boolean;
}

/** A flow in its cell. */
export interface FlowPlan {
  /** The manifest's key. */
  readonly name: FlowName;
  readonly flow: Flow;
  readonly restart: 'hot' | 'ask' | 'warm' | 'cold';
  /** By input: tag index; -1 for `sys.restarted`, which each flow has of its own. */
  readonly inputs: readonly number[];
  /** By output: tag index. */
  readonly outputs: readonly number[];
  /** By foreign signal: flow index and signal index. */
  readonly foreign: readonly { readonly flow: number; readonly signal: number }[];
  /** By transition, by note, by field: tag index. */
  readonly notes: readonly (readonly (readonly number[])[])[];
}

export interface CellPlan {
  readonly manifest: Manifest;
  readonly tags: readonly TagPlan[];
  readonly tagIndex: ReadonlyMap<string, number>;
  readonly flows: readonly FlowPlan[];
  readonly flowIndex: ReadonlyMap<string, number>;
}
