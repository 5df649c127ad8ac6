// `rebe break-glass`: says that somebody works at the PC's own console, outside of everything here. It opens nothing; it is
// recorded, and an alarm of priority 1 stands until somebody else has written the review.
import { resolve } from 'node:path';
import { listBroken, reviewBroken } from '#contract/break-glass.ts';
import type { Broken } from '#contract/break-glass.ts';
import { printable } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import { PersonName } from '#contract/people.ts';
import { leaveBroken, makeBrokenId } from '#controller/break-glass.ts';
import { realClock } from '#controller/clock.ts';
import { consoleActor } from '#controller/console-actor.ts';
import { Records } from '#controller/server/records.ts';
import type { StationEvent } from '#controller/server/records.ts';
import { WireClient } from '#controller/wire/client.ts';
import { socketPath } from './connection.ts';
import { findLogin } from './login-file.ts';
import { asAdministrator as asPerson } from './people-session.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

async function runVerb(invocation: Invocation): Promise<number> {
  const [word, found] = invocation.words;
  if (word === 'review') return review(invocation, found ?? '');
  if (word !== undefined) throw new CellError('E_USAGE', 'rebe help break-glass');
  const reason = invocation.option('reason');
  return reason === undefined ? list(invocation) : breakGlass(invocation, reason.trim());
}

/** Ends with 1 when control is away: it is told then at its next start. */
async function breakGlass(invocation: Invocation, reason: string): Promise<number> {
  if (reason.length < 3 || reason.length > 300)
    throw new CellError('E_USAGE', '--reason is a text of 3 to 300 characters');
  const data = resolve(invocation.data);
  const actor = consoleActor();
  const name = findLogin(data)?.name ?? process.env['SUDO_USER'];
  const person = PersonName.safeParse(name).data;
  const about = { id: makeBrokenId(), ...(person === undefined ? {} : { person }) };
  const at = realClock().time();
  // First, so that it is not lost whatever happens next. Control that runs has it all the same.
  const left = noted(() => leaveBroken(data, { ...about, actor, at, reason, recorded: false }));
  const problem = await tell(data, { actor, body: { event: 'break-glass', about, text: reason } });
  const recorded = problem === undefined;
  if (!recorded && !left) throw new CellError('E_FILE_WRITE', `nothing can be left in ${data}`);
  answer(invocation, { ...about, actor, reason, recorded }, () =>
    recorded
      ? `recorded as ${actor}; the alarm stands until somebody else has written the review`
      : `${problem}: NOT RECORDED YET. It is when control starts again; write down what you do.`,
  );
  return recorded ? exit.good : exit.found;
}

function noted(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

async function tell(data: string, event: StationEvent): Promise<string | undefined> {
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
    return await records.keep(event);
  } finally {
    client.close();
  }
}

async function list(invocation: Invocation): Promise<number> {
  return asPerson(invocation, async (asker) => {
    const { method, path } = listBroken;
    const { waiting } = await asker.ask(listBroken.answer, { method, path });
    answer(invocation, waiting, () =>
      waiting.length === 0
        ? 'nothing waits for a review'
        : table([['ID', 'SINCE', 'AS', 'SIGNED IN', 'WHY'], ...waiting.map(row)]),
    );
    return exit.good;
  });
}

const row = ({ id, at, actor, person, reason }: Broken): string[] => [
  id,
  new Date(at).toISOString(),
  actor,
  person ?? '',
  printable(reason),
];

/** Of everything that waits now; what comes meanwhile waits for another. */
async function review(invocation: Invocation, found: string): Promise<number> {
  const text = reviewBroken.body.shape.found.safeParse(found);
  if (!text.success)
    throw new CellError(
      'E_USAGE',
      'rebe break-glass review "what was found", 10 to 500 characters',
    );
  return asPerson(invocation, async (asker) => {
    const asked = { method: listBroken.method, path: listBroken.path };
    const { waiting } = await asker.ask(listBroken.answer, asked);
    if (waiting.length === 0) throw new CellError('E_GLASS_NONE', 'nothing waits for a review');
    const { method, path, answer: form } = reviewBroken;
    const body = { of: waiting.map(({ id }) => id), found: text.data };
    await asker.ask(form, { method, path, body });
    answer(invocation, { reviewed: body.of }, () => `${body.of.length} reviewed, and recorded`);
    return exit.good;
  });
}

export const breakGlassVerbs: readonly Verb[] = [
  {
    name: 'break-glass',
    usage: '[--reason TEXT | review FOUND]',
    summary: "Tells that you work at the PC's own console, outside of everything here; reviews it.",
    more:
      'It opens nothing. With --reason it is recorded, and an alarm of priority 1 stands until somebody else, who ' +
      'may approve shells, has signed in and written what was found: `review`. Without either it lists what waits for that.',
    example: 'rebe break-glass --reason "station does not start"',
    words: [0, 2],
    options: {
      reason: { type: 'string', help: 'why you work there; it is recorded' },
      console: {
        type: 'boolean',
        help: "as the cell's own console, though somebody signed in at this terminal",
      },
    },
    run: runVerb,
  },
];
