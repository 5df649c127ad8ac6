// `rebe shell --break-glass`: says that somebody works at the PC's own console, outside of everything here. It opens nothing;
// it is recorded, and an alarm of priority 1 stands until somebody has looked into it.
import { resolve } from 'node:path';
import { CellError } from '#contract/error.ts';
import { leaveBroken } from '#controller/break-glass.ts';
import { realClock } from '#controller/clock.ts';
import { consoleActor } from '#controller/console-actor.ts';
import { Records } from '#controller/server/records.ts';
import { WireClient } from '#controller/wire/client.ts';
import { socketPath } from './connection.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, OptionPlan } from './verb.ts';

export const breakGlassOptions: Readonly<Record<string, OptionPlan>> = {
  'break-glass': {
    type: 'boolean',
    help: "tell that you work at the PC's own console; with --reason",
  },
  reason: { type: 'string', help: 'break-glass: why; it is recorded' },
};

/** Ends with 1 when control is away: it is told then at its next start. */
export async function breakGlass(invocation: Invocation): Promise<number> {
  const reason = (invocation.option('reason') ?? '').trim();
  if (reason.length < 3 || reason.length > 300)
    throw new CellError('E_USAGE', '--break-glass needs --reason TEXT, of 3 to 300 characters');
  const data = resolve(invocation.data);
  const actor = consoleActor();
  // First, so that it is not lost whatever happens next.
  try {
    leaveBroken(data, { actor, at: realClock().time(), reason, recorded: false });
  } catch (cause) {
    throw new CellError('E_FILE_WRITE', `nothing can be left in ${data}`, { cause });
  }
  const problem = await tell(data, reason);
  const recorded = problem === undefined;
  answer(invocation, { actor, reason, recorded }, () =>
    recorded
      ? `recorded as ${actor}; the alarm stands until somebody has looked into it`
      : `${problem}: NOT RECORDED YET. It is when control starts again; write down what you do.`,
  );
  return recorded ? exit.good : exit.found;
}

async function tell(data: string, reason: string): Promise<string | undefined> {
  const records = new Records(realClock(), (message) => {
    client.send(message);
    return true;
  });
  const client = new WireClient(
    { path: socketPath(data), client: 'cli', feed: false },
    {
      message: (message) => records.take(message),
      closed: () => records.lost(),
    },
  );
  try {
    return await records.keep({
      actor: consoleActor(),
      body: { event: 'break-glass', text: reason },
    });
  } finally {
    client.close();
  }
}
