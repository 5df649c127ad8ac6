// Forces on outputs end when their flow leaves the states in which they may be given: as an act of that flow, which
// the next scan takes and the record keeps like any other. The engine knows no such rule.
import { needsOf } from '#contract/act-rules.ts';
import type { ActRule, ShownCell } from '#contract/act-rules.ts';
import { randomBytes } from 'node:crypto';
import { present } from '#contract/error.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { ScanAct } from '#flows/engine/scan.ts';

/** One act for each force that may not stand where the machine is now. */
export function endedForces(
  cell: Pick<Cell, 'plan' | 'tags'>,
  shown: ShownCell,
  rules?: readonly ActRule[],
): readonly ScanAct[] {
  return [...cell.tags.forces.keys()].flatMap((tag): readonly ScanAct[] => {
    const { name, driver } = present(cell.plan.tags[tag], 'a forced tag');
    const flow = driver === undefined ? undefined : cell.plan.flows[driver.flow];
    if (flow === undefined) return [];
    const { lacks } = needsOf('force', { tag: name }, shown, rules);
    if (lacks.length === 0) return [];
    const id = randomBytes(12).toString('hex');
    return [{ id, actor: `flow:${flow.name}`, kind: 'unforce', tag, reason: lacks.join('; ') }];
  });
}
