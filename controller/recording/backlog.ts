// What is on its way to a recording's files: pieces in order, written and synced together, many to a sync. What is
// not known to be on disk is kept and written again after a failure, over whatever the failure left.
import { join } from 'node:path';
import type { RecordingDisk, RecordingFile } from './disk.ts';
import type { Piece } from './frames.ts';

/** The name of a recording's file. */
export const fileName = (file: number): string => `${String(file).padStart(6, '0')}.rec`;

export class Backlog {
  readonly #disk: RecordingDisk;
  readonly #folder: string;
  #pieces: Piece[] = [];
  #added = 0;
  #durable = 0;
  #file: RecordingFile | undefined;
  #number = -1;
  /** Bytes of the open file that are on disk. */
  #position = 0;
  /** The folder may not know the open file yet. */
  #fresh = false;

  constructor(disk: RecordingDisk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  /** Bytes that were ever given, and how many of them are on disk. */
  get added(): number {
    return this.#added;
  }
  get durable(): number {
    return this.#durable;
  }

  add(piece: Piece): void {
    this.#pieces.push(piece);
    this.#added += piece.bytes.length;
  }

  /** Brings what waits for one file to disk; nothing of it is given up when that fails. */
  async write(): Promise<void> {
    const [first] = this.#pieces;
    if (first === undefined) return;
    const file = await this.#fileOf(first.file);
    const other = this.#pieces.findIndex((piece) => piece.file !== first.file);
    const taken = other < 0 ? [...this.#pieces] : this.#pieces.slice(0, other);
    const bytes = Buffer.concat(taken.map((piece) => piece.bytes));
    await file.write(bytes, this.#position);
    await file.sync();
    if (this.#fresh) await this.#disk.syncFolder(this.#folder);
    this.#fresh = false;
    this.#position += bytes.length;
    this.#durable += bytes.length;
    this.#pieces.splice(0, taken.length);
  }

  /** Forgets what cannot be written. */
  drop(): void {
    this.#pieces = [];
    this.#added = this.#durable;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #fileOf(number: number): Promise<RecordingFile> {
    if (this.#file !== undefined && this.#number === number) return this.#file;
    await this.close();
    const file = await this.#disk.create(join(this.#folder, fileName(number)));
    this.#file = file;
    this.#number = number;
    this.#position = 0;
    this.#fresh = true;
    return file;
  }
}
