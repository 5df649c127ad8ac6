// A recording's events in pages, and the screen at any time in it. Files are read one at a time and the last ones kept;
// the screen at a file's beginning is kept as well, so that any time is at most one file of output away.
import { basename } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { Asked, RecordingPage } from './page.ts';
import { PageOfEvents } from './page.ts';
import { Screen } from '#controller/shell/screen.ts';
import type { Picture } from '#controller/shell/screen.ts';
import { keyframeBytes, readFilesKept } from './limits.ts';
import { filesOf, readFile } from './reader.ts';
import type { ReadFile, RecordingFilePath } from './reader.ts';

export class Playback {
  /** Newest last. */
  readonly #read = new Map<string, ReadFile | undefined>();
  readonly #pictures = new Map<string, Picture>();
  #pictureBytes = 0;
  /** Screens are made one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Throws `E_RECORDING_NONE`, and `E_RECORDING_DAMAGED` where nothing of what was asked for can be read. */
  async page(folder: string, asked: Asked): Promise<RecordingPage> {
    const { files } = await filesOf(folder);
    if (files.length === 0)
      throw new CellError('E_RECORDING_NONE', `${basename(folder)} has no files`);
    const at = await this.#find(files, asked);
    const page = new PageOfEvents(asked);
    for (const file of files.slice(at)) {
      // oxlint-disable-next-line no-await-in-loop -- one file after the other, until the page is full
      const read = await this.#file(file).catch((error: unknown) => {
        if (page.empty) throw error;
        // Whoever asks for what follows is told.
        page.cut();
        return undefined;
      });
      if (read === undefined || !page.add(read)) break;
    }
    const { from } = asked;
    if (from === undefined) return page.end();
    const picture = await this.#inTurn(async () => this.#screenAt(files, at, from));
    return page.end({ t_us: from, size: picture.size, screen: picture.bytes });
  }

  /** The file in which the page begins; one that cannot be read is taken for later than what was asked for. */
  async #find(files: readonly RecordingFilePath[], { from, after }: Asked): Promise<number> {
    let low = 0;
    let high = files.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const file = files[middle];
      // oxlint-disable-next-line no-await-in-loop -- few, and most are kept
      const read = file && (await this.#file(file).catch(() => undefined));
      const before =
        read !== undefined &&
        (after === undefined ? read.begins < (from ?? 0) : read.head.events <= after + 1);
      if (before) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** As it is just before `t`. */
  async #screenAt(files: readonly RecordingFilePath[], at: number, t: number): Promise<Picture> {
    let first = at;
    while (first > 0 && !this.#pictures.has(keyOf(files[first]))) first -= 1;
    const head = await this.#head(files);
    const known = this.#pictures.get(keyOf(files[first]));
    const screen = new Screen(known?.size ?? head.size, () => undefined);
    try {
      if (known !== undefined) screen.write(known.bytes);
      let picture = await screen.picture();
      for (let index = first; index <= at; index += 1) {
        const file = files[index];
        this.#keep(keyOf(file), picture);
        // oxlint-disable-next-line no-await-in-loop -- in order; each gives others their turn
        picture = await this.#draw(screen, file && (await this.#file(file)), t);
      }
      return picture;
    } finally {
      screen.close();
    }
  }

  async #draw(screen: Screen, read: ReadFile | undefined, t: number): Promise<Picture> {
    for (const { event } of read?.events ?? []) {
      if (event.t >= t) break;
      if (event.kind === 'output') screen.write(event.bytes);
      if (event.kind === 'resize') screen.resize(event.about);
    }
    return screen.picture();
  }

  async #head([first]: readonly RecordingFilePath[]): Promise<ReadFile['head']> {
    const read = first && (await this.#file(first));
    if (read === undefined) throw new CellError('E_RECORDING_DAMAGED', 'it has no beginning');
    return read.head;
  }

  async #file(file: RecordingFilePath): Promise<ReadFile | undefined> {
    const key = keyOf(file);
    const read = this.#read.has(key) ? this.#read.get(key) : await readFile(file);
    this.#read.delete(key);
    this.#read.set(key, read);
    for (const oldest of this.#read.keys()) {
      if (this.#read.size <= readFilesKept) break;
      this.#read.delete(oldest);
    }
    return read;
  }

  #keep(key: string, picture: Picture): void {
    this.#pictureBytes += picture.bytes.length - (this.#pictures.get(key)?.bytes.length ?? 0);
    this.#pictures.delete(key);
    this.#pictures.set(key, picture);
    for (const [oldest, { bytes }] of this.#pictures) {
      if (this.#pictureBytes <= keyframeBytes) break;
      this.#pictures.delete(oldest);
      this.#pictureBytes -= bytes.length;
    }
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** Another as soon as the file is. */
const keyOf = (file: RecordingFilePath | undefined): string =>
  file === undefined ? '' : `${file.path} ${file.size} ${file.changed}`;
