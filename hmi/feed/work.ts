// What is asked of station over and over: which shells are asked for or open, which approvals wait. Both are few and
// slow; the socket of a shell tells its own state at once.
import { effect, signal } from '@preact/signals';
import type { ApprovalView } from '#contract/approval.ts';
import type { approvalRoutes } from '#contract/approval-routes.ts';
import type { SessionView, ShellRules } from '#contract/shell.ts';
import type { listShells } from '#contract/shell-routes.ts';
import { waiting } from '#hmi/parts/shown.ts';
import { ask } from './ask.ts';
import { connected } from './cell.ts';
import { me } from './me.ts';

const pace_ms = 2000;

/** Newest first, as station tells them. */
export const shells = signal<readonly SessionView[]>([]);
export const shellRules = signal<ShellRules | null>(null);
export const approvals = signal<readonly ApprovalView[]>([]);

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

export async function askWork(): Promise<void> {
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
}

function look(): void {
  if (connected.peek() && document.visibilityState === 'visible') void askWork();
}

let started = false;
/** From now on, for as long as the page is looked at and the cell is there. */
export function startWork(): void {
  if (started) return;
  started = true;
  setInterval(look, pace_ms);
  effect(() => {
    void me.value?.session;
    if (connected.value) look();
  });
  effect(() => {
    waiting.value = mine(approvals.value).length;
  });
}
