// All recordings of a cell: begins them, keeps them within their bound, tells the chronicle. Recordings that have ended
// are packed, and past the bound the oldest whole ones leave, which the chronicle says first.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CellError } from '#contract/error.ts';
import { TerminalSize } from '#contract/recording.ts';
import type { RecordingEvent } from '#contract/recording.ts';
import type { RecordingSummary } from '#contract/recording-routes.ts';
import type { RecordingOptions, SessionId } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import type { StationLog } from '#controller/server/live.ts';
import type { Recorder, RecorderEvents, Recordings, Size } from '#controller/shell/parts.ts';
import type { Actor } from '#contract/actor.ts';
import { Catalogue } from './catalogue.ts';
import { realDisk, saidBy } from './disk.ts';
import type { RecordingDisk } from './disk.ts';
import { recordingsKept, reserveBytes } from './limits.ts';
import { packFile } from './pack.ts';
import { filesOf } from './reader.ts';
import { SessionRecorder } from './recorder.ts';
import { Reserve } from './reserve.ts';
import { readSecretKey } from './secret-key.ts';
import { Teller } from './teller.ts';
import type { Keep } from './teller.ts';

/** Where recordings stand in a data directory, and what is kept back for them. */
export const recordingsFolder = (data: string): string => join(data, 'recordings');
export const reserveFile = (data: string): string => join(data, 'recordings.reserve');

export interface RecordingsDeps {
  readonly clock: Clock;
  readonly log: StationLog;
  readonly keep: Keep;
  /** The real one, where none is given. */
  readonly disk?: RecordingDisk;
  /** Bytes kept back for the end of recordings; `reserveBytes` where none are given. */
  readonly reserve?: number;
}

export class SessionRecordings implements Recordings {
  readonly clock: Clock;
  readonly #log: StationLog;
  readonly #disk: RecordingDisk;
  readonly #data: string;
  readonly #folder: string;
  readonly #reserve: Reserve;
  readonly #teller: Teller;
  readonly #open = new Map<SessionId, SessionRecorder>();
  /** Packed, or not to be tried again by this process. */
  readonly #packed = new Set<SessionId>();
  /** The record has let them go, and the disk does not: this process does not try again. */
  readonly #stuck = new Set<SessionId>();
  readonly catalogue: Catalogue;
  #options: RecordingOptions;
  /** Bytes of the recordings that are not open, when they were last counted. */
  #kept = 0;
  #tidying: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(deps: RecordingsDeps, data: string, options: RecordingOptions) {
    this.clock = deps.clock;
    this.#log = deps.log;
    this.#disk = deps.disk ?? realDisk;
    this.#data = data;
    this.#folder = recordingsFolder(data);
    this.#options = options;
    this.#reserve = new Reserve(this.#disk, reserveFile(data), deps.reserve ?? reserveBytes);
    this.#teller = new Teller(deps.clock, deps.keep);
    this.catalogue = new Catalogue(this.#folder, (session) => this.#open.has(session));
  }

  get bound(): number {
    return this.#options.max;
  }

  /** What the manifest of the cell says now; sessions that are open go on as they began. */
  configure(options: RecordingOptions): void {
    this.#options = options;
    this.tidy();
  }

  /** Throws `E_RECORDING_RESERVE`, `E_RECORDING_DISK`, `E_RECORDING_FULL`. */
  async open(
    session: SessionId,
    about: { readonly title: string; readonly size: Size; readonly by: Actor },
    events: RecorderEvents,
  ): Promise<Recorder> {
    if (!this.#room()) throw new CellError('E_RECORDING_FULL', 'other shells take all of it');
    const folder = join(this.#folder, session);
    let secretKey: Uint8Array | undefined;
    try {
      if (this.#options.secrets === 'hash') secretKey = readSecretKey(this.#data);
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await this.#disk.syncFolder(this.#data);
      await this.#reserve.ensure();
      await this.#disk.makeFolder(folder);
    } catch (cause) {
      if (cause instanceof CellError) throw cause;
      this.#log('warn', `${folder} cannot be made: ${String(cause)}`);
      throw new CellError('E_RECORDING_DISK', `${session}: ${saidBy(cause)}`, { cause });
    }
    const recorder = this.#make(session, { folder, secretKey }, about, events);
    this.#open.set(session, recorder);
    try {
      await recorder.begin();
    } catch (error) {
      await recorder.end();
      if (recorder.nothing) await this.#disk.remove(folder).catch(() => undefined);
      throw error;
    }
    return recorder;
  }

  #make(
    session: SessionId,
    own: { readonly folder: string; readonly secretKey: Uint8Array | undefined },
    about: { readonly title: string; readonly size: Size; readonly by: Actor },
    events: RecorderEvents,
  ): SessionRecorder {
    const began = Math.floor(this.clock.time());
    const home = {
      ...own,
      disk: this.#disk,
      release: async () => this.#reserve.release(),
      tell: async (event: RecordingEvent) => this.#teller.tell(event),
      room: () => this.#room(),
      ended: () => {
        this.#open.delete(session);
        this.tidy();
      },
    };
    const title = about.title.slice(0, 500);
    // A size that no reader takes must not make the whole unreadable.
    const size = TerminalSize.safeParse(about.size).data ?? { cols: 80, rows: 24 };
    const all = { session, title, by: about.by, size, began };
    return new SessionRecorder(this.clock, home, all, events);
  }

  /** Open sessions alone must stay within the bound; past it with the others, the oldest of those leave. */
  #room(): boolean {
    const open = [...this.#open.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    if (open + this.#kept > this.#options.max) this.tidy();
    return open <= this.#options.max;
  }

  /** Packs what has ended and lets the oldest leave, in the background; never rejects. */
  tidy(): void {
    this.#again = true;
    if (this.#closed) return;
    this.#tidying ??= this.#tidyAll().finally(() => {
      this.#tidying = undefined;
    });
  }

  /** Resolves when nothing is being tidied. */
  async tidied(): Promise<void> {
    await this.#tidying;
  }

  /** Ends what is open, so that it is whole on disk. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(async (recorder) => recorder.end()));
    this.#closed = true;
    await this.#tidying;
    this.#teller.close();
  }

  async #tidyAll(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      await this.#round().catch((error: unknown) => {
        this.#log('warn', `recordings cannot be tidied: ${String(error)}`);
      });
    }
  }

  async #round(): Promise<void> {
    const all = (await this.catalogue.list()).filter(({ session }) => !this.#open.has(session));
    // oxlint-disable-next-line no-await-in-loop -- nobody is in a hurry
    for (const { session } of all) await this.#pack(session);
    const packed = (await this.catalogue.list()).filter(({ session }) => !this.#open.has(session));
    let left = packed.reduce((sum, { file_bytes: bytes }) => sum + bytes, 0);
    let count = packed.length;
    this.#kept = left;
    for (const summary of packed.toReversed()) {
      const open = [...this.#open.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      if (this.#closed || (left + open <= this.#options.max && count <= recordingsKept)) return;
      if (this.#stuck.has(summary.session)) continue;
      // oxlint-disable-next-line no-await-in-loop -- the oldest first
      if (!(await this.#leave(summary))) continue;
      left -= summary.file_bytes;
      count -= 1;
      this.#kept = left;
    }
  }

  /** Whether it is gone. */
  async #leave({ session, file_bytes: bytes, began }: RecordingSummary): Promise<boolean> {
    const text = `the recording of ${new Date(began).toISOString()} left to make room`;
    await this.#teller.tell({ event: 'recording-left', session, bytes, text });
    if (this.#closed) return false;
    try {
      await this.#disk.remove(join(this.#folder, session));
    } catch (error) {
      this.#stuck.add(session);
      this.#log('warn', `${session} cannot be removed: ${String(error)}`);
      return false;
    }
    this.catalogue.forget(session);
    this.#packed.delete(session);
    this.#log('info', `${session}: ${text}`);
    return true;
  }

  async #pack(session: SessionId): Promise<void> {
    if (this.#packed.has(session)) return;
    this.#packed.add(session);
    try {
      const { files } = await filesOf(join(this.#folder, session));
      for (const file of files) {
        // oxlint-disable-next-line no-await-in-loop -- one file in memory at a time
        if (!file.packed && !this.#closed) await packFile(this.#disk, file);
      }
    } catch (error) {
      // It stays as it is: what cannot be read is evidence, and a full disk has other worries.
      this.#log('warn', `${session} cannot be packed: ${String(error)}`);
    }
  }
}
