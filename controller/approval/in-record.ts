// Approvals as a chronicle tells them, judged from it alone: is what was said yes to what was asked, signed by the keys of
// as many others as it needed, in its time, and used no more often than that? No store and no station is asked.
// What was done by them is held against them in deeds.ts.
import type { Actor } from '#contract/actor.ts';
import type { ApprovalEvent, ApprovalRequest, ApprovalYes } from '#contract/approval.ts';
import type { ApprovalCounts } from '#controller/chronicle/verdict.ts';
import { hashOf, isSigned } from './evidence.ts';
import { isBySeveral } from './judge.ts';
import { KnownKeys, slack } from './known-keys.ts';
import type { PeopleEvent } from '#contract/people.ts';

/** When an entry was written, UTC ms, and who did what it tells. */
export interface Told {
  readonly at: number;
  readonly actor: Actor;
}

/** One approval, as far as it was told. */
export interface Story {
  readonly request: ApprovalRequest;
  readonly hash: string;
  /** Of each person the last; a repeat after a failure is one yes. */
  readonly yes: Map<Actor, ApprovalYes>;
  approved: boolean;
  over: boolean;
  /** Uses that were told, by their number. */
  readonly uses: Set<number>;
  /** How many of them something was done by. */
  spent: number;
}

export class ApprovalsInRecord {
  readonly #stories = new Map<string, Story>();
  readonly #unknown = new Set<string>();
  readonly #keys = new KnownKeys();
  readonly #since: number;

  /** `since`: what was asked for later (UTC ms) stands in the record; what was asked for before may have left with it. */
  constructor(since = -Infinity) {
    this.#since = since;
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

  person(event: PeopleEvent, at: number): void {
    this.#keys.take(event, at);
  }

  /** Undefined too where it may have left with the record; else a text says that it is not there. */
  find(id: string, at: number): Story | string | undefined {
    const story = this.#stories.get(id);
    if (story !== undefined) return story;
    if (at >= this.#since) return 'nobody asked for it in this record';
    this.#unknown.add(id);
    return undefined;
  }

  /** What is wrong with one of its events; entries come in their order. */
  take(event: ApprovalEvent, told: Told): string | undefined {
    if (event.change === 'requested') return this.#requested(event, told.actor);
    const story = this.find(event.id, told.at);
    if (story === undefined || typeof story === 'string') return story;
    if (event.hash !== story.hash) return 'it is of another request than was asked for';
    switch (event.change) {
      case 'yes':
        return this.#yes(story, event.yes, told);
      case 'approved':
        story.approved = isBySeveral({ request: story.request, yes: [...story.yes.values()] });
        return story.approved ? undefined : 'it was approved by too few, or by who may not';
      case 'used':
        return this.#used(story, event.use, told);
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
    this.#stories.set(id, { request, hash, ...empty, spent: 0 });
    return undefined;
  }

  #yes(story: Story, yes: ApprovalYes | undefined, { actor, at }: Told): string | undefined {
    if (yes === undefined || yes.by !== actor) return 'a yes is of somebody else';
    if (story.over || at > story.request.notAfter + slack) return `${actor} said yes after its end`;
    if (!isSigned(story.request, yes)) return `the signature of ${actor} does not fit`;
    if (!this.#keys.fits(actor, yes.key, at)) return `the yes of ${actor} is by another key`;
    story.yes.set(actor, yes);
    return undefined;
  }

  #used(story: Story, use: number | undefined, { at, actor }: Told): string | undefined {
    const { request, approved, over, uses, yes } = story;
    if (actor !== request.by) return `${actor} used what ${request.by} asked for`;
    if (!approved) return 'it was used and not approved';
    if (over) return 'it was used after its end';
    if (isOutside(request, at)) return 'it was used outside of its time';
    const gone = [...yes.values()].find(({ by, key }) => !this.#keys.fits(by, key, at));
    if (gone !== undefined) return `it was used when ${gone.by} could approve no more`;
    uses.add(use ?? 0);
    return use === undefined || uses.size > request.uses || use > request.uses
      ? 'it was used more often than was approved'
      : undefined;
  }
}

export const isOutside = ({ notBefore, notAfter }: ApprovalRequest, at: number): boolean =>
  at < notBefore - slack || at > notAfter + slack;
