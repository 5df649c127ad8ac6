// How deltas of the feed are merged: one rule for control's queue, station's lagging clients and the page.
// An entry of a section replaces the one before it; null says that it is gone.
import type { Delta, Snapshot } from './wire.ts';

/** Sections whose entries replace one another. */
export const mapSections = ['tags', 'outputs', 'flows', 'alarms', 'forces', 'devices'] as const;
const wholes = ['scan', 'chronicle', 'mirror'] as const;
export type MapSection = (typeof mapSections)[number];

/** Two deltas that follow one another, as one. */
export function mergeDeltas(older: Delta, newer: Delta): Delta {
  const merged: Delta = { ...older, ...newer, from: older.from };
  for (const name of mapSections) {
    const before = older[name];
    const after = newer[name];
    if (before !== undefined && after !== undefined) put(merged, name, { ...before, ...after });
  }
  return merged;
}

/** True when no frame is missing between `frame` and `delta`. */
export const follows = (frame: number, delta: Delta): boolean => delta.from <= frame + 1;

/** The snapshot after a delta. Neither is changed; sections that the delta does not name are shared. */
export function applyDelta(snapshot: Snapshot, delta: Delta): Snapshot {
  const { frame, now, time, seq } = delta;
  const next: Snapshot = { ...snapshot, frame, now, time, seq };
  for (const name of mapSections) {
    const changed = delta[name];
    if (changed !== undefined) put(next, name, withChanges(snapshot[name], changed));
  }
  for (const name of wholes) {
    const changed = delta[name];
    if (changed !== undefined) Object.assign(next, { [name]: changed });
  }
  return next;
}

function withChanges(
  before: Readonly<Record<string, unknown>>,
  changed: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const after: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(changed)) {
    if (value === null) delete after[key];
    else after[key] = value;
  }
  return after;
}

function put(target: Delta | Snapshot, name: MapSection, value: Record<string, unknown>): void {
  Object.assign(target, { [name]: value });
}
