// Alarms of one flow, with the states of ISA-18.2, an on-delay and an off-delay: those that the flow
// declares, and those that the scan raises for it (an interlock, an assumption, a bound).
import type { Actor } from '#contract/actor.ts';
import type { Text } from '#contract/described.ts';
import type { Lanes } from './rolling.ts';
import type { AlarmChange } from './scan.ts';

export interface AlarmKind {
  readonly id: string;
  readonly priority: 1 | 2 | 3 | 4;
  readonly text: Text;
  readonly response?: Text;
  /** How long its condition must hold before it is raised, in ms. */
  readonly onDelay: number;
  /** How long its condition must be gone before it clears, in ms. */
  readonly offDelay: number;
}

export const alarmStates = ['normal', 'unacknowledged', 'acknowledged', 'returned'] as const;
export type AlarmStateName = (typeof alarmStates)[number];

const never = -1;

/** An alarm that stands, or waits for a person. */
export interface Standing {
  readonly kind: AlarmKind;
  readonly state: AlarmStateName;
  /** Since when its condition says otherwise than its state; -1 when it does not. */
  readonly since: number;
}

/** A list of alarms on one clock. Conditions are not kept: after a restore they are said again. */
export class Board {
  readonly kinds: AlarmKind[] = [];
  readonly #places = new Map<string, number>();
  /** Indices of `alarmStates`. */
  readonly states: number[] = [];
  readonly #conditions: boolean[] = [];
  /** Since when the condition says otherwise than the state; -1 when it does not. */
  readonly since: number[] = [];
  /** The earliest instant at which a delay can end. */
  #due = Number.POSITIVE_INFINITY;
  /** After a restart every alarm that is not normal is told again. */
  announce = false;

  /** The alarm's place; it is added when it is not there yet. */
  place(kind: AlarmKind): number {
    const known = this.#places.get(kind.id);
    if (known !== undefined) return known;
    this.#places.set(kind.id, this.kinds.length);
    this.states.push(0);
    this.#conditions.push(false);
    this.since.push(never);
    return this.kinds.push(kind) - 1;
  }

  /** -1 when there is no such alarm. */
  placeOf(id: string): number {
    return this.#places.get(id) ?? -1;
  }

  /** Says whether the condition holds; `advance` then decides. */
  set(place: number, holds: boolean): void {
    this.#conditions[place] = holds;
  }

  /** A delay may end at `now`. */
  due(now: number): boolean {
    return now >= this.#due;
  }

  /** Moves every alarm at `now`, ms on the flow's clock, and tells what changed. */
  advance(now: number, tell: (kind: AlarmKind, change: AlarmChange['change']) => void): void {
    this.#due = Number.POSITIVE_INFINITY;
    for (const [place, kind] of this.kinds.entries()) {
      const state = this.states[place] ?? 0;
      const active = state === 1 || state === 2;
      const holds = this.#conditions[place] === true;
      if (holds === active) {
        this.since[place] = never;
        continue;
      }
      if (this.since[place] === never) this.since[place] = now;
      const ends = (this.since[place] ?? now) + (holds ? kind.onDelay : kind.offDelay);
      if (now < ends) {
        this.#due = Math.min(this.#due, ends);
        continue;
      }
      this.since[place] = never;
      // Raised anew, an alarm asks for a person again; cleared, only the acknowledged one is gone.
      this.states[place] = holds ? 1 : state === 2 ? 0 : 3;
      tell(kind, holds ? 'raised' : 'cleared');
    }
  }

  /** Undefined: no such alarm waits to be acknowledged. */
  acknowledge(id: string): AlarmKind | undefined {
    const place = this.placeOf(id);
    const state = this.states[place];
    if (state !== 1 && state !== 3) return undefined;
    this.states[place] = state === 1 ? 2 : 0;
    return this.kinds[place];
  }

  stateOf(place: number): AlarmStateName {
    return alarmStates[this.states[place] ?? 0] ?? 'normal';
  }

  /** Everything to normal. */
  clear(): void {
    this.states.fill(0);
    this.since.fill(never);
    this.announce = false;
  }

  /** Puts one alarm back as it was recorded. */
  restore(id: string, state: AlarmStateName, since: number): void {
    const place = this.placeOf(id);
    if (place === -1) return;
    this.states[place] = alarmStates.indexOf(state);
    this.since[place] = since;
  }

  /** Alarms that stand, or wait for a person. */
  standing(): readonly Standing[] {
    return this.kinds.flatMap((kind, place) => {
      const state = this.stateOf(place);
      const since = this.since[place] ?? never;
      return state === 'normal' ? [] : [{ kind, state, since }];
    });
  }

  /** Tells every alarm that is not normal, from its beginning. */
  announceAll(tell: (kind: AlarmKind, change: AlarmChange['change']) => void): void {
    this.announce = false;
    for (const [place, kind] of this.kinds.entries()) {
      const state = this.stateOf(place);
      if (state !== 'normal') tell(kind, 'raised');
      if (state === 'acknowledged') tell(kind, 'acknowledged');
      if (state === 'returned') tell(kind, 'cleared');
    }
  }

  hash(lanes: Lanes): void {
    lanes.word(this.announce ? 1 : 0);
    for (let place = 0; place < this.states.length; place += 1) {
      lanes.word(this.states[place] ?? 0);
      lanes.number(this.since[place] ?? never);
    }
  }
}

/** A change as a scan tells it. */
export function alarmChange(
  { id, priority, text, response }: AlarmKind,
  change: AlarmChange['change'],
  flow: number | undefined,
  by?: Actor,
): AlarmChange {
  return {
    id,
    change,
    priority,
    text,
    ...(response === undefined ? {} : { response }),
    ...(flow === undefined ? {} : { flow }),
    ...(by === undefined ? {} : { by }),
  };
}
