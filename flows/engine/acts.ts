// How a scan takes one act. The door has checked who may and what is sensible; what the state of the
// cell makes pointless by now is said in the outcome.
import { present } from '#contract/error.ts';
import { numberOf, valueOf } from './values.ts';
import { alarmChange } from './alarms.ts';
import type { FlowRun } from './flow-run.ts';
import type { ForceAlarms } from './force-alarms.ts';
import type { Making } from './making.ts';
import type { ScanAct } from './scan.ts';
import type { Force, TagTable } from './tag-table.ts';

/** What of a cell acts change. */
export interface Acted {
  readonly flows: readonly FlowRun[];
  readonly tags: TagTable;
  readonly forceAlarms: ForceAlarms;
  /** Sets or ends a force. */
  setForce(tag: number, force: Force | undefined): void;
  /** A force or the alarm of one changed. */
  forcesChanged(): void;
}

/** Applies the act; a command's outcome is said when its flow was stepped, all others here. */
export function takeAct(cell: Acted, act: ScanAct, making: Making): void {
  if (act.kind === 'command') {
    flowOf(cell, act.flow).give(act.id, act.command);
    return;
  }
  making.made.outcomes.push({ id: act.id, outcome: take(cell, act, making) });
}

function take(cell: Acted, act: Exclude<ScanAct, { kind: 'command' }>, making: Making): string {
  switch (act.kind) {
    case 'force': {
      const { tag, value, until, reason, actor } = act;
      cell.setForce(tag, { value, until, reason, actor });
      return 'done';
    }
    case 'unforce': {
      if (!cell.tags.forces.has(act.tag)) return 'ignored: there is no force on it';
      cell.setForce(act.tag, undefined);
      return 'done';
    }
    case 'parameter': {
      const run = flowOf(cell, act.flow);
      const decl = present(run.flow.params[act.param], 'a parameter of the flow');
      // The number as the declaration holds it; what is outside changes nothing.
      const value = numberOf(decl, valueOf(decl, act.value));
      if (Number.isNaN(value)) return 'ignored: outside its range';
      run.setParameter(act.param, value);
      return 'done';
    }
    case 'acknowledge':
      return acknowledge(cell, act, making) ? 'done' : 'ignored: it does not wait for that';
    case 'resume':
      return resume(flowOf(cell, act.flow));
  }
}

function acknowledge(
  cell: Acted,
  act: Extract<ScanAct, { kind: 'acknowledge' }>,
  making: Making,
): boolean {
  for (const run of cell.flows) {
    const kind = run.alarms.board.acknowledge(act.alarm);
    if (kind === undefined) continue;
    run.hash.changed();
    making.made.alarms.push(alarmChange(kind, 'acknowledged', run.index, act.actor));
    return true;
  }
  const kind = cell.forceAlarms.board.acknowledge(act.alarm);
  if (kind === undefined) return false;
  cell.forcesChanged();
  making.made.alarms.push(alarmChange(kind, 'acknowledged', undefined, act.actor));
  return true;
}

/** A restored flow goes on as it was; one that faulted starts `warm`. */
function resume(run: FlowRun): string {
  switch (run.stage) {
    case 'running':
    case 'settling':
      return 'ignored: there is nothing to resume';
    case 'faulted':
      run.reset(true);
      run.fault = undefined;
      break;
    case 'asking':
      break;
  }
  run.stage = 'settling';
  run.hash.changed();
  return 'done';
}

function flowOf(cell: Acted, flow: number): FlowRun {
  return present(cell.flows[flow], 'a flow of the cell');
}
