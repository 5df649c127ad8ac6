// The program that a jail is launched with, and what it starts before it is in the jail's group: its process session, which
// nothing of a person's is in before the group holds it. A number that is another process's by now is left alone.
import { readdirSync, readFileSync } from 'node:fs';

interface Stat {
  readonly session: number;
  /** When it was started, in the kernel's ticks since its own start. */
  readonly started: number;
  /** It has ended, and is not waited for yet. */
  readonly over: boolean;
}

export class Launched {
  readonly #pid: number;
  readonly #started: number | undefined;

  constructor(pid: number) {
    this.#pid = pid;
    this.#started = statOf(pid)?.started;
  }

  /** Ends it first, so that it starts nothing more, then its session. Those that it found alive: none, and none comes. */
  end(): readonly number[] {
    if (this.#isOurs()) endOne(this.#pid);
    const left = this.left();
    for (const pid of left) endOne(pid);
    return left;
  }

  /** Those of its session that live. */
  left(): readonly number[] {
    if (this.#started === undefined || this.#isOthers()) return [];
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid === this.#pid || statOf(pid)?.session === this.#pid)
      .filter((pid) => statOf(pid)?.over === false);
  }

  #isOurs(): boolean {
    return this.#started !== undefined && statOf(this.#pid)?.started === this.#started;
  }

  /** The kernel gives a number anew only when no session has it any more. */
  #isOthers(): boolean {
    const now = statOf(this.#pid);
    return now !== undefined && now.started !== this.#started;
  }
}

/** SIGKILL to one that may be gone, or that station may not end: then it is named as left. */
export function endOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // As above.
  }
}

/** proc(5), /proc/pid/stat; undefined: there is no such process. */
function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // Its name, in brackets, may have any character in it.
  const [state, , , session, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    session: Number(session),
    started: Number(rest[15]),
    over: state === 'Z' || state === 'X',
  };
}
