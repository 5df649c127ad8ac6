// Break-glass: somebody works at the PC's own console, outside of everything here. It cannot be hindered and is not watched;
// what can be done is to say so, loudly and until somebody else has written a review, also when control was not there.
// One file for each time, so that the command line, control and station never write the same one.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Actor } from '#contract/actor.ts';
import { Broken, BrokenAbout, BrokenId, ReviewAbout, brokenLimit } from '#contract/break-glass.ts';
import type { ShellEvent } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import type { SystemAlarms } from '#controller/scan/alarms.ts';
import type { Recorder } from '#controller/scan/recorder.ts';

const folder = 'break-glass';
const alarm = 'shell.break-glass';

/** `recorded`: it stands in the chronicle. */
const Left = Broken.extend({ recorded: z.boolean() });
export type Left = z.infer<typeof Left>;

export const makeBrokenId = (): BrokenId => `bg-${randomBytes(8).toString('hex')}`;

/** Leaves it where control finds it, now or at its next start. Throws when the directory takes no file. */
export function leaveBroken(data: string, left: Left): void {
  mkdirSync(join(data, folder), { recursive: true, mode: 0o700 });
  const path = join(data, folder, `${left.id}.json`);
  writeFileSync(`${path}.new`, JSON.stringify(left), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

/** What waits for a review, the oldest first. */
export async function readBroken(data: string): Promise<Broken[]> {
  const names = await readdir(join(data, folder)).catch(() => []);
  const read = async (id: BrokenId): Promise<Left> =>
    parse(id, await readFile(pathOf(data, id), 'utf8').catch(() => ''));
  const found = await Promise.all(idsOf(names).map(read));
  return sorted(found).map(viewOf);
}

/** Control's side: raises the alarm, and keeps it up over starts until the review of each is written. */
export class BreakGlass {
  readonly #clock: Clock;
  readonly #data: string;
  readonly #alarms: SystemAlarms;
  readonly #waiting = new Map<BrokenId, Left>();
  /** What is written or taken away, one after another, and never on the thread that scans. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, data: string, alarms: SystemAlarms) {
    this.#clock = clock;
    this.#data = data;
    this.#alarms = alarms;
  }

  /** Before the first scan: what was left while control was away is recorded; what waits for a review is told again. */
  start(recorder: Pick<Recorder, 'session'>): void {
    for (const left of findLeft(this.#data)) {
      this.#waiting.set(left.id, left);
      if (left.recorded) continue;
      const { id, person, at } = left;
      const about = { id, ...(person === undefined ? {} : { person }), at, late: true };
      recorder.session(left.actor, { event: 'break-glass', about, text: left.reason });
      this.#leave({ ...left, recorded: true });
    }
    this.#raise();
  }

  /** It went to the record just now. */
  told(actor: Actor, { about, text }: ShellEvent): void {
    const known = BrokenAbout.safeParse(about);
    const named = known.success ? known.data : { id: makeBrokenId() };
    // One that was told twice is one: its answer was late.
    if (this.#waiting.has(named.id)) return;
    const rest = { at: this.#clock.time(), reason: text.slice(0, 300), recorded: true };
    const left = { ...named, actor, ...rest };
    if (this.#waiting.size < brokenLimit) {
      this.#waiting.set(left.id, left);
      this.#leave(left);
    }
    // Louder than what somebody has acknowledged.
    this.#alarms.clear(alarm, this.#clock.time());
    this.#raise();
  }

  /** A review went to the record: by whom, and that it was somebody else, is judged in station. */
  reviewed(actor: Actor, { about }: ShellEvent): void {
    const known = ReviewAbout.safeParse(about);
    if (!known.success) return;
    for (const id of known.data.reviewed) {
      // Also of one beyond the limit, which waits in its file alone.
      this.#waiting.delete(id);
      this.#write(async () => rm(pathOf(this.#data, id), { force: true }));
    }
    if (this.#waiting.size > 0) return;
    this.#alarms.acknowledge(alarm, this.#clock.time(), actor);
    this.#alarms.clear(alarm, this.#clock.time());
  }

  /** Resolves when all that was told stands in its file. */
  async written(): Promise<void> {
    await this.#writing;
  }

  #leave(left: Left): void {
    this.#write(async () => {
      await mkdir(join(this.#data, folder), { recursive: true, mode: 0o700 });
      const path = pathOf(this.#data, left.id);
      await writeFile(`${path}.new`, JSON.stringify(left), { mode: 0o600, flush: true });
      await rename(`${path}.new`, path);
    });
  }

  /** Without its file the alarm does not outlive this run; it stands now, and in the chronicle, all the same. */
  #write(run: () => Promise<void>): void {
    this.#writing = this.#writing.then(run).catch((error: unknown) => {
      process.stderr.write(`${folder}: ${String(error)}\n`);
    });
  }

  #raise(): void {
    const last = [...this.#waiting.values()].at(-1);
    if (last === undefined) return;
    const { actor, at, reason } = last;
    const time = new Date(at).toISOString();
    const more = this.#waiting.size === 1 ? '' : ` (${this.#waiting.size} times)`;
    this.#alarms.raise(alarm, this.#clock.time(), {
      priority: 1,
      text: `Break-glass: ${actor} works at the PC's own console since ${time}${more}: ${reason}`,
      response:
        'Find out what was done there. The alarm ends when somebody else, who may approve shells, has written ' +
        'the review: rebe break-glass review "WHAT WAS FOUND"',
    });
  }
}

/** What others need to know of it. */
const viewOf = ({ id, actor, person, at, reason }: Left): Broken => ({
  id,
  actor,
  ...(person === undefined ? {} : { person }),
  at,
  reason,
});

const pathOf = (data: string, id: BrokenId): string => join(data, folder, `${id}.json`);

/** Before there are scans to hold up. */
function findLeft(data: string): Left[] {
  let names: string[];
  try {
    names = readdirSync(join(data, folder));
  } catch {
    return [];
  }
  return sorted(idsOf(names).map((id) => parse(id, readOrNothing(pathOf(data, id)))));
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const idsOf = (names: readonly string[]): BrokenId[] =>
  names
    .flatMap((name) => BrokenId.safeParse(name.replace(/\.json$/, '')).data ?? [])
    .slice(0, brokenLimit);

const sorted = (found: readonly Left[]): Left[] => found.toSorted((a, b) => a.at - b.at);

/** One that cannot be read is one all the same. */
function parse(id: BrokenId, text: string): Left {
  try {
    const left = Left.parse(JSON.parse(text));
    if (left.id === id) return left;
  } catch {
    // As below.
  }
  return { id, actor: 'system', at: 0, reason: `${id}.json cannot be read`, recorded: false };
}
