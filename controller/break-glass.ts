// Break-glass: somebody works at the PC's own console, outside of everything here. It cannot be hindered and is not watched;
// what can be done is to say so, loudly and until somebody has looked into it, also when control was not there.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Actor } from '#contract/actor.ts';
import type { Clock } from '#contract/time.ts';
import type { SystemAlarmChange, SystemAlarms } from '#controller/scan/alarms.ts';
import type { Recorder } from '#controller/scan/recorder.ts';

const file = 'break-glass.json';
const alarm = 'shell.break-glass';

const Broken = z.strictObject({
  actor: Actor,
  /** UTC ms. */
  at: z.number(),
  reason: z.string().max(300),
  /** It stands in the chronicle. */
  recorded: z.boolean(),
});
export type Broken = z.infer<typeof Broken>;

/** Leaves it where control finds it, now or at its next start. Throws when the directory takes no file. */
export function leaveBroken(data: string, broken: Broken): void {
  const path = join(data, file);
  writeFileSync(`${path}.new`, JSON.stringify(broken), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

/** Control's side: raises the alarm, and keeps it up over starts until somebody acknowledges it. */
export class BreakGlass {
  readonly #clock: Clock;
  readonly #data: string;
  readonly #alarms: SystemAlarms;

  constructor(clock: Clock, data: string, alarms: SystemAlarms) {
    this.#clock = clock;
    this.#data = data;
    this.#alarms = alarms;
  }

  /** What was left while control was away is recorded now; what nobody has looked into is told again. */
  start(recorder: Pick<Recorder, 'session'>): void {
    const broken = findBroken(this.#data);
    if (broken === undefined) return;
    if (!broken.recorded) {
      const about = { at: broken.at, late: true };
      recorder.session(broken.actor, { event: 'break-glass', about, text: broken.reason });
      this.#leave({ ...broken, recorded: true });
    }
    this.#raise(broken);
  }

  /** It was recorded just now. */
  told(actor: Actor, reason: string): void {
    const broken = { actor, at: this.#clock.time(), reason: reason.slice(0, 300), recorded: true };
    this.#leave(broken);
    this.#raise(broken);
  }

  /** Whoever acknowledges it has looked into it: that is the review, and it is in the chronicle by name. */
  heard({ id, change }: SystemAlarmChange): void {
    if (id !== alarm || change !== 'acknowledged') return;
    rmSync(join(this.#data, file), { force: true });
    this.#alarms.clear(alarm, this.#clock.time());
  }

  /** Without it the alarm does not outlive this run; it stands now all the same. */
  #leave(broken: Broken): void {
    try {
      leaveBroken(this.#data, broken);
    } catch (error) {
      process.stderr.write(`${file}: ${String(error)}\n`);
    }
  }

  #raise({ actor, at, reason }: Broken): void {
    const time = new Date(at).toISOString();
    this.#alarms.raise(alarm, this.#clock.time(), {
      priority: 1,
      text: `Break-glass: ${actor} works at the PC's own console since ${time}: ${reason}`,
      response: 'Find out what was done there and write it down; acknowledge it when that is done',
    });
  }
}

/** One that cannot be read is one all the same. */
function findBroken(data: string): Broken | undefined {
  let text: string;
  try {
    text = readFileSync(join(data, file), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return Broken.parse(JSON.parse(text));
  } catch {
    return { actor: 'system', at: 0, reason: `${file} cannot be read`, recorded: false };
  }
}
