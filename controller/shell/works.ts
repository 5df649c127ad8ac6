// What a session's decisions do: the jail, the recording, the terminal and its gate, one thing after the other, each
// only when the decision for it stands in the chronicle. Taking away waits for nobody. It decides nothing itself.
import type { Json } from '#contract/canonical.ts';
import type { SessionBody } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Clock, Duration } from '#contract/time.ts';
import { mayBeSecret } from './echo.ts';
import type { Journal } from './journal.ts';
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
  mayType(place: Place): boolean;
  /** A fact is otherwise. */
  moved(): void;
  /** It cannot go on. */
  end(command: SessionCommand, why: string): void;
  tell(body: SessionBody): void;
}

/** Bytes of one piece of input, and of all that wait to be recorded. */
export const inputLimit = 64 * 1024;
export const inputWaiting = 256 * 1024;
/** Processes of one session that are told to the chronicle, in all and in a second; the recording has more. */
const toldLimit = 2000;
const toldPace = 20;
const killPace = seconds(1);
/** So long what a program wrote before it was killed is waited for. */
const exitPace = milliseconds(1500);
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
  /** Open: bytes may reach the terminal. Each time that it shuts counts, so that what waited meanwhile is dropped. */
  #gate = false;
  #shuts = 0;
  #typing: Promise<void> = Promise.resolve();
  #waiting = 0;
  #told = { second: 0, count: 0, all: 0 };
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
    if (!this.#gate) return;
    this.#gate = false;
    this.#shuts += 1;
    this.#terminal?.drop();
  }

  mark(kind: 'state' | 'mark' | 'resize' | 'exit', about: Json): void {
    if (!this.#closed) this.#recorder?.mark(kind, about);
  }

  resize(size: Size): void {
    this.#size = size;
    this.#terminal?.resize(size);
    this.stream.resized(size);
    this.mark('resize', { cols: size.cols, rows: size.rows });
  }

  /** Recorded first, then typed, if the gate has not shut meanwhile. */
  async type(place: Place, bytes: Uint8Array, auto: boolean): Promise<void> {
    const wide = bytes.length > inputLimit || this.#waiting + bytes.length > inputWaiting;
    if (wide) throw new CellError('E_SHELL_INPUT', 'more was typed at once than can be recorded');
    const shuts = this.#shuts;
    this.#waiting += bytes.length;
    const turn = this.#typing.then(async () => this.#typeNow(place, bytes, { auto, shuts }));
    this.#typing = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      this.#waiting -= bytes.length;
    }
  }

  async #typeNow(
    place: Place,
    bytes: Uint8Array,
    { auto, shuts }: { readonly auto: boolean; readonly shuts: number },
  ): Promise<void> {
    const open = (): boolean =>
      this.#gate && this.#shuts === shuts && this.#decisions.mayType(place);
    const recorder = this.#recorder;
    const terminal = this.#terminal;
    if (!open() || recorder === undefined || terminal === undefined) throw notTyped();
    const secret = mayBeSecret(bytes) && !(await terminal.echoes());
    await recorder.input(bytes, { actor: place.who.actor, auto, secret });
    if (open()) {
      await terminal.write(bytes);
      if (this.#shuts === shuts) return;
    }
    this.mark('mark', { dropped: bytes.length });
    throw notTyped();
  }

  /** Does what is to be done; harmless when it does already. */
  go(): void {
    if (this.#working !== undefined) return;
    const first = this.#next();
    if (first === undefined) return;
    this.#working = this.#work(first);
  }

  async #work(first: Action): Promise<void> {
    for (let action: Action | undefined = first; action !== undefined; action = this.#next()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what it is for
      await action();
    }
    this.#working = undefined;
    this.#decisions.moved();
  }

  /** The next thing to do: first what takes away, then, with everything recorded, what gives. */
  #next(): Action | undefined {
    const { journal } = this.#decisions;
    const { open, input, frozen, kill } = this.#decisions.outputs();
    if (frozen && this.#launched && !this.#frozen && !this.#gone) return () => this.#freeze();
    if (kill && !this.#gone && (journal.empty || journal.failing)) return () => this.#kill();
    if (!open && this.#opened && this.#gone && !this.#closed) return () => this.#close();
    if (!journal.empty) return undefined;
    if (open && !kill && !this.#opened) return () => this.#open();
    if (input && !this.#launched) return () => this.#launch();
    if (!frozen && this.#frozen && !this.#gone) return () => this.#thaw();
    if (input && !this.#ran && !this.#exited) this.#gate = true;
    return undefined;
  }

  async #open(): Promise<void> {
    this.#opened = true;
    const { jailer, recordings } = this.#parts;
    const { id, tier, by, reason, command } = this.#request;
    try {
      const seen = (process: StartedProcess): void => this.#seen(process);
      this.#jail = await jailer.prepare(id, tier, seen, command?.run);
      this.#recorder = await recordings.open(
        id,
        { title: `${tier} ${reason}`, size: this.#size, by: by.actor },
        {
          // The recordings tell it themselves.
          segment: () => undefined,
          failed: (error) => this.#fail(error),
          full: () => this.stream.hold(),
          drained: () => this.stream.release(),
        },
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
      await jail.started(terminal.pid);
    } catch (error) {
      this.#exited = true;
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
      await this.#jail?.freeze();
    } catch (error) {
      this.#decisions.end('kill', `it cannot be frozen: ${textOf(error)}`);
    }
    this.#frozen = true;
  }

  async #thaw(): Promise<void> {
    try {
      await this.#jail?.thaw();
    } catch (error) {
      this.#decisions.end('kill', `it cannot go on: ${textOf(error)}`);
    }
    this.#frozen = false;
  }

  async #kill(): Promise<void> {
    try {
      await this.#jail?.kill();
      this.#gone = true;
      this.#frozen = false;
      this.#decisions.moved();
    } catch (error) {
      this.#parts.log('warn', `${this.#request.id}: ${textOf(error)}`);
      await new Promise<void>((resolve) => void this.#parts.clock.after(killPace, resolve));
    }
  }

  async #close(): Promise<void> {
    if (this.#launched && !this.#exited) await this.#within(exitPace, this.#ending);
    this.#terminal?.close();
    for (const [what, put] of [
      ['recording', this.#recorder?.end()],
      ['jail', this.#jail?.close()],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- two of them
      await put?.catch((error: unknown) => {
        this.#parts.log('warn', `${this.#request.id}: ${what}: ${textOf(error)}`);
      });
    }
    this.stream.close();
    this.#closed = true;
    this.#decisions.moved();
  }

  /** Whichever comes first. */
  async #within(span: Duration, ending: Promise<void>): Promise<void> {
    const late = new Promise<void>((resolve) => void this.#parts.clock.after(span, resolve));
    await Promise.race([late, ending]);
  }

  #fail(error: CellError): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#parts.log('warn', `${this.#request.id}: ${error.code}: ${error.message}`);
    this.#decisions.moved();
  }

  /** Evidence: a flood of processes tells of some, and the recording of as many as it takes. */
  #seen({ pid, argv, hash, at }: StartedProcess): void {
    const words = argv.slice(0, 64).map((word) => word.slice(0, 256));
    const about = { pid, argv: words, at, ...(hash === undefined ? {} : { hash }) };
    this.mark('mark', { process: about });
    const second = Math.floor(this.#parts.clock.now() / 1000);
    if (second !== this.#told.second) this.#told = { ...this.#told, second, count: 0 };
    if (this.#told.count >= toldPace || this.#told.all >= toldLimit) return;
    this.#told.count += 1;
    this.#told.all += 1;
    const text = words.join(' ').slice(0, 500);
    this.#decisions.tell({ event: 'shell-process', session: this.#request.id, about, text });
  }
}

const notTyped = (): CellError => new CellError('E_SHELL_INPUT', 'the session does not run');

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
