// `rebe shells`, `rebe lock`, `rebe unlock`: shells asked for, begun, paused, ended, and who is locked out of them. Station
// judges and records; the keyboard of one is `rebe shell attach`.
import type { Route } from '#contract/api.ts';
import { printable } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import {
  addLock,
  askShell,
  beginShell,
  endShell,
  handOverShell,
  killShell,
  listLocks,
  listShells,
  pauseShell,
  removeLock,
  resumeShell,
} from '#contract/shell-routes.ts';
import { Lock, SessionId } from '#contract/shell.ts';
import type { SessionView } from '#contract/shell.ts';
import { parseDuration } from '#contract/time.ts';
import { asAdministrator as asPerson } from './people-session.ts';
import { farOptions } from './station-at.ts';
import type { Asker } from './people-session.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, OptionPlan, Verb } from './verb.ts';

const says = { pause: pauseShell, resume: resumeShell, end: endShell, kill: killShell } as const;

async function shells(invocation: Invocation): Promise<number> {
  return asPerson(invocation, async (asker) => {
    const [word, of, to] = invocation.words;
    if (word === undefined) return list(invocation, asker);
    if (word === 'ask') return ask(invocation, asker, of);
    const id = SessionId.safeParse(of);
    if (!id.success)
      throw new CellError('E_USAGE', `${of ?? 'nothing'} is no shell, such as sh-0123456789abcdef`);
    const post = async (route: Route, body: object): Promise<number> => {
      const path = route.path.replace(':id', id.data) as Route['path'];
      return told(invocation, await give(asker, { ...route, path }, body));
    };
    if (word === 'begin') return post(beginShell, {});
    if (word === 'hand-over') return post(handOverShell, { to: to ?? '' });
    const said = Object.entries(says).find(([name]) => name === word)?.[1];
    if (said !== undefined) return post(said, reasonOf(invocation));
    throw new CellError('E_USAGE', `rebe shells ${word}: see \`rebe help shells\``);
  });
}

const give = async (asker: Asker, { path }: Route, body: object): Promise<SessionView> =>
  asker.ask(askShell.answer, { method: 'POST', path, body });

async function list(invocation: Invocation, asker: Asker): Promise<number> {
  const { method, path } = listShells;
  const { sessions } = await asker.ask(listShells.answer, { method, path });
  const ends = /Ended|Killed|Denied|Expired/;
  const shown = invocation.flag('all') ? sessions : sessions.filter((one) => !ends.test(one.state));
  answer(invocation, shown, () =>
    shown.length === 0
      ? 'no shell is open or asked for'
      : table([['SHELL', 'TIER', 'STATE', 'WHO', 'APPROVAL', 'WHY'], ...shown.map(row)]),
  );
  return exit.good;
}

const row = ({ id, tier, state, by, approval, reason, why, lacks }: SessionView): string[] => [
  id,
  tier,
  state,
  by,
  approval ?? '',
  printable([reason, why, ...lacks].filter((text) => text !== undefined).join('; ')),
];

async function ask(invocation: Invocation, asker: Asker, tier: string | undefined) {
  const reason = invocation.option('reason') ?? '';
  const body = { tier: tier ?? 'T2', reason, ...spanOf(invocation) };
  const wrong = askShell.body.safeParse(body);
  if (!wrong.success)
    throw new CellError('E_USAGE', 'rebe shells ask T2|T3 --reason TEXT [--for 30min]');
  return told(invocation, await give(asker, askShell, wrong.data));
}

function told(invocation: Invocation, view: SessionView): number {
  answer(invocation, view, () => {
    const { id, state, why, approval, lacks } = view;
    const waits = state === 'Requested' && approval !== undefined;
    const next = waits ? `\n  another says yes with: rebe approve ${approval}` : '';
    const lacking = lacks.length === 0 ? '' : `\n  ${printable(lacks.join('; '))}`;
    return `${id} is ${state}${why === undefined ? '' : `: ${printable(why)}`}${lacking}${next}`;
  });
  return exit.good;
}

async function lock(invocation: Invocation): Promise<number> {
  return asPerson(invocation, async (asker) => {
    const [kind, target = ''] = invocation.words;
    if (kind === undefined) {
      const { method, path } = listLocks;
      const { locks } = await asker.ask(listLocks.answer, { method, path });
      answer(invocation, locks, () =>
        locks.length === 0
          ? 'nobody is locked out'
          : table([['LOCK', 'ON', 'UNTIL', 'BY', 'WHY'], ...locks.map(lockRow)]),
      );
      return exit.good;
    }
    const message = invocation.option('message') ?? '';
    const body = addLock.body.safeParse({ kind, target, message, ...spanOf(invocation) });
    if (!body.success || message.trim() === '')
      throw new CellError('E_USAGE', `rebe lock ${kinds} TARGET --message TEXT [--for 1h]`);
    const { method, path } = addLock;
    return toldLock(invocation, await asker.ask(addLock.answer, { method, path, body: body.data }));
  });
}

async function unlock(invocation: Invocation): Promise<number> {
  return asPerson(invocation, async (asker) => {
    const { method, path, answer: form } = removeLock;
    const place = path.replace(':id', encodeURIComponent(invocation.words[0] ?? ''));
    return toldLock(invocation, await asker.ask(form, { method, path: place }));
  });
}

const kinds = Lock.shape.kind.options.join('|');

function toldLock(invocation: Invocation, found: Lock): number {
  answer(invocation, found, () => lockRow(found).join('  '));
  return exit.good;
}

const lockRow = ({ id, kind, target, until, by, message }: Lock): string[] => [
  id,
  `${kind} ${printable(target)}`.trim(),
  until === undefined ? '' : new Date(until).toISOString(),
  by,
  printable(message),
];

function spanOf(invocation: Invocation): { for_ms?: number } {
  const text = invocation.option('for');
  if (text === undefined) return {};
  const span = parseDuration(text);
  if (span === undefined) throw new CellError('E_USAGE', `--for is a duration, 30min, not ${text}`);
  return { for_ms: span };
}

function reasonOf(invocation: Invocation): { reason?: string } {
  const reason = invocation.option('reason');
  return reason === undefined ? {} : { reason };
}

const consoleOption: OptionPlan = {
  type: 'boolean',
  help: "as the cell's own console, though somebody signed in at this terminal",
};
const forOption: OptionPlan = { type: 'string', help: 'how long: 30min, 2h' };

export const shellsVerbs: readonly Verb[] = [
  {
    name: 'shells',
    usage: '[ask T2|T3 | begin|pause|resume|end|kill SHELL | hand-over SHELL ACTOR]',
    summary: 'Shells of T2 and T3: lists them, asks for one, begins, pauses, resumes, ends.',
    more: 'An approval is given with `rebe approve`; the keyboard of one that was begun is `rebe shell attach`.',
    example: 'rebe shells ask T2 --reason "the gripper sticks" --for 30min',
    words: [0, 3],
    options: {
      reason: { type: 'string', help: 'why; it is recorded' },
      for: forOption,
      all: { type: 'boolean', help: 'those that are over, too' },
      console: consoleOption,
      ...farOptions,
    },
    run: shells,
  },
  {
    name: 'lock',
    usage: '[KIND TARGET]',
    summary:
      'Locks somebody or something out of shells, ending what it holds; without words, lists.',
    more: `KIND is ${kinds}; a user, role or tier is named, a cell is not.`,
    example: 'rebe lock user anna --message "left the site" --for 8h',
    words: [0, 2],
    options: {
      message: { type: 'string', help: 'what whoever is locked out is told; it is recorded' },
      for: forOption,
      console: consoleOption,
      ...farOptions,
    },
    run: lock,
  },
  {
    name: 'unlock',
    usage: 'LOCK',
    summary: 'Takes a lock away.',
    example: 'rebe unlock lk-0123456789abcdef',
    words: [1, 1],
    options: { console: consoleOption, ...farOptions },
    run: unlock,
  },
];
