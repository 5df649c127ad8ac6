// Recordings in the test's own thread: the product's parts on a clock that the test moves, on a disk that fails when
// the test says so, and a chronicle that keeps what it is told in a list.
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Actor } from '#contract/actor.ts';
import type { CellError, Code } from '#contract/error.ts';
import type { RecordingEvent } from '#contract/recording.ts';
import type { RecordedEvent } from '#contract/recording.ts';
import type { SessionId } from '#contract/shell.ts';
import { realDisk } from '#controller/recording/disk.ts';
import type { RecordingDisk } from '#controller/recording/disk.ts';
import { filesOf, readFile } from '#controller/recording/reader.ts';
import { SessionRecordings, recordingsFolder } from '#controller/recording/recordings.ts';
import type { ForChronicle } from '#controller/recording/teller.ts';
import type { Recorder } from '#controller/shell/parts.ts';
import { makeFolder, TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';

export const session: SessionId = 'sh-00000000000000aa';
export const ann: Actor = 'user:ann';
export const typed = { actor: ann, auto: false, secret: false };
export const about = { title: 'T2 look at the log', size: { cols: 80, rows: 24 }, by: ann };

export class RecordingRig implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly #remove: () => void;
  readonly data: string;
  readonly told: ForChronicle[] = [];
  readonly segments: RecordingEvent[] = [];
  readonly failures: CellError[] = [];
  readonly flow: string[] = [];
  readonly log: string[] = [];
  readonly recordings: SessionRecordings;
  /** What the chronicle says of what it is told next. */
  problem: Code | undefined;

  /** `data`: a folder of the test's own. */
  constructor(
    options: { disk?: RecordingDisk; max?: number; secrets?: 'hash' | 'keep'; data?: string } = {},
  ) {
    const { disk = realDisk, max = 1e9, secrets = 'hash' } = options;
    const folder = options.data === undefined ? makeFolder() : undefined;
    this.data = folder?.path ?? options.data ?? '';
    this.#remove = () => folder?.remove();
    const keep = async (event: ForChronicle): Promise<Code | undefined> => {
      if (this.problem === undefined) this.told.push(event);
      return this.problem;
    };
    const log = (_: string, text: string): void => void this.log.push(text);
    const deps = { clock: this.clock, log, keep, disk, reserve: 1_000_000 };
    this.recordings = new SessionRecordings(deps, this.data, { max, secrets });
  }

  async open(id: SessionId = session): Promise<Recorder> {
    return this.recordings.open(id, about, {
      segment: (event) => void this.segments.push(event),
      failed: (error) => void this.failures.push(error),
      full: () => void this.flow.push('full'),
      drained: () => void this.flow.push('drained'),
    });
  }

  folderOf(id: SessionId = session): string {
    return join(recordingsFolder(this.data), id);
  }

  /** Lets promises go on, and time as well, until a condition holds. */
  async until(condition: () => boolean, step = 0): Promise<void> {
    await vi.waitFor(
      () => {
        if (step > 0) this.clock.pass(step);
        if (!condition()) throw new Error('not yet');
      },
      { timeout: 20_000, interval: 1 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.recordings.close();
    this.#remove();
  }
}

/** Every event of a recording that can be read, in order. */
export async function eventsOf(folder: string): Promise<RecordedEvent[]> {
  const { files } = await filesOf(folder);
  const read = await Promise.all(files.map(async (file) => readFile(file)));
  return read.flatMap((file) => file?.events.map(({ event }) => event) ?? []);
}

/** The bytes that went one way. */
export const bytesOf = (events: readonly RecordedEvent[], kind: 'input' | 'output'): Buffer =>
  Buffer.concat(events.flatMap((event) => (event.kind === kind ? [event.bytes] : [])));
