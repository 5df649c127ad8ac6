// What stands between a session and the world: the smallest jail, recorder, terminal and stream that are ones. Everything
// that a session asks of them is written down in its order, and what is to fail fails.
import { CellError } from '#contract/error.ts';
import type { SessionId } from '#contract/shell.ts';
import type {
  Jail,
  Recorder,
  RecorderEvents,
  Stream,
  Terminal,
  TerminalEvents,
} from '#controller/shell/parts.ts';

type Hanging = 'prepare' | 'record' | 'start' | 'freeze' | 'thaw' | 'kill' | 'recording' | 'jail';

export class Machine {
  readonly happened: string[] = [];
  /** Bytes that reached the terminal. */
  typed = '';
  /** Called with each byte's arrival, to judge whether it may. */
  onType: () => void = () => undefined;
  running = false;
  frozen = false;
  events: TerminalEvents | undefined;
  recorder: RecorderEvents | undefined;
  /** What fails from now on, by name. */
  readonly broken = new Set<'prepare' | 'record' | 'launch' | 'freeze' | 'kill' | 'input'>();
  /** What never comes back from now on, by name. */
  readonly hangs = new Set<Hanging>();
  /** Sizes that reached the terminal; and marks of the recording, by their kind. */
  readonly sizes: string[] = [];
  readonly marks: string[] = [];
  /** Input is recorded when this resolves. */
  disk: () => Promise<void> = async () => undefined;

  readonly jailer = {
    layers: async () => [],
    prepare: async (): Promise<Jail> => {
      if (this.broken.has('prepare')) throw new CellError('E_SHELL_STATE', 'no layer of seccomp');
      this.happened.push('prepare');
      await this.#comes('prepare');
      return this.#jail();
    },
  };

  readonly recordings = {
    open: async (_id: SessionId, _about: object, events: RecorderEvents): Promise<Recorder> => {
      this.happened.push('record');
      this.recorder = events;
      await this.#comes('record');
      return this.#recorder();
    },
  };

  readonly terminal = (_launch: object, _size: object, events: TerminalEvents): Terminal => {
    if (this.broken.has('launch')) throw new CellError('E_SHELL_STATE', 'no pseudo terminal');
    this.happened.push('launch');
    this.events = events;
    this.running = true;
    return {
      pid: 4711,
      write: async (bytes) => {
        this.onType();
        this.happened.push('type');
        this.typed += Buffer.from(bytes).toString();
      },
      drop: () => undefined,
      resize: ({ cols, rows }) => void this.sizes.push(`${cols}x${rows}`),
      hold: () => undefined,
      release: () => undefined,
      echoes: async () => true,
      close: () => void this.happened.push('hang up'),
    };
  };

  readonly stream = (): Stream => ({
    offset: 0,
    size: { cols: 80, rows: 24 },
    output: () => undefined,
    resized: () => undefined,
    exited: (code) => void this.happened.push(`exit ${code}`),
    hold: () => undefined,
    release: () => undefined,
    watch: () => ({ parsed: () => undefined, govern: () => undefined, end: () => undefined }),
    close: () => undefined,
  });

  /** The program ends by itself. */
  exit(code = 0): void {
    this.running = false;
    this.events?.exited(code);
  }

  /** Nothing more can be recorded. */
  fail(): void {
    this.recorder?.failed(new CellError('E_FILE_WRITE', 'the disk is full'));
  }

  /** What hangs comes when it hangs no more. */
  async #comes(what: Hanging): Promise<void> {
    if (!this.hangs.has(what)) return;
    await new Promise<void>((done) => this.#late.push({ what, done }));
  }
  #late: { readonly what: Hanging; readonly done: () => void }[] = [];

  /** All that hung comes, late. */
  comeLate(): void {
    this.hangs.clear();
    for (const { done } of this.#late.splice(0)) done();
  }

  #jail(): Jail {
    return {
      launch: { file: '/bin/sh', args: [], env: {}, cwd: '/' },
      started: async () => this.#comes('start'),
      freeze: async () => {
        if (this.broken.has('freeze')) throw new CellError('E_SHELL_STATE', 'no freezer');
        this.happened.push('freeze');
        await this.#comes('freeze');
        this.frozen = true;
      },
      thaw: async () => {
        this.happened.push('thaw');
        await this.#comes('thaw');
        this.frozen = false;
      },
      kill: async () => {
        this.happened.push('kill');
        await this.#comes('kill');
        if (this.broken.has('kill')) throw new CellError('E_SHELL_STATE', 'process 4712 is left');
        const ran = this.running;
        this.running = false;
        if (ran) this.events?.exited(137);
      },
      close: async () => {
        await this.#comes('jail');
        this.happened.push('jail closed');
      },
    };
  }

  #recorder(): Recorder {
    return {
      bytes: 0,
      input: async () => {
        await this.disk();
        if (this.broken.has('input')) throw new CellError('E_FILE_WRITE', 'the disk is full');
      },
      output: () => undefined,
      mark: (kind) => void this.marks.push(kind),
      flush: async () => undefined,
      end: async () => {
        await this.#comes('recording');
        this.happened.push('recorded');
      },
    };
  }
}
