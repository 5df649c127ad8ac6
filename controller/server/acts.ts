// Decides at station's door what becomes of an act from a page: passed on with its actor, or refused with a code.
// Who may is asked here of what people/ says of the guest; what the cell can do is control's to say.
import type * as z from 'zod';
import { needsOf } from '#contract/act-rules.ts';
import type { Actor } from '#contract/actor.ts';
import type { CommandInfo } from '#contract/described.ts';
import { codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { FromBrowser } from '#contract/live.ts';
import { verbArgs, verbs } from '#contract/verbs.ts';
import type { ActMessage, Hello, Receipt } from '#contract/wire.ts';
import { permissionOf } from '#contract/people.ts';
import type { Principal } from '#contract/people.ts';
import type { Bucket } from '#controller/bucket.ts';
import type { Guest } from './routes.ts';

export type PageAct = Extract<FromBrowser, { type: 'act' }>;

/** Whoever is at the panel when nobody is signed in: control lets it stop, and nothing else. */
export const panelActor: Actor = 'console:panel';
const actTime_ms = 2000;

export type Verdict =
  | { readonly kind: 'pass'; readonly act: ActMessage }
  | { readonly kind: 'refuse'; readonly receipt: Receipt };

/**
 * A stop from the panel is judged by nothing but whether control is there: neither session nor pace nor view holds it
 * back. A page at the panel where nobody is signed in has an actor too.
 */
export function judgeAct(
  act: PageAct,
  { principal, panel }: Guest,
  cell: { readonly hello: Hello | undefined; readonly up: boolean },
  pace: { readonly acts: Bucket; readonly keeps: Bucket },
): Verdict {
  const command = commandOf(act, cell.hello);
  const stop = command?.class === 'stop';
  const actor = principal?.actor ?? (panel ? panelActor : null);
  if (actor === null) return refuse(act, 'E_NOT_SIGNED_IN');
  const bucket = act.verb === 'keep' ? pace.keeps : pace.acts;
  if (!stop && !bucket.take()) return refuse(act, 'E_ACT_RATE');
  if (principal !== null && !(stop && panel) && !may(principal, act.verb, command))
    return refuse(act, 'E_NOT_ALLOWED');
  if (!saysWhy(act, cell.hello)) return refuse(act, 'E_ACT_REASON');
  if (!cell.up) return refuse(act, 'E_CELL_NOT_RUNNING');
  const { id, verb, args, expect } = act;
  const message = { type: 'act', id, actor, verb, args, ttl_ms: actTime_ms } as const;
  return {
    kind: 'pass',
    act: stop || expect === undefined ? message : { ...message, expect },
  };
}

/** Of what asks everybody for a reason. */
function saysWhy({ verb, args }: PageAct, hello: Hello | undefined): boolean {
  if (hello === undefined) return true;
  const asks = needsOf(verb, args, { hello, snapshot: { flows: {} } }).reason === 'everybody';
  const said = args['reason'];
  return !asks || (typeof said === 'string' && said.trim() !== '');
}

/** What control does not know, the verb or the command, is control's to refuse. */
export function may(
  principal: Principal,
  verb: string,
  command: z.infer<typeof CommandInfo> | undefined,
): boolean {
  const known = verbs.find((candidate) => candidate === verb);
  if (known !== undefined && !principal.permissions.has(permissionOf[known])) return false;
  if (principal.verbs?.has(verb) === false) return false;
  return command === undefined || principal.commands.has(command.role);
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

/** The command that a `command` or `keep` names, where the cell has it. */
export function commandOf(
  act: Pick<PageAct, 'verb' | 'args'>,
  hello: Hello | undefined,
): z.infer<typeof CommandInfo> | undefined {
  if (act.verb !== 'command' && act.verb !== 'keep') return undefined;
  const args = verbArgs[act.verb].safeParse(act.args);
  if (!args.success) return undefined;
  const flow = hello?.flows.find(({ name }) => name === args.data.flow);
  return flow?.commands.find(({ name }) => name === args.data.name);
}
