// The routes of approvals at station's port: list, ask, say yes, say no, take back.
import * as z from 'zod';
import { ApprovalAsk, ApprovalId, ApprovalView } from './approval.ts';
import type { Route } from './api.ts';

const id = z.strictObject({ id: ApprovalId });
const reason = z.string().min(1).max(500);

/** What proves now, once more, who somebody is: it opens their key for one signature. */
export const ApprovalProof = z
  .strictObject({
    password: z.string().min(1).max(1024).optional(),
    pin: z.string().min(1).max(12).optional(),
  })
  .refine(({ password, pin }) => (password === undefined) !== (pin === undefined), {
    message: 'either a password or a PIN',
  });
export type ApprovalProof = z.infer<typeof ApprovalProof>;

export const approvalRoutes = {
  list: {
    method: 'GET',
    path: '/api/approvals',
    summary: 'Approvals, newest first; agents and programs see their own alone',
    needs: 'view',
    answer: z.array(ApprovalView),
  },
  ask: {
    method: 'POST',
    path: '/api/approvals',
    summary:
      'Asks for an approval of an act: a verb with its arguments, exactly as it will be given',
    needs: 'signed-in',
    body: ApprovalAsk.omit({ kind: true, what: true }).extend({
      what: z.strictObject({
        verb: z.string().min(1).max(64),
        args: z.record(z.string(), z.json()),
      }),
    }),
    answer: ApprovalView,
  },
  yes: {
    method: 'POST',
    path: '/api/approvals/:id/yes',
    summary: 'Says yes, signed with the key that the password or the PIN opens',
    needs: 'signed-in',
    params: id,
    // The hash that was read: nobody signs what changed meanwhile.
    body: z.strictObject({ hash: ApprovalView.shape.hash, proof: ApprovalProof }),
    answer: ApprovalView,
  },
  no: {
    method: 'POST',
    path: '/api/approvals/:id/no',
    summary: 'Says no; one no ends it',
    needs: 'signed-in',
    params: id,
    body: z.strictObject({ reason }),
    answer: ApprovalView,
  },
  withdraw: {
    method: 'POST',
    path: '/api/approvals/:id/withdraw',
    summary: 'Takes back what one asked for oneself',
    needs: 'signed-in',
    params: id,
    body: z.strictObject({ reason }),
    answer: ApprovalView,
  },
} as const satisfies Readonly<Record<string, Route>>;
