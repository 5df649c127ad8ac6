// The frames of a shell's socket, subprotocol `rebe-shell.v1`: binary messages of a type and a payload, numbers big-endian.
// Bytes of the terminal are never text here: what a program wrote arrives as it was written. Nothing here sends.
import * as z from 'zod';
import { decodeUtf8, encodeUtf8 } from './bytes.ts';
import { CellError } from './error.ts';
import { Part, SessionView } from './shell.ts';

export const shellProtocol = 'rebe-shell.v1';
export const shellPath = '/shell';

/** Bytes that one frame may carry, by what they are; and those of the largest frame that a viewer may send. */
export const shellLimits = {
  out: 64 * 1024,
  in: 32 * 1024,
  snap: 1024 * 1024,
  ctrl: 16 * 1024,
  fromViewer: 64 * 1024,
} as const;

/**
 * Output not yet shown: at `high` the program waits for its driver, at `low` it goes on. Input not yet taken: bytes `in`,
 * frames `inFrames`.
 */
export const shellWindow = {
  high: 256 * 1024,
  low: 64 * 1024,
  in: 256 * 1024,
  inFrames: 1024,
} as const;

/** A viewer says something, if only how far it is, this often; station gives one up after the silence. */
export const shellPace = { hello_ms: 5000, beat_ms: 5000, silence_ms: 15_000 } as const;

/** The first byte of each frame. */
export const frameTypes = {
  out: 1,
  ack: 2,
  in: 3,
  inack: 4,
  resize: 5,
  snap: 6,
  ctrl: 7,
  exit: 8,
  auto: 9,
} as const;

export const TerminalSize = z.strictObject({
  cols: z.int().min(2).max(500),
  rows: z.int().min(2).max(300),
});
export type TerminalSize = z.infer<typeof TerminalSize>;

const Offset = z.int().nonnegative();
const InSeq = z.int().min(0).max(0xff_ff_ff_ff);

/** First, and in time: the ticket, and where this viewer stands. */
const Hello = z.strictObject({
  type: z.literal('hello'),
  ticket: z.string().max(64),
  client: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .meta({ description: 'names this terminal through its drops; made by it at random' }),
  offset: Offset.nullable().meta({
    description: 'the bytes of output that it has; null: none, it wants the screen as it is',
  }),
});

/** Still here, and looked at. */
const Prove = z.strictObject({
  type: z.literal('prove'),
  challenge: z.string().max(128),
  acted: z.boolean().meta({ description: 'since the last answer its person did something' }),
});

/** What a viewer says that is not typed. */
export const ViewerSays = z.discriminatedUnion('type', [
  Hello,
  Prove,
  /** Nobody looks at it any more. */
  z.strictObject({ type: z.literal('hidden') }),
  /** Still here. */
  z.strictObject({ type: z.literal('beat') }),
]);
export type ViewerSays = z.infer<typeof ViewerSays>;

/** What station says that no program wrote. */
export const StationSays = z.discriminatedUnion('type', [
  /** The answer to `hello`; and again when the viewer is given another part. */
  z.strictObject({
    type: z.literal('welcome'),
    part: Part,
    view: SessionView,
    size: TerminalSize,
    inSeq: InSeq.meta({
      description: 'the last input of this client that was taken; what came after is sent again',
    }),
  }),
  /** The session is otherwise than before. */
  z.strictObject({ type: z.literal('state'), view: SessionView }),
  /** To a supervisor: to be answered with `prove`. */
  z.strictObject({ type: z.literal('challenge'), challenge: z.string().max(128) }),
  /** This was not done, and will not be. */
  z.strictObject({
    type: z.literal('refused'),
    code: z.string().max(64),
    text: z.string().max(500),
    inSeq: InSeq.optional().meta({ description: 'of the input that it is about' }),
  }),
]);
export type StationSays = z.infer<typeof StationSays>;

export type FromStation =
  /** Output from `offset` on: the count of bytes that the program wrote before. */
  | { readonly type: 'out'; readonly offset: number; readonly bytes: Uint8Array }
  /** Input up to and with this number is recorded, and typed or refused. */
  | { readonly type: 'inack'; readonly inSeq: number }
  | { readonly type: 'resize'; readonly size: TerminalSize }
  /** The screen as it was at `offset`, drawn by `bytes` on a terminal that was reset; output goes on from there. */
  | {
      readonly type: 'snap';
      readonly offset: number;
      readonly size: TerminalSize;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'ctrl'; readonly says: StationSays }
  /** The program ended with this code (128 and the signal where one ended it), after so many bytes in all. */
  | { readonly type: 'exit'; readonly code: number; readonly finalOffset: number };

export type FromViewer =
  /** All output before `offset` is on the screen, not only received. */
  | { readonly type: 'ack'; readonly offset: number }
  /** Keys; `inSeq` counts a client's frames of both kinds from 1. */
  | { readonly type: 'in'; readonly inSeq: number; readonly bytes: Uint8Array }
  /** What the terminal answered by itself to a question in the output. */
  | { readonly type: 'auto'; readonly inSeq: number; readonly bytes: Uint8Array }
  | { readonly type: 'resize'; readonly size: TerminalSize }
  | { readonly type: 'ctrl'; readonly says: ViewerSays };

export type ShellFrame = FromStation | FromViewer;

/** The bytes of a frame. */
export function encodeFrame(frame: ShellFrame): Uint8Array {
  switch (frame.type) {
    case 'out':
      return framed(frameTypes.out, 8, frame.bytes, (at) => setU64(at, 1, frame.offset));
    case 'ack':
      return framed(frameTypes.ack, 8, none, (at) => setU64(at, 1, frame.offset));
    case 'in':
    case 'auto':
      return framed(frameTypes[frame.type], 4, frame.bytes, (at) => at.setUint32(1, frame.inSeq));
    case 'inack':
      return framed(frameTypes.inack, 4, none, (at) => at.setUint32(1, frame.inSeq));
    case 'resize':
      return framed(frameTypes.resize, 4, none, (at) => setSize(at, 1, frame.size));
    case 'snap':
      return framed(frameTypes.snap, 12, frame.bytes, (at) => {
        setU64(at, 1, frame.offset);
        setSize(at, 9, frame.size);
      });
    case 'ctrl':
      return framed(frameTypes.ctrl, 0, encodeUtf8(JSON.stringify(frame.says)), () => undefined);
    case 'exit':
      return framed(frameTypes.exit, 12, none, (at) => {
        at.setUint32(1, frame.code);
        setU64(at, 5, frame.finalOffset);
      });
  }
}

/** What a viewer sent. Throws `E_DOOR_FRAME` or `E_DOOR_SIZE`; the bytes are a view into what is given. */
export function decodeFromViewer(bytes: Uint8Array): FromViewer {
  if (bytes.length > shellLimits.fromViewer) throw tooLong('a frame', shellLimits.fromViewer);
  const at = viewOf(bytes);
  switch (bytes[0] ?? 0) {
    case frameTypes.ack:
      exactly(bytes, 9);
      return { type: 'ack', offset: u64(at, 1) };
    case frameTypes.in:
    case frameTypes.auto: {
      atLeast(bytes, 6);
      const type = bytes[0] === frameTypes.in ? 'in' : 'auto';
      return { type, inSeq: at.getUint32(1), bytes: carried(bytes, 5, shellLimits.in) };
    }
    case frameTypes.resize:
      exactly(bytes, 5);
      return { type: 'resize', size: sizeAt(at, 1) };
    case frameTypes.ctrl:
      return { type: 'ctrl', says: said(bytes, ViewerSays) };
    default:
      throw malformed(`a viewer sends no frame of type ${bytes[0] ?? 'none'}`);
  }
}

/** What station sent. Throws `E_DOOR_FRAME` or `E_DOOR_SIZE`; the bytes are a view into what is given. */
export function decodeFromStation(bytes: Uint8Array): FromStation {
  const at = viewOf(bytes);
  switch (bytes[0] ?? 0) {
    case frameTypes.out:
      atLeast(bytes, 10);
      return { type: 'out', offset: u64(at, 1), bytes: carried(bytes, 9, shellLimits.out) };
    case frameTypes.inack:
      exactly(bytes, 5);
      return { type: 'inack', inSeq: at.getUint32(1) };
    case frameTypes.resize:
      exactly(bytes, 5);
      return { type: 'resize', size: sizeAt(at, 1) };
    case frameTypes.snap: {
      atLeast(bytes, 13);
      const screen = carried(bytes, 13, shellLimits.snap);
      return { type: 'snap', offset: u64(at, 1), size: sizeAt(at, 9), bytes: screen };
    }
    case frameTypes.ctrl:
      return { type: 'ctrl', says: said(bytes, StationSays) };
    case frameTypes.exit:
      exactly(bytes, 13);
      return { type: 'exit', code: at.getUint32(1), finalOffset: u64(at, 5) };
    default:
      throw malformed(`station sends no frame of type ${bytes[0] ?? 'none'}`);
  }
}

const none = new Uint8Array(0);
const two32 = 4_294_967_296;

function framed(
  type: number,
  head: number,
  bytes: Uint8Array,
  fill: (at: DataView) => void,
): Uint8Array {
  const frame = new Uint8Array(1 + head + bytes.length);
  frame[0] = type;
  fill(viewOf(frame));
  frame.set(bytes, 1 + head);
  return frame;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function setU64(at: DataView, place: number, value: number): void {
  at.setUint32(place, Math.floor(value / two32));
  at.setUint32(place + 4, value % two32);
}

function u64(at: DataView, place: number): number {
  const value = at.getUint32(place) * two32 + at.getUint32(place + 4);
  if (!Number.isSafeInteger(value)) throw malformed('an offset beyond 2^53');
  return value;
}

function setSize(at: DataView, place: number, { cols, rows }: TerminalSize): void {
  at.setUint16(place, cols);
  at.setUint16(place + 2, rows);
}

function sizeAt(at: DataView, place: number): TerminalSize {
  const size = { cols: at.getUint16(place), rows: at.getUint16(place + 2) };
  if (!TerminalSize.safeParse(size).success) throw malformed('a terminal of an impossible size');
  return size;
}

function said<Says extends z.ZodType>(bytes: Uint8Array, schema: Says): z.infer<Says> {
  const text = decodeUtf8(carried(bytes, 1, shellLimits.ctrl));
  if (text === undefined) throw malformed('a message that is not UTF-8');
  const parsed = schema.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed(`a message: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('a message that is not JSON');
  }
}

function exactly(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw malformed(`a frame of ${bytes.length} bytes, not ${length}`);
}

function atLeast(bytes: Uint8Array, length: number): void {
  if (bytes.length < length) throw malformed(`a frame of ${bytes.length} bytes that ends early`);
}

function carried(bytes: Uint8Array, from: number, limit: number): Uint8Array {
  if (bytes.length - from > limit) throw tooLong('what a frame carries', limit);
  return bytes.subarray(from);
}

const malformed = (what: string): CellError => new CellError('E_DOOR_FRAME', what.slice(0, 300));
const tooLong = (what: string, limit: number): CellError =>
  new CellError('E_DOOR_SIZE', `${what} has at most ${limit} bytes`);
