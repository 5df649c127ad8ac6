// Approvals at station's port, given by people with real passwords and keys; whoever sits at an open session guesses no
// longer than at the door.
import { expect, test } from 'vitest';
import type { Asked } from '#controller/server/routes.ts';
import { approverKeys } from '#controller/approval/keys.ts';
import { approvalServed } from '#controller/approval/routes.ts';
import type { Principal } from '#contract/people.ts';
import { CellError, present } from '#contract/error.ts';
import { Lockout } from '#controller/people/lockout.ts';
import { Attempts } from '#test/unit/controller/people/attempts.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';
import { Bench, ann, bob, codeOf, principal, robot } from './rig.ts';

/** Credentials that know one password; what they are asked is counted. */
function guarded() {
  const clock = new HandClock();
  const guard = { tries: 0, clock, busy: false };
  const lockout = new Lockout(clock, new Attempts());
  const keys = approverKeys({
    lockout,
    approver: () => undefined,
    credentials: {
      signWith: async (_name, { password }) => {
        guard.tries += 1;
        if (guard.busy) throw new CellError('E_SIGN_IN_BUSY', 'others are first');
        if (password !== 'right') throw new CellError('E_SIGN_IN', 'nothing was signed');
        return { key: 'k', signature: 's' };
      },
    },
  });
  const give = (password: string, who: Principal = bob) =>
    codeOf(keys.signWith(who, { password }, new Uint8Array(1)));
  return { ...guard, guard, give };
}

test('wrong passwords lock, for longer each time, and a right one begins anew', async () => {
  const { give, guard, clock } = guarded();
  // oxlint-disable no-await-in-loop -- one guess after another
  for (let count = 0; count < 4; count += 1) expect(await give('wrong')).toBe('E_SIGN_IN');
  expect(await give('right')).toBeUndefined();
  for (let count = 0; count < 5; count += 1) expect(await give('wrong')).toBe('E_SIGN_IN');
  // oxlint-enable no-await-in-loop
  const tries = guard.tries;
  expect(await give('right')).toBe('E_SIGN_IN_LOCKED');
  expect(guard.tries).toBe(tries);
  clock.advance(1001);
  expect(await give('wrong')).toBe('E_SIGN_IN');
  clock.advance(1001);
  expect(await give('right')).toBe('E_SIGN_IN_LOCKED');
});

test('what was not looked at was not wrong; programs sign nothing', async () => {
  const { give, guard } = guarded();
  guard.busy = true;
  // oxlint-disable-next-line no-await-in-loop -- one after another
  for (let count = 0; count < 9; count += 1) expect(await give('right')).toBe('E_SIGN_IN_BUSY');
  guard.busy = false;
  expect(await give('right')).toBeUndefined();
  expect(await give('right', principal('token:line'))).toBe('E_APPROVAL_PERSON');
});

test('people see all approvals, agents and programs what they asked for', async () => {
  using bench = new Bench();
  await bench.ask(ann);
  await bench.ask(robot);
  const [list] = approvalServed(bench.approvals);
  const seen = async (who: Principal): Promise<unknown[]> => {
    const asked = { guest: { principal: who, panel: false } } as unknown as Asked<never>;
    return (await present(list, 'the list').answer(asked)) as unknown[];
  };
  expect(await seen(bob)).toHaveLength(2);
  expect(await seen(principal('console:root'))).toHaveLength(2);
  expect(await seen(robot)).toHaveLength(1);
  expect(await seen(principal('token:line'))).toHaveLength(0);
});
