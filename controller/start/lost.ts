// What is told, to people and to the record, when the run before left less than it should have.
import type { UtcMs } from '#contract/time.ts';
import type { SystemAlarms } from '#controller/scan/alarms.ts';
import type { Recorder } from '#controller/scan/recorder.ts';

/** It ended while outputs were ahead of its record: at least one entry is missing. */
export function tellLostTail(recorder: Recorder, time: UtcMs): void {
  const now = Math.floor(time);
  recorder.gap({ why: 'tail', from: now, to: now, lost: 1 });
}

/** There was a record and it gives no state; flows start from what was kept beside it. */
export function tellLostRecord(
  { alarms, recorder }: { readonly alarms: SystemAlarms; readonly recorder: Recorder },
  time: UtcMs,
  lost: { readonly why: string; readonly aside: string | undefined },
): void {
  const why = lost.why.slice(0, 200);
  const kept = lost.aside === undefined ? '' : ` It was set aside as ${lost.aside}.`;
  recorder.fault('E_CHRONICLE_OPEN', why, {});
  alarms.raise(lost.aside === undefined ? 'chronicle.state' : 'chronicle.aside', time, {
    priority: 1,
    text: `The record of the run before cannot be used.${kept} Flows start anew from what is retained`,
    response: `See where each part is before the machine runs; then look at the disk (${why})`,
  });
}
