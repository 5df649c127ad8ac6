// May this actor do this? Asked in this one function. As long as nobody is enrolled, whoever is at the cell's own console
// may do everything; afterwards the console stops the machine, and station says who else acts and that they may.
import { Actor } from '#contract/actor.ts';
import type { Code } from '#contract/error.ts';

/** What is asked for: a verb of the wire, and the class of the command where it is one. */
export interface Asked {
  readonly verb: string;
  readonly class?: 'stop' | 'start' | 'other';
}

/** What manifest and data directory say of who may. */
export interface Allowed {
  /** `mirror: {commands: true}`: whoever may publish at the broker may give commands, and nothing else. */
  readonly broker: boolean;
  /** Somebody is enrolled, and people are known by station. Not asked for a stop. */
  enrolled(): boolean;
}

/** Undefined: allowed. `console:panel` is the page without a session: it may stop, and nothing else. */
export function refusal(
  actor: string,
  asked: Asked,
  allowed: Allowed,
): { code: Code; reason: string } | undefined {
  if (!Actor.safeParse(actor).success) {
    return { code: 'E_ACT_ACTOR', reason: `${JSON.stringify(actor.slice(0, 80))} is no actor` };
  }
  const kind = kindOf(actor);
  if ((kind === 'panel' || kind === 'console') && asked.class === 'stop') return undefined;
  switch (kind) {
    case 'panel':
      return { code: 'E_NOT_SIGNED_IN', reason: 'only stop commands need no one who is signed in' };
    case 'console':
      if (!allowed.enrolled()) return undefined;
      return { code: 'E_CONSOLE_PEOPLE', reason: `${actor} is no person of this cell` };
    case 'broker':
      if (allowed.broker && asked.verb === 'command') return undefined;
      break;
    // Station has asked who they are and whether they may.
    case 'known':
      if (allowed.enrolled()) return undefined;
      break;
    case 'none':
      break;
  }
  return { code: 'E_ACT_ACTOR', reason: `${actor} is not known to this cell` };
}

function kindOf(actor: string): 'panel' | 'console' | 'broker' | 'known' | 'none' {
  if (actor === 'console:panel') return 'panel';
  if (actor.startsWith('console:') || actor === 'token:demo') return 'console';
  if (actor.startsWith('token:mqtt-')) return 'broker';
  return /^(?:user|token|agent):/.test(actor) ? 'known' : 'none';
}
