// Who may say yes, and what an approval is good for: pure judgements over a request, its yes and a clock's time.
// Each gives the code of the first thing that is wrong, or nothing.
import type { Actor } from '#contract/actor.ts';
import { permissionToApprove } from '#contract/approval.ts';
import type { ApprovalAsk, ApprovalView, ApprovalYes } from '#contract/approval.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import type { Code } from '#contract/error.ts';
import type { Permission, Principal } from '#contract/people.ts';
import { hours } from '#contract/time.ts';
import { isWellFormed } from '#contract/unicode.ts';
import { hashOf, isSigned } from './evidence.ts';

/** How long an approval may be good for, and how far ahead it may begin. */
export const longestWindow = hours(24);
export const farthestBegin = hours(7 * 24);
/** Characters of what is approved, as canonical JSON. */
export const whatLimit = 4096;

/** A person who may approve, as people/ knows them now. */
export interface Approver {
  /** The public key that is enrolled for them: 32 bytes, base64. */
  readonly key: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** Somebody enrolled, by actor; undefined: nobody is, or not any more. */
export type FindApprover = (actor: Actor) => Approver | undefined;

/** What is to be done with an approval, and by whom. */
export interface Use {
  readonly kind: ApprovalAsk['kind'];
  readonly what: Readonly<Record<string, Json>>;
  readonly by: Actor;
  /** How many yes the policy asks for now; without it as many as the request says. */
  readonly needs?: number;
}

/** The dates that it may be now, UTC ms; alike but where somebody sets the clock. */
export interface Moment {
  readonly earliest: number;
  readonly latest: number;
}

/** What is wrong with asking for this. */
export function askProblem(ask: ApprovalAsk, now: number): Code | undefined {
  const { notBefore, notAfter, what, reason } = ask;
  if (!isWellFormed(reason) || !isWellFormed(what)) return 'E_APPROVAL_SIZE';
  if (canonicalJson(what).length > whatLimit) return 'E_APPROVAL_SIZE';
  const fits =
    Number.isFinite(notBefore) &&
    Number.isFinite(notAfter) &&
    notAfter > notBefore &&
    notAfter > now &&
    notAfter - notBefore <= longestWindow &&
    notBefore - now <= farthestBegin;
  return fits ? undefined : 'E_APPROVAL_WINDOW';
}

/** Why this principal may not say no to it. One no ends it, even when all have said yes. */
export function noProblem(
  { request, state }: ApprovalView,
  { permissions }: Principal,
  now: Moment,
): Code | undefined {
  if (!permissions.has(permissionToApprove[request.kind])) return 'E_NOT_ALLOWED';
  if (state === 'expired' || now.latest >= request.notAfter) return 'E_APPROVAL_EXPIRED';
  return state === 'requested' || state === 'approved' ? undefined : 'E_APPROVAL_STATE';
}

/** Why this principal may not say yes to it. */
export function yesProblem(
  view: ApprovalView,
  principal: Principal,
  now: Moment,
): Code | undefined {
  const { request, state, yes } = view;
  const { actor, credential } = principal;
  if (actor === request.by) return 'E_APPROVAL_SELF';
  if (actor === request.owner) return 'E_APPROVAL_OWNER';
  if (!actor.startsWith('user:')) return 'E_APPROVAL_PERSON';
  const closed = noProblem(view, principal, now);
  if (closed !== undefined) return closed;
  const there = [request, ...yes];
  if (there.some((one) => one.by === actor || one.credential === credential)) {
    return 'E_APPROVAL_TWICE';
  }
  return state === 'requested' ? undefined : 'E_APPROVAL_STATE';
}

/** Why it is not good for this use now. Everything is judged anew: what the store says is believed in nothing. */
export function useProblem(
  view: ApprovalView,
  use: Use,
  { now, cell, find }: { readonly now: Moment; readonly cell: string; readonly find: FindApprover },
): Code | undefined {
  const { request, state, hash, used } = view;
  if (state === 'used' || used >= request.uses) return 'E_APPROVAL_USED';
  if (state === 'expired' || now.latest >= request.notAfter) return 'E_APPROVAL_EXPIRED';
  if (state === 'denied' || state === 'withdrawn') return 'E_APPROVAL_STATE';
  const { kind, what, by } = use;
  const asked = hashOf({ ...request, cell, kind, by, what });
  if (asked !== hash || hashOf(request) !== hash) return 'E_APPROVAL_ALTERED';
  if (state === 'requested') return 'E_APPROVAL_WAITING';
  if (now.earliest < request.notBefore) return 'E_APPROVAL_EARLY';
  if (request.needs < (use.needs ?? 1)) return 'E_APPROVAL_FEW';
  return view.yes.every((one) => isSigned(request, one)) && isBySeveral(view)
    ? standing(view, find)
    : 'E_APPROVAL_ALTERED';
}

/** As many persons as it needs, each by a session and a key of their own; none asked for it or owns who did. */
export function isBySeveral({ request, yes }: Pick<ApprovalView, 'request' | 'yes'>): boolean {
  const owner = request.owner ?? ownerOf(request.by);
  const others = yes.every(({ by }) => by.startsWith('user:') && by !== request.by && by !== owner);
  const apart = (name: keyof ApprovalYes): number => new Set(yes.map((one) => one[name])).size;
  const enough = [apart('by'), apart('credential'), apart('key')].every((n) => n === yes.length);
  const fresh = yes.every(({ credential }) => credential !== request.credential);
  return others && enough && fresh && yes.length >= request.needs;
}

/** Whose an agent is by its name, whatever a request says. */
function ownerOf(actor: Actor): Actor | undefined {
  const [, name] = /^agent:([^/]+)\//.exec(actor) ?? [];
  return name === undefined ? undefined : `user:${name}`;
}

/** Whoever said yes must still be somebody who may, with the same key. */
function standing({ request, yes }: ApprovalView, find: FindApprover): Code | undefined {
  const permission = permissionToApprove[request.kind];
  const stand = yes.every(({ by, key }) => {
    const approver = find(by);
    return approver?.key === key && approver.permissions.has(permission);
  });
  return stand ? undefined : 'E_APPROVAL_PERSON';
}
