// Flows entered `hot`: each goes on by itself once its outputs are confirmed safe. What is not confirmed
// in time waits for a person, as under `ask`.
import { milliseconds, seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { Intake } from '#flows/engine/intake.ts';
import type { Loop } from '#controller/loop.ts';
import type { Outputs } from '#controller/devices/outputs.ts';

/** How long read-backs may take to show safe values, once the cell has settled. */
const patience = seconds(1);
const period = milliseconds(10);

/** What it looks at, and through what it lets a flow go on. */
export interface HotParts {
  readonly cell: Cell;
  readonly outputs: Outputs;
  readonly intake: Intake;
  readonly loop: Loop;
}

/** Starts looking; the caller may end it. */
export function resumeHot(clock: Clock, flows: ReadonlySet<number>, parts: HotParts): Cancel {
  const { cell, outputs, intake, loop } = parts;
  // A driver may take longer than the patience to connect; whatever answers, answers within `settle`.
  const until = clock.now() + cell.plan.manifest.scan.settle + patience;
  const offered = new Set<number>();
  let timer: Cancel | undefined;
  const look = (): void => {
    for (const flow of flows) {
      if (offered.has(flow) || cell.flows[flow]?.stage !== 'asking') continue;
      if (!outputs.confirmedSafe(cell.plan.flows[flow]?.outputs ?? [])) continue;
      offered.add(flow);
      intake.offer({ id: `hot-${flow}`, actor: 'system', kind: 'resume', flow }, cell.now);
    }
    loop.wake();
    if (offered.size < flows.size && clock.now() <= until) timer = clock.after(period, look);
  };
  look();
  return () => timer?.();
}
