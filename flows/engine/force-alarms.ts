// Warns people that a force is about to end: each force has an alarm, a minute before it ends.
import type { TagPlan } from '#flows/plan.ts';
import { Board } from './alarms.ts';
import type { AlarmKind } from './alarms.ts';
import type { Lanes } from './rolling.ts';
import { restoreBoard } from './saved.ts';
import type { SavedCell } from './saved.ts';
import type { AlarmChange } from './scan.ts';
import type { Force } from './tag-table.ts';

/** How long before its end a force warns, in ms. */
const warning = 60_000;

export class ForceAlarms {
  /** An alarm is added with the first force of its tag, and stays. */
  readonly board = new Board();
  readonly #tags: readonly TagPlan[];

  constructor(tags: readonly TagPlan[]) {
    this.#tags = tags;
  }

  /** To be called while forces stand, and once after the last has ended. */
  advance(
    forces: ReadonlyMap<number, Force>,
    now: number,
    tell: (kind: AlarmKind, change: AlarmChange['change']) => void,
  ): void {
    for (let place = 0; place < this.board.kinds.length; place += 1) this.board.set(place, false);
    for (const [tag, force] of forces) {
      this.board.set(this.#place(this.#tags[tag]?.name ?? ''), force.until - now <= warning);
    }
    this.board.advance(now, tell);
  }

  restore(saved: SavedCell['forceAlarms']): void {
    for (const id of Object.keys(saved)) this.#place(id.slice(prefix.length));
    restoreBoard(this.board, saved);
  }

  /** The forces and their alarms; the order in which they came leaves no trace. */
  hash(lanes: Lanes, forces: ReadonlyMap<number, Force>): void {
    lanes.word(forces.size);
    for (const tag of [...forces.keys()].toSorted((left, right) => left - right)) {
      const force = forces.get(tag);
      lanes.word(tag);
      lanes.value(force?.value ?? null);
      lanes.number(force?.until ?? 0);
      lanes.text(force?.reason ?? '');
      lanes.text(force?.actor ?? '');
    }
    for (const { kind, state, since } of this.board.standing().toSorted(byId)) {
      lanes.text(kind.id);
      lanes.text(state);
      lanes.number(since);
    }
  }

  #place(tag: string): number {
    return this.board.place({
      id: `${prefix}${tag}`,
      priority: 3,
      text: `The force on ${tag} ends within a minute`,
      response: 'Give it again if it is still needed, or end it',
      onDelay: 0,
      offDelay: 0,
    });
  }
}

const prefix = 'force.';

const byId = (left: { kind: AlarmKind }, right: { kind: AlarmKind }): number =>
  left.kind.id < right.kind.id ? -1 : 1;
