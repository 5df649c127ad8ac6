// A device that hangs (its socket stays open and says nothing) or is cut off, in the middle of machining.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeScan } from '#contract/record.ts';
import { SegmentBody } from '#contract/entry.ts';
import { qualityOf } from '#contract/quality.ts';
import { utcMs } from '#contract/time.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { clearFaults, fault } from './simulator-door.ts';
import { demoFlow } from './record.ts';
import { TestCell, until } from './test-cell.ts';

const period = 20;

/** When each tag turned bad after `since` (UTC), by the grid: a scan's `now`, not when it was worked off. */
function turnedBad(data: string, since: number): Map<string, number> {
  const reader = openReader(join(data, 'chronicle.db'));
  const bad = new Map<string, number>();
  let tags: readonly string[] = [];
  let offset = Number.POSITIVE_INFINITY;
  try {
    for (const entry of reader.entries({ kinds: ['segment', 'scan'] })) {
      if (entry.kind === 'segment') {
        tags = SegmentBody.parse(readBody(entry)).tags;
        continue;
      }
      const { now, tags: changes } = decodeScan(entry.body, utcMs(entry.at));
      // The scan that was worked off soonest tells best when control's clock began.
      offset = Math.min(offset, entry.at - now);
      for (const { tag, status } of changes) {
        const name = tags[tag] ?? '';
        const at = offset + now;
        if (at >= since && qualityOf(status) === 'bad' && !bad.has(name)) bad.set(name, at);
      }
    }
  } finally {
    reader.close();
  }
  return bad;
}

/** Ids of the transitions that fired after `since` (UTC). */
function firedSince(data: string, since: number): string[] {
  const reader = openReader(join(data, 'chronicle.db'));
  try {
    return [...reader.entries({ kinds: ['scan'], since: since + 1 })].flatMap((entry) =>
      decodeScan(entry.body, utcMs(entry.at)).fired.map(
        ({ transition }) => demoFlow.transitions[transition]?.id ?? '',
      ),
    );
  } finally {
    reader.close();
  }
}

/** Ids of the transitions whose `when` reads one of these tags. */
function transitionsThatNeed(tags: ReadonlySet<string>): Set<string> {
  const reads = (expr: unknown): boolean => {
    if (typeof expr !== 'object' || expr === null) return false;
    const node = expr as { kind?: string; input?: number; let?: number };
    if (node.kind === 'input') return tags.has(demoFlow.inputs[node.input ?? -1]?.name ?? '');
    if (node.kind === 'let') return reads(demoFlow.lets[node.let ?? -1]?.expr);
    return Object.values(node).some((part) =>
      Array.isArray(part) ? part.some(reads) : reads(part),
    );
  };
  return new Set(demoFlow.transitions.filter(({ when }) => reads(when)).map(({ id }) => id));
}

const stale = { fast: 200, estop: 250, pressure: 400 } as const;

test.each(['hang', 'kill'])(
  'io %s in the middle of machining',
  async (kind) => {
    await using cell = await TestCell.start();
    await cell.produce();
    await cell.reach('unit.Execute.Machining', 60_000);
    const before = Date.now();
    await fault(cell.data, 'io', kind);
    const after = Date.now();
    await until('the unit aborts at once', 5_000, () =>
      cell.unit()?.startsWith('unit.Abort') === true ? true : undefined,
    );
    await new Promise((done) => setTimeout(done, 1500));
    const bad = turnedBad(cell.data, before);
    for (const name of ['safety.estop', 'door.closed', 'clamp.pressure', 'robot.home']) {
      // Counted from the last answer, which came before the fault was in force.
      const limit =
        name === 'clamp.pressure'
          ? stale.pressure
          : name === 'safety.estop'
            ? stale.estop
            : stale.fast;
      expect([name, (bad.get(name) ?? Number.NaN) - after <= limit + 2 * period]).toEqual([
        name,
        true,
      ]);
    }
    expect(bad.has('infeed.part')).toBe(true);
    // Whatever fired since, no condition that reads a tag of io was what surely held.
    const blind = firedSince(cell.data, Math.max(...bad.values()));
    const readers = transitionsThatNeed(new Set(bad.keys()));
    expect(blind.filter((id) => readers.has(id))).toEqual([]);
    expect(cell.unit()).toMatch(/^unit\.Abort(?:ing|ed)$/);

    const released = Date.now();
    await clearFaults(cell.data);
    await until('io is back by itself', 3_000, () =>
      cell.status()?.devices['io']?.state === 'online' ? true : undefined,
    );
    expect(Date.now() - released).toBeLessThan(3_500);
    await cell.reach('unit.Aborted');
    cell.rebe('fault', 'plant', 'take-part');
    await cell.produce();
    await cell.reach('unit.Execute.Machining', 60_000);
    await cell.stopCell();
    expect(cell.rebe('replay').stdout).toContain('identical at every scan');
  },
  200_000,
);
