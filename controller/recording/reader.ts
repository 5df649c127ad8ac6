// Reads the files of a recording, one at a time: of a session that is open, of one that was cut by a crash, of a copy.
// What a file says of itself is held against its own hashes; what the chronicle says is verify.ts's matter.
import { lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress, crc32 } from 'node:zlib';
import { CellError } from '#contract/error.ts';
import { FrameReader } from '#contract/recording.ts';
import type { RecordedEvent, RecordingHead, Seal } from '#contract/recording.ts';
import { saidBy } from './disk.ts';
import { fileLimit, filesLimit } from './limits.ts';
import { begun } from './frames.ts';

const unpack = promisify(brotliDecompress);

/** A file of a recording: raw as it was written, or packed when the recording had ended. */
export interface RecordingFilePath {
  readonly number: number;
  readonly path: string;
  readonly packed: boolean;
  readonly size: number;
  readonly changed: number;
}

export interface RecordingFolder {
  readonly files: readonly RecordingFilePath[];
  /** Names of what is no file of a recording. */
  readonly strange: readonly string[];
}

/** Left where packing was interrupted. */
export const unfinished = /^\d{6}\.rec\.br\.new$/;
const named = /^(\d{6})\.rec(\.br)?$/;

/** What a recording's folder has, in order; of a file that is there both raw and packed the raw one. */
export async function filesOf(folder: string): Promise<RecordingFolder> {
  const files = new Map<number, RecordingFilePath>();
  const strange: string[] = [];
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new CellError('E_RECORDING_NONE', `there is nothing to read of ${basename(folder)}`, {
      cause,
    });
  });
  for (const name of names.toSorted().slice(0, filesLimit)) {
    const match = named.exec(name);
    if (match === null) {
      if (!unfinished.test(name)) strange.push(name);
      continue;
    }
    const number = Number(match[1]);
    if (files.has(number)) continue;
    const path = join(folder, name);
    // oxlint-disable-next-line no-await-in-loop -- a handful
    const found = await lstat(path).catch(() => undefined);
    // It was packed just now, or removed.
    if (found === undefined) continue;
    if (!found.isFile()) {
      strange.push(name);
      continue;
    }
    const { size, mtimeMs } = found;
    files.set(number, { number, path, packed: match[2] !== undefined, size, changed: mtimeMs });
  }
  return { files: [...files.values()].toSorted((a, b) => a.number - b.number), strange };
}

/** Of a file of a recording, for whoever has the recordings before them: `sh-…/000003.rec`. */
const nameOf = (path: string): string => join(basename(dirname(path)), basename(path));

/** The bytes of a file as they were written. Throws `E_RECORDING_DAMAGED`. */
export async function bytesOf(file: RecordingFilePath): Promise<Buffer> {
  try {
    const bytes = await readBounded(file.path);
    return file.packed ? await unpack(bytes, { maxOutputLength: fileLimit }) : bytes;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && !file.packed)
      return bytesOf({ ...file, path: `${file.path}.br`, packed: true });
    if (cause instanceof CellError) throw cause;
    throw new CellError('E_RECORDING_DAMAGED', `${nameOf(file.path)}: ${saidBy(cause)}`, { cause });
  }
}

async function readBounded(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size > fileLimit)
      throw new CellError(
        'E_RECORDING_DAMAGED',
        `${nameOf(path)}: ${size} bytes are more than we write`,
      );
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** An event and its number in the recording, from 0. */
export interface NumberedEvent {
  readonly n: number;
  readonly event: RecordedEvent;
}

/** A segment that was sealed, and whether its bytes are those that were sealed. */
export interface ReadSegment {
  readonly segment: number;
  readonly bytes: number;
  readonly previous: string;
  /** Of its bytes as they are. */
  readonly hash: string;
  readonly sound: boolean;
  readonly last: boolean;
  /** µs at which it was sealed. */
  readonly t: number;
}

/** All that one file holds, as far as it can be read. */
export interface ReadFile {
  readonly head: RecordingHead;
  readonly events: readonly NumberedEvent[];
  readonly segments: readonly ReadSegment[];
  /** Bytes of sound frames after the last seal. */
  readonly unsealed: number;
  /** Bytes after them that are no frame, and why. */
  readonly torn: number;
  readonly why: string | undefined;
  /** Bytes of output in it. */
  readonly output: number;
  /** µs of its first frame, and of its last. */
  readonly begins: number;
  readonly t: number;
  readonly ended: boolean;
}

/** Undefined: a crash cut its very head. Throws `E_RECORDING_DAMAGED` where it does not begin as a file of ours. */
export function readFrames(bytes: Uint8Array, name: string): ReadFile | undefined {
  const frames = new FrameReader(bytes, crc32);
  const first = frames.next();
  if (bytes.length === 0 || frames.cut) return undefined;
  if (first?.recorded.kind !== 'head')
    throw new CellError('E_RECORDING_DAMAGED', `${name}: ${frames.problem ?? 'it has no head'}`);
  const { head } = first.recorded;
  const events: NumberedEvent[] = [];
  const segments: ReadSegment[] = [];
  let { previous } = head;
  const begins = first.recorded.t;
  let t = begins;
  let output = 0;
  let from = first.from;
  for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
    const { recorded } = frame;
    ({ t } = recorded);
    if (recorded.kind === 'seal') {
      const segment = segmentOf(recorded, previous, bytes.subarray(from, frame.from));
      segments.push(segment);
      previous = Buffer.from(recorded.hash).toString('hex');
      from = frame.to;
    } else if (recorded.kind !== 'head') {
      events.push({ n: head.events + events.length, event: recorded });
      if (recorded.kind === 'output') output += recorded.bytes.length;
    }
  }
  const torn = bytes.length - frames.valid;
  const ended = segments.at(-1)?.last === true;
  const unsealed = frames.valid - from;
  return { head, events, segments, unsealed, torn, why: frames.problem, output, begins, t, ended };
}

function segmentOf(seal: Seal, previous: string, bytes: Uint8Array): ReadSegment {
  const hash = begun(previous).update(bytes).digest();
  const { segment, last, t } = seal;
  const sound = hash.equals(seal.hash);
  return { segment, bytes: bytes.length, previous, hash: hash.toString('hex'), sound, last, t };
}

/** A file, read whole; undefined: a crash cut its very head. Throws `E_RECORDING_DAMAGED`. */
export const readFile = async (file: RecordingFilePath): Promise<ReadFile | undefined> =>
  readFrames(await bytesOf(file), nameOf(file.path));
