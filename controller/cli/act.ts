// Verbs that act on a running cell: command, resume, set, force, unforce, ack. Each prints its receipt.
// Their words are read in console/read-act.ts, for the console too.
import { codes } from '#contract/error.ts';
import { wasDone } from '#contract/outcome.ts';
import { readAct, typedVerbs } from '#controller/console/read-act.ts';
import type { ReadAct, TypedVerb } from '#controller/console/read-act.ts';
import type { Answered } from '#controller/wire/awaited-acts.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, OptionPlan, Verb } from './verb.ts';

/** How often a held command is kept alive; flows ask for at least every 300 ms. */
const keepPeriod = 100;

/** Prints what became of an act; what was ignored or came too late is found wrong, as what was refused. */
function tell(invocation: Invocation, { receipt, done }: Answered): number {
  answer(invocation, { ...receipt, done: done ?? null }, () => {
    if (receipt.result === 'refused') return refusalText(receipt);
    return done === undefined
      ? 'accepted'
      : `${done.outcome} (${done.code ?? `entry ${done.seq}`})`;
  });
  const good = receipt.result === 'accepted' && (done === undefined || wasDone(done.outcome));
  return good ? exit.good : exit.found;
}

function refusalText({ code, reason }: Answered['receipt']): string {
  const action = Object.entries(codes).find(([known]) => known === code)?.[1].action;
  const text = `refused: ${code ?? ''} ${reason ?? ''}`.trimEnd();
  // What station refuses says by itself what to do.
  const isSaid = action === undefined || reason?.endsWith(action) === true;
  return isSaid ? text : `${text}\n  ${action}`;
}

async function keep(
  invocation: Invocation,
  connection: Connection,
  args: ReadAct['args'],
): Promise<number> {
  const first = await connection.act('keep', args);
  if (first.receipt.result === 'refused') return tell(invocation, first);
  process.stderr.write(`${args['name']} is held; Ctrl-C lets go\n`);
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => void connection.act('keep', args), keepPeriod);
    const stop = (): void => {
      clearInterval(timer);
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    void connection.closed.then(stop);
  });
  return tell(invocation, await connection.act('keep', { ...args, down: false }));
}

async function act(name: TypedVerb, invocation: Invocation): Promise<number> {
  const connection = await openConnection(invocation.data);
  try {
    const { verb, args } = readAct(name, invocation, connection);
    if (verb === 'keep') return await keep(invocation, connection, args);
    return tell(invocation, await connection.act(verb, args));
  } finally {
    connection.close();
  }
}

const reason: OptionPlan = { type: 'string', help: 'why; it is recorded' };
type Plan = Pick<Verb, 'usage' | 'summary' | 'example' | 'words' | 'options'>;

const plans: Readonly<Record<TypedVerb, Plan>> = {
  command: {
    usage: 'FLOW NAME',
    summary: 'Gives a flow a command. A held command is kept alive until Ctrl-C.',
    example: 'rebe command tending start',
    words: [2, 2],
  },
  resume: {
    usage: 'FLOW',
    summary: 'Lets a flow run on that waits for a person after a restart or a fault.',
    example: 'rebe resume tending',
    words: [1, 1],
  },
  set: {
    usage: 'FLOW PARAMETER VALUE',
    summary: 'Sets a parameter of a flow, inside its envelope.',
    example: 'rebe set tending batch 50',
    words: [3, 3],
  },
  force: {
    usage: 'TAG VALUE --for DURATION --reason TEXT',
    summary: 'Overrides a tag until a time, at most 8 h. It never opens an interlock.',
    example: 'rebe force coolant.flow 12 --for 10min --reason "meter is out for calibration"',
    words: [2, 2],
    options: { for: { type: 'string', help: 'how long: 30s, 10min, 2h; at most 8h' } },
  },
  unforce: {
    usage: 'TAG',
    summary: 'Ends a force.',
    example: 'rebe unforce coolant.flow',
    words: [1, 1],
  },
  ack: {
    usage: 'ALARM',
    summary: 'Acknowledges an alarm.',
    example: 'rebe ack tending.coolant',
    words: [1, 1],
  },
};

export const actVerbs: readonly Verb[] = typedVerbs.map((name) => {
  const { options, ...plan } = plans[name];
  const run = async (invocation: Invocation): Promise<number> => act(name, invocation);
  return { name, ...plan, options: { ...options, reason }, run };
});
