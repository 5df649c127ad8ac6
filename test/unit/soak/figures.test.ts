// Figures of a soak: bounded however long it lasts, and a leak is told from what a garbage collector leaves lying.
import { describe, expect, it } from 'vitest';
import { Life, Series } from '#test/soak/figures.ts';
import { pageOf } from '#test/soak/page.ts';
import { recoveriesOf, type Done, type Report } from '#test/soak/report.ts';

describe('a figure over time', () => {
  it('keeps at most 720 points of three days, and the greatest of each span', () => {
    const series = new Series();
    for (let t = 0; t < 72 * 3600; t += 2) series.add(t, t === 100_000 ? 99 : t % 7);
    expect(series.points.length).toBeLessThanOrEqual(720);
    expect(series.points.length).toBeGreaterThan(300);
    const highest = series.points.filter(({ v }) => v === 99);
    expect(highest).toHaveLength(1);
    expect(Math.abs((highest[0]?.t ?? 0) - 100_000)).toBeLessThan(1000);
  });
});

/** A sawtooth of 20 MB over `slope` MB an hour. */
const life = (hours: number, slope: number): Life => {
  const made = new Life('control', 1);
  for (let t = 0; t < hours * 3600; t += 2) made.add(t, 120 + ((t * 7) % 20) + (slope * t) / 3600);
  return made;
};

describe('the memory of a process', () => {
  it.each([
    { hours: 72, slope: 0, flat: true },
    { hours: 72, slope: 6, flat: false },
    { hours: 0.05, slope: 0, flat: true },
    { hours: 0.05, slope: 3000, flat: false },
  ])('of $hours h that grows by $slope MB/h is flat: $flat', ({ hours, slope, flat }) => {
    const { growth } = life(hours, slope);
    expect((growth?.grown ?? Number.NaN) <= (growth?.limit ?? Number.NaN)).toBe(flat);
  });

  it('of one that lived for seconds tells nothing', () => {
    expect(life(0.01, 0).growth).toBeUndefined();
  });
});

const done = (kind: string, back: number | null): Done => ({
  kind,
  from: 10,
  to: 12,
  back,
  limit: 30_000,
});
const report: Report = {
  state: 'bad',
  seed: 7,
  commit: '<b>',
  node: 'v20',
  began: '2026-11-23T12:00:00.000Z',
  ended: '2026-11-23T12:01:00.000Z',
  seconds: 60,
  planned: 60,
  verdicts: [{ what: 'no wrong value', good: false, text: 'wrong values: 1 & more' }],
  judged: {
    compared: 5,
    wrong: 1,
    received: 1,
    causeless: 0,
    parts: 3,
    trips: 0,
    faults: 0,
    gaps: 0,
    examples: ['part.code was </li><script>'],
  },
  recoveries: recoveriesOf([
    done('io hang', 100),
    done('io hang', null),
    done('control kill', 900),
  ]),
  done: [done('io hang', 100), done('io hang', null), done('control kill', 900)],
  series: {
    memory: { control: [{ t: 0, v: 100 }] },
    lateness: {},
    commit: {},
    parts: {},
    wrong: { values: [] },
  },
};

describe('the report', () => {
  it('counts recoveries by kind, and those that never came', () => {
    expect(report.recoveries).toMatchObject([
      { kind: 'control kill', count: 1, max: 900, missed: 0 },
      { kind: 'io hang', count: 2, max: 100, missed: 1 },
    ]);
  });

  it('is one page that fetches nothing, and what it was told is text on it', () => {
    const page = pageOf(report);
    expect(page).not.toMatch(/<script|src=|href=|@import|url\(/);
    expect(page).toContain('wrong values: 1 &#38; more');
    expect(page).not.toContain('NaN');
    expect(page).toContain('io hang');
  });
});
