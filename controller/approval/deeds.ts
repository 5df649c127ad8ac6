// What a chronicle says was done because others said yes, each held against its approval: acts, shells, commands of agents.
// Each takes one use of its own, that was told before it and is of exactly this.
import type { ActBody, SessionBody } from '#contract/entry.ts';
import type { AgentEvent } from '#contract/agent.ts';
import type { ApprovalRequest } from '#contract/approval.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import type { ShellEvent, ShellStep } from '#contract/shell.ts';
import type * as z from 'zod';
import { isOutside } from './in-record.ts';
import type { ApprovalsInRecord, Told } from './in-record.ts';
import { slack } from './known-keys.ts';

export interface DeedFinding {
  readonly seq: number;
  readonly text: string;
}

/** One entry of kind `session`. */
export interface SessionEntry extends Told {
  readonly seq: number;
  readonly body: SessionBody;
}

/** One entry of kind `act`; `now` of the scan that took it, where that is known. */
export interface ActEntry extends Told {
  readonly seq: number;
  readonly now?: number | undefined;
  readonly body: z.infer<typeof ActBody>;
}

/** States of a session that has not begun, or is over. */
const idle: ReadonlySet<string> = new Set([
  'Requested',
  'Approved',
  'Ending',
  'Ended',
  'Killed',
  'Denied',
  'Expired',
]);

export class Deeds {
  readonly approvals: ApprovalsInRecord;
  readonly findings: DeedFinding[] = [];
  /** The approval that each shell was asked for with; taken out when it has begun. */
  readonly #shells = new Map<string, string>();

  constructor(approvals: ApprovalsInRecord) {
    this.approvals = approvals;
  }

  /** Entries of both kinds in their order. */
  take(entry: SessionEntry): void {
    const wrong = this.#judge(entry);
    if (wrong !== undefined) this.findings.push({ seq: entry.seq, text: wrong });
  }

  #judge(entry: SessionEntry): string | undefined {
    const { body, at } = entry;
    if (body.event === 'approval')
      return named(`approval ${body.id}`, this.approvals.take(body, entry));
    if (body.event === 'shell-asked')
      return named(`shell ${body.session ?? ''}`, this.#asked(body, entry));
    if (body.event === 'shell-step') return named(`shell ${body.session}`, this.#stepped(body, at));
    if (body.event === 'agent-executed')
      return named(`command ${body.session ?? ''}`, this.#executed(body, entry));
    if ('subject' in body) this.approvals.person(body, at);
    return undefined;
  }

  act(entry: ActEntry): void {
    const { seq, body } = entry;
    const { approval, result } = body;
    if (approval === undefined || result !== 'accepted') return;
    const wrong = this.#spend(approval, entry.at, (request) => actProblem(request, entry));
    if (wrong === undefined) return;
    this.findings.push({ seq, text: `act ${body.verb}: ${approval}: ${wrong}` });
  }

  #asked({ session, about = {} }: ShellEvent, { actor, at }: Told): string | undefined {
    const { approval } = about;
    if (typeof approval !== 'string') return 'nobody is asked about it';
    const story = this.approvals.find(approval, at);
    if (session !== undefined) this.#shells.set(session, approval);
    if (story === undefined || typeof story === 'string') return story && `${approval}: ${story}`;
    const { by, kind, what } = story.request;
    const same = Object.entries(what).every(([name, value]) => isSame(value, about[name]));
    const wanted = actor.startsWith('agent:') ? 'agent-command' : 'shell';
    return by === actor && kind === wanted && what['session'] === session && same
      ? undefined
      : `${approval} is of something else`;
  }

  #stepped({ session, states }: ShellStep, at: number): string | undefined {
    const approval = this.#shells.get(session);
    const begun = Object.values(states).some((state) => !idle.has(state.split('.').at(-1) ?? ''));
    if (approval === undefined || !begun) return undefined;
    this.#shells.delete(session);
    const wrong = this.#spend(approval, at, ({ what }) =>
      what['session'] === session ? undefined : 'it is of something else',
    );
    return wrong && `${approval}: ${wrong}`;
  }

  #executed({ approval, session, about }: AgentEvent, { actor, at }: Told): string | undefined {
    if (approval === undefined) return 'it was executed, and nobody approved it';
    const story = this.approvals.find(approval, at);
    if (story === undefined || typeof story === 'string') return story && `${approval}: ${story}`;
    const { by, what } = story.request;
    if (by !== actor || what['session'] !== session || what['argvHash'] !== about?.['argvHash'])
      return `${approval} is of something else`;
    return story.uses.size > 0 ? undefined : `${approval}: no use of it was told before`;
  }

  /** Takes one use of it, that was told before. */
  #spend(
    id: string,
    at: number,
    problem: (request: ApprovalRequest) => string | undefined,
  ): string | undefined {
    const story = this.approvals.find(id, at);
    if (story === undefined || typeof story === 'string') return story;
    const wrong = problem(story.request);
    if (wrong !== undefined) return wrong;
    if (!story.approved) return 'it was not approved';
    if (story.spent >= story.uses.size) return 'no use of it was told before, or another had it';
    story.spent += 1;
    return isOutside(story.request, at) ? 'its time is not then' : undefined;
  }
}

/** Of a force the record has its end in the time of scans, and the approval how long it was to last. */
function actProblem(
  { by, kind, what }: ApprovalRequest,
  { actor, body, now }: ActEntry,
): string | undefined {
  if (by !== actor) return `${by} asked for it, not ${actor}`;
  const { until, ...done } = body.args;
  const { for_ms: span, ...asked } = argsOf(what);
  const same = kind === 'act' && what['verb'] === body.verb && isSame(asked, done);
  if (!same) return 'it is of something else';
  if (typeof until !== 'number' || typeof span !== 'number' || now === undefined) return undefined;
  return Math.abs(until - now - span) <= slack ? undefined : 'it is of another time';
}

function argsOf({ args }: ApprovalRequest['what']): Readonly<Record<string, Json>> {
  return typeof args === 'object' && args !== null && !Array.isArray(args) ? args : {};
}

const named = (what: string, wrong: string | undefined): string | undefined =>
  wrong && `${what}: ${wrong}`;

const isSame = (left: Json, right: Json | undefined): boolean =>
  right !== undefined && canonicalJson(left) === canonicalJson(right);
