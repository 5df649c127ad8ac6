// Approval: what a second person says yes to, bound to the hash of exactly that, and what becomes of it.
// One thing for shells, forces and hazardous verbs; it knows neither of them.
import * as z from 'zod';
import { Actor } from './actor.ts';
import type { Permission } from './people.ts';

export const ApprovalId = z.string().regex(/^ap-[0-9a-f]{16}$/);

/** What kind of thing is approved; `permissionToApprove` says who may. */
export const ApprovalKind = z.enum(['shell', 'act', 'agent-command']);
export type ApprovalKind = z.infer<typeof ApprovalKind>;

/** The permission of whoever says yes or no to it. */
export const permissionToApprove = {
  shell: 'shell.approve',
  act: 'act.approve',
  'agent-command': 'shell.approve',
} as const satisfies Readonly<Record<ApprovalKind, Permission>>;

/** What is asked for. Its canonical JSON (RFC 8785) is what an approver signs the SHA-256 of. */
export const ApprovalRequest = z.strictObject({
  id: ApprovalId,
  cell: z.string(),
  /** Who asks; never among those who approve, nor is an agent's owner. */
  by: Actor,
  owner: Actor.optional(),
  /** The session or token it was asked in, by name: no yes comes from the same. */
  credential: z.string().max(64),
  /** What kind of thing: decides who may approve and what uses it up. */
  kind: ApprovalKind,
  /** Exactly what: a tier and its scope, a verb and its arguments, the argv of a command. */
  what: z.record(z.string(), z.json()),
  reason: z.string().min(1).max(500),
  /** UTC ms; outside it the approval is good for nothing. */
  notBefore: z.number(),
  notAfter: z.number(),
  /** How often it may be used, and how many must say yes. */
  uses: z.int().min(1).max(1000),
  needs: z.int().min(1).max(5),
});
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

/** What whoever asks says of it; the rest of a request is station's to add. */
export const ApprovalAsk = ApprovalRequest.pick({
  kind: true,
  what: true,
  reason: true,
  notBefore: true,
  notAfter: true,
  uses: true,
  needs: true,
});
export type ApprovalAsk = z.infer<typeof ApprovalAsk>;

/** One person's yes: an Ed25519 signature over the request's hash by a key that only that person's proof opens. */
export const ApprovalYes = z.strictObject({
  by: Actor,
  /** The session it was given in. */
  credential: z.string(),
  at: z.number(),
  /** Public key and signature, base64. */
  key: z.string(),
  signature: z.string(),
});
export type ApprovalYes = z.infer<typeof ApprovalYes>;

export const ApprovalState = z.enum([
  'requested',
  'approved',
  'denied',
  'withdrawn',
  'expired',
  'used',
]);

export type ApprovalState = z.infer<typeof ApprovalState>;

/** As pages and people see it. */
export const ApprovalView = z.strictObject({
  request: ApprovalRequest,
  /** SHA-256 of the request's canonical JSON, hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  state: ApprovalState,
  yes: z.array(ApprovalYes),
  used: z.int().nonnegative(),
  /** Why it was denied or withdrawn, and by whom. */
  no: z.strictObject({ by: Actor, reason: z.string(), at: z.number() }).optional(),
});
export type ApprovalView = z.infer<typeof ApprovalView>;

/** Each change of an approval, in the chronicle. */
export const ApprovalEvent = z.strictObject({
  event: z.literal('approval'),
  id: ApprovalId,
  change: z.enum(['requested', 'yes', 'approved', 'denied', 'withdrawn', 'expired', 'used']),
  hash: z.string(),
  /** Whole with `requested`, so that the record alone proves what was said yes to. */
  request: ApprovalRequest.optional(),
  yes: ApprovalYes.optional(),
  /** With `used`: which use it is, from 1. A use that is told twice is one. */
  use: z.int().min(1).max(1000).optional(),
  text: z.string().max(500),
});
export type ApprovalEvent = z.infer<typeof ApprovalEvent>;
