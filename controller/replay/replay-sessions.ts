// Re-executes every shell session of a chronicle from nothing but the chronicle: the statechart's text stands in the request,
// what it was told and made in each step. Sessions that go on at the end of the file are so far the same, or not.
import { createHash } from 'node:crypto';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import { SessionBody } from '#contract/entry.ts';
import { CellError } from '#contract/error.ts';
import type { SessionId, ShellStep } from '#contract/shell.ts';
import { readBody } from '#controller/chronicle/body.ts';
import type { Content, Reader } from '#controller/chronicle/reader.ts';
import { loadSessionFlow, SessionMachine } from '#controller/shell/machine.ts';
import type { SessionFlow } from '#controller/shell/machine.ts';

/** Where the chronicle and its re-execution part, and how. */
export interface SessionDifference {
  /** The entry. */
  readonly seq: number;
  readonly n: number;
  readonly what: 'flow' | 'steps' | 'transitions' | 'states' | 'outputs' | 'hash' | 'fault';
  readonly recorded: string;
  readonly replayed: string;
}

export interface SessionReplay {
  readonly session: SessionId;
  /** The entry of its request. */
  readonly seq: number;
  readonly steps: number;
  /** The last state; `lost`: station ended before it. */
  readonly state: string;
  readonly lost: boolean;
  readonly difference: SessionDifference | undefined;
}

export interface SessionsOptions {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Both engines, as live; else the table alone. */
  readonly shadowed: boolean;
  readonly progress?: (seq: number) => void;
}

/** Every session whose request stands between the two, in order. Throws `E_CHRONICLE_FORMAT`. */
export async function replaySessions(
  reader: Pick<Reader, 'contents'>,
  { from, to, shadowed, progress }: SessionsOptions,
): Promise<SessionReplay[]> {
  const found = new Map<SessionId, OneSession>();
  const flows = new Map<string, Promise<SessionFlow | undefined>>();
  for (const entry of reader.contents({ from: from ?? 0, kinds: ['session'] })) {
    progress?.(entry.seq);
    const body = bodyOf(entry);
    if (!('session' in body) || body.session === undefined) continue;
    const { session } = body;
    if (body.event === 'shell-asked' && !found.has(session)) {
      if (to !== undefined && entry.seq > to) continue;
      const text = textOf(body.about);
      if (!flows.has(text)) flows.set(text, loadSessionFlow(text));
      // oxlint-disable-next-line no-await-in-loop -- a session follows its request
      const flow = await flows.get(text);
      found.set(session, new OneSession(session, entry.seq, { flow, about: body.about, shadowed }));
    }
    if (body.event === 'shell-step') found.get(session)?.step(entry.seq, body);
    if (body.event === 'shell-lost') found.get(session)?.lose();
  }
  return [...found.values()].map((one) => one.result);
}

class OneSession {
  readonly #session: SessionId;
  readonly #seq: number;
  readonly #machine: SessionMachine | undefined;
  #steps = 0;
  /** As it was recorded: an entry whose receipt was lost is told twice. */
  #last: string | undefined;
  #lost = false;
  #difference: SessionDifference | undefined;

  constructor(
    session: SessionId,
    seq: number,
    from: {
      readonly flow: SessionFlow | undefined;
      readonly about: unknown;
      readonly shadowed: boolean;
    },
  ) {
    this.#session = session;
    this.#seq = seq;
    const { flow, shadowed } = from;
    const recorded = hashOfFlow(from.about);
    const replayed = flow?.hash ?? 'not a flow that this version reads';
    this.#machine = flow === undefined ? undefined : new SessionMachine(flow, { shadowed });
    if (recorded !== replayed) this.#differs(seq, 0, 'flow', [recorded, replayed]);
  }

  get result(): SessionReplay {
    return {
      session: this.#session,
      seq: this.#seq,
      steps: this.#steps,
      state: this.#machine?.leaf ?? '',
      lost: this.#lost,
      difference: this.#difference,
    };
  }

  lose(): void {
    this.#lost = true;
  }

  step(seq: number, recorded: ShellStep): void {
    const machine = this.#machine;
    const text = canonicalJson(recorded);
    if (machine === undefined || this.#difference !== undefined || text === this.#last) return;
    this.#last = text;
    const { n, now, inputs, commands } = recorded;
    if (n !== this.#steps || now <= machine.now || commands.length > 1) {
      const place = `step ${this.#steps} after ${machine.now} ms`;
      this.#differs(seq, n, 'steps', [`step ${n} at ${now} ms`, place]);
      return;
    }
    const unknown = Object.keys(inputs).filter((name) => !machine.reads(name));
    const strange = commands.filter((name) => !machine.takes(name));
    if (unknown.length + strange.length > 0) {
      const told = [...unknown, ...strange].join(', ');
      this.#differs(seq, n, 'steps', [told, 'nothing of that name']);
      return;
    }
    const made = machine.step({ now, inputs, command: commands[0] });
    this.#steps += 1;
    const pairs = [
      ['transitions', recorded.fired, made.fired],
      ['states', recorded.states, made.states],
      ['outputs', recorded.outputs, made.outputs],
      ['hash', recorded.hash, made.hash],
    ] as const;
    for (const [what, before, after] of pairs) {
      const [left, right] = [canonicalJson(before), canonicalJson(after)];
      if (left === right) continue;
      this.#differs(seq, n, what, [left, right]);
      return;
    }
  }

  #differs(
    seq: number,
    n: number,
    what: SessionDifference['what'],
    [recorded, replayed]: readonly [string, string],
  ): void {
    this.#difference ??= { seq, n, what, recorded, replayed };
  }
}

function bodyOf(entry: Content): SessionBody {
  try {
    return SessionBody.parse(readBody(entry));
  } catch (cause) {
    if (!(cause instanceof CellError)) throw cause;
    throw new CellError(cause.code, `entry ${entry.seq}: ${cause.message}`, { cause });
  }
}

/** The statechart of a request; an empty text is none that can be read. */
function textOf(about: Readonly<Record<string, Json>> | undefined): string {
  const { text } = flowOf(about);
  return typeof text === 'string' ? text : '';
}

/** What the request says the hash is, held against the text that stands beside it. */
function hashOfFlow(about: unknown): string {
  const { text, hash } = flowOf(about);
  if (typeof text !== 'string' || typeof hash !== 'string') return 'no flow in the request';
  const found = createHash('sha256').update(text).digest('hex');
  return found === hash ? hash : `${hash}, and a text of ${found}`;
}

function flowOf(about: unknown): { readonly text?: unknown; readonly hash?: unknown } {
  const flow = (about as { readonly flow?: unknown } | undefined)?.flow;
  return typeof flow === 'object' && flow !== null ? flow : {};
}
