// The commands that the active states of a flow accept: those that a transition which is open here waits
// for, and which the states as they are could take. What else a command still lacks is said with it.
import type { Why } from '#contract/wire.ts';
import { unknown } from '#flows/program.ts';
import type { TransitionDecl } from '#flows/program.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import { fewest, lacksOf } from './blocking.ts';
import { Scene, waitingFrame } from './scene.ts';
import type { Outline } from './scene.ts';

/** In the order of the flow; `open` are the transitions that could fire from the configuration. */
export function acceptedCommands(
  at: Outline,
  open: readonly TransitionDecl[],
  frame: Frame,
  configuration: Configuration,
): Why['commands'] {
  return at.flow.commands.flatMap(({ name, held }, command) => {
    const given = waitingFrame(at.flow, frame, command);
    const reading = at.possible.reading(
      { ...given, params: anything(given.params) },
      { ...configuration, ctx: anything(configuration.ctx) },
    );
    const asked = open.filter(
      (transition) => asks(at, transition, command) && at.possible.fires(transition, reading),
    );
    // A held command also counts where letting it go is what ends the state.
    const kept =
      held !== undefined &&
      open.some(({ when, unless }) => {
        const ends = when !== undefined && at.clauses.commandsOf(when, false).has(command);
        const stays = unless !== undefined && at.clauses.commandsOf(unless).has(command);
        return (
          (ends && at.possible.valueOf(when, reading) !== 1) ||
          (stays && at.possible.valueOf(unless, reading) !== 0)
        );
      });
    if (asked.length === 0 && !kept) return [];
    const scene = new Scene(at, given, configuration);
    const ways = asked.map((transition) => lacksOf(scene.conditionOf(transition), 'true'));
    const lacks = kept ? [] : [...fewest(ways)];
    return [{ name, ready: lacks.length === 0, lacks }];
  });
}

/** Whether giving the command can help the transition to fire. */
export function asks({ clauses }: Outline, transition: TransitionDecl, command: number): boolean {
  const { when, unless } = transition;
  return (
    (when !== undefined && clauses.commandsOf(when).has(command)) ||
    (unless !== undefined && clauses.commandsOf(unless, false).has(command))
  );
}

/** Memory and parameters may come to be anything; the states are as they are. */
const anything = (values: Float64Array): Float64Array => values.slice().fill(unknown);
