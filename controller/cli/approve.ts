// `rebe approve`: what waits for another person's yes, and giving it, or saying no. The password or PIN that opens the
// signing key comes from the terminal or from standard input; station judges, signs and records.
import { approvalRoutes } from '#contract/approval-routes.ts';
import { ApprovalId } from '#contract/approval.ts';
import type { ApprovalView } from '#contract/approval.ts';
import { printable } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import { asAdministrator, findAsker } from './people-session.ts';
import type { Asker } from './people-session.ts';
import { SecretInput } from './secret-input.ts';
import { farOptions, stationOf } from './station-at.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

const { list: listRoute } = approvalRoutes;

async function approve(invocation: Invocation): Promise<number> {
  const [word] = invocation.words;
  if (word === undefined)
    return asAdministrator(invocation, async (asker) => list(invocation, asker));
  const id = ApprovalId.safeParse(word);
  if (!id.success)
    throw new CellError('E_USAGE', `${word} is no approval, such as ap-0123456789abcdef`);
  const asker = findAsker(stationOf(invocation));
  if (asker === undefined)
    throw new CellError('E_NOT_SIGNED_IN', 'sign in first, as yourself: `rebe login NAME`');
  const [deny, withdraw] = [invocation.flag('deny'), invocation.flag('withdraw')];
  if (deny && withdraw) throw new CellError('E_USAGE', 'either --deny or --withdraw');
  if (deny || withdraw) return end(invocation, asker, `${id.data}/${deny ? 'no' : 'withdraw'}`);
  return yes(invocation, asker, id.data);
}

async function list(invocation: Invocation, asker: Asker): Promise<number> {
  const all = await asker.ask(listRoute.answer, { method: 'GET', path: listRoute.path });
  const seen = invocation.flag('all') ? all : all.filter(isOpen);
  answer(invocation, seen, () =>
    seen.length === 0
      ? 'nothing waits for a yes'
      : table([['ID', 'STATE', 'WHO ASKS', 'WHAT', 'UNTIL', 'WHY'], ...seen.map(row)]),
  );
  return exit.good;
}

const isOpen = ({ state }: ApprovalView): boolean => state === 'requested' || state === 'approved';

const row = ({ request, state, yes: given }: ApprovalView): string[] => [
  request.id,
  state === 'requested' ? `${given.length} of ${request.needs} yes` : state,
  request.by,
  summaryOf(request),
  moment(request.notAfter),
  printable(request.reason),
];

/** Shown whole first: the yes is signed for exactly what was shown. */
async function yes(invocation: Invocation, asker: Asker, id: string): Promise<number> {
  const all = await asker.ask(listRoute.answer, { method: 'GET', path: listRoute.path });
  const view = all.find(({ request }) => request.id === id);
  if (view === undefined) throw new CellError('E_APPROVAL_NONE', `there is no approval ${id}`);
  if (!invocation.json) process.stderr.write(`${detailsOf(view)}\n`);
  const kind = invocation.flag('pin') ? 'pin' : 'password';
  const secret = await new SecretInput().ask(kind === 'pin' ? 'PIN' : 'password');
  const body = { hash: view.hash, proof: { [kind]: secret } };
  const after = await asker.ask(approvalRoutes.yes.answer, {
    method: 'POST',
    path: `/api/approvals/${id}/yes`,
    body,
  });
  return told(invocation, after);
}

async function end(invocation: Invocation, asker: Asker, path: string): Promise<number> {
  const reason = invocation.option('reason') ?? '';
  if (reason.trim() === '')
    throw new CellError('E_USAGE', 'it needs --reason TEXT; it is recorded');
  const ask = { method: 'POST', path: `/api/approvals/${path}`, body: { reason } } as const;
  return told(invocation, await asker.ask(approvalRoutes.no.answer, ask));
}

function told(invocation: Invocation, view: ApprovalView): number {
  const { request, state, yes: given } = view;
  answer(invocation, view, () =>
    state === 'requested'
      ? `${request.id}: ${given.length} of ${request.needs} have said yes`
      : `${request.id} is ${state}`,
  );
  return exit.good;
}

/** For people, in one line; nothing in it steers a terminal. */
function summaryOf({ kind, what }: ApprovalView['request']): string {
  const { verb, args, argv, tier, for_ms: span } = what;
  const time = typeof span === 'number' ? ` for ${span / 60_000} min` : '';
  const words =
    kind === 'act'
      ? [verb, args]
      : kind === 'shell'
        ? ['shell', tier]
        : Array.isArray(argv)
          ? argv
          : [kind];
  const text = words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word)));
  return printable(text.join(' ').slice(0, 100)) + (kind === 'shell' ? time : '');
}

function detailsOf({ request, hash, yes: given }: ApprovalView): string {
  const { by, owner, kind, what, reason, notBefore, notAfter, uses, needs } = request;
  const rows: [string, string][] = [
    ['who asks', owner === undefined ? by : `${by} of ${owner}`],
    ['why', printable(reason)],
    ['what', kind],
    ...Object.entries(what).map(([name, value]): [string, string] => [
      `  ${printable(name)}`,
      printable(typeof value === 'string' ? value : JSON.stringify(value)),
    ]),
    ['when', `${moment(notBefore)} to ${moment(notAfter)}, ${uses} time${uses === 1 ? '' : 's'}`],
    ['yes', `${given.map((one) => one.by).join(', ') || 'nobody yet'}; it needs ${needs}`],
    ['hash', hash],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}

const moment = (time: number): string =>
  new Date(time).toISOString().slice(0, 16).replace('T', ' ');

export const approveVerbs: readonly Verb[] = [
  {
    name: 'approve',
    usage: '[ID]',
    summary: 'Lists what waits for another person’s yes; gives it, or says no.',
    more: [
      'With an ID it shows all of what is asked for, then asks for your password (or with --pin your PIN), which',
      'opens your key to sign it. Nobody approves what they, or an agent of theirs, asked for.',
    ].join('\n'),
    example: 'rebe approve ap-0123456789abcdef',
    words: [0, 1],
    options: {
      all: { type: 'boolean', help: 'list also those that are over' },
      pin: { type: 'boolean', help: 'give the PIN in place of the password' },
      deny: { type: 'boolean', help: 'say no; with --reason' },
      withdraw: { type: 'boolean', help: 'take back what you asked for; with --reason' },
      reason: { type: 'string', help: 'why; it is recorded' },
      console: { type: 'boolean', help: 'list as the cell’s own console' },
      ...farOptions,
    },
    run: approve,
  },
];
