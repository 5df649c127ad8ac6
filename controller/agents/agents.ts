// Agents in station: what they propose becomes a session with one command in it, which somebody else approves, a
// supervisor watches and the recorder keeps; who is refused too often is locked out. It decides nothing of sessions.
import { createHash } from 'node:crypto';
import type { Actor } from '#contract/actor.ts';
import type { AgentCommand, AgentEvent, AgentProposal } from '#contract/agent.ts';
import type { ApprovalView } from '#contract/approval.ts';
import { canonicalJson } from '#contract/canonical.ts';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { SessionId, SessionView, ShellRules } from '#contract/shell.ts';
import { hours, minutes, seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { Approvals } from '#controller/approval/approvals.ts';
import type { StationEvent } from '#controller/server/records.ts';
import { Journal } from '#controller/shell/journal.ts';
import type { Seat } from '#controller/shell/parts.ts';
import type { Sessions } from '#controller/shell/sessions.ts';
import { Collector } from './collector.ts';
import { RefusalCount } from './refusal-count.ts';

export interface AgentsDeps {
  readonly clock: Clock;
  readonly sessions: Pick<Sessions, 'ask' | 'begin' | 'find' | 'view' | 'say' | 'locks' | 'rules'>;
  readonly approvals: Pick<Approvals, 'find' | 'listen'>;
  keep(event: StationEvent): Promise<Code | undefined>;
  log(level: 'info' | 'warn', text: string): void;
}

/** Commands that are remembered with what they wrote; the recordings have all. */
const workLimit = 64;
/** Budgets count in it; refusals in the other. */
const hour = hours(1);
export const refusalSpan = minutes(10);
/** Between two looks at what runs. */
const pace = seconds(1);
/** Sets the limit of processor time for what it starts, and starts that. */
const limiter = '/usr/bin/prlimit';

interface Work {
  readonly id: SessionId;
  readonly by: Actor;
  readonly proposal: AgentProposal;
  readonly hash: string;
  collector?: Collector;
  /** Its end is on its way to the chronicle. */
  told?: true;
  waiting?: Cancel;
}

export class Agents {
  readonly #deps: AgentsDeps;
  readonly #journal: Journal;
  readonly #refusals: RefusalCount;
  readonly #works = new Map<SessionId, Work>();
  /** When each agent's commands were begun. */
  readonly #begun = new Map<Actor, number[]>();
  readonly #deaf: Cancel;

  constructor(deps: AgentsDeps) {
    this.#deps = deps;
    this.#journal = new Journal(
      deps.clock,
      (event) => deps.keep(event),
      () => undefined,
    );
    this.#refusals = new RefusalCount(deps.clock, refusalSpan);
    this.#deaf = deps.approvals.listen((view) => this.#approvalChanged(view));
  }

  close(): void {
    this.#deaf();
    this.#journal.close();
    for (const { collector, waiting } of this.#works.values()) {
      waiting?.();
      collector?.end();
    }
  }

  /** Throws `E_AGENT_*`, `E_SHELL_*`, `E_APPROVAL_*`, or why it is not in the chronicle. */
  async propose(who: Principal, proposal: AgentProposal): Promise<AgentCommand> {
    return this.#answered(who, { argvHash: hashOf(proposal) }, async () =>
      this.#propose(who, proposal),
    );
  }

  /** Begins what was approved, once; it runs when its supervisor watches. Throws why not. */
  async execute(who: Principal, id: SessionId): Promise<AgentCommand> {
    return this.#answered(who, { session: id }, async () => this.#execute(who, id));
  }

  async #propose(who: Principal, proposal: AgentProposal): Promise<AgentCommand> {
    const { longest_ms, cpu_ms, output, presence } = this.#rulesFor(who);
    const span = proposal.for_ms ?? longest_ms;
    if (span > longest_ms)
      throw new CellError('E_AGENT_BUDGET', `a command may take ${longest_ms} ms, not ${span}`);
    const { argv, reason, expects, model, prompt } = proposal;
    const hash = hashOf(proposal);
    const budget = { wall_ms: span, cpu_ms, output };
    const about = { argvHash: hash, expects, model, prompt, budget };
    const run = [limiter, `--cpu=${Math.max(1, Math.ceil(cpu_ms / 1000))}`, '--', ...argv];
    const request = { tier: 'T2', reason, for_ms: span } as const;
    const { id, approval } = await this.#deps.sessions.ask(who, request, {
      argv,
      run,
      about,
      presence,
    });
    const problem = await this.#deps.keep({
      actor: who.actor,
      body: {
        event: 'agent-proposed',
        session: id,
        ...(approval === undefined ? {} : { approval }),
        about: { argv, ...about },
        text: `${who.actor} proposes ${argv.join(' ')}`.slice(0, 500),
      },
    });
    if (problem !== undefined) {
      this.#deps.sessions.say(who, id, 'end', 'it is not in the record');
      throw new CellError(problem, 'it is not known to be in the record');
    }
    const work: Work = { id, by: who.actor, proposal, hash };
    this.#remember(work);
    return this.#view(work);
  }

  async #execute(who: Principal, id: SessionId): Promise<AgentCommand> {
    const rules = this.#rulesFor(who);
    const work = this.#own(who, id);
    const session = this.#deps.sessions.find(id);
    if (session === undefined || work.collector !== undefined)
      throw new CellError('E_SHELL_STATE', `${id} was executed, or is over`);
    const giveBack = this.#spend(who.actor, rules.commands);
    const collector = new Collector(rules.output, () => this.#stop(who, id));
    work.collector = collector;
    let seat: Seat | undefined;
    try {
      seat = await session.sit(who, 'agent', {
        state: (view) => this.#sees(work, view),
        challenge: () => undefined,
        lost: () => undefined,
      });
      collector.follow(session.stream);
      await this.#deps.sessions.begin(who, id);
    } catch (error) {
      giveBack();
      collector.end();
      delete work.collector;
      seat?.leave();
      throw error;
    }
    this.#follow(work);
    return this.#view(work);
  }

  /** Newest first, without what they wrote; an agent sees its own alone. */
  list(who: Principal): AgentCommand[] {
    return [...this.#works.values()]
      .filter((work) => !isAgent(who.actor) || work.by === who.actor)
      .flatMap((work) => this.#find(work) ?? [])
      .map((view) => withoutOutput(view))
      .toReversed();
  }

  /** Throws `E_AGENT_NONE`. */
  read(who: Principal, id: SessionId): AgentCommand {
    const work = isAgent(who.actor) ? this.#own(who, id) : this.#works.get(id);
    const view = work === undefined ? undefined : this.#find(work);
    if (view === undefined) throw none(id);
    return view;
  }

  /** Why this agent may do nothing now, for people. */
  barred({ actor, owner }: Principal): string | undefined {
    if (!isAgent(actor)) return undefined;
    const { locks } = this.#deps.sessions;
    return locks.findReason({ actors: [actor, owner], roles: [], tier: 'T0' });
  }

  /** Something was refused: whoever is refused too often in too short a time is locked out. */
  refused(actor: Actor): void {
    const rules = this.#deps.sessions.rules?.agents;
    if (!isAgent(actor) || rules === undefined) return;
    if (this.#refusals.count(actor) < rules.refusals) return;
    this.#refusals.forget(actor);
    const span = `${refusalSpan / 60_000} min`;
    const message = `it was refused ${rules.refusals} times within ${span}`;
    const target = actor.slice('agent:'.length);
    this.#deps.sessions.locks
      .add('system', { kind: 'agent', target, message })
      .catch((error: unknown) => this.#deps.log('warn', String(error)));
    this.#tell('system', {
      event: 'agent-locked',
      code: 'E_AGENT_LOCKED',
      about: { agent: actor },
      text: `${actor} is locked out: ${message}`,
    });
  }

  #rulesFor({ actor, verbs }: Principal): ShellRules['agents'] {
    const rules = this.#deps.sessions.rules;
    if (!isAgent(actor)) throw new CellError('E_AGENT_ONLY', `${actor} is no agent`);
    if (rules === undefined) throw new CellError('E_CELL_NOT_RUNNING', 'control was never heard');
    if (!rules.on || !rules.agents.on) throw new CellError('E_AGENT_OFF', 'shell.agents is off');
    if (verbs?.has('propose') === false)
      throw new CellError('E_NOT_ALLOWED', 'its token does not have the verb propose');
    return rules.agents;
  }

  #own(who: Principal, id: SessionId): Work {
    const work = this.#works.get(id);
    if (work?.by !== who.actor) throw none(id);
    return work;
  }

  /** What is refused stands in the record, and counts: but not that something is not ready, or was there before. */
  async #answered<T>(who: Principal, about: object, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      const { code, message } = error;
      this.#tellRefused(who.actor, { code, text: message, ...about });
      if (error.retry === 'never' && code !== 'E_SHELL_STATE') this.refused(who.actor);
      throw error;
    }
  }

  /** Counts one more, at once: of several at a time none is beyond it. Gives back what takes it back. Throws `E_AGENT_BUDGET`. */
  #spend(actor: Actor, limit: number): () => void {
    const now = this.#deps.clock.now();
    const recent = (this.#begun.get(actor) ?? []).filter((at) => now - at < hour);
    if (recent.length >= limit)
      throw new CellError(
        'E_AGENT_BUDGET',
        `${limit} commands within an hour are executed already`,
      );
    this.#begun.set(actor, [...recent, now]);
    return () => {
      const left = this.#begun.get(actor) ?? [];
      const mine = left.indexOf(now);
      if (mine >= 0) this.#begun.set(actor, left.toSpliced(mine, 1));
    };
  }

  #stop(who: Principal, id: SessionId): void {
    try {
      this.#deps.sessions.say(who, id, 'kill', 'it wrote more than its budget allows');
    } catch {
      // It has ended by itself meanwhile.
    }
  }

  /** Whoever takes its seat over, its end is heard of. */
  #follow(work: Work): void {
    const found = this.#find(work);
    if (found !== undefined) this.#sees(work, found.session);
    if (found === undefined || work.told) return;
    work.waiting = this.#deps.clock.after(pace, () => this.#follow(work));
  }

  #sees(work: Work, view: SessionView): void {
    const { collector, hash, id } = work;
    if (work.told || collector === undefined || !isOver(view)) return;
    work.told = true;
    collector.end();
    const { bytes, hash: written, code = null } = collector.output;
    this.#tell(work.by, {
      event: 'agent-executed',
      session: id,
      ...(view.approval === undefined ? {} : { approval: view.approval }),
      about: { argvHash: hash, state: view.state, why: view.why ?? '', bytes, written, code },
      text: `${work.by}: ${work.proposal.argv.join(' ')} is over: ${view.why ?? view.state}`.slice(
        0,
        500,
      ),
    });
  }

  #approvalChanged({ request, state, no }: ApprovalView): void {
    if (request.kind !== 'agent-command' || state !== 'denied') return;
    const work = [...this.#works.values()].find(({ id }) => request.what['session'] === id);
    const text = `denied by ${no?.by ?? 'somebody'}: ${no?.reason ?? ''}`;
    const what = work === undefined ? {} : { session: work.id, argvHash: work.hash };
    this.#tellRefused(request.by, { code: 'E_APPROVAL_STATE', text, ...what });
    this.refused(request.by);
  }

  #tellRefused(
    by: Actor,
    what: { code: Code; text: string; session?: SessionId; argvHash?: string },
  ): void {
    const { code, text, session, argvHash } = what;
    this.#tell(by, {
      event: 'agent-refused',
      code,
      ...(session === undefined ? {} : { session }),
      ...(argvHash === undefined ? {} : { about: { argvHash } }),
      text: `${by} is refused: ${text}`.slice(0, 500),
    });
  }

  #tell(actor: Actor, body: AgentEvent): void {
    if (!this.#journal.full) this.#journal.tell({ actor, body });
    else this.#deps.log('warn', `not recorded: ${body.text}`);
  }

  #remember(work: Work): void {
    this.#works.set(work.id, work);
    for (const [id, { collector, waiting }] of this.#works) {
      if (this.#works.size <= workLimit) return;
      waiting?.();
      collector?.end();
      this.#works.delete(id);
    }
  }

  #find(work: Work): AgentCommand | undefined {
    try {
      return this.#view(work);
    } catch (error) {
      // So many sessions came after it that it is listed no more.
      if (error instanceof CellError && error.code === 'E_SHELL_UNKNOWN') return undefined;
      throw error;
    }
  }

  #view({ id, hash, proposal, collector }: Work): AgentCommand {
    const session = this.#deps.sessions.view(id);
    const approval =
      session.approval === undefined
        ? undefined
        : this.#deps.approvals.find(session.approval)?.state;
    return {
      id,
      hash,
      proposal,
      session,
      ...(approval === undefined ? {} : { approval }),
      ...(collector === undefined ? {} : { output: collector.output }),
    };
  }
}

const hashOf = ({ argv }: AgentProposal): string =>
  createHash('sha256').update(canonicalJson(argv)).digest('hex');

function withoutOutput(view: AgentCommand): AgentCommand {
  const { output: _, ...rest } = view;
  return rest;
}

const isAgent = (actor: Actor): boolean => actor.startsWith('agent:');
const finals: readonly SessionView['state'][] = ['Ended', 'Killed', 'Denied', 'Expired'];
const isOver = ({ state }: SessionView): boolean => finals.includes(state);
const none = (id: SessionId): CellError =>
  new CellError('E_AGENT_NONE', `there is no command ${id}`);
