// The routes of approvals, bound to what they do. People see all of them; agents and programs what they asked for.
import { approvalRoutes } from '#contract/approval-routes.ts';
import { serve, signedIn } from '#controller/server/routes.ts';
import type { Served } from '#controller/server/routes.ts';
import type { Approvals } from './approvals.ts';

/** Approvals told at once; the record has all of them. */
const listLimit = 200;

export const approvalServed = (approvals: Approvals): readonly Served[] => [
  serve(approvalRoutes.list, (asked) => {
    const { actor } = signedIn(asked);
    const person = actor.startsWith('user:') || actor.startsWith('console:');
    const seen = approvals.list().filter(({ request }) => person || request.by === actor);
    return seen.slice(0, listLimit);
  }),
  serve(approvalRoutes.ask, (asked) =>
    approvals.request(signedIn(asked), { ...asked.body, kind: 'act' }),
  ),
  serve(approvalRoutes.yes, (asked) => approvals.yes(signedIn(asked), asked.params.id, asked.body)),
  serve(approvalRoutes.no, (asked) =>
    approvals.deny(signedIn(asked), asked.params.id, asked.body.reason),
  ),
  serve(approvalRoutes.withdraw, (asked) =>
    approvals.withdraw(signedIn(asked), asked.params.id, asked.body.reason),
  ),
];
