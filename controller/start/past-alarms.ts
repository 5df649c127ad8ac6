// Which alarms of the system someone had acknowledged, and still stood, when the run before ended: from
// its last segment and the alarms recorded since. Those of flows are part of the flows' own state.
import type { Actor } from '#contract/actor.ts';
import { AlarmBody, SegmentBody } from '#contract/entry.ts';
import { readBody } from '#controller/chronicle/body.ts';
import type { Reader } from '#controller/chronicle/reader.ts';
import type { AlarmMemory } from '#controller/scan/alarms.ts';

/** By alarm: who acknowledged it. `segment` is the `seq` of the newest segment. */
export function readAcknowledged(reader: Reader, segment: number): ReadonlyMap<string, Actor> {
  const alarms = new Map<string, AlarmMemory>();
  for (const entry of reader.entries({ from: segment, kinds: ['segment', 'alarm'] })) {
    if (entry.kind === 'segment') {
      const { alarms: before = {} } = SegmentBody.parse(readBody(entry));
      for (const [id, { state, by }] of Object.entries(before))
        alarms.set(id, by === undefined ? { state } : { state, by });
      continue;
    }
    // Alarms of flows are recorded with their scan.
    if (entry.scan !== null) continue;
    const { id, change } = AlarmBody.parse(readBody(entry));
    const before = alarms.get(id)?.state;
    if (change === 'raised') alarms.set(id, { state: 'unacknowledged' });
    else if (change === 'cleared' && before === 'unacknowledged')
      alarms.set(id, { state: 'returned' });
    else if (change === 'acknowledged' && before === 'unacknowledged')
      alarms.set(id, { state: 'acknowledged', by: entry.actor });
    else alarms.delete(id);
  }
  const acknowledged = new Map<string, Actor>();
  for (const [id, { state, by }] of alarms)
    if (state === 'acknowledged' && by !== undefined && isToldAnew(id)) acknowledged.set(id, by);
  return acknowledged;
}

/** Each start finds out whether these hold; of any other nobody would say that it does not. */
const isToldAnew = (id: string): boolean => id.startsWith('device.') || id.startsWith('write.');
