// Approvals as a chronicle tells them, judged from it alone: is what was said yes to what was asked, signed by the keys of
// as many others as it needed, in its time, and used no more often than that? No store and no station is asked.
import type { Actor } from '#contract/actor.ts';
import type { ApprovalEvent, ApprovalRequest, ApprovalYes } from '#contract/approval.ts';
import type { SessionBody } from '#contract/entry.ts';
import type { PeopleEvent } from '#contract/people.ts';
import type { ApprovalCounts } from '#controller/chronicle/verdict.ts';
import { hashOf, isSigned } from './evidence.ts';
import { isBySeveral } from './judge.ts';

export interface ApprovalFinding {
  readonly seq: number;
  readonly text: string;
}

/** One entry of kind `session`. */
export interface SessionEntry {
  readonly seq: number;
  /** UTC ms. */
  readonly at: number;
  readonly actor: Actor;
  readonly body: SessionBody;
}

/** Station's clock and the entry's agree so far, ms. */
const slack = 15_000;

interface Story {
  readonly request: ApprovalRequest;
  readonly hash: string;
  /** Of each person the last; a repeat after a failure is one yes. */
  readonly yes: Map<Actor, ApprovalYes>;
  approved: boolean;
  over: boolean;
  readonly uses: Set<number>;
}

export class ApprovalsInRecord {
  readonly #stories = new Map<string, Story>();
  readonly #unknown = new Set<string>();
  /** Public keys of people, as they were enrolled. */
  readonly #keys = new Map<string, string>();
  readonly #findings: ApprovalFinding[] = [];

  get findings(): readonly ApprovalFinding[] {
    return this.#findings;
  }

  get counts(): ApprovalCounts {
    const all = [...this.#stories.values()];
    return {
      total: all.length,
      approved: all.filter(({ approved }) => approved).length,
      used: all.filter(({ uses }) => uses.size > 0).length,
      unknown: this.#unknown.size,
    };
  }

  /** Entries in their order. */
  take({ seq, at, actor, body }: SessionEntry): void {
    if (body.event === 'approval') {
      const wrong = this.#judge(body, { at, actor });
      if (wrong !== undefined) this.#findings.push({ seq, text: `approval ${body.id}: ${wrong}` });
    } else if ('subject' in body) this.#person(body);
  }

  #judge(event: ApprovalEvent, by: { readonly at: number; readonly actor: Actor }) {
    if (event.change === 'requested') return this.#requested(event, by.actor);
    const story = this.#stories.get(event.id);
    if (story === undefined) {
      this.#unknown.add(event.id);
      return undefined;
    }
    if (event.hash !== story.hash) return 'it is of another request than was asked for';
    switch (event.change) {
      case 'yes':
        return this.#yes(story, event.yes, by.actor);
      case 'approved':
        story.approved = isBySeveral({ request: story.request, yes: [...story.yes.values()] });
        return story.approved ? undefined : 'it was approved by too few, or by who may not';
      case 'used':
        return used(story, event.use, by);
      case 'denied':
      case 'withdrawn':
      case 'expired':
        story.over = true;
        return undefined;
    }
  }

  #requested({ id, hash, request }: ApprovalEvent, actor: Actor): string | undefined {
    if (request === undefined || request.id !== id || hashOf(request) !== hash)
      return 'the hash is not of what was asked for';
    if (request.by !== actor) return `${actor} asked for it in the name of ${request.by}`;
    if (this.#stories.has(id)) return 'it was asked for twice';
    const empty = { yes: new Map(), approved: false, over: false, uses: new Set<number>() };
    this.#stories.set(id, { request, hash, ...empty });
    return undefined;
  }

  #yes(story: Story, yes: ApprovalYes | undefined, actor: Actor): string | undefined {
    if (yes === undefined || yes.by !== actor) return 'a yes is of somebody else';
    if (!isSigned(story.request, yes)) return `the signature of ${actor} does not fit`;
    const key = this.#keys.get(actor);
    // Whoever was enrolled before this record began is known by no key in it.
    if (key !== undefined && key !== yes.key) return `the yes of ${actor} is by another key`;
    story.yes.set(actor, yes);
    return undefined;
  }

  #person({ event, subject, change }: PeopleEvent): void {
    if (subject === undefined) return;
    const actor = `user:${subject}`;
    const key = change?.['key'];
    const now: unknown = Array.isArray(key) ? key[1] : key;
    if (event === 'person-removed') this.#keys.delete(actor);
    else if (typeof now === 'string') this.#keys.set(actor, now);
  }
}

function used(
  { request, approved, over, uses }: Story,
  use: number | undefined,
  { at, actor }: { readonly at: number; readonly actor: Actor },
): string | undefined {
  if (actor !== request.by) return `${actor} used what ${request.by} asked for`;
  if (!approved) return 'it was used and not approved';
  if (over) return 'it was used after its end';
  if (at < request.notBefore - slack || at > request.notAfter + slack)
    return 'it was used outside of its time';
  uses.add(use ?? 0);
  return use === undefined || uses.size > request.uses || use > request.uses
    ? 'it was used more often than was approved'
    : undefined;
}
