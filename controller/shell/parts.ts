// What a supervised session is put together from, each made by one file of this folder: a terminal, the jail
// that its processes are in, a recorder, viewers. Interfaces alone, so that each can be tested without the rest.
import type { Actor } from '#contract/actor.ts';
import type { Json } from '#contract/canonical.ts';
import type { CellError } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { RecordingEvent } from '#contract/recording.ts';
import type { Part, SessionId, SessionView } from '#contract/shell.ts';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** A pseudo terminal and the program at its other end. Whoever holds it has judged the session's state. */
export interface Terminal {
  readonly pid: number;
  /** Resolves when the kernel has them: a program that does not read is waited for. */
  write(bytes: Uint8Array): Promise<void>;
  /** What was written and the kernel has not taken yet is forgotten, and `write` resolves. */
  drop(): void;
  resize(size: Size): void;
  /** Stops and goes on reading; what is not read waits in the kernel and holds the program back. */
  hold(): void;
  release(): void;
  /** False while the program reads lines without showing them, as for a password. Asked before each input. */
  echoes(): Promise<boolean>;
  /** Hangs up. What its processes do then is the jail's matter. */
  close(): void;
}

export interface TerminalEvents {
  output(bytes: Buffer): void;
  /** After the last output. */
  exited(code: number): void;
}

/** What to execute at a terminal, and with which environment and nothing else. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A process that was seen to start in a session. */
export interface StartedProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** SHA-256 of the executed file, hex. */
  readonly hash?: string | undefined;
  /** Why it has no hash, for people. */
  readonly unhashed?: string | undefined;
  readonly at: number;
}

/** All processes of one session, and everything that holds them in. */
export interface Jail {
  readonly launch: Launch;
  /** The program of `launch` runs under this process id. */
  started(pid: number): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Resolves when none of its processes is left. Throws `E_SHELL_SURVIVOR` naming those that are. */
  kill(): Promise<void>;
  /** Lets go of what it holds on this machine; `kill` came before. */
  close(): Promise<void>;
}

/** A layer of confinement, and why it is missing on this machine where it is. */
export interface Layer {
  readonly name:
    | 'bubblewrap'
    | 'user-namespace'
    | 'seccomp'
    | 'prlimit'
    | 'cgroup'
    | 'own-uid'
    | 'evidence';
  /** Without a required layer no shell is opened. */
  readonly required: boolean;
  readonly there: boolean;
  readonly why?: string | undefined;
}

export interface Jailer {
  /** What this machine can do, tried once. */
  layers(): Promise<readonly Layer[]>;
  /**
   * Throws `E_SHELL_LAYER` that names each required layer that is missing. `command`: what is started in it, argv by
   * argv; a shell where there is none.
   */
  prepare(
    session: SessionId,
    tier: 'T2' | 'T3',
    seen: (process: StartedProcess) => void,
    command?: readonly string[],
  ): Promise<Jail>;
}

/** One session's recording. Output may lag behind by a second, input never. */
export interface Recorder {
  /** Bytes recorded so far. */
  readonly bytes: number;
  /** Resolves when it is on disk; only then it may go to the terminal. Rejects with `E_RECORDING_*`. */
  input(bytes: Uint8Array, by: { actor: Actor; auto: boolean; secret: boolean }): Promise<void>;
  output(bytes: Uint8Array): void;
  /**
   * A resize (`Size`), a change of state, an approval, the program's exit (`{code}`): what a player shows as a mark.
   * Marks are taken after a failure too, and written where the disk lets them.
   */
  mark(kind: 'resize' | 'state' | 'mark' | 'exit', about: Json): void;
  /** Resolves when all that was given before is on disk. Rejects with `E_RECORDING_*`. */
  flush(): Promise<void>;
  /** Everything is on disk, and the last segment is told; or neither can be, which `failed` told. Never rejects. */
  end(): Promise<void>;
}

export interface RecorderEvents {
  /** A segment is closed, and on its way to the chronicle: whoever hears this need not tell it. */
  segment(event: RecordingEvent): void;
  /** Nothing more can be recorded: T2 and T3 stop at once. Told once. */
  failed(error: CellError): void;
  /** More waits for the disk than should: the terminal is to hold, until `drained`. Input is taken all the same. */
  full(): void;
  drained(): void;
}

export interface Recordings {
  open(
    session: SessionId,
    about: { readonly title: string; readonly size: Size; readonly by: Actor },
    events: RecorderEvents,
  ): Promise<Recorder>;
}

/** A session that is asked for, open or over, as its socket and its routes have it. session.ts makes it. */
export interface RunningSession {
  readonly id: SessionId;
  readonly view: SessionView;
  /** Bytes that the program has written. Nothing before its first run. */
  readonly stream: Stream;
  /**
   * Takes a seat; it stands in the chronicle before this resolves. Throws `E_SHELL_PART`, `E_SHELL_LOCKED`,
   * `E_SHELL_STATE`. A principal that sits down again in the same part takes its old seat over.
   */
  sit(who: Principal, part: Part, seen: SeatEvents): Promise<Seat>;
}

/** What a seat hears. */
export interface SeatEvents {
  state(view: SessionView): void;
  /** Of a supervisor: to be answered with `prove` within 15 s, by a page that somebody looks at. */
  challenge(text: string): void;
  /** The seat is no longer theirs: another socket of the same person has it, it was handed over, or a lock. */
  lost(code: 'E_SHELL_PART' | 'E_SHELL_LOCKED' | 'E_SHELL_STATE'): void;
}

/** One participant's place in a session. What it may not do throws `E_SHELL_PART`. */
export interface Seat {
  readonly part: Part;
  /**
   * Resolves when it is recorded and handed to the terminal; `auto`: an answer of the terminal's own, no key.
   * Throws `E_SHELL_INPUT` when it was not typed into a running session, and `E_RECORDING_*`.
   */
  type(bytes: Uint8Array, auto: boolean): Promise<void>;
  resize(size: Size): void;
  /** An answer to the newest challenge; `acted`: its person did something since the last. */
  prove(challenge: string, acted: boolean): void;
  /** Nobody looks at it any more: the tab was hidden. `prove` brings it back. */
  hidden(): void;
  /** Its socket is gone; it may come back. */
  leave(): void;
}

/** Output on its way to everybody who watches, in stream.ts. It knows no session and no socket. */
export interface Stream {
  /** All that the program has written so far, in bytes. */
  readonly offset: number;
  readonly size: Size;
  output(bytes: Buffer): void;
  resized(size: Size): void;
  /** After the last output; `offset` is then what it will be. */
  exited(code: number): void;
  /** A recorder that cannot follow holds the program back, whatever its driver has seen. */
  hold(): void;
  release(): void;
  /**
   * Frames go to `to` from now on. `governs`: the program waits until this one has seen what it wrote; at most one
   * does, the last that came. `from`: where it goes on; null, or what is no longer kept: the screen comes first.
   */
  watch(to: Watcher, options: { readonly governs: boolean; readonly from: number | null }): Watch;
  close(): void;
}

/** Who watches: a socket, or a test. */
export interface Watcher {
  /** One frame of contract/shell-frames.ts, shared with other watchers: it is not altered. */
  send(frame: Uint8Array): void;
}

export interface Watch {
  /** From now on the program waits for this one. */
  govern(): void;
  /** All before this offset is on its screen. Throws `E_DOOR_FRAME` for what was never sent. */
  parsed(offset: number): void;
  end(): void;
}

/** What a stream asks of the terminal behind it when its driver or its recorder cannot follow. */
export interface Brake {
  hold(): void;
  release(): void;
}
