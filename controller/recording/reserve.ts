// Room on disk kept back by a file of no content: given up when the disk is full, so that the end of a session and
// its marks can still be written. While it is not there no further session begins.
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { CellError } from '#contract/error.ts';
import { saidBy } from './disk.ts';
import type { RecordingDisk } from './disk.ts';

/** Written again and again; chance, so that no file system packs it. */
const blockBytes = 1_048_576;

export class Reserve {
  readonly #disk: RecordingDisk;
  readonly #path: string;
  readonly #bytes: number;
  /** One at a time: makers and givers up wait for each other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(disk: RecordingDisk, path: string, bytes: number) {
    this.#disk = disk;
    this.#path = path;
    this.#bytes = bytes;
  }

  /** It is there, or made. Throws `E_RECORDING_RESERVE`. */
  async ensure(): Promise<void> {
    return this.#inTurn(async () => {
      if ((await sizeOf(this.#path)) === this.#bytes) return;
      try {
        await this.#disk.remove(this.#path);
        await this.#fill();
      } catch (cause) {
        await this.#disk.remove(this.#path).catch(() => undefined);
        const text = `${basename(this.#path)}: ${saidBy(cause)}`;
        throw new CellError('E_RECORDING_RESERVE', text, { cause });
      }
    });
  }

  /** Gives the room up. Never throws: whoever asks tries the disk again anyhow. */
  async release(): Promise<void> {
    return this.#inTurn(async () => this.#disk.remove(this.#path).catch(() => undefined));
  }

  async #fill(): Promise<void> {
    const block = randomBytes(Math.min(blockBytes, this.#bytes));
    const file = await this.#disk.create(this.#path);
    try {
      for (let at = 0; at < this.#bytes; at += block.length) {
        const part = block.subarray(0, this.#bytes - at);
        // oxlint-disable-next-line no-await-in-loop -- one block after the other
        await file.write(part, at);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#disk.syncFolder(dirname(this.#path));
  }

  async #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
