// All sessions of a cell: asked for, approved, begun, ended, and those that an earlier life of station left behind.
// What one session does is its own (session.ts); here is who may have one, how many there are, and what is kept.
import { randomBytes } from 'node:crypto';
import type { Actor } from '#contract/actor.ts';
import { CellError, codes } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { ShellRequest } from '#contract/shell-routes.ts';
import { SessionId } from '#contract/shell.ts';
import type { SessionView, ShellRules, TierRule } from '#contract/shell.ts';
import { hours, milliseconds, minutes } from '#contract/time.ts';
import type { Cancel, Duration } from '#contract/time.ts';
import type { Approvals } from '#controller/approval/approvals.ts';
import { Journal } from './journal.ts';
import { Locks } from './locks.ts';
import type { RunningSession } from './parts.ts';
import type { Candidate, Say } from './policy.ts';
import { kindOf, viewOfRequest, whatOf } from './request.ts';
import type { CommandPlan, SessionRequest } from './request.ts';
import { Session } from './session.ts';
import type { SessionDeps } from './session.ts';
import { ShellStore } from './store.ts';

/** Sessions that are not over: in all, and of one actor. */
export const openLimit = 8;
export const openLimitEach = 2;
/** Past sessions that are listed. */
const listLimit = 100;
/** How long a request waits for its approval, and an approval to be begun. */
export const requestLife = hours(1);
/** T3: so fresh must be the proof of whoever begins it; whoever asks must have one that does. */
export const freshProof = minutes(5);
const anyProof = milliseconds(Number.POSITIVE_INFINITY);
/** Between two looks at what only time changes. */
const pace = milliseconds(250);

/** What sessions are made of, which takes its time to find on this machine. */
export interface SessionParts extends Pick<
  SessionDeps,
  'flow' | 'jailer' | 'recordings' | 'terminal' | 'stream'
> {
  /** What a tier needs and this machine has not, for people. */
  lacks(tier: 'T2' | 'T3'): Promise<string | undefined>;
}

export interface SessionsDeps extends Omit<SessionDeps, 'locked' | 'changed' | keyof SessionParts> {
  /** Throws what is missing on this machine. */
  parts(): Promise<SessionParts>;
  /** Policy, as the manifest has it; undefined while control was never heard. */
  rules(): ShellRules | undefined;
  readonly approvals: Pick<Approvals, 'request' | 'find' | 'listen' | 'use' | 'withdraw'>;
  /** Throws unless somebody gave password and second factor within that span; a PIN alone does not count. */
  proved(who: Principal, span: Duration): void;
  /** `station.db`. */
  readonly file: string;
}

export class Sessions {
  readonly locks: Locks;
  readonly #deps: SessionsDeps;
  readonly #running = new Map<SessionId, Session>();
  /** Over, newest last. */
  readonly #past = new Map<SessionId, SessionView>();
  /** What the store has of those that run. */
  readonly #kept = new Map<SessionId, string>();
  readonly #lost: Journal;
  #lostWaiting: SessionView[] = [];
  #store: ShellStore | undefined;
  #timer: Cancel | undefined;
  readonly #deaf: Cancel;
  /** Who is on the way to a session. */
  #asking: Actor[] = [];
  #closed = false;

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
    const store = (): ShellStore => (this.#store ??= ShellStore.open(deps.file));
    this.locks = new Locks(deps.clock, deps.keep, store, () => this.heard());
    this.#lost = new Journal(deps.clock, deps.keep, () => this.#told());
    this.#deaf = deps.approvals.listen(({ request }) => this.#approved(request.id));
  }

  /** What an earlier life left open has ended with it: that is told until the chronicle has it. */
  start(): void {
    try {
      this.#store ??= ShellStore.open(this.#deps.file);
      for (const { view, over } of this.#store.sessions()) {
        if (over) this.#past.set(view.id, view);
        else this.#lose(view, 'station ended while it was open');
      }
    } catch (error) {
      this.#deps.log('warn', error instanceof Error ? error.message : String(error));
    }
    this.#tick();
  }

  /** Everything that runs is ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.();
    this.#deaf();
    await Promise.all([...this.#running.values()].map((session) => session.close()));
    this.#lost.close();
    this.#store?.close();
    this.#store = undefined;
  }

  get rules(): ShellRules | undefined {
    return this.#deps.rules();
  }

  /** Newest first. */
  list(past: boolean): SessionView[] {
    const open = [...this.#running.values()].map(({ view }) => view);
    return [...(past ? this.#past.values() : []), ...open].toReversed().slice(0, listLimit);
  }

  /** Throws `E_SHELL_UNKNOWN`. */
  view(id: SessionId): SessionView {
    const view = this.#running.get(id)?.view ?? this.#past.get(id);
    if (view === undefined) throw new CellError('E_SHELL_UNKNOWN', `there is no shell ${id}`);
    return view;
  }

  /** One that is not over, for its socket. */
  find(id: SessionId): RunningSession | undefined {
    return this.#running.get(id);
  }

  /** Something was heard of the machine, of people or of locks. */
  heard(): void {
    for (const session of this.#running.values()) session.tick();
  }

  /** Throws `E_SHELL_OFF`, `E_SHELL_LOCKED`, `E_SHELL_FULL`, or why it is not approved or recorded. */
  async ask(
    who: Principal,
    request: ShellRequest,
    command?: CommandPlan & Pick<TierRule, 'presence'>,
  ): Promise<SessionView> {
    if (who.actor.startsWith('token:'))
      throw new CellError('E_APPROVAL_TOKEN', codes.E_APPROVAL_TOKEN.meaning);
    const own = this.#ruleOf(who, request.tier);
    // An agent has no shell: what it executes is one command, and another has always said yes to it.
    if (who.actor.startsWith('agent:') !== (command !== undefined))
      throw new CellError('E_AGENT_ONLY', 'an agent proposes one command');
    const { presence } = command ?? own;
    const rule = { ...own, presence };
    if (request.tier === 'T3') this.#deps.proved(who, anyProof);
    this.#refuseMore(who.actor);
    this.#asking.push(who.actor);
    try {
      const parts = await this.#deps.parts();
      // Who cannot have it in the end is not made to wait for an approval.
      const missing = await parts.lacks(request.tier);
      if (missing !== undefined) {
        throw new CellError('E_SHELL_LAYER', `${request.tier} needs ${missing}`);
      }
      return await this.#askFor(who, request, { rule, parts, command });
    } finally {
      this.#asking.splice(this.#asking.indexOf(who.actor), 1);
    }
  }

  async #askFor(
    who: Principal,
    request: ShellRequest,
    {
      rule,
      parts,
      command,
    }: Pick<SessionRequest, 'rule' | 'command'> & { readonly parts: SessionParts },
  ): Promise<SessionView> {
    const { clock, keep, approvals } = this.#deps;
    const { tier, reason } = request;
    const id = SessionId.parse(`sh-${randomBytes(8).toString('hex')}`);
    const span = Math.min(request.for_ms ?? rule.longest_ms, rule.longest_ms);
    const now = clock.time();
    const until = now + requestLife;
    const what = whatOf(id, { tier, span, rule, command });
    const kind = kindOf(command);
    const window = { notBefore: now, notAfter: until, uses: 1, needs: rule.approvals };
    const { request: ask } = await approvals.request(who, { kind, what, reason, ...window });
    const asked = { id, tier, rule, by: who, reason, span, until, command, approval: ask.id };
    const first = viewOfRequest(asked, now);
    // Known before it is told: were station to end in between, the next one tells its end.
    if (this.#closed) throw new CellError('E_SHELL_STATE', 'station ends');
    this.keptStore.keep(first, false);
    const { text, hash } = parts.flow;
    const about = {
      ...what,
      reason,
      until,
      presence: rule.presence,
      flow: { text, hash },
      approval: ask.id,
    };
    const said = `${who.actor} asks for a shell of ${tier}: ${reason}`.slice(0, 500);
    const problem = await keep({
      actor: who.actor,
      body: { event: 'shell-asked', session: id, about, text: said },
    });
    if (problem !== undefined) {
      this.#lose(first, 'it could not be recorded');
      throw new CellError(problem, 'it is not known to be in the record');
    }
    // The next station tells its end.
    if (this.#closed) throw new CellError('E_SHELL_STATE', 'station ends');
    const session = new Session(
      {
        ...this.#deps,
        ...parts,
        locked: (of) => this.locks.findReason(of),
        changed: (view, over) => this.#changed(view, over),
      },
      asked,
    );
    this.#running.set(id, session);
    this.#approved(ask.id);
    return session.view;
  }

  /** Begins what was approved, using the approval up. Throws why not. */
  async begin(who: Principal, id: SessionId): Promise<SessionView> {
    const session = this.#session(id);
    const { request } = session;
    if (request.by.actor !== who.actor) {
      throw new CellError('E_SHELL_PART', 'only whoever asked for it begins it');
    }
    if (session.state !== 'Approved') {
      throw new CellError('E_SHELL_STATE', `it is ${session.state}`);
    }
    if (request.tier === 'T3') this.#deps.proved(who, freshProof);
    const what = whatOf(id, request);
    const kind = kindOf(request.command);
    const use = { kind, what, by: who.actor, needs: request.rule.approvals };
    const problem = await this.#deps.approvals.use(request.approval, use);
    if (problem !== undefined) throw new CellError(problem, codes[problem].meaning);
    session.begin(who.actor);
    return session.view;
  }

  say(who: Candidate, id: SessionId, say: Say, why?: string): SessionView {
    const session = this.#session(id);
    session.say(who, say, why);
    return session.view;
  }

  async handOver(who: Candidate, id: SessionId, to: Actor): Promise<SessionView> {
    const session = this.#session(id);
    // Proof, approvals and the review afterwards are for whoever asked.
    if (session.request.tier === 'T3') {
      throw new CellError('E_SHELL_PART', 'T3 is for whoever asked for it: it is not handed over');
    }
    await session.handOver(who, to);
    return session.view;
  }

  /** Throws when it cannot be read or written: nobody begins anything that could be forgotten. */
  private get keptStore(): ShellStore {
    return (this.#store ??= ShellStore.open(this.#deps.file));
  }

  #session(id: SessionId): Session {
    const session = this.#running.get(id);
    if (session !== undefined) return session;
    throw new CellError(
      this.#past.has(id) ? 'E_SHELL_STATE' : 'E_SHELL_UNKNOWN',
      `no shell ${id} is open`,
    );
  }

  #ruleOf(who: Principal, tier: 'T2' | 'T3'): TierRule {
    const rules = this.#deps.rules();
    const rule = rules?.[tier];
    if (rules === undefined || rule === undefined) {
      throw new CellError('E_CELL_NOT_RUNNING', 'control was never heard');
    }
    if (!rules.on || !rule.on) throw new CellError('E_SHELL_OFF', `${tier} is off`);
    if (tier === 'T3' && !who.actor.startsWith('user:')) {
      throw new CellError('E_SHELL_OFF', 'T3 is for people who sign in');
    }
    const { actor, owner } = who;
    const roles = this.#deps.standing(actor)?.roles ?? [];
    const locked = this.locks.findReason({ actors: [actor, owner], roles, tier });
    if (locked !== undefined) throw new CellError('E_SHELL_LOCKED', locked);
    return rule;
  }

  #refuseMore(actor: Actor): void {
    const open = [...this.#running.values()].map(({ request }) => request.by.actor);
    const all = [...open, ...this.#asking];
    const own = all.filter((one) => one === actor);
    if (all.length < openLimit && own.length < openLimitEach) return;
    throw new CellError('E_SHELL_FULL', `at most ${openLimit}, and ${openLimitEach} of one person`);
  }

  /** An approval changed, or may have while it was asked for. */
  #approved(id: string): void {
    const session = [...this.#running.values()].find(({ request }) => request.approval === id);
    const approval = session === undefined ? undefined : this.#deps.approvals.find(id);
    if (session === undefined || approval === undefined) return;
    const { state, yes, no } = approval;
    if (state === 'approved' && session.state === 'Requested') {
      session.approve(yes.at(-1)?.by ?? 'system');
    }
    const open = session.state === 'Requested' || session.state === 'Approved';
    if (open && (state === 'denied' || state === 'withdrawn' || state === 'expired')) {
      session.deny(no?.by ?? 'system', no?.reason ?? state);
    }
  }

  #changed(view: SessionView, over: boolean): void {
    try {
      // What only moves on is for those who look; the disk has what it came to.
      const kept = `${view.state} ${over}`;
      if (this.#running.has(view.id) && this.#kept.get(view.id) !== kept) {
        this.keptStore.keep(view, over);
        this.#kept.set(view.id, kept);
      }
    } catch (error) {
      this.#deps.log('warn', error instanceof Error ? error.message : String(error));
    }
    if (!over) return;
    this.#takeBack(view);
    this.#running.delete(view.id);
    this.#kept.delete(view.id);
    this.#keepPast(view);
    this.#lockAfter(view);
  }

  #lockAfter(view: SessionView): void {
    if (view.tier !== 'T3' || view.began === undefined) return;
    this.locks
      .addAfter(view)
      .catch((error: unknown) => this.#deps.log('warn', `lock after ${view.id}: ${String(error)}`));
  }

  /** Of a shell that never began nobody is asked for a yes any more. */
  #takeBack({ id, began, approval, why }: SessionView): void {
    const by = this.#running.get(id)?.request.by;
    const { approvals, log } = this.#deps;
    if (began !== undefined || approval === undefined || by === undefined) return;
    const state = approvals.find(approval)?.state;
    if (state !== 'requested' && state !== 'approved') return;
    approvals
      .withdraw(by, approval, `its shell is over: ${why ?? ''}`.slice(0, 500))
      .catch((error: unknown) => log('warn', String(error)));
  }

  #keepPast(view: SessionView): void {
    this.#past.set(view.id, view);
    const oldest = this.#past.keys().next().value;
    if (this.#past.size > listLimit && oldest !== undefined) this.#past.delete(oldest);
  }

  #lose(before: SessionView, why: string): void {
    const began = before.began !== undefined;
    const view: SessionView = {
      ...before,
      state: began ? 'Killed' : 'Expired',
      ended: this.#deps.clock.time(),
      why,
      present: false,
      lacks: [],
      participants: [],
    };
    this.#keepPast(view);
    this.#lockAfter(view);
    this.#lostWaiting.push(view);
    const about = { state: view.state, before: before.state };
    const text = `${view.id} has ended: ${why}`;
    this.#lost.tell({
      actor: 'system',
      body: { event: 'shell-lost', session: view.id, about, text },
    });
  }

  /** The chronicle has the ends of all that were left behind, or of none yet. */
  #told(): void {
    if (!this.#lost.empty) return;
    const told = this.#lostWaiting;
    this.#lostWaiting = [];
    try {
      for (const view of told) this.#store?.keep(view, true);
    } catch (error) {
      // Told once more after the next start.
      this.#deps.log('warn', error instanceof Error ? error.message : String(error));
    }
  }

  #tick(): void {
    this.#timer = this.#deps.clock.after(pace, () => this.#tick());
    this.heard();
  }
}
