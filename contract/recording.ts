// A shell's recording: segments of raw bytes with a typed index, chained by hash, each told to the chronicle.
// The layout of a segment's file stands in docs/reference/recording.md; nothing here opens a file.
import * as z from 'zod';
import { SessionId } from './shell.ts';

const Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** One closed segment, in the chronicle; `previous` is the hash of the one before, zeros for the first. */
export const RecordingEvent = z.strictObject({
  event: z.literal('recorded'),
  session: SessionId,
  segment: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  hash: Hex,
  previous: Hex,
  /** The last of its session: what follows was never recorded. */
  last: z.boolean(),
  text: z.string().max(500),
});
export type RecordingEvent = z.infer<typeof RecordingEvent>;
