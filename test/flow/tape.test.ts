// The record of a boot in memory: what was put on it comes back in its order, over the ends of its blocks too.
import { expect, it } from 'vitest';
import { status } from '#contract/quality.ts';
import type { ScanRecord } from '#contract/record.ts';
import { utcMs } from '#contract/time.ts';
import type { ReplayEntry } from '#flows/replay/replay.ts';
import { Tape } from '#flows/replay/tape.ts';

const record = (now: number, text: string): ScanRecord => ({
  now,
  missed: now % 3,
  tags: [{ tag: 2, value: text, status: status.Good, time: utcMs(1_800_000_000_000 + now) }],
  held: [],
  stepped: [],
  fired: [{ flow: 0, transition: now % 7 }],
  outputs: [{ tag: 1, value: now % 2 === 0 }],
  trips: [],
  rolling: { high: now, low: 7 },
});

it('a tape gives back what was put on it, in its order', () => {
  const tape = new Tape();
  const put: ReplayEntry[] = [];
  const act = {
    id: 'one',
    actor: 'console:someone',
    kind: 'command',
    flow: 0,
    command: 1,
  } as const;
  for (let scan = 1; scan <= 4000; scan += 1) {
    if (scan % 100 === 0) {
      put.push({ kind: 'act', seq: put.length, scan, act });
      tape.other({ kind: 'act', scan, act });
    }
    // Some longer than a thousand bytes, so that a block ends inside none of them.
    const made = record(scan * 20, 'x'.repeat((scan * 37) % 1500));
    put.push({ kind: 'scan', seq: put.length, scan, record: made });
    tape.scan(scan, made);
    if (scan % 90 !== 0) continue;
    put.push({ kind: 'alarm', seq: put.length, scan, id: 'tending.coolant', change: 'raised' });
    tape.other({ kind: 'alarm', scan, id: 'tending.coolant', change: 'raised' });
  }
  expect(tape.size).toBeGreaterThan(2 * 1024 * 1024);
  expect(tape.length).toBe(put.length);
  expect([...tape]).toEqual(put);
  expect([...tape]).toEqual(put);
});
