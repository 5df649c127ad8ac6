// The door between station and the browser: one WebSocket at /live, JSON text frames.
// Control's messages pass through unchanged; station adds who you are and what it knows of control.
// Its pace stands in pace.ts.
import * as z from 'zod';
import { ActMessage, Resync, Watch, passedOn } from './wire.ts';

/** Station's own state: whether it hears control, and who the page is. */
export const Link = z.strictObject({
  type: z.literal('link'),
  control: z.enum(['up', 'down']),
  /** UTC of control's last frame, and station's own clock, so that a page can count an age. */
  lastFrame: z.number(),
  time: z.number(),
  /** The actor of this session; null when nobody is signed in. */
  actor: z.string().nullable(),
  /** Counts up as what this page may changes: it asks anew who it is. */
  changes: z.int().nonnegative(),
  /** `class: stop` commands are accepted without a session from this connection. */
  panel: z.boolean(),
  /** Another number than before: of shells, locks or approvals something is otherwise, and a list of them is to be asked for again. */
  news: z.int().nonnegative(),
});
export type Link = z.infer<typeof Link>;

export const ToBrowser = z.discriminatedUnion('type', [Link, ...passedOn]);
export type ToBrowser = z.infer<typeof ToBrowser>;

export const FromBrowser = z.discriminatedUnion('type', [
  /** The newest frame that was painted. */
  z.strictObject({ type: z.literal('ack'), frame: z.number() }),
  z.strictObject({ type: z.literal('ping') }),
  /** Station adds who acts. */
  ActMessage.pick({ type: true, id: true, verb: true, args: true, expect: true }),
  Watch,
  Resync,
]);
export type FromBrowser = z.infer<typeof FromBrowser>;
