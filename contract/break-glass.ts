// Break-glass: what is kept of somebody who works at the PC's own console, outside of everything here, until somebody
// else has written what was found there; and the routes of that review.
import * as z from 'zod';
import { Actor } from './actor.ts';
import type { Route } from './api.ts';
import { PersonName } from './people.ts';

/** How many wait for a review at once; what comes after them stands in the chronicle alone. */
export const brokenLimit = 32;

export const BrokenId = z.string().regex(/^bg-[0-9a-f]{16}$/, 'such as bg-0123456789abcdef');
export type BrokenId = z.infer<typeof BrokenId>;

/** Once that somebody broke the glass. */
export const Broken = z.strictObject({
  id: BrokenId,
  /** The operating system's user. */
  actor: Actor,
  /** As far as it is known: whoever was signed in at that terminal, or came there by `sudo`. */
  person: PersonName.optional(),
  /** UTC ms. */
  at: z.number(),
  reason: z.string().max(300),
});
export type Broken = z.infer<typeof Broken>;

/** What of it stands in `about` of its entry, so that whoever reads the chronicle finds the review of it. */
export const BrokenAbout = Broken.pick({ id: true, person: true });

/** `about` of the entry of a review: which of them it is of. */
export const ReviewAbout = z.strictObject({
  reviewed: z.array(BrokenId).min(1).max(brokenLimit),
});

/** Nobody reviews what they did themselves: as the person, or as the operating system's user of that name. */
export const isOwn = (reviewer: Actor, { actor, person }: Broken): boolean =>
  [`user:${person ?? ''}`, actor, actor.replace(/^console:/, 'user:')].includes(reviewer);

export const listBroken = {
  method: 'GET',
  path: '/api/break-glass',
  summary: 'Work at the PC’s own console of which nobody has written a review yet.',
  needs: 'signed-in',
  answer: z.strictObject({ waiting: z.array(Broken) }),
} as const satisfies Route;

export const reviewBroken = {
  method: 'POST',
  path: '/api/break-glass/review',
  summary:
    'Writes what was found after break-glass; by a person who did not do it. The alarm ends.',
  needs: 'shell.approve',
  body: z.strictObject({
    of: z.array(BrokenId).min(1).max(brokenLimit),
    found: z.string().trim().min(10).max(500).meta({ description: 'what was done there' }),
  }),
  answer: z.strictObject({ waiting: z.array(Broken) }),
} as const satisfies Route;
