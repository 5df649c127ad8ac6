// Gives an act with what a button does not carry: a reason, and the approval that it needs.
import type { ActAsk, ActAnswer } from '#contract/console.ts';
import type { consoleRoutes } from '#contract/console-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import type { Asked } from '#hmi/feed/ask.ts';

/** A refusal of the cell is a failure as one of station is. */
export async function giveAct(
  verb: ActAsk['verb'],
  args: Readonly<Record<string, unknown>>,
  reason: string,
  approval?: string,
): Promise<Asked<ActAnswer>> {
  const told = await ask<typeof consoleRoutes.act>('POST', '/api/acts', {
    body: {
      verb,
      args: args as Record<string, never>,
      reason,
      ...(approval === undefined ? {} : { approval }),
    },
  });
  if (told.kind !== 'answer' || told.answer.receipt.result === 'accepted') return told;
  const { code = '', reason: text = '' } = told.answer.receipt;
  return { kind: 'failed', code, text };
}
