// Which shells are asked for or open, which approvals wait: asked of station when the live feed says that there is news,
// and never while there is none. Lists of one screen alone are asked at the same pace, by that screen. The socket of a
// shell tells its own state at once.
import { effect, signal } from '@preact/signals';
import type { ApprovalView } from '#contract/approval.ts';
import type { approvalRoutes } from '#contract/approval-routes.ts';
import type { SessionView, ShellRules } from '#contract/shell.ts';
import type { listShells } from '#contract/shell-routes.ts';
import { waiting } from '#hmi/parts/shown.ts';
import { ask } from './ask.ts';
import { connected, store } from './cell.ts';
import { me } from './me.ts';

/** A flood of news is asked for once in so long; what was not answered is asked again after a while. */
const pace_ms = 500;
const again_ms = 2000;

/** Newest first, as station tells them. */
export const shells = signal<readonly SessionView[]>([]);
export const shellRules = signal<ShellRules | null>(null);
export const approvals = signal<readonly ApprovalView[]>([]);

/** Another number each time that there was news to ask for, at the pace of this. */
export const round = signal(0);

/** Those that whoever is here may say yes to. */
export function mine(all: readonly ApprovalView[]): readonly ApprovalView[] {
  const known = me.value;
  if (known?.actor == null) return [];
  const { actor, permissions } = known;
  return all.filter(({ state, request: { by, owner, kind }, yes }) => {
    const right = kind === 'act' ? 'act.approve' : 'shell.approve';
    const said = [by, owner, ...yes.map((each) => each.by)].includes(actor);
    return state === 'requested' && permissions.includes(right) && !said;
  });
}

/** False: not everything was answered. */
export async function askWork(): Promise<boolean> {
  const maySee = me.peek()?.permissions.includes('view') === true;
  const [open, asked] = await Promise.all([
    ask<typeof listShells>('GET', '/api/shells', {}),
    maySee ? ask<typeof approvalRoutes.list>('GET', '/api/approvals', {}) : undefined,
  ]);
  if (open.kind === 'answer') {
    shells.value = open.answer.sessions;
    shellRules.value = open.answer.rules;
  }
  if (asked === undefined) approvals.value = [];
  else if (asked.kind === 'answer') approvals.value = asked.answer;
  return open.kind === 'answer' && asked?.kind !== 'failed';
}

/** What was asked for last. A connection that comes back begins anew: it may be another station. */
let seen = '';
let waits = false;

/** Asks where there is news that was not asked for; a page that nobody looks at asks when somebody does. */
function look(): void {
  const link = store.link.value;
  // Break-glass is told to control, and station hears of it by its alarm.
  const broken = store.alarms.value?.['shell.break-glass']?.raised;
  const news = `${link?.news} ${broken} ${me.value?.session} ${me.value?.permissions.join()}`;
  if (!connected.value) seen = '';
  if (!connected.value || waits || news === seen || document.visibilityState === 'hidden') return;
  seen = news;
  round.value = round.peek() + 1;
  void askAndRest();
}

async function askAndRest(): Promise<void> {
  waits = true;
  const answered = await askWork();
  if (!answered) seen = '';
  setTimeout(
    () => {
      waits = false;
      look();
    },
    answered ? pace_ms : again_ms,
  );
}

let started = false;
/** From now on, for as long as the page is looked at and the cell is there. */
export function startWork(): void {
  if (started) return;
  started = true;
  effect(look);
  document.addEventListener('visibilitychange', look);
  effect(() => {
    waiting.value = mine(approvals.value).length;
  });
}
