// When the flows' alarms were raised, cleared and acknowledged, in wall time and by whom: for people.
// The states themselves are the scan's (flows/engine/alarms.ts), which knows no wall time.
import type { AlarmState } from '#contract/wire.ts';
import type { AlarmChange } from '#flows/engine/scan.ts';

export class FlowAlarmTimes {
  readonly #flowName: (flow: number) => string;
  readonly #alarms = new Map<string, AlarmState>();

  constructor(flowName: (flow: number) => string) {
    this.#flowName = flowName;
  }

  /** A change that a scan made at `time` (UTC ms). */
  changed(change: AlarmChange, time: number): void {
    const { id, priority, text, response, flow, by } = change;
    const before = this.#alarms.get(id);
    const base = {
      priority,
      text,
      ...(response === undefined ? {} : { response }),
      ...(flow === undefined ? {} : { flow: this.#flowName(flow) }),
    };
    switch (change.change) {
      case 'raised':
        this.#alarms.set(id, { ...base, state: 'unacknowledged', raised: time });
        return;
      case 'cleared':
        if (before === undefined || before.state === 'acknowledged') this.#alarms.delete(id);
        else this.#alarms.set(id, { ...before, state: 'returned', cleared: time });
        return;
      case 'acknowledged':
        if (before === undefined || before.state === 'returned') this.#alarms.delete(id);
        else {
          const who = by === undefined ? {} : { by };
          this.#alarms.set(id, { ...before, state: 'acknowledged', acknowledged: time, ...who });
        }
    }
  }

  /** Alarms that stand or wait for a person. */
  standing(): Record<string, AlarmState> {
    return Object.fromEntries(this.#alarms);
  }
}
