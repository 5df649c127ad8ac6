// May this actor do this? Asked in this one function, so that accounts can arrive without rework.
// Until people exist whoever is at the cell's own console, and the demo, may do everything.
import { Actor } from '#contract/actor.ts';
import type { Code } from '#contract/error.ts';

/** What is asked for: a verb of the wire, and the class of the command where it is one. */
export interface Asked {
  readonly verb: string;
  readonly class?: 'stop' | 'start' | 'other';
}

/** What the manifest says of who may. */
export interface Allowed {
  /** `mirror: {commands: true}`: whoever may publish at the broker may give commands, and nothing else. */
  readonly broker: boolean;
}

/** Undefined: allowed. `console:panel` is the page without a session: it may stop, and nothing else. */
export function refusal(
  actor: string,
  asked: Asked,
  { broker }: Allowed,
): { code: Code; reason: string } | undefined {
  if (!Actor.safeParse(actor).success) {
    return { code: 'E_ACT_ACTOR', reason: `${JSON.stringify(actor.slice(0, 80))} is no actor` };
  }
  if (actor === 'console:panel') {
    if (asked.class === 'stop') return undefined;
    return { code: 'E_NOT_SIGNED_IN', reason: 'only stop commands need no one who is signed in' };
  }
  if (actor.startsWith('console:') || actor === 'token:demo') return undefined;
  if (actor.startsWith('token:mqtt-') && broker && asked.verb === 'command') return undefined;
  return { code: 'E_ACT_ACTOR', reason: `${actor} is not known to this cell` };
}
