// The demo makes parts over real sockets, for minutes: none of its interlocks has to step in, and every scan
// re-executes identically on both engines. Long: CI has the same for hours in virtual time (test/sim), and makes its parts
// over sockets in soak.test.ts. MINUTES sets how long.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeScan } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { soak } from './chance.ts';
import { Demo } from './demo-process.ts';
import { demoFlow, entriesOf } from './record.ts';
import { runRebe } from './test-cell.ts';

const minutes = Number(process.env['MINUTES'] ?? 3);
const span = minutes * 60_000;
/** A part in at most 15 s; the first begins when the robot is home. */
const partTime = 15_000;

/** Scans in which an interlock held an output, and how often a part was finished. */
function production(data: string): { tripped: number[]; parts: number } {
  const reader = openReader(join(data, 'chronicle.db'));
  const tripped: number[] = [];
  let parts = 0;
  try {
    for (const entry of reader.entries({ kinds: ['scan'] })) {
      const { trips, fired } = decodeScan(entry.body, utcMs(entry.at));
      if (trips.length > 0) tripped.push(entry.seq);
      const ids = fired.map(({ transition }) => demoFlow.transitions[transition]?.id);
      parts += ids.filter((id) => id === 'E23').length;
    }
  } finally {
    reader.close();
  }
  return { tripped, parts };
}

test.runIf(soak)(
  `the demo makes parts for ${minutes} min without an interlock trip`,
  async () => {
    await using demo = new Demo();
    await demo.link();
    await demo.executing(20_000);
    await new Promise((done) => setTimeout(done, span));
    const status = await demo.status();
    const counted = Number(status?.flows['tending']?.ctx['parts']);
    const ended = new Promise((done) => demo.child.once('exit', done));
    demo.interrupt();
    await ended;
    const { tripped, parts } = production(demo.data);
    expect(tripped).toEqual([]);
    const alarms = entriesOf(demo.data, 'alarm').map(({ body }) => String(body['id']));
    expect(alarms.filter((id) => id.startsWith('tending.interlock.'))).toEqual([]);
    expect(entriesOf(demo.data, 'fault')).toEqual([]);
    expect(parts).toBeGreaterThanOrEqual(Math.floor(span / partTime) - 1);
    expect(counted).toBeGreaterThanOrEqual(parts - 1);
    const replayed = runRebe('replay', join(demo.data, 'chronicle.db'), '--xstate');
    expect(replayed.stdout).toContain('identical at every scan');
    expect(replayed.code).toBe(0);
  },
  span + 180_000,
);
