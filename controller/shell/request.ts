// What was asked for, and what its asker and everybody else may now: data that the parts of a session share.
import type { ApprovalAsk } from '#contract/approval.ts';
import type { Permission, Principal, Role } from '#contract/people.ts';
import type { SessionId, SessionView, TierRule } from '#contract/shell.ts';

/** What an agent has executed in place of a shell. */
export interface CommandPlan {
  /** As it was proposed, and as it is started. */
  readonly argv: readonly string[];
  readonly run: readonly string[];
  /** What is approved with it. */
  readonly about: ApprovalAsk['what'];
}

/** A request that stands in the chronicle already. */
export interface SessionRequest {
  readonly id: SessionId;
  readonly tier: 'T2' | 'T3';
  readonly rule: TierRule;
  readonly by: Principal;
  readonly reason: string;
  /** How long it may last, ms. */
  readonly span: number;
  /** UTC ms past which it is not begun any more. */
  readonly until: number;
  readonly approval: string;
  /** Nothing is typed then, and nobody has the keyboard. */
  readonly command?: CommandPlan | undefined;
}

/** As it is shown before anything became of it. */
export function viewOfRequest(request: SessionRequest, asked: number): SessionView {
  const { id, tier, by, reason, command, approval } = request;
  return {
    id,
    tier,
    state: 'Requested',
    by: by.actor,
    ...(by.owner === undefined ? {} : { owner: by.owner }),
    reason,
    ...(command === undefined ? {} : { command: [...command.argv] }),
    approval,
    asked,
    present: false,
    lacks: [],
    participants: [],
    recorded: { bytes: 0, ok: true },
  };
}

/** What somebody may now, whatever they came in with. */
export interface Standing {
  readonly permissions: ReadonlySet<Permission>;
  readonly roles: readonly Role[];
}

/** What kind of approval it asks for. */
export const kindOf = (command: CommandPlan | undefined): ApprovalAsk['kind'] =>
  command === undefined ? 'shell' : 'agent-command';

/** Exactly what is approved: this session, this tier, so long, on a machine in this place; of an agent the command. */
export function whatOf(
  session: SessionId,
  { tier, span, rule, command }: Pick<SessionRequest, 'tier' | 'span' | 'rule' | 'command'>,
): ApprovalAsk['what'] {
  const what = { session, tier, for_ms: span, where: rule.where };
  if (command === undefined) return what;
  return { ...what, argv: [...command.argv], ...command.about };
}
