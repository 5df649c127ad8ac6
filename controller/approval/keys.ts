// Approvers and their keys, as people/ knows them. Wrong passwords and PINs are counted here as at the sign-in: whoever
// sits at somebody's open session guesses no longer than at the door.
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import { formatDuration, milliseconds } from '#contract/time.ts';
import type { Signatures } from '#controller/people/credentials.ts';
import type { Lockout } from '#controller/people/lockout.ts';
import type { ApproverKeys } from './approvals.ts';
import type { Approver } from './judge.ts';

/** What of people/ is needed. */
export interface KnownPeople {
  readonly credentials: Signatures;
  readonly lockout: Lockout;
  approver(actor: Actor): Approver | undefined;
}

export function approverKeys(people: KnownPeople): ApproverKeys {
  const { lockout } = people;
  return {
    find: (actor) => people.approver(actor),
    signWith: async ({ actor, credential }, proof, bytes) => {
      if (!actor.startsWith('user:'))
        throw new CellError('E_APPROVAL_PERSON', `${actor} signs nothing`);
      const name = actor.slice('user:'.length);
      const attempt = lockout.take({ name, address: credential, place: 'session' });
      if (attempt.wait > 0) {
        const span = formatDuration(milliseconds(Math.ceil(attempt.wait / 1000) * 1000));
        throw new CellError('E_SIGN_IN_LOCKED', `locked for ${span}`);
      }
      try {
        const signed = await people.credentials.signWith(name, proof, bytes);
        lockout.right(attempt);
        return signed;
      } catch (error) {
        // What was not looked at was not wrong.
        if (!(error instanceof CellError) || error.code !== 'E_SIGN_IN') lockout.undo(attempt);
        throw error;
      }
    },
  };
}
