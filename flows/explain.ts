// Why a flow waits: for each transition that its active states could take, what it still lacks, which
// commands the active states accept now, and the way back to work. Reads the state between two scans
// and changes nothing.
import type { Candidate, Term, Why } from '#contract/wire.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import { lacksOf } from '#flows/explain/blocking.ts';
import { acceptedCommands } from '#flows/explain/commands.ts';
import { Scene, openTransitions, outlineOf, waitingFrame } from '#flows/explain/scene.ts';
import { wayBack } from '#flows/explain/way.ts';
import type { CellPlan } from './plan.ts';
import type { Flow, TransitionDecl } from './program.ts';

export type Explanation = Pick<Why, 'candidates' | 'commands' | 'back'>;

/** Of the flow at `index`, as it stands after the scan that `frame` was of. */
export function explain(
  plan: CellPlan,
  index: number,
  frame: Frame,
  configuration: Configuration,
): Explanation {
  const at = outlineOf(plan, index);
  if (at === undefined) return { candidates: [], commands: [] };
  const waiting = new Scene(at, waitingFrame(at.flow, frame), configuration);
  const open = openTransitions(at.flow, configuration);
  const candidates = open
    .filter(({ to }) => to >= 0)
    .map((transition) => candidateOf(at.flow, transition, waiting));
  const commands = acceptedCommands(at, open, frame, configuration);
  const back = wayBack(at, frame, configuration);
  return { candidates, commands, ...(back === undefined ? {} : { back }) };
}

/** Why one transition fired or may fire: its terms over the frozen state of that scan, before its commit. */
export function explainTransition(
  plan: CellPlan,
  at: { readonly flow: number; readonly transition: number },
  frame: Frame,
  configuration: Configuration,
): Term | undefined {
  const flow = outlineOf(plan, at.flow);
  const transition = flow?.flow.transitions[at.transition];
  if (flow === undefined || transition === undefined) return undefined;
  return new Scene(flow, frame, configuration).conditionOf(transition).term;
}

/** The tags that a term reads, with those of its parts. */
export function tagsOfTerm(term: Term): readonly string[] {
  return [...new Set([...(term.tags ?? []), ...(term.of ?? []).flatMap(tagsOfTerm)])];
}

function candidateOf(flow: Flow, transition: TransitionDecl, scene: Scene): Candidate {
  const condition = scene.conditionOf(transition);
  const region = flow.regions[transition.region]?.name ?? '?';
  const to = flow.states[transition.to]?.path;
  return {
    region,
    transition: transition.id,
    from: flow.states[transition.holder]?.path ?? region,
    ...(to === undefined ? {} : { to }),
    ...(transition.why === undefined ? {} : { why: transition.why }),
    term: condition.term,
    blocking: [...lacksOf(condition, 'true')],
  };
}
