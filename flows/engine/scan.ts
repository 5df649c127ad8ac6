// What goes into one scan of a cell and what comes out of it: the shapes around `Cell.step`
// (cell.ts), which live control, the virtual world and replay all call.
import type { Actor } from '#contract/actor.ts';
import type { ScanRecord, TagChange } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Text } from '#contract/described.ts';

/** An act that a scan takes; checked at the door already, recorded before the scan's entry. */
export type ScanAct = {
  readonly id: string;
  readonly actor: Actor;
  /** Why, where whoever gave it said so; of a force always. */
  readonly reason?: string;
  /** What another person said yes to, where it needed that. */
  readonly approval?: string;
} & (
  | { readonly kind: 'command'; readonly flow: number; readonly command: number }
  | {
      readonly kind: 'force';
      readonly tag: number;
      readonly value: Value;
      /** Scan time at which it ends by itself, as an act of `system`. */
      readonly until: number;
      readonly reason: string;
    }
  | { readonly kind: 'unforce'; readonly tag: number }
  | {
      readonly kind: 'parameter';
      readonly flow: number;
      readonly param: number;
      readonly value: number;
    }
  | { readonly kind: 'acknowledge'; readonly alarm: string }
  | { readonly kind: 'resume'; readonly flow: number }
);

export interface ScanInput {
  /** Whole ms since boot; strictly greater than the last scan's. */
  readonly now: number;
  /** Grid deadlines passed over since the last scan on the grid. */
  readonly missed: number;
  readonly offGrid: boolean;
  /** What changed, as the image judged it at `now`. */
  readonly tags: readonly TagChange[];
  /** In the order taken; at most one command for each flow. */
  readonly acts: readonly ScanAct[];
  /** Held commands whose level changed. */
  readonly held: readonly {
    readonly flow: number;
    readonly command: number;
    readonly down: boolean;
  }[];
  /** Replay alone: flows of which the record says that they faulted in this scan. */
  readonly faults?: readonly number[];
}

/** An output as decided: after force and interlock. `safe`: it leaves at once, whatever the disk does. */
export interface OutputDecision {
  readonly tag: number;
  readonly value: Value;
  readonly safe: boolean;
}

export interface NoteMade {
  readonly flow: number;
  readonly transition: number;
  readonly kind: string;
  readonly values: Readonly<Record<string, { readonly v: Value; readonly s: StatusCode }>>;
}

export interface AlarmChange {
  /** `tending.coolant`, `tending.interlock.oneWay`, `tending.assume.x`, `force.door.opened`. */
  readonly id: string;
  readonly change: 'raised' | 'cleared' | 'acknowledged';
  readonly priority: 1 | 2 | 3 | 4;
  readonly text: Text;
  readonly response?: Text;
  readonly flow?: number;
  readonly by?: Actor;
}

export interface FlowFault {
  readonly flow: number;
  readonly code: 'E_FLOW_ENGINES_DIFFER' | 'E_FLOW_FAULT';
  readonly text: string;
}

export interface ScanResult {
  /** Present when this scan is to be recorded (architecture section 3, "What is recorded"). */
  readonly record: ScanRecord | undefined;
  /** A transition with a target fired or a signal changed: another scan follows, at most eight in a row. */
  readonly followUp: boolean;
  readonly outputs: readonly OutputDecision[];
  /** What became of each act: `fired E9`, `ignored in unit.Held`, `done`. */
  readonly outcomes: readonly { readonly id: string; readonly outcome: string }[];
  /** Acts of `system` that this scan made by itself: the end of a force. */
  readonly ended: readonly ScanAct[];
  readonly notes: readonly NoteMade[];
  readonly alarms: readonly AlarmChange[];
  readonly faults: readonly FlowFault[];
}
