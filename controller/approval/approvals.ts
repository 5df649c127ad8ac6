// Approvals: asked for, said yes or no to by others, used. One thing for shells, forces, hazardous verbs and agents.
// What gives waits for the chronicle; what takes away (a no, a withdrawal, an end) does not: it holds at once, and
// is told until the chronicle has it. A use is spent first and recorded next, and only then may its effect begin.
import { randomBytes } from 'node:crypto';
import type { Actor } from '#contract/actor.ts';
import type { ApprovalProof } from '#contract/approval-routes.ts';
import type {
  ApprovalAsk,
  ApprovalEvent,
  ApprovalState,
  ApprovalView,
  ApprovalYes,
} from '#contract/approval.ts';
import { CellError, codes, present } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import { refusedEvent } from '#controller/server/records.ts';
import type { StationEvent } from '#controller/server/records.ts';
import { hashOf, isSigned, signedBytes } from './evidence.ts';
import { askProblem, noProblem, useProblem, yesProblem } from './judge.ts';
import type { FindApprover, Use } from './judge.ts';
import { LivedTime } from './lived.ts';
import { keptLimit } from './store.ts';
import type { ApprovalStore, Untold } from './store.ts';

/** The keys of people, which people/ keeps: only what proves a person opens theirs, for one signature. */
export interface ApproverKeys {
  readonly find: FindApprover;
  /** Key and signature, base64. Throws when it is not this principal's proof. */
  signWith(
    principal: Principal,
    proof: ApprovalProof,
    bytes: Uint8Array,
  ): Promise<Pick<ApprovalYes, 'key' | 'signature'>>;
}

export interface ApprovalDeps {
  readonly keys: ApproverKeys;
  /** Resolves when it is in the chronicle; else to why it is not known to be. */
  keep(event: StationEvent): Promise<Code | undefined>;
  log(level: 'info' | 'warn', text: string, event?: StationEvent): void;
  /** The cell's name; undefined while control was never heard. */
  cell(): string | undefined;
}

/** Waiting or good for something, all together and of one actor. */
const openLimit = 64;
const openLimitEach = 8;
/** What is not in the chronicle yet is told again after so long, and windows are looked at so often. */
const pace = seconds(5);

type Hear = (view: ApprovalView) => void;

export class Approvals {
  readonly #clock: Clock;
  readonly #deps: ApprovalDeps;
  readonly #store: ApprovalStore;
  readonly #time: LivedTime;
  #views: Map<string, ApprovalView> | undefined;
  /** What has ended: whether the disk and the chronicle know. */
  readonly #owed = new Map<string, { readonly untold: Untold; kept: boolean; told: boolean }>();
  /** What is done to one approval is done one after another. */
  readonly #turns = new Map<string, Promise<void>>();
  readonly #asking: Actor[] = [];
  readonly #hearers = new Set<Hear>();
  #watch: Cancel | undefined;
  #closed = false;

  constructor(clock: Clock, deps: ApprovalDeps, store: ApprovalStore) {
    this.#clock = clock;
    this.#deps = deps;
    this.#store = store;
    this.#time = new LivedTime(clock);
  }

  /** Reads what is kept and ends what is over. A store that does not answer is asked again with the next need. */
  start(): void {
    try {
      this.#all();
    } catch (error) {
      this.#deps.log('warn', String(error));
    }
    this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#watch?.();
    this.#store.close();
  }

  /** Newest first. Throws `E_APPROVAL_STORE`. */
  list(): readonly ApprovalView[] {
    return [...this.#all().values()].toReversed();
  }

  find(id: string): ApprovalView | undefined {
    return this.#all().get(id);
  }

  /** Hears of every change, after it has taken effect. */
  listen(hear: Hear): Cancel {
    this.#hearers.add(hear);
    return () => void this.#hearers.delete(hear);
  }

  /** Throws `E_APPROVAL_TOKEN`, `E_APPROVAL_WINDOW`, `_SIZE`, `_MANY`, `_STORE`, or why it is not in the chronicle. */
  async request(principal: Principal, ask: ApprovalAsk): Promise<ApprovalView> {
    const { actor, owner, credential } = principal;
    // A program's token is held by somebody who could then be the second person as well.
    if (actor.startsWith('token:'))
      throw new CellError('E_APPROVAL_TOKEN', codes.E_APPROVAL_TOKEN.meaning);
    const cell = this.#deps.cell();
    if (cell === undefined) throw new CellError('E_CELL_NOT_RUNNING', 'control was never heard');
    const wrong = askProblem(ask, this.#clock.time()) ?? this.#tooMany(actor);
    if (wrong !== undefined) throw new CellError(wrong, codes[wrong].meaning);
    const id = `ap-${randomBytes(8).toString('hex')}`;
    const whose = owner === undefined ? { by: actor } : { by: actor, owner };
    const request = { id, cell, ...whose, credential, ...ask };
    const hash = hashOf(request);
    const view: ApprovalView = { request, hash, state: 'requested', yes: [], used: 0 };
    this.#asking.push(actor);
    this.#time.see(id);
    try {
      const text = `${actor} asks for ${nameOf(view)}: ${ask.reason}`;
      await this.#keep(actor, { ...eventOf(view, 'requested', text), request });
      this.#save(view);
    } finally {
      this.#asking.splice(this.#asking.indexOf(actor), 1);
      if (this.find(id) === undefined) this.#time.forget(id);
    }
    return view;
  }

  /** `hash` is of what the approver has read. Throws the code of whatever is wrong. */
  async yes(
    principal: Principal,
    id: string,
    { hash, proof }: { readonly hash: string; readonly proof: ApprovalProof },
  ): Promise<ApprovalView> {
    return this.#inTurn(id, async () => {
      const view = this.#read(id);
      const { actor, credential } = principal;
      const judge = (): Code | undefined =>
        view.hash === hash
          ? yesProblem(view, principal, this.#time.momentOf(id))
          : 'E_APPROVAL_ALTERED';
      this.#refuse(actor, view, 'yes', judge());
      const signed = await this.#deps.keys.signWith(principal, proof, signedBytes(view.hash));
      const yes = { by: actor, credential, at: this.#clock.time(), ...signed };
      const own = this.#deps.keys.find(actor)?.key === yes.key && isSigned(view.request, yes);
      // Signing takes time of its own: it may be over meanwhile.
      this.#refuse(actor, view, 'yes', own ? judge() : 'E_APPROVAL_ALTERED');
      const enough = view.yes.length + 1 >= view.request.needs;
      const state: ApprovalState = enough ? 'approved' : 'requested';
      const next: ApprovalView = { ...view, state, yes: [...view.yes, yes] };
      const text = `${actor} says yes to ${nameOf(view)}, ${next.yes.length} of ${view.request.needs}`;
      await this.#keep(actor, { ...eventOf(next, 'yes', text), yes });
      if (enough) await this.#keep(actor, eventOf(next, 'approved', `${nameOf(view)} is approved`));
      this.#save(next);
      return next;
    });
  }

  /** One no ends it, also when it was approved. */
  async deny(principal: Principal, id: string, reason: string): Promise<ApprovalView> {
    return this.#inTurn(id, async () => {
      const view = this.#read(id);
      const { actor } = principal;
      this.#refuse(actor, view, 'no', noProblem(view, principal, this.#time.momentOf(id)));
      return this.#end(view, 'denied', { by: actor, reason });
    });
  }

  /** Whoever asked, or the owner of the agent that did, takes it back. */
  async withdraw(principal: Principal, id: string, reason: string): Promise<ApprovalView> {
    return this.#inTurn(id, async () => {
      const view = this.#read(id);
      const { by, owner } = view.request;
      const { actor } = principal;
      const code = actor === by || actor === owner ? undefined : 'E_NOT_ALLOWED';
      const over = isOpen(view) ? undefined : 'E_APPROVAL_STATE';
      this.#refuse(actor, view, 'withdrawal', code ?? over);
      return this.#end(view, 'withdrawn', { by: actor, reason });
    });
  }

  /** Nothing: it may be done now, once, and that it was used is in the chronicle. Else why not. */
  async use(id: string, use: Use): Promise<Code | undefined> {
    return this.#inTurn(id, async () => {
      const view = this.find(id);
      const problem = view === undefined ? 'E_APPROVAL_NONE' : this.#useProblem(view, use);
      if (view === undefined || problem !== undefined) {
        this.#tellRefused(use.by, problem ?? 'E_APPROVAL_NONE', `the use of ${id}`);
        return problem;
      }
      const used = view.used + 1;
      const state = used === view.request.uses ? 'used' : view.state;
      const next: ApprovalView = { ...view, used, state };
      this.#save(next);
      const text = `${use.by} uses ${nameOf(view)}, ${used} of ${view.request.uses}`;
      return this.#deps.keep({
        actor: use.by,
        body: { ...eventOf(next, 'used', text), use: used },
      });
    }).catch((error: unknown) => {
      if (error instanceof CellError) return error.code;
      throw error;
    });
  }

  #useProblem(view: ApprovalView, use: Use): Code | undefined {
    const cell = this.#deps.cell();
    if (cell === undefined) return 'E_CELL_NOT_RUNNING';
    const { find } = this.#deps.keys;
    return useProblem(view, use, { now: this.#time.momentOf(view.request.id), cell, find });
  }

  #tooMany(actor: Actor): Code | undefined {
    const open = this.list().filter(isOpen);
    const by = [...open.map(({ request }) => request.by), ...this.#asking];
    const own = by.filter((one) => one === actor).length;
    return by.length >= openLimit || own >= openLimitEach ? 'E_APPROVAL_MANY' : undefined;
  }

  /** Holds from here on, whatever disk and chronicle do; resolves when both were asked once. */
  async #end(
    view: ApprovalView,
    state: 'denied' | 'withdrawn' | 'expired',
    no?: { readonly by: Actor; readonly reason: string },
  ): Promise<ApprovalView> {
    const at = this.#clock.time();
    const next: ApprovalView = {
      ...view,
      state,
      ...(no === undefined ? {} : { no: { ...no, at } }),
    };
    const text = `${nameOf(view)} is ${state}${no === undefined ? '' : `: ${no.reason}`}`;
    const untold: Untold = { actor: no?.by ?? 'system', body: eventOf(next, state, text) };
    this.#place(next);
    this.#owed.set(next.request.id, { untold, kept: false, told: false });
    await this.#pay(next.request.id);
    return next;
  }

  /** What has ended and is not on disk or not in the chronicle is tried again until it is. */
  async #pay(id: string): Promise<void> {
    const owed = this.#owed.get(id);
    const view = this.#views?.get(id);
    if (owed === undefined || view === undefined) return;
    owed.kept ||= this.#stored(() => this.#store.save(view, owed.untold));
    owed.told ||= (await this.#deps.keep(owed.untold)) === undefined;
    if (this.#closed || !owed.kept || !owed.told) return;
    // A repeat after the next start changes nothing.
    this.#stored(() => this.#store.told(id));
    this.#owed.delete(id);
  }

  #stored(run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      this.#deps.log('warn', String(error));
      return false;
    }
  }

  async #keep(actor: Actor, body: ApprovalEvent): Promise<void> {
    const problem = await this.#deps.keep({ actor, body });
    if (problem !== undefined) throw new CellError(problem, 'it is not known to be in the record');
  }

  #save(view: ApprovalView): void {
    this.#store.save(view);
    this.#place(view);
  }

  #place(view: ApprovalView): void {
    const all = this.#all();
    all.set(view.request.id, view);
    if (isOpen(view)) this.#time.see(view.request.id);
    else this.#time.forget(view.request.id);
    for (const [id, one] of all) {
      if (all.size <= keptLimit) break;
      if (!isOpen(one)) all.delete(id);
    }
    for (const hear of this.#hearers) hear(view);
  }

  #read(id: string): ApprovalView {
    const view = this.find(id);
    if (view === undefined) throw new CellError('E_APPROVAL_NONE', `there is no approval ${id}`);
    return view;
  }

  #refuse(actor: Actor, view: ApprovalView, what: string, code: Code | undefined): void {
    if (code === undefined) return;
    this.#tellRefused(actor, code, `the ${what} of ${actor} to ${nameOf(view)}`);
    throw new CellError(code, codes[code].meaning);
  }

  #tellRefused(actor: Actor, code: Code, what: string): void {
    const text = `refused ${code}: ${what}`;
    this.#deps.log('warn', text, refusedEvent(actor, code, text));
  }

  /** Loaded when it is first needed. */
  #all(): Map<string, ApprovalView> {
    if (this.#views !== undefined) return this.#views;
    const kept = this.#store.load();
    this.#views = new Map(kept.map(({ view }) => [view.request.id, view]));
    for (const { view, untold } of kept) {
      if (isOpen(view)) this.#time.see(view.request.id);
      if (untold !== undefined)
        this.#owed.set(view.request.id, { untold, kept: true, told: false });
    }
    return this.#views;
  }

  async #inTurn<T>(id: string, run: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(id);
    let end: (() => void) | undefined;
    const mine = new Promise<void>((done) => {
      end = done;
    });
    this.#turns.set(id, mine);
    await before;
    try {
      return await run();
    } finally {
      end?.();
      if (this.#turns.get(id) === mine) this.#turns.delete(id);
    }
  }

  /** Ends what is over, and tells what the chronicle lacks. */
  #look(): void {
    if (this.#closed) return;
    for (const id of this.#owed.keys()) void this.#inTurn(id, () => this.#pay(id));
    const left = [...(this.#views?.values() ?? [])].filter(isOpen).map(({ request }) => {
      const { id, notAfter } = request;
      return { id, span: notAfter - this.#time.momentOf(id).latest };
    });
    for (const { id } of left.filter(({ span }) => span <= 0)) {
      void this.#inTurn(id, async () => this.#expire(id));
    }
    const next = Math.min(...left.map(({ span }) => span));
    const wait = next > 0 && next < pace ? next : pace;
    this.#watch = this.#clock.after(milliseconds(Math.ceil(wait)), () => this.#look());
  }

  async #expire(id: string): Promise<void> {
    const view = present(this.#views?.get(id), 'an approval that was there');
    if (isOpen(view)) await this.#end(view, 'expired');
  }
}

/** Waiting, or good for something. */
const isOpen = ({ state }: ApprovalView): boolean => state === 'requested' || state === 'approved';

function eventOf(
  { request, hash }: ApprovalView,
  change: ApprovalEvent['change'],
  text: string,
): ApprovalEvent {
  return { event: 'approval', id: request.id, change, hash, text: text.slice(0, 500) };
}

/** For people: `ap-0123 (act force)`. */
function nameOf({ request }: ApprovalView): string {
  const verb = request.what['verb'];
  return `${request.id} (${request.kind}${typeof verb === 'string' ? ` ${verb.slice(0, 64)}` : ''})`;
}
