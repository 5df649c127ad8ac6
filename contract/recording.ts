// A shell's recording: what its files hold, byte by byte, and what the chronicle is told of them. A file is a row of
// frames; a segment is the frames up to a seal, and seals are chained by hash. docs/reference/recording.md shows the
// layout; nothing here opens a file, hashes or draws a clock.
import * as z from 'zod';
import { Actor } from './actor.ts';
import { ByteReader, ByteWriter, decodeUtf8, encodeUtf8 } from './bytes.ts';
import { canonicalJson } from './canonical.ts';
import type { Json } from './canonical.ts';
import { assert, CellError } from './error.ts';
import { SessionId } from './shell.ts';

export const recordingFormat = 'recording/1';

const Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** The hash that the first segment follows. */
export const noHash = '0'.repeat(64);

/** One closed segment, in the chronicle; `previous` is the hash of the one before, zeros for the first. */
export const RecordingEvent = z.strictObject({
  event: z.literal('recorded'),
  session: SessionId,
  segment: z.int().nonnegative(),
  /** Of its frames, as they stood when they were written; its seal is not counted. */
  bytes: z.int().nonnegative(),
  hash: Hex,
  previous: Hex,
  /** The last of its session: what follows was never recorded. */
  last: z.boolean(),
  text: z.string().max(500),
});
export type RecordingEvent = z.infer<typeof RecordingEvent>;

/** A whole recording leaves to make room: told before its files are deleted. */
export const RecordingLeft = z.strictObject({
  event: z.literal('recording-left'),
  session: SessionId,
  /** Bytes of its files. */
  bytes: z.int().nonnegative(),
  text: z.string().max(500),
});
export type RecordingLeft = z.infer<typeof RecordingLeft>;

/** The size of a terminal. */
export const TerminalSize = z.strictObject({
  cols: z.int().min(1).max(1000),
  rows: z.int().min(1).max(1000),
});
export type TerminalSize = z.infer<typeof TerminalSize>;

/** The first frame of each file: whatever is needed to read it without those before. */
export const RecordingHead = z.strictObject({
  format: z.literal(recordingFormat),
  session: SessionId,
  title: z.string().max(500),
  by: Actor,
  /** When the session began, UTC ms; every `t` counts from there. */
  began: z.int(),
  /** This file, from 0; its first segment, and the hash that this follows. */
  file: z.int().nonnegative(),
  segment: z.int().nonnegative(),
  previous: Hex,
  /** Events before this file, and bytes of output before it. */
  events: z.int().nonnegative(),
  output: z.int().nonnegative(),
  /** The terminal's size where this file begins. */
  size: TerminalSize,
});
export type RecordingHead = z.infer<typeof RecordingHead>;

/** What became of the program. */
export const ProgramExit = z.strictObject({ code: z.int() });
export type ProgramExit = z.infer<typeof ProgramExit>;

/** `t`: µs since the session began, never less than that of the frame before. */
export type RecordedEvent =
  | { readonly kind: 'output'; readonly t: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'input';
      readonly t: number;
      readonly by: Actor;
      /** An answer of the driver's terminal, no key. */
      readonly auto: boolean;
      readonly bytes: Uint8Array;
    }
  | {
      /** Typed while nothing was shown: its length and a keyed hash, which is docs/reference/recording.md's matter. */
      readonly kind: 'secret';
      readonly t: number;
      readonly by: Actor;
      readonly auto: boolean;
      readonly length: number;
      readonly proof: Uint8Array;
    }
  | { readonly kind: 'resize'; readonly t: number; readonly about: TerminalSize }
  | { readonly kind: 'exit'; readonly t: number; readonly about: ProgramExit }
  | { readonly kind: 'state' | 'mark'; readonly t: number; readonly about: Json };

export interface Seal {
  readonly kind: 'seal';
  readonly t: number;
  readonly segment: number;
  /** SHA-256 over the hash before and the bytes of the segment's frames. */
  readonly hash: Uint8Array;
  readonly last: boolean;
}

export type Recorded =
  | RecordedEvent
  | { readonly kind: 'head'; readonly t: number; readonly head: RecordingHead }
  | Seal;

/** CRC-32 as in zlib, given by whoever reads or writes. */
export type Crc32 = (bytes: Uint8Array) => number;

/** Bytes of a frame's body at most; what is longer was not written by us. */
export const frameLimit = 131_072;
/** Bytes of input or output in one frame at most. */
export const chunkLimit = 65_536;
/** Lists and objects in one another, in the JSON of a frame. */
const jsonDepth = 64;
/** Bytes of a frame before its body: length and CRC-32. */
export const framePrefix = 8;

const letters = {
  head: 0x68,
  output: 0x6f,
  input: 0x69,
  secret: 0x70,
  resize: 0x72,
  state: 0x73,
  mark: 0x6d,
  exit: 0x78,
  seal: 0x23,
} as const satisfies Readonly<Record<Recorded['kind'], number>>;
const kinds = new Map<number, Recorded['kind']>(
  Object.entries(letters).map(([kind, letter]) => [letter, kind as Recorded['kind']]),
);
const autoFlag = 1;
const lastFlag = 1;

/** `u32 length | u32 crc | body`. */
export function encodeFrame(recorded: Recorded, crc: Crc32): Uint8Array {
  const to = new ByteWriter(payloadOf(recorded) + 64);
  to.u32(0);
  to.u32(0);
  to.u8(letters[recorded.kind]);
  to.varint(recorded.t);
  writeBody(to, recorded);
  const frame = to.take();
  const body = frame.subarray(framePrefix);
  assert(body.length <= frameLimit, 'a frame is no longer than its limit');
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(0, body.length);
  view.setUint32(4, crc(body));
  return frame;
}

const payloadOf = (recorded: Recorded): number => ('bytes' in recorded ? recorded.bytes.length : 0);

function writeBody(to: ByteWriter, recorded: Recorded): void {
  switch (recorded.kind) {
    case 'output':
      return to.bytes(recorded.bytes);
    case 'input':
    case 'secret':
      to.u8(recorded.auto ? autoFlag : 0);
      to.text(recorded.by);
      if (recorded.kind === 'input') return to.bytes(recorded.bytes);
      assert(recorded.proof.length === 32, 'a proof is a SHA-256');
      to.varint(recorded.length);
      return to.bytes(recorded.proof);
    case 'seal':
      assert(recorded.hash.length === 32, 'a hash is a SHA-256');
      to.varint(recorded.segment);
      to.u8(recorded.last ? lastFlag : 0);
      return to.bytes(recorded.hash);
    case 'head':
      return to.bytes(encodeUtf8(canonicalJson(recorded.head)));
    case 'resize':
    case 'state':
    case 'mark':
    case 'exit':
      return to.bytes(encodeUtf8(canonicalJson(recorded.about)));
  }
}

/** A frame and where it stands in its file. */
export interface Frame {
  readonly recorded: Recorded;
  readonly from: number;
  readonly to: number;
}

/** Gives the frames of a file, and what is wrong where they end before the bytes do. */
export class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #crc: Crc32;
  #at = 0;
  #problem: string | undefined;
  #cut = false;

  constructor(bytes: Uint8Array, crc: Crc32) {
    this.#bytes = bytes;
    this.#crc = crc;
  }

  /** The bytes end within a frame, or zeros stand there: what a crash leaves of a frame that was being written. */
  get cut(): boolean {
    return this.#cut;
  }

  /** Up to here every byte belongs to a sound frame. */
  get valid(): number {
    return this.#at;
  }

  /** Why nothing after `valid` could be read; undefined while and when all is read. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Undefined: there is no further sound frame. */
  next(): Frame | undefined {
    if (this.#problem !== undefined || this.#at === this.#bytes.length) return undefined;
    const body = this.#body();
    if (body === undefined) return undefined;
    const from = this.#at;
    try {
      const recorded = readBody(new ByteReader(body));
      this.#at = from + framePrefix + body.length;
      return { recorded, from, to: this.#at };
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      return this.#end(error.message);
    }
  }

  #body(): Uint8Array | undefined {
    const at = this.#at;
    const left = this.#bytes.length - at;
    if (left < framePrefix) return this.#end('a frame is cut', true);
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, left);
    const length = view.getUint32(0);
    if (length < 2 || length > frameLimit)
      return this.#end(`a frame of ${length} bytes`, length === 0);
    if (length > left - framePrefix) return this.#end('a frame is cut', true);
    const body = this.#bytes.subarray(at + framePrefix, at + framePrefix + length);
    if (this.#crc(body) !== view.getUint32(4)) return this.#end('a frame is not as it was written');
    return body;
  }

  #end(problem: string, cut = false): undefined {
    this.#problem = problem;
    this.#cut = cut;
    return undefined;
  }
}

/** Throws `E_CHRONICLE_FORMAT`. */
function readBody(from: ByteReader): Recorded {
  const kind = kinds.get(from.u8()) ?? from.fail('a kind of frame that this version does not know');
  const t = from.varint();
  switch (kind) {
    case 'output':
      return { kind, t, bytes: from.bytes(from.left) };
    case 'input':
    case 'secret':
      return readInput(from, kind, t);
    case 'seal':
      return readSeal(from, t);
    case 'head':
      return { kind, t, head: readJson(from, RecordingHead) };
    case 'resize':
      return { kind, t, about: readJson(from, TerminalSize) };
    case 'exit':
      return { kind, t, about: readJson(from, ProgramExit) };
    case 'state':
    case 'mark':
      return { kind, t, about: readPlain(from) };
  }
}

function readInput(from: ByteReader, kind: 'input' | 'secret', t: number): RecordedEvent {
  const auto = from.u8() === autoFlag;
  const by = Actor.safeParse(from.text()).data ?? from.fail('somebody who is no actor');
  if (kind === 'input') return { kind, t, by, auto, bytes: from.bytes(from.left) };
  const length = from.varint();
  const proof = from.bytes(32);
  from.end();
  return { kind, t, by, auto, length, proof };
}

function readSeal(from: ByteReader, t: number): Seal {
  const segment = from.varint();
  const last = from.u8() === lastFlag;
  const hash = from.bytes(32);
  from.end();
  return { kind: 'seal', t, segment, hash, last };
}

function readJson<T>(from: ByteReader, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(readPlain(from));
  return parsed.success ? parsed.data : from.fail('JSON of another form');
}

function readPlain(from: ByteReader): Json {
  const text = decodeUtf8(from.bytes(from.left)) ?? from.fail('text that is not UTF-8');
  if (!isShallow(text)) from.fail('JSON that is nested too deeply');
  try {
    return JSON.parse(text) as Json;
  } catch {
    return from.fail('text that is no JSON');
  }
}

/** Whether a reader takes this JSON: its lists and objects are not nested beyond all use. */
export function isShallow(text: string): boolean {
  let depth = 0;
  let most = 0;
  // Brackets within texts open and close nothing.
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (part === '[' || part === '{') most = Math.max(most, ++depth);
    else if (part === ']' || part === '}') depth -= 1;
  }
  return most <= jsonDepth;
}

/** Of a secret: what a keyed hash is taken of, so that equal keys at other times look different. */
export function secretInput(session: SessionId, t: number, bytes: Uint8Array): Uint8Array {
  const to = new ByteWriter(bytes.length + 64);
  to.text(session);
  to.varint(t);
  to.bytes(bytes);
  return to.take();
}
