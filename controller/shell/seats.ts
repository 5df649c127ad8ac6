// Who takes part in one session: seats of the driver, peers, supervisors and observers, which of them are connected,
// whether a supervisor is there. What a seat types it hands to the session, which alone decides what becomes of it.
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { Part, SessionView } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import type { Seat, SeatEvents, Size } from './parts.ts';
import { Watcher } from './presence.ts';

/** Seats of one session. */
export const seatLimit = 16;

/** What a session does for its seats. */
export interface SeatHost {
  type(place: Place, bytes: Uint8Array, auto: boolean): Promise<void>;
  resize(size: Size): void;
  /** Presence, or who is connected, may be otherwise now. */
  moved(): void;
  left(place: Place): void;
}

export class Place implements Seat {
  readonly who: Principal;
  readonly since: number;
  part: Part;
  live = true;
  readonly watcher: Watcher | undefined;
  readonly #clock: Clock;
  readonly #host: SeatHost;
  readonly #seen: SeatEvents;

  constructor(
    clock: Clock,
    host: SeatHost,
    of: { readonly who: Principal; readonly part: Part; readonly seen: SeatEvents },
  ) {
    this.#clock = clock;
    this.#host = host;
    this.who = of.who;
    this.part = of.part;
    this.#seen = of.seen;
    this.since = clock.time();
    this.watcher =
      of.part === 'supervisor'
        ? new Watcher(clock.now(), (challenge) => of.seen.challenge(challenge))
        : undefined;
  }

  async type(bytes: Uint8Array, auto: boolean): Promise<void> {
    if (!this.live || this.part !== 'driver') {
      throw new CellError('E_SHELL_PART', `${this.who.actor} does not have the keyboard`);
    }
    await this.#host.type(this, bytes, auto);
  }

  resize(size: Size): void {
    if (this.live && this.part === 'driver') this.#host.resize(size);
  }

  prove(challenge: string, acted: boolean): void {
    if (!this.live) return;
    this.watcher?.prove(this.#clock.now(), challenge, acted);
    this.#host.moved();
  }

  hidden(): void {
    if (!this.live) return;
    this.watcher?.hide();
    this.#host.moved();
  }

  leave(): void {
    if (!this.live) return;
    this.live = false;
    this.#host.left(this);
  }

  /** The session takes it away. */
  lose(code: Parameters<SeatEvents['lost']>[0]): void {
    if (!this.live) return;
    this.live = false;
    this.#seen.lost(code);
  }

  show(view: SessionView): void {
    if (this.live) this.#seen.state(view);
  }
}

/** All seats of a session. */
export class Seats {
  readonly #clock: Clock;
  readonly #places = new Set<Place>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get all(): readonly Place[] {
    return [...this.#places];
  }

  /** Connected and with the keyboard. */
  get driver(): Place | undefined {
    return this.all.find(({ part, live }) => part === 'driver' && live);
  }

  find(actor: Actor, part: Part): Place | undefined {
    return this.all.find((place) => place.live && place.part === part && place.who.actor === actor);
  }

  /** Throws `E_SHELL_FULL`. */
  admit(who: Principal, part: Part): void {
    if (this.find(who.actor, part) === undefined && this.#places.size >= seatLimit) {
      throw new CellError('E_SHELL_FULL', `${seatLimit} take part in it`);
    }
  }

  /** Whoever sat there before for the same person is told that the seat is theirs no more. */
  add(place: Place): void {
    const before = this.find(place.who.actor, place.part);
    if (before !== undefined) this.remove(before, 'E_SHELL_PART');
    this.#places.add(place);
  }

  remove(place: Place, code?: Parameters<SeatEvents['lost']>[0]): void {
    this.#places.delete(place);
    if (code !== undefined) place.lose(code);
  }

  /** Challenges go out; `drop` says whose seat it is no longer. */
  tick(drop: (place: Place) => Parameters<SeatEvents['lost']>[0] | undefined): void {
    const now = this.#clock.now();
    for (const place of this.all) {
      const code = drop(place);
      if (code !== undefined) this.remove(place, code);
      else place.watcher?.tick(now);
    }
  }

  /** A supervisor is there now, and has proved it. */
  get watched(): boolean {
    const now = this.#clock.now();
    return this.all.some((place) => place.live && place.watcher?.isThere(now) === true);
  }

  show(view: SessionView): void {
    for (const place of this.all) place.show(view);
  }

  end(): void {
    for (const place of this.all) this.remove(place, 'E_SHELL_STATE');
  }
}
