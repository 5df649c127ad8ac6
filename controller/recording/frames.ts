// The frames of one recording on their way to its files: numbered events, segments with their running hash, seals,
// and where one file ends and the next begins. Pure but for the hash; recorder.ts writes what is made here.
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Actor } from '#contract/actor.ts';
import { encodeFrame, noHash, recordingFormat } from '#contract/recording.ts';
import type {
  Recorded,
  RecordedEvent,
  RecordingEvent,
  RecordingHead,
  TerminalSize,
} from '#contract/recording.ts';
import type { SessionId } from '#contract/shell.ts';
import { fileBytes } from './limits.ts';

export interface RecordingAbout {
  readonly session: SessionId;
  readonly title: string;
  readonly by: Actor;
  readonly size: TerminalSize;
  /** UTC ms. */
  readonly began: number;
}

/** Bytes that belong into file `file`. */
export interface Piece {
  readonly file: number;
  readonly bytes: Uint8Array;
}

export class Frames {
  readonly #about: RecordingAbout;
  readonly #put: (piece: Piece) => void;
  #size: TerminalSize;
  #file = -1;
  #fileBytes = 0;
  #segment = 0;
  #segmentBytes = 0;
  #previous = noHash;
  #hash: Hash = begun(noHash);
  #events = 0;
  #output = 0;

  /** `put` takes each piece as it is made, in order. */
  constructor(about: RecordingAbout, put: (piece: Piece) => void) {
    this.#about = about;
    this.#put = put;
    this.#size = about.size;
  }

  /** Bytes of the segment that is not sealed. */
  get segmentBytes(): number {
    return this.#segmentBytes;
  }
  /** Of the file that is written now, with what is not on disk yet. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  event(event: RecordedEvent): void {
    this.begin(event.t);
    this.#add(event);
    this.#events += 1;
    if (event.kind === 'output') this.#output += event.bytes.length;
    if (event.kind === 'resize') this.#size = event.about;
  }

  /** Closes the segment, be it empty; what the chronicle is told of it. */
  seal(t: number, last: boolean, text: string): RecordingEvent {
    this.begin(t);
    const hash = this.#hash.digest();
    const sealed: RecordingEvent = {
      event: 'recorded',
      session: this.#about.session,
      segment: this.#segment,
      bytes: this.#segmentBytes,
      hash: hash.toString('hex'),
      previous: this.#previous,
      last,
      text,
    };
    this.#emit({ kind: 'seal', t, segment: this.#segment, hash, last });
    this.#segment += 1;
    this.#segmentBytes = 0;
    this.#previous = sealed.hash;
    this.#hash = begun(sealed.hash);
    return sealed;
  }

  /** A file begins with its head, when something comes that belongs into it; always at a segment's beginning. */
  begin(t: number): void {
    if (this.#segmentBytes > 0 || (this.#file >= 0 && this.#fileBytes < fileBytes)) return;
    this.#file += 1;
    this.#fileBytes = 0;
    const { size: _, ...about } = this.#about;
    const head: RecordingHead = {
      format: recordingFormat,
      ...about,
      file: this.#file,
      segment: this.#segment,
      previous: this.#previous,
      events: this.#events,
      output: this.#output,
      size: this.#size,
    };
    this.#add({ kind: 'head', t, head });
  }

  #add(recorded: Recorded): void {
    const bytes = this.#emit(recorded);
    this.#hash.update(bytes);
    this.#segmentBytes += bytes.length;
  }

  #emit(recorded: Recorded): Uint8Array {
    const bytes = encodeFrame(recorded, crc32);
    this.#fileBytes += bytes.length;
    this.#put({ file: this.#file, bytes });
    return bytes;
  }
}

/** A segment's hash begins with the one before. */
export const begun = (previous: string): Hash =>
  createHash('sha256').update(Buffer.from(previous, 'hex'));
