// What became of a command: which transitions can take it, and the text of the receipt.
import type { Flow } from '#flows/program.ts';
import { walkThrough } from '#flows/walk.ts';

/** By transition: the commands that its conditions read, through `let`s too. */
export function commandsRead(flow: Flow): readonly ReadonlySet<number>[] {
  return flow.transitions.map((transition) => {
    const commands = new Set<number>();
    for (const expr of [transition.when, transition.unless]) {
      if (expr === undefined) continue;
      walkThrough(flow, expr, (part) => {
        if (part.kind === 'command') commands.add(part.command);
      });
    }
    return commands;
  });
}

/** `fired U16`, or `ignored in unit.Held`. */
export function outcomeOf(
  flow: Flow,
  reads: readonly ReadonlySet<number>[],
  scan: { readonly command: number; readonly fired: readonly number[]; readonly where: string },
): string {
  const took = scan.fired.filter((transition) => reads[transition]?.has(scan.command));
  if (took.length === 0) return `ignored in ${scan.where}`;
  return `fired ${took.map((transition) => flow.transitions[transition]?.id).join(' ')}`;
}

/** The active leaf that people know the flow by: of the region `unit`, else of the first. */
export function whereOf(flow: Flow, leaves: Int32Array): string {
  const unit = flow.regions.findIndex((region) => region.name === 'unit');
  return flow.states[leaves[Math.max(unit, 0)] ?? -1]?.path ?? flow.name;
}
