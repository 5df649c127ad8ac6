// The door between station and the browser: one WebSocket at /live, JSON text frames.
// Control's messages pass through unchanged; station adds who you are and what it knows of control.
// Its pace stands in pace.ts.
import * as z from 'zod';
import { Delta, Done, Hello, Receipt, Snapshot, Stopped, Why } from './wire.ts';

/** Station's own state: whether it hears control, and who the page is. */
export const Link = z.strictObject({
  type: z.literal('link'),
  control: z.enum(['up', 'down']),
  /** UTC of control's last frame, and station's own clock, so that a page can count an age. */
  lastFrame: z.number(),
  time: z.number(),
  /** The actor of this session; null when nobody is signed in. */
  actor: z.string().nullable(),
  /** `class: stop` commands are accepted without a session from this connection. */
  panel: z.boolean(),
});
export type Link = z.infer<typeof Link>;

export const ToBrowser = z.discriminatedUnion('type', [
  Link,
  Hello,
  Snapshot,
  Delta,
  Why,
  Stopped,
  Receipt,
  Done,
]);
export type ToBrowser = z.infer<typeof ToBrowser>;

export const FromBrowser = z.discriminatedUnion('type', [
  /** The newest frame that was painted. */
  z.strictObject({ type: z.literal('ack'), frame: z.number() }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({
    type: z.literal('act'),
    id: z.string().min(8).max(64),
    verb: z.string(),
    args: z.record(z.string(), z.json()),
    expect: z.strictObject({ flow: z.string().optional(), seq: z.number().optional() }).optional(),
  }),
  z.strictObject({ type: z.literal('watch'), flows: z.array(z.string()).max(64) }),
  z.strictObject({ type: z.literal('resync') }),
]);
export type FromBrowser = z.infer<typeof FromBrowser>;
