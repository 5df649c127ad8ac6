// What a session's decisions do: the jail, the recording, the terminal and its gate, one thing after the other, each
// only when the decision for it stands in the chronicle. Taking away waits for nobody. It decides nothing itself.
import type { Json } from '#contract/canonical.ts';
import type { SessionBody } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { milliseconds, minutes, seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { Journal } from './journal.ts';
import { limited } from './limited.ts';
import type { SessionCommand, SessionOutputs } from './machine.ts';
import type {
  Brake,
  Jail,
  Jailer,
  Launch,
  Recorder,
  Recordings,
  Size,
  StartedProcess,
  Stream,
  Terminal,
  TerminalEvents,
} from './parts.ts';
import type { Place } from './seats.ts';
import type { SessionRequest } from './request.ts';
import { Starts } from './starts.ts';
import { Typing } from './typing.ts';

/** What sessions are put together from. */
export interface WorkParts {
  readonly clock: Clock;
  readonly jailer: Jailer;
  readonly recordings: Recordings;
  terminal(launch: Launch, size: Size, events: TerminalEvents): Terminal;
  stream(brake: Brake, size: Size): Stream;
  log(level: 'info' | 'warn', text: string): void;
}

/** The session, as its works see it. */
export interface Decisions {
  outputs(): SessionOutputs;
  readonly journal: Journal;
  /** Why they may not type now. */
  refusal(place: Place): Code | undefined;
  /** A fact is otherwise. */
  moved(): void;
  /** It cannot go on. */
  end(command: SessionCommand, why: string): void;
  tell(body: SessionBody): void;
}

/** Between two sizes of the terminal; of those that come between the last one holds. */
export const resizePace = milliseconds(100);
/** So long a kill waits for its decision to stand in the chronicle; and between two of them. */
export const killWait = milliseconds(150);
const killPace = seconds(1);
/** So long what a program wrote before it was killed is waited for. */
const exitPace = milliseconds(1500);
/**
 * How long each step may take that is the jail's or the recording's. A session that does not come into being ends, one
 * that does not stand still is killed, a kill is tried again, and what is not put away in time is left behind.
 */
export const stepLimits = {
  prepare: minutes(1),
  record: seconds(30),
  start: seconds(5),
  freeze: seconds(2),
  thaw: seconds(2),
  kill: seconds(5),
  'end of the recording': seconds(30),
  'end of the jail': seconds(20),
} as const;
type Step = keyof typeof stepLimits;
const firstSize: Size = { cols: 80, rows: 24 };

type Action = () => Promise<void>;

export class Works {
  readonly stream: Stream;
  readonly #parts: WorkParts;
  readonly #request: SessionRequest;
  readonly #decisions: Decisions;
  #jail: Jail | undefined;
  #recorder: Recorder | undefined;
  #terminal: Terminal | undefined;
  #size = firstSize;
  #opened = false;
  #closed = false;
  #launched = false;
  #frozen = false;
  /** The program has ended; and, later, what it wrote is recorded. */
  #ran = false;
  #exited = false;
  #gone = true;
  #failed = false;
  readonly #typing: Typing;
  /** The size that the next turn of its pace brings. */
  #nextSize: Size | undefined;
  #resized: Cancel | undefined;
  #killing = false;
  #killPatience: Cancel | undefined;
  #killDue = false;
  readonly #faults = new Set<string>();
  readonly #starts: Starts;
  #working: Promise<void> | undefined;
  readonly #ending: Promise<void>;
  #exitHeard: () => void = () => undefined;

  constructor(parts: WorkParts, request: SessionRequest, decisions: Decisions) {
    this.#parts = parts;
    this.#request = request;
    this.#decisions = decisions;
    this.#ending = new Promise((resolve) => {
      this.#exitHeard = resolve;
    });
    const brake = {
      hold: () => this.#terminal?.hold(),
      release: () => this.#terminal?.release(),
    };
    this.stream = parts.stream(brake, firstSize);
    this.#starts = new Starts(parts.clock, request.id, {
      mark: (process) => this.mark('mark', { process }),
      tell: (body) => decisions.tell(body),
    });
    this.#typing = new Typing({
      recorder: () => this.#recorder,
      terminal: () => this.#terminal,
      runs: () => decisions.outputs().input,
      refusal: (place) => decisions.refusal(place),
      dropped: (dropped) => this.mark('mark', { dropped }),
    });
  }

  /** Facts for the statechart. */
  get ready(): boolean {
    return this.#jail !== undefined && this.#recorder !== undefined;
  }
  get records(): boolean {
    return !this.#failed;
  }
  get exited(): boolean {
    return this.#exited;
  }
  get gone(): boolean {
    return this.#gone;
  }
  /** Everything of it is put away. */
  get closed(): boolean {
    return this.#opened ? this.#closed : this.#working === undefined;
  }
  get recorded(): { bytes: number; ok: boolean } {
    return { bytes: this.#recorder?.bytes ?? 0, ok: !this.#failed };
  }

  /** From this line on nothing reaches the terminal. */
  shut(): void {
    this.#typing.shut();
  }

  mark(kind: 'state' | 'mark' | 'resize' | 'exit', about: Json): void {
    if (!this.#closed) this.#recorder?.mark(kind, about);
  }

  /** At a pace: recording, kernel and every viewer hear of each size. */
  resize(size: Size): void {
    this.#nextSize = size;
    if (this.#resized === undefined) this.#resize();
  }

  #resize(): void {
    const size = this.#nextSize;
    this.#nextSize = undefined;
    this.#resized = undefined;
    if (size === undefined || this.#closed) return;
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
    this.#resized = this.#parts.clock.after(resizePace, () => this.#resize());
    this.#size = size;
    this.#terminal?.resize(size);
    this.stream.resized(size);
    this.mark('resize', { cols: size.cols, rows: size.rows });
  }

  /** Recorded first, then typed, if the gate has not shut meanwhile. */
  async type(place: Place, bytes: Uint8Array, auto: boolean): Promise<void> {
    await this.#typing.type(place, bytes, auto);
  }

  /** Does what is to be done; harmless when it does already. */
  go(): void {
    this.#goKill();
    if (this.#working !== undefined) return;
    const first = this.#next();
    if (first === undefined) return;
    this.#working = this.#work(first);
  }

  async #work(first: Action): Promise<void> {
    for (let action: Action | undefined = first; action !== undefined; action = this.#next()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what it is for
      await action();
      this.#goKill();
    }
    this.#working = undefined;
    this.#decisions.moved();
  }

  /** The next thing to do but a kill: first what takes away, then, with everything recorded, what gives. */
  #next(): Action | undefined {
    const { journal } = this.#decisions;
    const { open, input, frozen, kill } = this.#decisions.outputs();
    const stands = this.#frozen || this.#killing || this.#gone;
    if (frozen && this.#launched && !stands) return () => this.#freeze();
    if (!open && this.#opened && this.#gone && !this.#closed) return () => this.#close();
    if (!journal.empty) return undefined;
    if (open && !kill && !this.#opened) return () => this.#open();
    if (input && !this.#launched) return () => this.#launch();
    if (!frozen && this.#frozen && !this.#gone) return () => this.#thaw();
    if (input && !this.#ran && !this.#exited) this.#typing.open();
    return undefined;
  }

  /** A kill waits for nothing that is under way; for the chronicle a moment, its processes are frozen meanwhile. */
  #goKill(): void {
    if (this.#killing || this.#gone || !this.#decisions.outputs().kill) return;
    const { journal } = this.#decisions;
    if (journal.empty || journal.failing || this.#killDue) {
      this.#killPatience?.();
      this.#killing = true;
      void this.#kill();
      return;
    }
    this.#killPatience ??= this.#parts.clock.after(killWait, () => {
      this.#killDue = true;
      this.go();
    });
  }

  async #open(): Promise<void> {
    this.#opened = true;
    const { jailer, recordings } = this.#parts;
    const { id, tier, by, reason, command } = this.#request;
    const seen = (process: StartedProcess): void => this.#starts.seen(process);
    const about = { title: `${tier} ${reason}`, size: this.#size, by: by.actor };
    try {
      this.#jail = await this.#made(
        'prepare',
        async () => jailer.prepare(id, tier, seen, command?.run),
        async (jail) => jail.close(),
      );
      this.#recorder = await this.#made(
        'record',
        async () =>
          recordings.open(id, about, {
            // The recordings tell it themselves.
            segment: () => undefined,
            failed: (error) => this.#fail(error),
            full: () => this.stream.hold(),
            drained: () => this.stream.release(),
          }),
        async (recorder) => recorder.end(),
      );
      this.#decisions.moved();
    } catch (error) {
      this.#decisions.end('end', `it cannot be opened: ${textOf(error)}`);
    }
  }

  async #launch(): Promise<void> {
    const jail = this.#jail;
    if (jail === undefined) return;
    this.#launched = true;
    this.#gone = false;
    try {
      const terminal = this.#parts.terminal(jail.launch, this.#size, {
        output: (bytes) => {
          this.#recorder?.output(bytes);
          this.stream.output(bytes);
        },
        exited: (code) => void this.#exit(code),
      });
      this.#terminal = terminal;
      await this.#step('start', async () => jail.started(terminal.pid));
    } catch (error) {
      if (this.#terminal === undefined) this.#exited = true;
      this.#decisions.end('kill', `it cannot be started: ${textOf(error)}`);
    }
    this.#decisions.moved();
  }

  /** Whoever watches hears of the end when all that came before is recorded. */
  async #exit(code: number): Promise<void> {
    this.#ran = true;
    this.shut();
    this.mark('exit', { code });
    await this.#recorder?.flush().catch(() => undefined);
    this.stream.exited(code);
    this.#exited = true;
    this.#exitHeard();
    this.#decisions.moved();
  }

  async #freeze(): Promise<void> {
    try {
      await this.#step('freeze', async () => this.#jail?.freeze());
    } catch (error) {
      this.#decisions.end('kill', `it cannot be frozen: ${textOf(error)}`);
    }
    this.#frozen = true;
  }

  async #thaw(): Promise<void> {
    try {
      await this.#step('thaw', async () => this.#jail?.thaw());
    } catch (error) {
      this.#decisions.end('kill', `it cannot go on: ${textOf(error)}`);
    }
    this.#frozen = false;
  }

  /** Until none is left: a session whose processes live is not over. */
  async #kill(): Promise<void> {
    while (!this.#gone) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- again and again
        await this.#step('kill', async () => this.#jail?.kill());
        this.#gone = true;
      } catch (error) {
        this.#fault('kill', error);
        // oxlint-disable-next-line no-await-in-loop -- as above
        await new Promise<void>((resolve) => void this.#parts.clock.after(killPace, resolve));
      }
    }
    this.#killing = false;
    this.#decisions.moved();
  }

  /** Each has its time; what is late or fails is told, and the session is over all the same. */
  async #close(): Promise<void> {
    const { clock } = this.#parts;
    const exit = { what: 'its last output', limit: exitPace };
    if (this.#terminal !== undefined && !this.#exited)
      await limited(clock, exit, async () => this.#ending).catch(() => undefined);
    this.#terminal?.close();
    for (const [step, put] of [
      ['end of the recording', async () => this.#recorder?.end()],
      ['end of the jail', async () => this.#jail?.close()],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- two of them
      await this.#step(step, put).catch((error: unknown) => this.#fault(step, error));
    }
    this.stream.close();
    this.#resized?.();
    this.#closed = true;
    this.#decisions.moved();
  }

  async #step<T>(step: Step, run: () => Promise<T>): Promise<T> {
    return limited(this.#parts.clock, { what: step, limit: stepLimits[step] }, run);
  }

  /** What comes after its time is put away again. */
  async #made<T>(
    step: Step,
    run: () => Promise<T>,
    putAway: (made: T) => Promise<void>,
  ): Promise<T> {
    const making = run();
    try {
      return await this.#step(step, async () => making);
    } catch (error) {
      void making.then(putAway, () => undefined).catch((late: unknown) => this.#fault(step, late));
      throw error;
    }
  }

  /** Once each: for people in the log, and in the chronicle. */
  #fault(step: Step, error: unknown): void {
    const { code, message } = error instanceof CellError ? error : uncoded(error);
    if (this.#faults.has(`${step} ${code}`)) return;
    this.#faults.add(`${step} ${code}`);
    const { id } = this.#request;
    const text = `${step} of ${id}: ${code}: ${message}`.slice(0, 500);
    this.#parts.log('warn', text);
    this.#decisions.tell({ event: 'shell-fault', session: id, about: { step, code }, text });
  }

  #fail(error: CellError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#parts.log('warn', `${this.#request.id}: ${error.code}: ${error.message}`);
    this.#decisions.moved();
  }
}

const uncoded = (error: unknown) => ({ code: 'E_INTERNAL', message: textOf(error) }) as const;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
