// What can be asked about shells over station's port: ask for one, begin, watch, pause, resume, end, lock out.
// Who may do what with a session of somebody else is judged where it is done; see docs/guides/shell.md.
import * as z from 'zod';
import { Actor } from './actor.ts';
import type { Route } from './api.ts';
import { Lock, Part, SessionId, SessionView, ShellRules } from './shell.ts';

const params = z.strictObject({ id: SessionId });
const Why = z.strictObject({ reason: z.string().max(300).optional() });

/** What somebody who asks for a shell says. */
export const ShellRequest = z.strictObject({
  tier: z.enum(['T2', 'T3']),
  reason: z.string().trim().min(3).max(300),
  /** How long it is wanted; never longer than the tier's own limit, which is the default. */
  for_ms: z.int().min(60_000).optional(),
});
export type ShellRequest = z.infer<typeof ShellRequest>;

export const LockRequest = Lock.pick({ kind: true, target: true, message: true }).extend({
  /** Without it the lock stays until it is taken away. */
  for_ms: z.int().positive().optional(),
});
export type LockRequest = z.infer<typeof LockRequest>;

export const askShell = {
  method: 'POST',
  path: '/api/shells',
  summary: 'Asks for a shell. It begins when it was approved and its asker says so.',
  needs: 'shell.open',
  body: ShellRequest,
  answer: SessionView,
} as const satisfies Route;

export const listShells = {
  method: 'GET',
  path: '/api/shells',
  summary: 'Shells that are asked for or open; whoever is signed in sees the last ones that ended.',
  needs: 'anyone',
  answer: z.strictObject({ rules: ShellRules.nullable(), sessions: z.array(SessionView) }),
} as const satisfies Route;

export const readShell = {
  method: 'GET',
  path: '/api/shells/:id',
  summary: 'One shell.',
  needs: 'signed-in',
  params,
  answer: SessionView,
} as const satisfies Route;

export const beginShell = {
  method: 'POST',
  path: '/api/shells/:id/begin',
  summary: 'Begins an approved shell: it runs as soon as its machine and its supervisor allow it.',
  needs: 'shell.open',
  params,
  answer: SessionView,
} as const satisfies Route;

/** A person's word on a session that is open. */
const say = (word: 'pause' | 'resume' | 'end' | 'kill', summary: string) =>
  ({
    method: 'POST',
    path: `/api/shells/:id/${word}`,
    summary,
    needs: 'signed-in',
    params,
    body: Why,
    answer: SessionView,
  }) as const satisfies Route;

export const pauseShell = say('pause', 'Stops its input and freezes its processes.');
export const resumeShell = say('resume', 'Lets a paused shell go on, where nothing else holds it.');
export const endShell = say('end', 'Ends it: input first, then every process.');
export const killShell = say('kill', 'Ends it as something that must not go on.');

export const handOverShell = {
  method: 'POST',
  path: '/api/shells/:id/hand-over',
  summary: 'The driver gives the keyboard to a peer.',
  needs: 'shell.open',
  params,
  body: z.strictObject({ to: Actor }),
  answer: SessionView,
} as const satisfies Route;

export const joinShell = {
  method: 'POST',
  path: '/api/shells/:id/ticket',
  summary: 'A ticket, good once and for seconds, with which a socket takes part in a shell.',
  needs: 'signed-in',
  params,
  body: z.strictObject({ part: Part }),
  answer: z.strictObject({ ticket: z.string(), until: z.number() }),
} as const satisfies Route;

export const listLocks = {
  method: 'GET',
  path: '/api/locks',
  summary: 'Who and what is locked out of shells.',
  needs: 'signed-in',
  answer: z.strictObject({ locks: z.array(Lock) }),
} as const satisfies Route;

export const addLock = {
  method: 'POST',
  path: '/api/locks',
  summary: 'Locks somebody or something out; what it holds now ends at once.',
  needs: 'shell.approve',
  body: LockRequest,
  answer: Lock,
} as const satisfies Route;

export const removeLock = {
  method: 'DELETE',
  path: '/api/locks/:id',
  summary: 'Takes a lock away.',
  needs: 'shell.approve',
  params: z.strictObject({ id: Lock.shape.id }),
  answer: Lock,
} as const satisfies Route;
