// Station's mirror, where the manifest asks for one: control's greeting says so, and only then is the mirror
// loaded. What control says meanwhile waits for it; a greeting that says otherwise ends it.
import type { WholeFromControl } from '#contract/pages.ts';
import { seconds } from '#contract/time.ts';
import type { Cancel } from '#contract/time.ts';
import type { Hello } from '#contract/wire.ts';
import type { MirrorDeps, RunningMirror } from './mirror/start.ts';

/** What control says while the mirror is loaded: a second of it. Beyond it a new picture is asked for. */
const waitingLimit = 64;
/** What hinders it (a full disk, say) may pass. */
const retry = seconds(10);

export class StationMirror {
  readonly #deps: MirrorDeps;
  readonly #data: string;
  #running: RunningMirror | undefined;
  /** What it was started with. */
  #told = '';
  #waiting: WholeFromControl[] | undefined;
  #turn: Promise<void> = Promise.resolve();
  #turns = 0;
  #retry: Cancel | undefined;
  #closed = false;

  constructor(deps: MirrorDeps, data: string) {
    this.#deps = deps;
    this.#data = data;
  }

  /** Control said something. */
  take(message: WholeFromControl): void {
    if (message.type === 'hello') this.#greet(message);
    if (this.#waiting === undefined) this.#running?.mirror.take(message);
    else if (this.#waiting.length < waitingLimit) this.#waiting.push(message);
    else this.#deps.send({ type: 'resync' });
  }

  /** The connection to control has ended. */
  lost(): void {
    this.#running?.mirror.controlLost();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.();
    await this.#turn;
    await this.#running?.close();
  }

  #greet(hello: Hello): void {
    const told = JSON.stringify([hello.mirror ?? null, hello.cell]);
    if (told === this.#told) return;
    this.#told = told;
    this.#begin(hello);
  }

  #begin(hello: Hello): void {
    this.#retry?.();
    this.#waiting = [];
    this.#turns += 1;
    const turn = this.#turns;
    this.#turn = this.#turn.then(() => this.#change(hello, turn));
  }

  async #change(hello: Hello, turn: number): Promise<void> {
    const { log } = this.#deps;
    try {
      await this.#running?.close();
      this.#running = undefined;
      if (hello.mirror !== undefined && !this.#closed) {
        const { startMirror } = await import('./mirror/start.ts');
        this.#running = startMirror(this.#deps, this.#data, hello);
      }
    } catch (error) {
      // Pages need no mirror.
      log('warn', `no mirror: ${error instanceof Error ? error.message : String(error)}`);
      this.#retry = this.#deps.clock.after(retry, () => {
        this.#begin(hello);
        this.#waiting?.push(hello);
        this.#deps.send({ type: 'resync' });
      });
    }
    // Another greeting came meanwhile: what was heard since is for the mirror that it asks for.
    if (turn !== this.#turns) return;
    const heard = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const message of heard) this.#running?.mirror.take(message);
  }
}
