// Reads a recording from its first byte to its last and says what it is: its segments, its marks, what is wrong in it.
// It never stops at what is wrong; the files after it are read as well.
import { basename } from 'node:path';
import { CellError } from '#contract/error.ts';
import { marksLimit, marksText } from '#contract/recording-routes.ts';
import { noHash } from '#contract/recording.ts';
import type { RecordingHead } from '#contract/recording.ts';
import { filesOf, readFile } from './reader.ts';
import { TypedLines } from './typed.ts';
import type { Entered } from './typed.ts';
import type { NumberedEvent, ReadFile, ReadSegment, RecordingFilePath } from './reader.ts';

export interface Inspection {
  /** Of the first file that has one. */
  readonly head: RecordingHead | undefined;
  readonly segments: readonly ReadSegment[];
  readonly events: number;
  readonly output: number;
  readonly fileBytes: number;
  /** µs of the last frame. */
  readonly t: number;
  /** It has an end, and nothing after it. */
  readonly ended: boolean;
  /** Bytes of sound frames after the last seal, and of what was torn after them. */
  readonly unsealed: number;
  readonly torn: number;
  readonly marks: readonly NumberedEvent[];
  /** What was typed, line by line. */
  readonly typed: readonly Entered[];
  /** There are marks, or lines, beyond these. */
  readonly moreMarks: boolean;
  /** What is not as it was written, or not there. */
  readonly problems: readonly string[];
}

/** Throws `E_RECORDING_NONE` where there is no such folder, and nothing else. */
export async function inspect(folder: string): Promise<Inspection> {
  const { files, strange } = await filesOf(folder);
  const inspector = new Inspector(basename(folder));
  for (const name of strange) inspector.problem(`${name} is no file of a recording`);
  for (const file of files) {
    // oxlint-disable-next-line no-await-in-loop -- one file in memory at a time
    await inspector.file(file, file === files.at(-1));
  }
  return inspector.end();
}

class Inspector {
  readonly #session: string;
  readonly #segments: ReadSegment[] = [];
  readonly #marks: NumberedEvent[] = [];
  readonly #typed: Entered[] = [];
  readonly #lines = new TypedLines();
  readonly #problems: string[] = [];
  #head: RecordingHead | undefined;
  #last: ReadFile | undefined;
  #next = 0;
  #events = 0;
  #output = 0;
  #fileBytes = 0;
  #t = 0;
  #marksText = 0;
  #typedText = 0;
  #moreMarks = false;
  #tornHead = 0;

  constructor(session: string) {
    this.#session = session;
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  async file(file: RecordingFilePath, newest: boolean): Promise<void> {
    if (file.number !== this.#next) this.#missing(this.#next, file.number - 1);
    this.#next = file.number + 1;
    this.#fileBytes += file.size;
    const name = `file ${file.number}`;
    try {
      const read = await readFile(file);
      if (read === undefined) this.#headless(name, file, newest);
      else {
        this.#connect(name, read, file.number);
        this.#take(name, read, newest);
      }
      this.#last = read;
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      this.problem(error.message);
      this.#last = undefined;
    }
  }

  end(): Inspection {
    if (this.#next === 0) this.problem('it has no files');
    this.#line(this.#lines.end());
    const last = this.#last;
    return {
      head: this.#head,
      segments: this.#segments,
      events: this.#events,
      output: this.#output,
      fileBytes: this.#fileBytes,
      t: this.#t,
      ended: last?.ended === true,
      unsealed: last?.unsealed ?? 0,
      torn: last?.torn ?? this.#tornHead,
      marks: this.#marks,
      typed: this.#typed,
      moreMarks: this.#moreMarks,
      problems: this.#problems,
    };
  }

  /** Nothing in a file whose head never reached the disk was acknowledged. */
  #headless(name: string, file: RecordingFilePath, newest: boolean): void {
    this.#tornHead = file.size;
    if (!newest || this.#last?.ended === true || file.packed) this.problem(`${name} has no head`);
  }

  #missing(from: number, to: number): void {
    this.problem(from === to ? `file ${from} is missing` : `files ${from} to ${to} are missing`);
    this.#last = undefined;
  }

  /** A file goes on where the one before ended. */
  #connect(name: string, { head }: ReadFile, number: number): void {
    if (head.session !== this.#session) this.problem(`${name} is of session ${head.session}`);
    if (head.file !== number) this.problem(`${name} says that it is file ${head.file}`);
    const first = number === 0;
    const last = this.#last;
    if (!first && last === undefined) return;
    const before = last?.segments.at(-1);
    const follows =
      head.previous === (first ? noHash : before?.hash) &&
      head.segment === (first ? 0 : (before?.segment ?? -1) + 1) &&
      head.events === this.#events;
    if (!follows) this.problem(`${name} does not follow the one before`);
    if (last?.ended === true) this.problem(`${name} stands after the recording's end`);
  }

  #take(name: string, read: ReadFile, newest: boolean): void {
    const { head, events, segments } = read;
    this.#head ??= head;
    this.#events = head.events + events.length;
    this.#output = head.output + read.output;
    this.#t = Math.max(this.#t, read.t);
    segments.forEach((segment, index) => {
      this.#segments.push(segment);
      if (!segment.sound) this.problem(`segment ${segment.segment} is not as it was written`);
      if (segment.segment !== head.segment + index)
        this.problem(`${name}: segment ${segment.segment} stands where another was`);
      if (segment.last && index < segments.length - 1)
        this.problem(`${name}: segments stand after the recording's end`);
    });
    const rest = read.unsealed + read.torn;
    if (rest > 0 && (!newest || read.ended))
      this.problem(`${name}: ${rest} bytes that were not sealed (${read.why ?? 'sound frames'})`);
    for (const numbered of events) this.#mark(numbered);
  }

  #mark(numbered: NumberedEvent): void {
    const { n, event } = numbered;
    if (event.kind === 'output') return;
    if (event.kind === 'input' || event.kind === 'secret') {
      this.#line(this.#lines.take(n, event));
      return;
    }
    this.#marksText += JSON.stringify(event.about).length;
    if (this.#marks.length < marksLimit && this.#marksText <= marksText) this.#marks.push(numbered);
    else this.#moreMarks = true;
  }

  #line(entered: readonly Entered[]): void {
    for (const one of entered) {
      this.#typedText += one.text?.length ?? 0;
      if (this.#typed.length < marksLimit && this.#typedText <= marksText) this.#typed.push(one);
      else this.#moreMarks = true;
    }
  }
}
