// Decides at station's door what becomes of an act from a page: passed on with its actor, or refused with a code.
// What an actor may do beyond being signed in is control's to say; this only knows pages, pace and the stop class.
import type { Actor } from '#contract/actor.ts';
import { codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { FromBrowser } from '#contract/live.ts';
import { verbArgs } from '#contract/wire.ts';
import type { ActMessage, Hello, Receipt } from '#contract/wire.ts';
import type { Bucket } from '#controller/bucket.ts';

export type PageAct = Extract<FromBrowser, { type: 'act' }>;

/** Who is at the page. `panel`: at the cell's own machine, where stop, hold and abort need nobody signed in. */
export interface Visitor {
  readonly actor: Actor | null;
  readonly panel: boolean;
}

/** Whoever is at the panel when nobody is signed in: control lets it stop, and nothing else. */
export const panelActor: Actor = 'console:panel';
const actTime_ms = 2000;

export type Verdict =
  | { readonly kind: 'pass'; readonly act: ActMessage }
  | { readonly kind: 'refuse'; readonly receipt: Receipt };

/**
 * A stop is judged by nothing but whether control is there: neither pace nor view holds it back. Who may do what is
 * control's to say, and its refusals are recorded there; a page at the panel where nobody is signed in has an actor too.
 */
export function judgeAct(
  act: PageAct,
  visitor: Visitor,
  cell: { readonly hello: Hello | undefined; readonly up: boolean },
  pace: { readonly acts: Bucket; readonly keeps: Bucket },
): Verdict {
  const stop = isStop(act, cell.hello);
  const actor = visitor.actor ?? (visitor.panel ? panelActor : null);
  if (actor === null) return refuse(act, 'E_NOT_SIGNED_IN');
  const bucket = act.verb === 'keep' ? pace.keeps : pace.acts;
  if (!stop && !bucket.take()) return refuse(act, 'E_ACT_RATE');
  if (!cell.up) return refuse(act, 'E_CELL_NOT_RUNNING');
  const { id, verb, args, expect } = act;
  const message = { type: 'act', id, actor, verb, args, ttl_ms: actTime_ms } as const;
  return {
    kind: 'pass',
    act: stop || expect === undefined ? message : { ...message, expect },
  };
}

/** A refusal as the page reads it. */
export function refuse(act: { readonly id: string }, code: Code): Verdict {
  const { meaning, action } = codes[code];
  const receipt: Receipt = {
    type: 'receipt',
    id: act.id,
    result: 'refused',
    code,
    reason: `${meaning} ${action}`,
  };
  return { kind: 'refuse', receipt };
}

function isStop(act: PageAct, hello: Hello | undefined): boolean {
  if (act.verb !== 'command') return false;
  const args = verbArgs.command.safeParse(act.args);
  if (!args.success) return false;
  const flow = hello?.flows.find(({ name }) => name === args.data.flow);
  return flow?.commands.find(({ name }) => name === args.data.name)?.class === 'stop';
}
