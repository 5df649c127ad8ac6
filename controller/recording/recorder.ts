// One session's recording as it happens. Input resolves when it is on disk, and what was typed meanwhile shares the
// next sync; output follows within a second. The first failure is told at once, and what is left is tried once more
// with the reserve's room, so that a session's end is recorded too.
import { createHmac } from 'node:crypto';
import type { Actor } from '#contract/actor.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import {
  ProgramExit,
  TerminalSize,
  chunkLimit,
  isShallow,
  secretInput,
} from '#contract/recording.ts';
import type { RecordedEvent, RecordingEvent } from '#contract/recording.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { Recorder, RecorderEvents } from '#controller/shell/parts.ts';
import { Backlog } from './backlog.ts';
import { saidBy } from './disk.ts';
import type { RecordingDisk } from './disk.ts';
import { Frames } from './frames.ts';
import type { RecordingAbout } from './frames.ts';
import * as limits from './limits.ts';

/** What a recorder needs of those around it. */
export interface RecorderHome {
  readonly disk: RecordingDisk;
  /** The recording's own folder, which is there. */
  readonly folder: string;
  /** For the hash of what is typed without being shown; undefined: it is recorded as it is. */
  readonly secretKey: Uint8Array | undefined;
  /** The disk is full, or refuses: room is made, if any is kept. */
  release(): Promise<void>;
  /** Takes a closed segment to the chronicle; resolves when it is there. */
  tell(event: RecordingEvent): Promise<void>;
  /** Whether recordings may take more than they do now. */
  room(): boolean;
  /** Nothing is written to its folder any more. */
  ended(): void;
}

interface Waiter {
  readonly upTo: number;
  resolve(): void;
  reject(error: CellError): void;
}

export class SessionRecorder implements Recorder {
  readonly #clock: Clock;
  readonly #home: RecorderHome;
  readonly #about: RecordingAbout;
  readonly #events: RecorderEvents;
  readonly #backlog: Backlog;
  readonly #frames: Frames;
  readonly #start: number;
  readonly #waiters: Waiter[] = [];
  /** Sealed segments, and how much must be on disk before they are. */
  readonly #sealed: { readonly upTo: number; readonly event: RecordingEvent }[] = [];
  #t = 0;
  /** Of the first event of the segment that is not sealed. */
  #segmentFrom = 0;
  #sealing: Cancel | undefined;
  /** Up to here somebody waits for the disk. */
  #wanted = 0;
  #pumping: Promise<void> | undefined;
  #full = false;
  #lost = 0;
  #failed: CellError | undefined;
  /** It failed, and failed again: nothing more is tried. */
  #dead = false;
  #ending: Promise<void> | undefined;
  #lastTold: Promise<void> = Promise.resolve();

  constructor(clock: Clock, home: RecorderHome, about: RecordingAbout, events: RecorderEvents) {
    this.#clock = clock;
    this.#home = home;
    this.#about = about;
    this.#events = events;
    this.#backlog = new Backlog(home.disk, home.folder);
    this.#frames = new Frames(about, (piece) => this.#backlog.add(piece));
    this.#start = clock.now();
  }

  get bytes(): number {
    return this.#backlog.added;
  }

  /** Nothing of it is on disk. */
  get nothing(): boolean {
    return this.#backlog.durable === 0;
  }

  /** Its first file is on disk when it resolves. Rejects with `E_RECORDING_*`. */
  async begin(): Promise<void> {
    this.#beginSegment(this.#now());
    this.#frames.begin(this.#t);
    return this.flush();
  }

  async input(
    bytes: Uint8Array,
    { actor: by, auto, secret }: { actor: Actor; auto: boolean; secret: boolean },
  ): Promise<void> {
    this.#mustTake();
    const key = secret ? this.#home.secretKey : undefined;
    for (const chunk of chunksOf(bytes)) {
      const t = this.#now();
      if (key === undefined) this.#record({ kind: 'input', t, by, auto, bytes: chunk });
      else {
        const text = secretInput(this.#about.session, t, chunk);
        const proof = createHmac('sha256', key).update(text).digest();
        this.#record({ kind: 'secret', t, by, auto, length: chunk.length, proof });
      }
    }
    return this.flush();
  }

  output(bytes: Uint8Array): void {
    if (this.#over()) return;
    if (this.#waiting() + bytes.length > limits.waiting.most) {
      this.#lost += bytes.length;
      this.#fail('E_RECORDING_DISK', 'output came faster than the disk took it');
      return;
    }
    this.#tellLost();
    for (const chunk of chunksOf(bytes)) {
      this.#record({ kind: 'output', t: this.#now(), bytes: chunk });
    }
    if (this.#waiting() >= limits.waiting.full && !this.#full) {
      this.#full = true;
      this.#events.full();
    }
    this.#kick();
  }

  mark(kind: 'resize' | 'state' | 'mark' | 'exit', about: Json): void {
    if (this.#over()) return;
    const t = this.#now();
    const json = canonicalJson(about);
    const bytes = Buffer.byteLength(json);
    const fits = bytes <= limits.markLimit && isShallow(json);
    const event = fits ? markOf(kind, t, about) : undefined;
    this.#record(event ?? { kind: 'mark', t, about: { unreadable: kind, bytes } });
  }

  async flush(): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    const upTo = this.#backlog.added;
    if (upTo <= this.#backlog.durable) return;
    this.#wanted = upTo;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ upTo, resolve, reject });
      this.#kick();
    });
  }

  async end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Ends what may not be recorded any more, for a reason of somebody else's. */
  fail(code: Code, text: string): void {
    this.#fail(code, text);
  }

  async #end(): Promise<void> {
    this.#tellLost();
    if (!this.#dead) this.#seal(true);
    await this.#within(this.#pumped());
    this.#sealing?.();
    await this.#within(this.#backlog.close().catch(() => undefined));
    if (!this.#dead) await this.#within(this.#lastTold);
    this.#dead = true;
    this.#backlog.drop();
    this.#home.ended();
  }

  async #pumped(): Promise<void> {
    // The pump goes on by itself for as long as anything is wanted.
    // oxlint-disable-next-line no-await-in-loop -- as above
    while (this.#pumping !== undefined) await this.#pumping;
  }

  async #within(work: Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#clock.after(limits.endPatience, resolve);
      work.then(resolve, reject).finally(cancel);
    });
  }

  #over(): boolean {
    return this.#dead || this.#ending !== undefined;
  }

  #mustTake(): void {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#over()) throw new CellError('E_RECORDING_DISK', 'the recording has ended');
  }

  #waiting(): number {
    return this.#backlog.added - this.#backlog.durable;
  }

  #now(): number {
    this.#t = Math.max(this.#t, Math.floor((this.#clock.now() - this.#start) * 1000));
    return this.#t;
  }

  #record(event: RecordedEvent): void {
    const frames = this.#frames;
    if (frames.segmentBytes === 0) this.#beginSegment(event.t);
    frames.event(event);
    const age = (event.t - this.#segmentFrom) / 1000;
    const { segmentBytes } = frames;
    const due = segmentBytes >= limits.segmentBytes && age >= limits.segmentPause;
    if (due || segmentBytes >= limits.segmentMost) this.#seal(false);
  }

  #beginSegment(t: number): void {
    this.#segmentFrom = t;
    this.#sealing = this.#clock.after(limits.segmentAge, () => this.#seal(false));
  }

  #seal(last: boolean): void {
    this.#sealing?.();
    this.#sealing = undefined;
    if (this.#dead) return;
    const text = last ? 'a shell was recorded, to its end' : 'a shell is being recorded';
    const event = this.#frames.seal(this.#now(), last, text);
    this.#wanted = this.#backlog.added;
    this.#sealed.push({ upTo: this.#wanted, event });
    if (!last && !this.#home.room())
      this.#fail('E_RECORDING_FULL', 'open shells have recorded as much as they may');
    this.#kick();
  }

  /** Output that was dropped is missed where it was dropped. */
  #tellLost(): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#record({ kind: 'mark', t: this.#now(), about: { lost_bytes: lost } });
  }

  #kick(): void {
    if (this.#pumping !== undefined || !this.#needed()) return;
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined;
      this.#kick();
    });
  }

  #needed(): boolean {
    if (this.#dead || this.#waiting() === 0) return false;
    return this.#wanted > this.#backlog.durable || this.#waiting() >= limits.writeBytes;
  }

  async #pump(): Promise<void> {
    while (this.#needed()) {
      const silent = this.#clock.after(limits.diskPatience, () =>
        this.#fail('E_RECORDING_DISK', 'the disk does not answer'),
      );
      try {
        // oxlint-disable-next-line no-await-in-loop -- one write after the other, each of all that waits
        await this.#backlog.write();
        this.#settle();
      } catch (cause) {
        if (!(cause instanceof Error && 'code' in cause)) throw cause;
        // oxlint-disable-next-line no-await-in-loop -- then the same bytes again
        await this.#refused(cause);
      } finally {
        silent();
      }
    }
  }

  async #refused(cause: Error): Promise<void> {
    if (this.#failed?.cause !== undefined) {
      this.#dead = true;
      this.#backlog.drop();
      return;
    }
    this.#fail('E_RECORDING_DISK', saidBy(cause), cause);
    await this.#home.release();
  }

  #settle(): void {
    const { durable } = this.#backlog;
    while ((this.#waiters[0]?.upTo ?? Infinity) <= durable) this.#waiters.shift()?.resolve();
    while ((this.#sealed[0]?.upTo ?? Infinity) <= durable) {
      const event = this.#sealed.shift()?.event;
      if (event === undefined) break;
      this.#events.segment(event);
      this.#lastTold = this.#home.tell(event);
    }
    if (this.#full && this.#waiting() <= limits.waiting.drained) {
      this.#full = false;
      this.#events.drained();
    }
  }

  #fail(code: Code, text: string, cause?: Error): void {
    const first = this.#failed === undefined;
    if (!first && cause === undefined) return;
    const error = new CellError(code, `${this.#about.session}: ${text}`, { cause });
    this.#failed = error;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
    if (!first) return;
    if (!this.#over()) this.mark('mark', { failed: code, text: text.slice(0, 300) });
    this.#events.failed(error);
  }
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkLimit) yield bytes.subarray(at, at + chunkLimit);
}

/** Undefined: what it says of a size or an exit is none. */
function markOf(
  kind: 'resize' | 'state' | 'mark' | 'exit',
  t: number,
  about: Json,
): RecordedEvent | undefined {
  if (kind === 'state' || kind === 'mark') return { kind, t, about };
  if (kind === 'resize') {
    const size = TerminalSize.safeParse(about).data;
    return size && { kind, t, about: size };
  }
  const exit = ProgramExit.safeParse(about).data;
  return exit && { kind, t, about: exit };
}
