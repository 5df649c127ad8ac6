// Acts on their way: each under an id of its own, each answered once or lost with its connection.
import type { FromBrowser } from '#contract/live.ts';
import type { Verb } from '#contract/verbs.ts';
import type { Done, Receipt } from '#contract/wire.ts';

/** What came of an act. `lost`: the connection went before the answer. */
export type Answer = Receipt | Done | { readonly type: 'lost' };
export interface Act {
  readonly id: string;
  readonly verb: Verb;
  readonly args: Readonly<Record<string, string | number | boolean>>;
  readonly expect?: { readonly flow?: string; readonly seq?: number };
}

const awaitedLimit = 256;

export class Acts {
  readonly #send: (message: FromBrowser) => boolean;
  readonly #awaited = new Map<string, (answer: Answer) => void>();

  constructor(send: (message: FromBrowser) => boolean) {
    this.#send = send;
  }

  /** Sends now or never; `hear` is told what came of it. */
  send(act: Act, hear: (answer: Answer) => void): void {
    const { id, verb, args, expect } = act;
    const message: FromBrowser = { type: 'act', id, verb, args: { ...args } };
    const sent = this.#send(expect === undefined ? message : { ...message, expect: { ...expect } });
    if (!sent) {
      hear({ type: 'lost' });
      return;
    }
    this.#awaited.set(id, hear);
    const oldest = this.#awaited.keys().next().value;
    if (this.#awaited.size > awaitedLimit && oldest !== undefined) this.#awaited.delete(oldest);
  }

  take(answer: Receipt | Done): void {
    const hear = this.#awaited.get(answer.id);
    if (answer.type === 'done' || answer.result === 'refused') this.#awaited.delete(answer.id);
    hear?.(answer);
  }

  /** The connection is gone: nobody will answer. */
  lost(): void {
    const waiting = [...this.#awaited.values()];
    this.#awaited.clear();
    for (const hear of waiting) hear({ type: 'lost' });
  }
}

/** 128 bits; good once. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
