// How one flow enters a boot (`hot`, `ask`, `warm`, `cold`) from what was saved of it, and how it is
// put back exactly within the same boot. What a person still has to say is left to a `resume`.
import { CellError } from '#contract/error.ts';
import { unknown } from '#flows/program.ts';
import type { FlowRun } from './flow-run.ts';
import { configurationOf, restoreBoard, restoreHolding, restoreNumbers } from './saved.ts';
import type { SavedFlow } from './saved.ts';

export type RestartClass = 'hot' | 'ask' | 'warm' | 'cold';

/**
 * `hot` and `ask`: the state is restored and waits for a `resume`; `warm`: initial states, retained
 * ctx, parameters and acknowledgements kept; `cold`, or nothing saved: everything initial. A flow
 * that had faulted enters `warm`, and under `hot` and `ask` still waits for its `resume`.
 */
export function enterFlow(run: FlowRun, saved: SavedFlow | undefined, way: RestartClass): void {
  run.down.fill(0);
  run.frame.commands.fill(0);
  run.outputs.decided.fill(unknown);
  run.alarms.board.clear();
  run.fault = undefined;
  run.clock = 0;
  if (saved === undefined || way === 'cold') {
    run.reset(false);
    run.stage = 'settling';
    return;
  }
  run.clock = saved.clock;
  restoreNumbers(run.frame.params, run.flow.params, saved.params);
  restoreNumbers(run.retained, run.flow.ctx, saved.ctx);
  restoreBoard(run.alarms.board, saved.alarms);
  run.alarms.board.announce = true;
  const waits = way === 'hot' || way === 'ask';
  const faulted = saved.stage === 'faulted';
  const configuration = waits && !faulted ? configurationOf(run, saved) : undefined;
  if (configuration === undefined) {
    run.reset(true);
    run.stage = waits && faulted ? 'faulted' : 'settling';
    if (run.stage === 'faulted') run.fault = 'it had failed before the restart';
    return;
  }
  run.restore(configuration);
  restoreHolding(run, saved, false);
  run.stage = 'asking';
  run.idle();
}

/** Exactly as saved at `now`, in the same boot. */
export function restoreFlow(run: FlowRun, saved: SavedFlow | undefined, now: number): void {
  if (saved === undefined) {
    throw new CellError('E_CHRONICLE_FORMAT', `the state lacks the flow ${run.plan.name}`);
  }
  const { flow, frame, outputs } = run;
  run.stage = saved.stage;
  run.clock = saved.clock;
  restoreNumbers(frame.params, flow.params, saved.params);
  if (saved.stage === 'faulted') restoreNumbers(run.retained, flow.ctx, saved.ctx);
  else {
    const configuration = configurationOf(run, saved);
    if (configuration === undefined) {
      const text = `the saved states of ${run.plan.name} are none of this flow`;
      throw new CellError('E_CHRONICLE_FORMAT', text);
    }
    run.restore(configuration);
  }
  restoreNumbers(frame.signals, flow.signals, saved.signals);
  run.nextSignals.set(frame.signals);
  outputs.decided.fill(unknown);
  restoreNumbers(outputs.decided, flow.outputs, saved.outputs);
  restoreHolding(run, saved, true);
  restoreBoard(run.alarms.board, saved.alarms);
  run.alarms.board.announce = saved.announce;
  for (const [index, { name }] of flow.commands.entries()) {
    run.down[index] = saved.down.includes(name) ? 1 : 0;
  }
  frame.commands.set(run.down);
  run.goOn(now);
}
