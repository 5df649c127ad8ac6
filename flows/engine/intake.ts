// What people, programs and agents ask, waiting for the scan that takes it. The door has checked who
// may and what is sensible; here it is decided which act enters which scan, and which has expired.
import { assert } from '#contract/error.ts';
import type { Actor } from '#contract/actor.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { ScanAct, ScanInput } from './scan.ts';

/** The longest that a command waits for its scan, in ms. */
export const commandPatience = 2000;
/** Acts that may wait at once; the door refuses beyond it. Commands that stop have room of their own beside it. */
export const waitingLimit = 256;

type CommandAct = Extract<ScanAct, { kind: 'command' }>;

/** A held command whose hand left it, or whose keep-alives stayed away. */
export interface HeldEnd {
  readonly flow: number;
  readonly command: number;
  readonly actor: Actor;
  readonly how: 'released' | 'lapsed';
  /** Keep-alives since its beginning, the first included. */
  readonly keeps: number;
}

/** What one scan takes. */
export interface Taken {
  readonly acts: readonly ScanAct[];
  readonly held: ScanInput['held'];
  /** Held commands that began with this scan. */
  readonly begun: readonly {
    readonly flow: number;
    readonly command: number;
    readonly actor: Actor;
  }[];
  readonly ended: readonly HeldEnd[];
  /** Commands that waited too long: refused as expired, they entered no scan. */
  readonly expired: readonly CommandAct[];
}

interface Waiting {
  readonly act: CommandAct;
  readonly stop: boolean;
  readonly expires: number;
}

interface Held {
  readonly flow: number;
  readonly command: number;
  /** The longest time between two keep-alives, in ms. */
  readonly patience: number;
  actor: Actor;
  last: number;
  keeps: number;
  /** As the scans were told. */
  down: boolean;
  released: boolean;
}

const nothing: Taken = { acts: [], held: [], begun: [], ended: [], expired: [] };

export class Intake {
  readonly #plan: CellPlan;
  readonly #commands: Waiting[][];
  #acts: ScanAct[] = [];
  readonly #held: Held[] = [];
  #count = 0;

  constructor(plan: CellPlan) {
    this.#plan = plan;
    this.#commands = plan.flows.map(() => []);
  }

  /** Something waits for a scan: a command, another act, a held command that begins or ends. */
  get waiting(): boolean {
    if (this.#count > 0) return true;
    return this.#held.some((held) => !held.down || held.released);
  }

  /** False: too much waits already; nothing was taken. `ttl` in ms, from `now`. */
  offer(act: ScanAct, now: number, ttl: number = commandPatience): boolean {
    if (this.#count >= (this.#isStop(act) ? 2 : 1) * waitingLimit) return false;
    this.#count += 1;
    if (act.kind !== 'command') {
      this.#acts.push(act);
      return true;
    }
    const queue = this.#commands[act.flow];
    const command = this.#plan.flows[act.flow]?.flow.commands[act.command];
    assert(queue !== undefined && command !== undefined, 'a command is one of the plan');
    assert(command.held === undefined, 'a held command is kept, never queued');
    const expires = now + Math.min(ttl, commandPatience);
    queue.push({ act, stop: command.class === 'stop', expires });
    return true;
  }

  #isStop(act: ScanAct): boolean {
    if (act.kind !== 'command') return false;
    return this.#plan.flows[act.flow]?.flow.commands[act.command]?.class === 'stop';
  }

  /** A keep-alive of a held command, or the hand that leaves it. */
  keep(
    target: { readonly flow: number; readonly command: number },
    by: { readonly actor: Actor; readonly down: boolean; readonly now: number },
  ): void {
    const patience = this.#plan.flows[target.flow]?.flow.commands[target.command]?.held;
    assert(patience !== undefined, 'only a held command is kept');
    const known = this.#held.find(
      (held) => held.flow === target.flow && held.command === target.command,
    );
    if (!by.down) {
      // Another hand's release does not take it from the one that keeps it.
      if (known !== undefined && known.actor === by.actor) known.released = true;
      return;
    }
    if (known === undefined) {
      const begin = { actor: by.actor, last: by.now, keeps: 1, down: false, released: false };
      this.#held.push({ flow: target.flow, command: target.command, patience, ...begin });
      return;
    }
    known.actor = by.actor;
    known.released = false;
    known.last = by.now;
    known.keeps += 1;
  }

  /** For the scan at `now`: at most one command for each flow, stop-class first, then by arrival. */
  take(now: number): Taken {
    if (this.#count === 0 && this.#held.length === 0) return nothing;
    const acts = this.#acts;
    this.#acts = [];
    const expired: CommandAct[] = [];
    for (const [flow, queue] of this.#commands.entries()) {
      if (queue.length === 0) continue;
      const alive = queue.filter((waiting) => waiting.expires >= now);
      for (const waiting of queue) if (waiting.expires < now) expired.push(waiting.act);
      const stop = alive.findIndex((waiting) => waiting.stop);
      const [first] = alive.splice(Math.max(stop, 0), 1);
      if (first !== undefined) acts.push(first.act);
      this.#commands[flow] = alive;
    }
    this.#count -= acts.length + expired.length;
    assert(this.#count >= 0, 'what was taken had waited');
    return { acts, expired, ...this.#takeHeld(now) };
  }

  #takeHeld(now: number): Pick<Taken, 'held' | 'begun' | 'ended'> {
    if (this.#held.length === 0) return { held: [], begun: [], ended: [] };
    const held: { flow: number; command: number; down: boolean }[] = [];
    const begun: { flow: number; command: number; actor: Actor }[] = [];
    const ended: HeldEnd[] = [];
    for (const one of this.#held.slice()) {
      const { flow, command, actor, keeps } = one;
      const lapsed = now - one.last > one.patience;
      if (one.down && (one.released || lapsed)) {
        held.push({ flow, command, down: false });
        ended.push({ flow, command, actor, keeps, how: one.released ? 'released' : 'lapsed' });
      }
      if (!one.down && !lapsed) {
        // A tap shorter than a scan is still seen by one: it goes down here and up in the next.
        one.down = true;
        held.push({ flow, command, down: true });
        begun.push({ flow, command, actor });
      } else if (one.released || lapsed) {
        this.#held.splice(this.#held.indexOf(one), 1);
      }
    }
    return { held, begun, ended };
  }
}
