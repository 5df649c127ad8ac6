// The file of a backup: tar in gzip, `backup.json` first, sealed at its end. It is written from files that do not
// change any more, and read as a stream in which each file must have its size and its sum. No path is opened here but
// the archive's own and those that the caller names.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { assert, CellError } from '#contract/error.ts';
import { contentsLimit, contentsPath, readContents } from './contents.ts';
import type { BackedFile, Contents } from './contents.ts';
import { isSealed, sealOf, sealedSize } from './seal.ts';
import type { Progress } from './seal.ts';
import { decodeHeader, encodeHeader, endOfTar, padding } from './tar.ts';

/** Of gzip: a chronicle shrinks to a third, at a rate that leaves a machine free. */
const level = 3;

/** Writes the archive to `path`, which must not be there; `pathOf` says where each file is read. */
export async function writeArchive(
  path: string,
  contents: Contents,
  options: { pathOf: (path: string) => string; onProgress?: Progress; signal?: AbortSignal },
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    const { signal } = options;
    await pipeline(
      Readable.from(tarOf(contents, options)),
      createGzip({ level }),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          hash.update(chunk);
          await file.appendFile(chunk);
        }
      },
      ...(signal === undefined ? [] : [{ signal }]),
    );
    await file.appendFile(sealOf(hash.digest()));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function* tarOf(
  contents: Contents,
  { pathOf, onProgress }: { pathOf: (path: string) => string; onProgress?: Progress },
): AsyncGenerator<Buffer> {
  const time = Math.floor(contents.made / 1000);
  const text = Buffer.from(`${JSON.stringify(contents, undefined, 1)}\n`, 'utf8');
  assert(text.length <= contentsLimit, 'the list of files is bounded');
  yield* [encodeHeader({ path: contentsPath, size: text.length, time }), text];
  yield padding(text.length);
  const total = contents.files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const { path, size } of contents.files) {
    yield encodeHeader({ path, size, time });
    for await (const chunk of createReadStream(pathOf(path))) {
      done += (chunk as Buffer).length;
      onProgress?.(done, total);
      yield chunk as Buffer;
    }
    yield padding(size);
  }
  yield endOfTar;
}

/** A file of an archive, and its bytes; they end with an error where they are not as they were written. */
export type Visit = (file: BackedFile, bytes: AsyncIterable<Buffer>) => Promise<void>;

/** Holds every byte against the seal, without unpacking. Throws `E_BACKUP_DAMAGED` with the file in which it is. */
export async function checkSeal(path: string, onProgress?: Progress): Promise<void> {
  if (await isSealed(path, onProgress)) return;
  // It is wrong; where it is, is worth a look.
  await readArchive(path, async (_file, bytes) => {
    for await (const _ of bytes);
  });
  throw new CellError('E_BACKUP_DAMAGED', `${path} is not as it was written, outside its files`);
}

/** Tells what is in it to `begin`, then gives each file to `visit`, in order. Throws `E_BACKUP_DAMAGED` and `E_BACKUP_FORMAT`. */
export async function readArchive(
  path: string,
  visit: Visit,
  begin?: (contents: Contents) => void,
): Promise<Contents> {
  const end = sealedSize(path) - 1;
  const place = { now: contentsPath };
  let contents: Contents | undefined;
  try {
    await pipeline(
      createReadStream(path, { end, highWaterMark: 256 * 1024 }),
      createGunzip({ chunkSize: 256 * 1024 }),
      async (chunks: AsyncIterable<Buffer>) => {
        contents = await unpack(new Source(chunks), { visit, begin }, place);
      },
    );
  } catch (cause) {
    if (cause instanceof CellError && cause.code !== 'E_BACKUP_DAMAGED') throw cause;
    // Only what the stream itself says is damage; whatever else failed is not the archive's.
    if (!(cause instanceof CellError) && !isInflate(cause)) throw cause;
    const said = `${path}: ${place.now}: ${(cause as Error).message}`;
    throw new CellError('E_BACKUP_DAMAGED', said, { cause });
  }
  assert(contents !== undefined, 'an archive that was read has contents');
  return contents;
}

const isInflate = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^Z_|PREMATURE/.test(String(error.code));

async function unpack(
  source: Source,
  { visit, begin }: { visit: Visit; begin: ((contents: Contents) => void) | undefined },
  place: { now: string },
): Promise<Contents> {
  const take = (size: number): Promise<Buffer> => source.take(size);
  const first = await decodeHeader(take);
  if (first?.path !== contentsPath || first.size > contentsLimit) {
    throw new CellError('E_BACKUP_FORMAT', `the archive does not begin with ${contentsPath}`);
  }
  const text = await take(first.size);
  const contents = readContents(text.toString('utf8'));
  await skip(source, first.size);
  begin?.(contents);
  for (const file of contents.files) {
    place.now = file.path;
    // oxlint-disable-next-line no-await-in-loop -- one file after the other
    const header = await decodeHeader(take);
    if (header?.path !== file.path || header.size !== file.size) {
      throw new CellError('E_BACKUP_DAMAGED', 'its header is not as it was written');
    }
    // oxlint-disable-next-line no-await-in-loop -- one file after the other
    await visit(file, checked(source, file));
    // oxlint-disable-next-line no-await-in-loop -- one file after the other
    await skip(source, file.size);
  }
  place.now = 'its end';
  if ((await decodeHeader(take)) !== undefined || !(await source.ended())) {
    throw new CellError('E_BACKUP_DAMAGED', 'there is more than it lists');
  }
  return contents;
}

async function* checked(source: Source, { size, sha256 }: BackedFile): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const bytes of source.pass(size)) {
    hash.update(bytes);
    yield bytes;
  }
  if (hash.digest('hex') !== sha256) {
    throw new CellError('E_BACKUP_DAMAGED', 'its bytes are not as they were written');
  }
}

async function skip(source: Source, size: number): Promise<void> {
  const zeros = await source.take(padding(size).length);
  if (zeros.some((byte) => byte !== 0)) {
    throw new CellError('E_BACKUP_DAMAGED', 'there is something behind it');
  }
}

/** The bytes of a stream, so many at a time. */
class Source {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Exactly so many: few enough to be held at once. */
  async take(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.pass(size)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** So many, as they come. */
  async *pass(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0;) {
      // oxlint-disable-next-line no-await-in-loop -- a stream
      if (this.#rest.length === 0 && !(await this.#more())) {
        throw new CellError('E_BACKUP_DAMAGED', 'it ends too soon');
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async ended(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#more());
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    this.#rest = next.value;
    return true;
  }
}
