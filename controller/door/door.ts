// The acts that come through control's door: checked, answered with a receipt, offered to the next scan,
// recorded, and reported done when their entry is durable. A refused act is recorded as well.
import { needsOf } from '#contract/act-rules.ts';
import type { ShownCell } from '#contract/act-rules.ts';
import { Actor } from '#contract/actor.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import type { Code } from '#contract/error.ts';
import { present } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { wellFormed } from '#contract/unicode.ts';
import { verbArgs, verbs } from '#contract/verbs.ts';
import type { Verb } from '#contract/verbs.ts';
import type { ActMessage, Done, Receipt } from '#contract/wire.ts';
import type { CellPlan } from '#flows/plan.ts';
import { ActChecks, refuse } from './act-checks.ts';
import type { ActTarget, Args, Refused } from './act-checks.ts';
import { refusal } from './permission.ts';
import type { Allowed } from './permission.ts';

/** An id is good once for so long; a repeat gets the first receipt again. */
const memory = seconds(60);
const memoryLimit = 10_000;
/** Acts of one actor in one second, but for stop commands and the keep-alives of held ones. */
const rateLimit = 20;
/** Arguments and verbs of an act that was refused are recorded up to so many characters. */
const argsLimit = 4096;
const verbLimit = 80;
/** Of an act whose entry was dropped. */
const notRecorded = 'E_CHRONICLE_LOST';

/** What the door needs beside what its checks need. */
export interface DoorTarget extends ActTarget {
  /** What rules about acts look at. */
  shown(): ShownCell;
  /** The newest entry that recorded a transition of the flow. */
  movedAt(flow: number): number;
  /** Writes the entry of an act that no scan took and gives its `seq`. */
  record(act: ActRecord): number;
  /** Of an act that was refused at once: recorded, but for what is too much of it. */
  refusal(act: ActRecord): void;
}

/** The body of an `act` entry, with its actor. */
export interface ActRecord {
  readonly id: string;
  readonly actor: Actor;
  readonly verb: string;
  readonly args: Readonly<Record<string, Json>>;
  readonly result: 'accepted' | 'refused';
  readonly code?: string;
  readonly reason?: string;
  readonly outcome?: string;
  readonly approval?: string;
}

/** An act of an earlier run; `done` where a scan had taken it. */
export interface PastAct {
  readonly id: string;
  readonly receipt: Receipt;
  readonly done: Done | undefined;
}

type Reply = (message: Receipt | Done) => void;

interface Ticket {
  readonly id: string;
  readonly actor: Actor;
  readonly verb: string;
  readonly args: Readonly<Record<string, Json>>;
  readonly approval: string | undefined;
  readonly at: number;
  readonly replies: Set<Reply>;
  /** An entry of it is still to come. */
  awaited: boolean;
  receipt: Receipt | undefined;
  done: Done | undefined;
}

/** Of a ticket, what its answers need. */
type Answered = Pick<Ticket, 'replies' | 'done'>;

/** One for each control. */
export class Door {
  readonly #clock: Clock;
  readonly #plan: CellPlan;
  readonly #target: DoorTarget;
  readonly #checks: ActChecks;
  readonly #allowed: Allowed;
  readonly #tickets = new Map<string, Ticket>();
  readonly #rates = new Map<string, { second: number; count: number }>();
  /** Tickets whose entry is written and not yet durable, in the order of `seq`. */
  #undone: { ticket: Answered; done: Done }[] = [];

  /** `enrolled`: whether people are known here. */
  constructor(clock: Clock, plan: CellPlan, target: DoorTarget, enrolled: () => boolean) {
    this.#clock = clock;
    this.#plan = plan;
    this.#target = target;
    this.#checks = new ActChecks(plan, target);
    const { mirror } = plan.manifest;
    this.#allowed = { broker: mirror !== 'none' && mirror.commands, enrolled };
  }

  /** Ids that an earlier run took within the last 60 s, with what they got: a repeat is never done twice. */
  remember(past: readonly PastAct[]): void {
    const at = this.#clock.now();
    for (const { id, receipt, done } of past) {
      const rest = { id, actor: 'system', verb: '', args: {}, approval: undefined, awaited: false };
      this.#tickets.set(id, { ...rest, at, replies: new Set(), receipt, done });
    }
  }

  receive(message: ActMessage, reply: Reply): void {
    this.#forget();
    const known = this.#tickets.get(message.id);
    if (known !== undefined) {
      if (known.receipt !== undefined) reply(known.receipt);
      if (known.done !== undefined) reply(known.done);
      else if (known.awaited) known.replies.add(reply);
      return;
    }
    const ticket: Ticket = {
      id: message.id,
      actor: message.actor,
      verb: wellFormed(message.verb.slice(0, verbLimit)),
      args: boundedArgs(message.args),
      approval: message.approval,
      at: this.#clock.now(),
      replies: new Set([reply]),
      awaited: true,
      receipt: undefined,
      done: undefined,
    };
    this.#tickets.set(message.id, ticket);
    const refused = this.#take(message, ticket);
    if (refused === undefined) {
      // Of a held command only its begin and its end are recorded, by the scans.
      ticket.awaited = ticket.verb !== 'keep';
      this.#receipt(ticket, { type: 'receipt', id: ticket.id, result: 'accepted' });
      if (ticket.done !== undefined) this.#done(ticket, ticket.done);
      return;
    }
    this.refused(ticket, refused.code, refused.reason);
  }

  /** A scan took it, and its entry stands at `seq`; 0: it was dropped, and there is nothing to wait for. */
  took(id: string, seq: number, outcome: string): void {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) return;
    const done = { type: 'done', id, seq, outcome } as const;
    if (seq > 0) {
      this.#undone.push({ ticket, done });
      return;
    }
    ticket.done = { ...done, outcome: `${outcome}; not recorded`, code: notRecorded };
    // What is done within its own asking waits for its receipt.
    if (ticket.receipt !== undefined) this.#done(ticket, ticket.done);
  }

  /** What happened elsewhere stands at `seq`, 0 where it was dropped: answered as an act is, done when on disk. */
  recorded(id: string, seq: number, reply: Reply): void {
    if (seq === 0) {
      const reason = 'the record takes nothing at present';
      reply({ type: 'receipt', id, result: 'refused', code: notRecorded, reason });
      return;
    }
    reply({ type: 'receipt', id, result: 'accepted' });
    const done = { type: 'done', id, seq, outcome: 'recorded' } as const;
    this.#undone.push({ ticket: { replies: new Set([reply]), done: undefined }, done });
  }

  /** An accepted command that no scan took in time: refused in the record, `expired` to whoever asked. */
  expired({ id, actor }: Pick<Ticket, 'id' | 'actor'>): void {
    const { verb, args } = this.asked(id) ?? { verb: 'command', args: {} };
    const why = { code: 'E_ACT_EXPIRED', reason: 'no scan took it in time' };
    const seq = this.#target.record({ id, actor, verb, args, result: 'refused', ...why });
    this.took(id, seq, 'expired');
  }

  /** Every entry up to `seq` is on disk: tell those who wait for it. */
  durable(seq: number): void {
    while ((this.#undone[0]?.done.seq ?? Number.POSITIVE_INFINITY) <= seq) {
      const { ticket, done } = present(this.#undone.shift(), 'an act waits for its entry');
      this.#done(ticket, done);
    }
  }

  #done(ticket: Answered, done: Done): void {
    ticket.done = done;
    for (const reply of ticket.replies) reply(done);
    ticket.replies.clear();
  }

  /** What an accepted act asked for, to be recorded with its outcome. */
  asked(id: string): { verb: string; args: Readonly<Record<string, Json>> } | undefined {
    return this.#tickets.get(id);
  }

  /** Refused here; no scan sees it. */
  refused(
    ticket: Pick<Ticket, 'id' | 'actor' | 'verb' | 'args' | 'approval'>,
    code: Code,
    reason: string,
  ): void {
    // Whoever it was is recorded by that name, known here or not; what is no name at all is not.
    const actor: Actor = Actor.safeParse(ticket.actor).success ? ticket.actor : 'system';
    const { id, verb, args, approval } = ticket;
    const said = approval === undefined ? {} : { approval };
    this.#target.refusal({ id, actor, verb, args, result: 'refused', code, reason, ...said });
    const whole = this.#tickets.get(id);
    if (whole === undefined) return;
    whole.awaited = false;
    this.#receipt(whole, { type: 'receipt', id, result: 'refused', code, reason });
    whole.replies.clear();
  }

  #receipt(ticket: Ticket, receipt: Receipt): void {
    ticket.receipt = receipt;
    for (const reply of ticket.replies) reply(receipt);
  }

  #take(message: ActMessage, ticket: Ticket): Refused | undefined {
    const stranger = refusal(message.actor, { verb: message.verb }, this.#allowed);
    if (stranger?.code === 'E_ACT_ACTOR') return stranger;
    const verb = verbs.find((candidate) => candidate === message.verb);
    if (verb === undefined) return refuse('E_ACT_VERB', `no act is called ${ticket.verb}`);
    const parsed = verbArgs[verb].safeParse(message.args);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      return refuse(
        'E_ACT_VERB',
        `${verb}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
      );
    }
    const step = this.#checks.plan(verb, parsed.data as Args);
    if ('code' in step) return step;
    const asked = { verb, ...(step.class === undefined ? {} : { class: step.class }) };
    const denied = refusal(message.actor, asked, this.#allowed);
    if (denied !== undefined) return denied;
    const free = step.class === 'stop' || verb === 'keep';
    if (!free && this.#tooFast(message.actor))
      return refuse('E_ACT_RATE', `more than ${rateLimit} acts a second`);
    if (step.class !== 'stop') {
      const held = this.#stale(message) ?? this.#unmet(verb, parsed.data, message.approval);
      if (held !== undefined) return held;
    }
    return step.run(ticket, message.ttl_ms);
  }

  #stale(message: ActMessage): Refused | undefined {
    const { seq } = message.expect ?? {};
    const flow = message.expect?.flow ?? message.args['flow'];
    if (typeof flow !== 'string' || seq === undefined) return undefined;
    const index = this.#plan.flowIndex.get(flow);
    if (index === undefined) return refuse('E_ACT_FLOW', `no flow ${flow}`);
    const moved = this.#target.movedAt(index);
    return moved > seq
      ? refuse('E_STALE_VIEW', `${flow} moved in entry ${moved}, after ${seq}`)
      : undefined;
  }

  /** Where the machine must be, and whether somebody else must have said yes: station has judged what they said. */
  #unmet(verb: Verb, args: object, approval: string | undefined): Refused | undefined {
    const { lacks, approvals, because } = needsOf(verb, { ...args }, this.#target.shown());
    if (lacks.length > 0) return refuse('E_ACT_WHERE', lacks.join('; '));
    if (approvals === 0 || approval !== undefined) return undefined;
    return refuse('E_ACT_APPROVAL', because.join('; '));
  }

  #tooFast(actor: string): boolean {
    const second = Math.floor(this.#clock.now() / 1000);
    const rate = this.#rates.get(actor);
    const count = rate?.second === second ? rate.count + 1 : 1;
    this.#rates.set(actor, { second, count });
    return count > rateLimit;
  }

  #forget(): void {
    const limit = this.#clock.now() - memory;
    for (const [id, ticket] of this.#tickets) {
      if (ticket.at > limit && this.#tickets.size <= memoryLimit) break;
      this.#tickets.delete(id);
    }
    if (this.#rates.size > memoryLimit) this.#rates.clear();
  }
}

/** What no entry needs to hold whole: acts whose arguments are so long are refused by their schema. */
function boundedArgs(args: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  const text = JSON.stringify(args);
  return text.length > argsLimit ? { cut: wellFormed(text.slice(0, argsLimit)) } : JSON.parse(text);
}

/** The body of an `act` entry as canonical JSON. */
export function actBody(act: ActRecord): string {
  const { actor: _, ...body } = act;
  return canonicalJson(body);
}
