// Where acts are given that come over HTTP, by the console, by programs and by agents: judged as a page's acts
// are, held against the rules of contract/act-rules.ts, sent, and awaited. Refusals are receipts, and recorded.
import { randomBytes } from 'node:crypto';
import type { Actor } from '#contract/actor.ts';
import { needsOf } from '#contract/act-rules.ts';
import type { ActNeeds } from '#contract/act-rules.ts';
import type { ApprovalAsk, ApprovalView } from '#contract/approval.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import type { ActAnswer, ActAsk } from '#contract/console.ts';
import { CellError, codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import { hours } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { isWellFormed } from '#contract/unicode.ts';
import type { ActMessage, Hello, Receipt, Snapshot } from '#contract/wire.ts';
import { commandOf, judgeAct, panelActor } from '#controller/server/acts.ts';
import { Buckets } from '#controller/server/paces.ts';
import type { Guest } from '#controller/server/routes.ts';
import type { Answered } from '#controller/wire/awaited-acts.ts';
import { idOf, Once } from './once.ts';
import type { Given } from './once.ts';

/** Acts of one guest, as of one page; keep-alives of held commands. */
const actPace = { rate: 5, burst: 20 };
const keepPace = { rate: 30, burst: 30 };

/** How long a yes is good for. */
const yesTime = hours(1);

/** The cell as it was last heard. */
export interface HeardCell {
  readonly hello: Hello | undefined;
  readonly snapshot: Snapshot | undefined;
  readonly up: boolean;
}

/** The second person: what of approval/ is asked for when an act needs others to say yes. */
export interface SecondPerson {
  /** Asks others for their yes. */
  request(principal: Principal, ask: ApprovalAsk): Promise<ApprovalView>;
  /** Nothing: it may be done now, once. Else why not. */
  use(
    approval: string,
    use: {
      readonly kind: 'act';
      readonly what: Readonly<Record<string, Json>>;
      readonly by: Actor;
      readonly needs: number;
    },
  ): Promise<Code | undefined>;
}

export interface DeskDeps {
  readonly cell: () => HeardCell;
  readonly give: (act: ActMessage) => Promise<Answered>;
  readonly second: SecondPerson;
  /** Hears of each act that was refused here. */
  readonly refused: (actor: Actor, code: string, what: string) => void;
}

/** What a second person says yes to: the verb with all its arguments, the reason among them. */
export const approvedOf = (
  verb: string,
  args: ActMessage['args'],
): Readonly<{ verb: string; args: ActMessage['args'] }> => ({
  verb,
  args,
});

/** The arguments with the reason among them, as they are sent and approved. */
export function argsOf({ verb, args, reason }: Pick<ActAsk, 'verb' | 'args' | 'reason'>) {
  return reason === undefined || verb === 'keep' ? args : { ...args, reason };
}

export class ActDesk {
  readonly #deps: DeskDeps;
  readonly #once: Once;
  readonly #acts: Buckets;
  readonly #keeps: Buckets;

  constructor(clock: Clock, deps: DeskDeps) {
    this.#deps = deps;
    this.#once = new Once(clock);
    this.#acts = new Buckets(clock, actPace);
    this.#keeps = new Buckets(clock, keepPace);
  }

  /** What the act asks for, here and now; nothing is known of a cell that was never heard. */
  needs(verb: string, args: ActMessage['args']): ActNeeds {
    const { hello, snapshot } = this.#deps.cell();
    if (hello === undefined || snapshot === undefined)
      return { reason: 'nobody', approvals: 0, lacks: [], because: [] };
    return needsOf(verb, args, { hello, snapshot });
  }

  /** Asks others to say yes to exactly this act, once, within the hour. Throws why it cannot be asked for. */
  async askOthers(
    principal: Principal,
    act: Pick<ActAsk, 'verb' | 'args'>,
    now: number,
  ): Promise<ApprovalView> {
    const { approvals } = this.needs(act.verb, act.args);
    const { reason } = act.args;
    if (approvals === 0) throw new CellError('E_USAGE', 'nobody else must say yes to this');
    return this.#deps.second.request(principal, {
      kind: 'act',
      what: approvedOf(act.verb, act.args),
      reason: typeof reason === 'string' && reason.trim() !== '' ? reason : act.verb,
      notBefore: now,
      notAfter: now + yesTime,
      uses: 1,
      needs: approvals,
    });
  }

  /** True for what is never held back by a pace: a stop from the panel. */
  isStop(ask: Pick<ActAsk, 'verb' | 'args'>): boolean {
    return commandOf(ask, this.#deps.cell().hello)?.class === 'stop';
  }

  /** Refused acts are answered, with a receipt that says so; thrown is only what is not known to be answered. */
  async give(guest: Guest, ask: ActAsk): Promise<ActAnswer> {
    const { actor } = whoOf(guest);
    const id = ask.id === undefined ? randomBytes(12).toString('hex') : idOf(actor, ask.id);
    const args = argsOf(ask);
    if (!isWellFormed(args)) throw new CellError('E_DOOR_FRAME', 'args has a lone surrogate');
    const give = async (sentBefore: boolean): Promise<Given> =>
      this.#judged(guest, { ...ask, id, args }, sentBefore);
    if (ask.id === undefined) return (await give(false)).answer;
    const { verb, approval, expect } = ask;
    const what = canonicalJson(JSON.parse(JSON.stringify({ verb, args, approval, expect })));
    return this.#once.run(id, what, give);
  }

  /** What was sent before was judged then: its yes is used, and control knows its id. */
  async #judged(guest: Guest, ask: ActAsk & { id: string }, sentBefore: boolean): Promise<Given> {
    const { id, verb, args, approval, expect } = ask;
    const { actor, key } = whoOf(guest);
    const pace = { acts: this.#acts.of(key), keeps: this.#keeps.of(key) };
    const act = { type: 'act', id, verb, args, ...clean(expect) } as const;
    const verdict = judgeAct(act, guest, this.#deps.cell(), pace);
    if (verdict.kind === 'refuse') return this.#refuse(actor, ask, verdict.receipt);
    const against = sentBefore ? undefined : await this.#ruled(actor, ask);
    if (against !== undefined) return this.#refuse(actor, ask, against);
    const message = approval === undefined ? verdict.act : { ...verdict.act, approval };
    const { receipt, done } = await this.#deps.give(message);
    return { answer: { receipt, done: done ?? null }, sent: true };
  }

  #refuse(actor: Actor, { verb, args }: ActAsk, receipt: Receipt): Given {
    this.#deps.refused(actor, receipt.code ?? '', `${verb} ${JSON.stringify(args).slice(0, 200)}`);
    return { answer: { receipt, done: null }, sent: false };
  }

  /** Held against the rules; the second person's yes is used up last, when nothing else is in the way. */
  async #ruled(
    actor: Actor,
    { id, verb, args, approval }: ActAsk & { readonly id: string },
  ): Promise<Receipt | undefined> {
    const needs = this.needs(verb, args);
    const { reason } = args;
    if (needs.reason !== 'nobody' && (typeof reason !== 'string' || reason.trim() === ''))
      return refusedReceipt(id, 'E_ACT_REASON');
    if (needs.lacks.length > 0) return refusedReceipt(id, 'E_ACT_WHERE', needs.lacks.join('; '));
    // One that is given is judged, needed or not: the record names none that was not used.
    if (approval === undefined)
      return needs.approvals === 0
        ? undefined
        : refusedReceipt(id, 'E_ACT_APPROVAL', needs.because.join('; '));
    const code = await this.#deps.second.use(approval, {
      kind: 'act',
      what: approvedOf(verb, args),
      by: actor,
      needs: needs.approvals,
    });
    return code === undefined ? undefined : refusedReceipt(id, code);
  }
}

/** Whose act it is; the pace is that of the session or token, and one for all who are nobody. */
function whoOf({ principal }: Guest): { readonly actor: Actor; readonly key: string } {
  return { actor: principal?.actor ?? panelActor, key: principal?.credential ?? '' };
}

export function refusedReceipt(id: string, code: Code, detail?: string): Receipt {
  const { meaning, action } = codes[code];
  const reason = [detail ?? meaning, action].join(' ');
  return { type: 'receipt', id, result: 'refused', code, reason };
}

/** What is absent is left out, as schemas of the wire want it. */
function clean(expect: ActAsk['expect']): Pick<ActMessage, 'expect'> | Record<string, never> {
  if (expect === undefined) return {};
  const { flow, seq } = expect;
  return {
    expect: { ...(flow === undefined ? {} : { flow }), ...(seq === undefined ? {} : { seq }) },
  };
}
