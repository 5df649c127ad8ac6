// Verbs that act on a running cell: command, resume, set, force, unforce, ack. Each prints its receipt.
import { CellError, codes } from '#contract/error.ts';
import { wasDone } from '#contract/outcome.ts';
import { parseDuration } from '#contract/time.ts';
import type { TagInfo } from '#contract/described.ts';
import type { Verb as WireVerb } from '#contract/verbs.ts';
import type { Hello } from '#contract/wire.ts';
import { scalarOf } from '#controller/typed-value.ts';
import { unknownName } from './ask.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

type Answered = Awaited<ReturnType<Connection['act']>>;

/** How often a held command is kept alive; flows ask for at least every 300 ms. */
const keepPeriod = 100;

async function acting(
  invocation: Invocation,
  plan: (connection: Connection) => { verb: WireVerb; args: Readonly<Record<string, unknown>> },
): Promise<number> {
  const connection = await openConnection(invocation.data);
  try {
    const { verb, args } = plan(connection);
    return await perform(invocation, connection, verb, args);
  } finally {
    connection.close();
  }
}

async function perform(
  invocation: Invocation,
  connection: Connection,
  verb: WireVerb,
  args: Readonly<Record<string, unknown>>,
): Promise<number> {
  return tell(invocation, await connection.act(verb, args));
}

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
  return action === undefined ? text : `${text}\n  ${action}`;
}

const word = (invocation: Invocation, index: number): string => invocation.words[index] ?? '';

function flowOf(hello: Hello, name: string): Hello['flows'][number] {
  const flow = hello.flows.find((candidate) => candidate.name === name);
  if (flow === undefined) throw unknownName('E_ACT_FLOW', 'flow', name, hello.flows);
  return flow;
}

function tagOf(hello: Hello, name: string): TagInfo {
  const tag = hello.tags.find((candidate) => candidate.name === name);
  if (tag === undefined) throw unknownName('E_ACT_TAG', 'tag', name, hello.tags);
  return tag;
}

const command: Verb = {
  name: 'command',
  usage: 'FLOW NAME',
  summary: 'Gives a flow a command. A held command is kept alive until Ctrl-C.',
  example: 'rebe command tending start',
  words: [2, 2],
  run: async (invocation) => {
    const connection = await openConnection(invocation.data);
    try {
      const flow = flowOf(connection.hello, word(invocation, 0));
      const name = word(invocation, 1);
      const info = flow.commands.find((candidate) => candidate.name === name);
      if (info === undefined) throw unknownName('E_ACT_COMMAND', 'command', name, flow.commands);
      const args = { flow: flow.name, name };
      if (info.held_ms === undefined) return await perform(invocation, connection, 'command', args);
      return await keep(invocation, connection, args);
    } finally {
      connection.close();
    }
  },
};

async function keep(
  invocation: Invocation,
  connection: Connection,
  args: { flow: string; name: string },
): Promise<number> {
  const first = await connection.act('keep', { ...args, down: true });
  if (first.receipt.result === 'refused') return tell(invocation, first);
  process.stderr.write(`${args.name} is held; Ctrl-C lets go\n`);
  await new Promise<void>((resolve) => {
    const timer = setInterval(
      () => void connection.act('keep', { ...args, down: true }),
      keepPeriod,
    );
    const stop = (): void => {
      clearInterval(timer);
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    void connection.closed.then(stop);
  });
  return perform(invocation, connection, 'keep', { ...args, down: false });
}

const resume: Verb = {
  name: 'resume',
  usage: 'FLOW',
  summary: 'Lets a flow run on that waits for a person after a restart or a fault.',
  example: 'rebe resume tending',
  words: [1, 1],
  run: (invocation) =>
    acting(invocation, ({ hello }) => ({
      verb: 'resume',
      args: { flow: flowOf(hello, word(invocation, 0)).name },
    })),
};

const set: Verb = {
  name: 'set',
  usage: 'FLOW PARAMETER VALUE',
  summary: 'Sets a parameter of a flow, inside its envelope.',
  example: 'rebe set tending batch 50',
  words: [3, 3],
  run: (invocation) =>
    acting(invocation, ({ hello }) => {
      const flow = flowOf(hello, word(invocation, 0));
      const name = word(invocation, 1);
      const parameter = flow.parameters.find((candidate) => candidate.name === name);
      if (parameter === undefined)
        throw unknownName('E_ACT_PARAMETER', 'parameter', name, flow.parameters);
      return {
        verb: 'parameter',
        args: { flow: flow.name, name, value: scalarOf(parameter.type, word(invocation, 2)) },
      };
    }),
};

const force: Verb = {
  name: 'force',
  usage: 'TAG VALUE --for DURATION --reason TEXT',
  summary: 'Overrides a tag until a time, at most 8 h. It never opens an interlock.',
  example: 'rebe force coolant.flow 12 --for 10min --reason "meter is out for calibration"',
  words: [2, 2],
  options: {
    for: { type: 'string', help: 'how long: 30s, 10min, 2h; at most 8h' },
    reason: { type: 'string', help: 'why; it is recorded' },
  },
  run: (invocation) =>
    acting(invocation, ({ hello }) => {
      const { name: tag, type } = tagOf(hello, word(invocation, 0));
      const asked = invocation.option('for');
      const span = parseDuration(asked ?? '');
      const reason = invocation.option('reason') ?? '';
      if (span === undefined || span <= 0) {
        const wrong = asked === undefined ? '' : `, not ${asked}`;
        throw new CellError('E_USAGE', `a force needs --for and a duration, 10min or 30s${wrong}`);
      }
      if (reason.trim() === '') {
        throw new CellError('E_USAGE', 'a force needs --reason TEXT; it is recorded');
      }
      const value = scalarOf(type, word(invocation, 1));
      return { verb: 'force', args: { tag, value, for_ms: span, reason } };
    }),
};

const unforce: Verb = {
  name: 'unforce',
  usage: 'TAG',
  summary: 'Ends a force.',
  example: 'rebe unforce coolant.flow',
  words: [1, 1],
  run: (invocation) =>
    acting(invocation, ({ hello }) => ({
      verb: 'unforce',
      args: { tag: tagOf(hello, word(invocation, 0)).name },
    })),
};

const ack: Verb = {
  name: 'ack',
  usage: 'ALARM',
  summary: 'Acknowledges an alarm.',
  example: 'rebe ack tending.coolant',
  words: [1, 1],
  run: (invocation) =>
    acting(invocation, ({ snapshot }) => {
      const alarm = word(invocation, 0);
      const there = Object.entries(snapshot.alarms).flatMap(([name, state]) =>
        state === null ? [] : [{ name }],
      );
      if (!there.some(({ name }) => name === alarm)) {
        throw unknownName('E_ACT_ALARM', 'alarm', alarm, there);
      }
      return { verb: 'acknowledge', args: { alarm } };
    }),
};

export const actVerbs: readonly Verb[] = [command, resume, set, force, unforce, ack];
