// What can be asked about recordings over station's port: which there are, what is in one, its events in pages.
// How they are kept is contract/recording.ts; times `t_us` are microseconds since the session began, `at` UTC ms.
import * as z from 'zod';
import { Actor } from './actor.ts';
import type { Route } from './api.ts';
import { ProgramExit, TerminalSize } from './recording.ts';
import { SessionId } from './shell.ts';

/** Recordings in one answer; marks in one, and characters of what they are about. */
export const recordingsLimit = 200;
export const marksLimit = 5000;
export const marksText = 1_048_576;
/** Bytes of input, output and marks in one page of events, and events. */
export const pageBytes = 262_144;
export const pageEvents = 5000;

/**
 * `open`: being recorded. `ended`: whole, with its end. `cut`: valid to its last byte, and it has no end.
 * `damaged`: a part of it cannot be read, and `problem` says which; what stands before that part can.
 */
export const RecordingState = z.enum(['open', 'ended', 'cut', 'damaged']);
export type RecordingState = z.infer<typeof RecordingState>;

const Problem = z.strictObject({ code: z.string(), text: z.string() });

/** A recording as lists show it, newest first. */
export const RecordingSummary = z.strictObject({
  session: SessionId,
  state: RecordingState,
  title: z.string(),
  by: Actor.nullable(),
  /** UTC ms. */
  began: z.number(),
  /** Of its last event. */
  ended: z.number(),
  duration_us: z.number(),
  events: z.number(),
  /** What its program wrote, and what its files take. */
  output_bytes: z.number(),
  file_bytes: z.number(),
  problem: Problem.optional(),
});
export type RecordingSummary = z.infer<typeof RecordingSummary>;

const place = { n: z.number(), t_us: z.number(), at: z.number() };
const typed = { ...place, by: Actor, auto: z.boolean() };

/** What a player shows on its time line: everything but bytes. `n` counts all events from 0. */
export const RecordingMark = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('resize'), ...place, about: TerminalSize }),
  z.strictObject({ kind: z.literal('state'), ...place, about: z.json() }),
  z.strictObject({ kind: z.literal('mark'), ...place, about: z.json() }),
  z.strictObject({ kind: z.literal('exit'), ...place, about: ProgramExit }),
]);
export type RecordingMark = z.infer<typeof RecordingMark>;

/** What was typed up to a return, as text; of what was typed unseen its length alone. Its place is that of its first key. */
export const TypedLine = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('input'), ...typed, text: z.string() }),
  z.strictObject({ kind: z.literal('secret'), ...typed, length: z.number() }),
]);
export type TypedLine = z.infer<typeof TypedLine>;

/** One event to play. `data` is base64 of the raw bytes; of a `secret` only its length is told. */
export const PlayedEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('output'), ...place, data: z.string() }),
  z.strictObject({ kind: z.literal('input'), ...typed, data: z.string() }),
  z.strictObject({ kind: z.literal('secret'), ...typed, length: z.number() }),
  ...RecordingMark.options,
]);
export type PlayedEvent = z.infer<typeof PlayedEvent>;

/**
 * `whole`: every segment is as it was written, and the newest seal stands in the chronicle. `open`: so far, and it
 * goes on. `untold`: chained, and not in the chronicle. `altered`: it is not as it was written.
 */
export const RecordingVerdict = z.strictObject({
  result: z.enum(['whole', 'open', 'untold', 'altered']),
  segments: z.number(),
  /** The chronicle's entry that proves it. */
  entry: z.number().optional(),
  text: z.string(),
});
export type RecordingVerdict = z.infer<typeof RecordingVerdict>;

/** The screen as it was just before `t_us`: written to a fresh terminal of this size it shows the same. */
export const Keyframe = z.strictObject({
  t_us: z.number(),
  size: TerminalSize,
  screen: z.string(),
});
export type Keyframe = z.infer<typeof Keyframe>;

const params = z.strictObject({ id: SessionId });
const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const listRecordings = {
  method: 'GET',
  path: '/api/recordings',
  summary:
    'Recordings of shells, newest first; `before` is the `began` of the last one that was told.',
  needs: 'recordings',
  query: z.strictObject({ before: count.optional() }),
  answer: z.strictObject({
    recordings: z.array(RecordingSummary),
    more: z.boolean(),
    /** Bytes of all recordings, and how many there may be. */
    bytes: z.number(),
    bound: z.number(),
  }),
} as const satisfies Route;

export const readRecording = {
  method: 'GET',
  path: '/api/recordings/:id',
  summary:
    'One recording: what it is, its marks, what was typed, and whether the chronicle proves it.',
  needs: 'recordings',
  params,
  answer: z.strictObject({
    recording: RecordingSummary,
    size: TerminalSize,
    marks: z.array(RecordingMark),
    typed: z.array(TypedLine),
    /** There are marks, or lines, beyond these. */
    more: z.boolean(),
    verified: RecordingVerdict,
  }),
} as const satisfies Route;

/** From `from` (µs) on, with the screen as it was there; or what comes after event `after`. */
export const FramesQuery = z.strictObject({
  from: count.optional(),
  after: count.optional(),
  /** Only events before it (µs). */
  to: count.optional(),
});
export type FramesQuery = z.infer<typeof FramesQuery>;

export const readFrames = {
  method: 'GET',
  path: '/api/recordings/:id/frames',
  summary:
    'A page of a recording’s events: from a time on, with the screen there, or after an event.',
  needs: 'recordings',
  params,
  query: FramesQuery,
  answer: z.strictObject({
    keyframe: Keyframe.optional(),
    events: z.array(PlayedEvent),
    /** Ask for what comes `after` this; null when nothing does. */
    next: z.number().nullable(),
  }),
} as const satisfies Route;

export const exportRecording = {
  method: 'GET',
  path: '/api/recordings/:id/asciicast',
  summary: 'One recording as asciicast v3, for other players.',
  needs: 'recordings',
  params,
  answer: {
    media: 'application/x-asciicast; charset=utf-8',
    about:
      'a line of JSON each: header, then `[seconds since the line before, code, data]` with codes o, i, m, r and x; what is no UTF-8 is replaced, and a last line says how often',
  },
} as const satisfies Route;
