// Alarms that the system raises by itself: devices, writes, chronicle, engine. Those of flows live in
// the scan (flows/engine); both have the same states (ISA-18.2) and stand in one list for people.
import { Actor } from '#contract/actor.ts';
import { utcMs } from '#contract/time.ts';
import type { UtcMs } from '#contract/time.ts';
import type { Text } from '#contract/described.ts';
import type { AlarmState } from '#contract/wire.ts';

/** What is raised: enough for a person to act on. */
export interface AlarmText {
  readonly priority: 1 | 2 | 3 | 4;
  readonly text: Text;
  readonly response: Text;
}

export interface SystemAlarmChange {
  readonly id: string;
  readonly change: 'raised' | 'cleared' | 'acknowledged';
  readonly alarm: AlarmState;
  readonly by?: Actor;
}

/** Of an alarm, what a next start needs to know. */
export interface AlarmMemory {
  readonly state: AlarmState['state'];
  readonly by?: Actor;
}

/** The system's own alarms; each change is told once, in the order in which it happened. */
export class SystemAlarms {
  readonly #changed: (change: SystemAlarmChange) => void;
  readonly #alarms = new Map<string, AlarmState>();
  /** Acknowledged in the run before, and not heard of since. */
  readonly #kept = new Map<string, Actor>();

  constructor(changed: (change: SystemAlarmChange) => void) {
    this.#changed = changed;
  }

  /** Alarms that stand or wait for a person. */
  get standing(): ReadonlyMap<string, AlarmState> {
    return this.#alarms;
  }

  /** What crosses a restart: alarms that stand or wait, and those that nobody has heard of since the last. */
  get states(): ReadonlyMap<string, AlarmMemory> {
    const states = new Map<string, AlarmMemory>();
    for (const [id, by] of this.#kept) states.set(id, { state: 'acknowledged', by });
    for (const [id, { state, by }] of this.#alarms)
      states.set(id, by === undefined ? { state } : { state, by: Actor.parse(by) });
    return states;
  }

  /** What was acknowledged in the run before is so again when it is raised, unless it is cleared first. */
  remember(acknowledged: ReadonlyMap<string, Actor>): void {
    for (const [id, by] of acknowledged) this.#kept.set(id, by);
  }

  /** Raises or clears by what holds now. */
  set(id: string, holds: boolean, at: UtcMs, alarm: AlarmText): void {
    if (holds) this.raise(id, at, alarm);
    else this.clear(id, at);
  }

  raise(id: string, at: UtcMs, alarm: AlarmText): void {
    const before = this.#alarms.get(id);
    if (before !== undefined && before.state !== 'returned') return;
    const raised: AlarmState = { state: 'unacknowledged', ...alarm, raised: utcMs(at) };
    this.#alarms.set(id, raised);
    this.#changed({ id, change: 'raised', alarm: raised });
    const by = this.#kept.get(id);
    if (by !== undefined) this.acknowledge(id, at, by);
    this.#kept.delete(id);
  }

  clear(id: string, at: UtcMs): void {
    this.#kept.delete(id);
    const before = this.#alarms.get(id);
    if (before === undefined || before.state === 'returned') return;
    const cleared: AlarmState = { ...before, state: 'returned', cleared: at };
    if (before.state === 'acknowledged') this.#alarms.delete(id);
    else this.#alarms.set(id, cleared);
    this.#changed({ id, change: 'cleared', alarm: cleared });
  }

  /** False when there is no such alarm, or it is acknowledged already. */
  acknowledge(id: string, at: UtcMs, by: Actor): boolean {
    const before = this.#alarms.get(id);
    if (before === undefined || before.state === 'acknowledged') return false;
    const acknowledged: AlarmState = { ...before, state: 'acknowledged', acknowledged: at, by };
    if (before.state === 'returned') this.#alarms.delete(id);
    else this.#alarms.set(id, acknowledged);
    this.#changed({ id, change: 'acknowledged', alarm: acknowledged, by });
    return true;
  }
}
