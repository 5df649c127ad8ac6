// The judge of a soak itself: it must find a value that the machine did not have, a value that is believed for too long, and
// an output that nobody decided; and let pass what nobody could know.
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '#contract/canonical.ts';
import { present } from '#contract/error.ts';
import { status } from '#contract/quality.ts';
import { encodeScan, type ScanRecord } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import { utcMs } from '#contract/time.ts';
import type { Content } from '#controller/chronicle/reader.ts';
import { loadCell } from '#controller/config.ts';
import { Judge } from '#test/soak/judge.ts';
import { Past } from '#test/soak/truth.ts';

const { cell } = await loadCell('flows/cnc-tending/cell.yaml');
const { plan } = present(cell, 'the demo cell is good');
const names = plan.tags.map(({ name }) => name);
/** UTC at which control's clock began. */
const dawn = 1_800_000_000_000;
const nowhere = { cell: '/nonexistent', machine: '/nonexistent' };

/** A judge whose machine shows these from the beginning. */
function rig(shown: Readonly<Record<string, boolean | number | string>>): {
  judge: Judge;
  past: Past;
  scan: (now: number, tags: Readonly<Record<string, Value>>, more?: Partial<ScanRecord>) => void;
} {
  const past = new Past('/nonexistent');
  const judge = new Judge(plan, past, nowhere);
  const changes = Object.entries(shown).map(([tag, v]) => ({ t: utcMs(dawn), tag, v }));
  past.take({ now: utcMs(dawn), next: 0, lost: 0, changes });
  judge.take(entry('segment', 0, new TextEncoder().encode(canonicalJson(opening))));
  return {
    judge,
    past,
    scan: (now, tags, more = {}) => {
      const record = { ...quiet, now, ...more, tags: changesOf(tags) };
      judge.take(entry('scan', now, encodeScan(record, utcMs(dawn + now))));
    },
  };
}

const opening = {
  why: 'boot',
  manifest: { file: 'cell.yaml', text: '', hash: '0'.repeat(64) },
  flows: {},
  engine: 'test',
  endpoints: {},
  tags: names,
  scan: 0,
  now: 0,
  period: 20,
  state: {},
};
const none = { held: [], stepped: [], fired: [], outputs: [], trips: [] } as const;
const quiet = { missed: 0, tags: [], ...none, rolling: { high: 0, low: 0 } };

const entry = (kind: 'segment' | 'scan', now: number, body: Uint8Array): Content => ({
  seq: now + 1,
  boot: 1,
  scan: now,
  at: dawn + now,
  kind,
  actor: 'system',
  body,
});

function changesOf(tags: Readonly<Record<string, Value>>): ScanRecord['tags'] {
  return Object.entries(tags).map(([name, value]) => ({
    tag: present(plan.tagIndex.get(name), name),
    value,
    status: value === null ? status.BadNoCommunication : status.Good,
    time: utcMs(dawn),
  }));
}

/** The machine shows something else from then on. */
const shows = (past: Past, now: number, tag: string, v: boolean | number | string): void =>
  past.take({
    now: utcMs(dawn + now),
    next: 0,
    lost: 0,
    changes: [{ t: utcMs(dawn + now), tag, v }],
  });

describe('the judge of a soak', () => {
  it('finds nothing where the cell says what the machine shows', () => {
    const { judge, past, scan } = rig({ 'door.opened': true, 'clamp.pressure': 6.2 });
    scan(5000, { 'door.opened': true, 'clamp.pressure': 6.25 });
    shows(past, 6000, 'door.opened', false);
    scan(6100, { 'door.opened': false });
    shows(past, 9000, 'clamp.pressure', 0.1);
    scan(9100, { 'clamp.pressure': 3.3 });
    expect(judge.judged).toMatchObject({ wrong: 0, examples: [] });
    expect(judge.judged.compared).toBeGreaterThan(4);
  });

  it('finds a good value that the machine did not have, once', () => {
    const { judge, scan } = rig({ 'door.opened': true, 'clamp.pressure': 6.2 });
    scan(5000, { 'door.opened': false, 'clamp.pressure': 7.1 });
    scan(5020, {});
    scan(5040, {});
    expect(judge.judged.wrong).toBe(2);
    expect(judge.judged.examples.join()).toMatch(
      /door\.opened was false.*clamp\.pressure was 7\.1/,
    );
  });

  it('finds a value that is good for longer than it may be', () => {
    const { judge, past, scan } = rig({ 'door.opened': true });
    scan(5000, { 'door.opened': true });
    shows(past, 5500, 'door.opened', false);
    scan(6500, {});
    expect(judge.judged.wrong).toBe(0);
    scan(6900, {});
    expect(judge.judged.wrong).toBe(1);
  });

  it('lets a value be that was bad in time, and one that was not judged because no scan ran', () => {
    const { judge, past, scan } = rig({ 'door.opened': true });
    scan(5000, { 'door.opened': true });
    shows(past, 5500, 'door.opened', false);
    scan(5700, { 'door.opened': null });
    scan(9000, {});
    expect(judge.judged.wrong).toBe(0);
    scan(9100, { 'door.opened': false });
    shows(past, 9200, 'door.opened', true);
    // Control stood still: the first scan after it says so.
    scan(15_000, { 'door.opened': null }, { missed: 290 });
    expect(judge.judged.wrong).toBe(0);
  });

  it('does not call wrong what a device shows that we made lie, and only as long', () => {
    const { judge, past, scan } = rig({ 'door.opened': true });
    judge.lies.push({ device: 'io', how: 'lies', from: dawn + 5000, to: dawn + 7000 });
    scan(5000, { 'door.opened': true });
    shows(past, 5200, 'door.opened', false);
    scan(8000, {});
    expect(judge.judged.wrong).toBe(0);
    scan(8500, {});
    expect(judge.judged.wrong).toBe(1);
  });

  it('holds nothing for known that a scanner lost, until it sends again', () => {
    const { judge, past, scan } = rig({ 'part.code': 'A1-1' });
    scan(5000, { 'part.code': 'A1-1' });
    judge.lies.push({ device: 'scanner', how: 'loses', from: dawn + 6000, to: dawn + 6200 });
    shows(past, 6100, 'part.code', 'A1-2');
    scan(6150, {});
    scan(20_000, {});
    expect(judge.judged.wrong).toBe(0);
    shows(past, 21_000, 'part.code', 'A1-3');
    scan(21_100, { 'part.code': 'A1-3' });
    scan(21_200, {});
    shows(past, 22_000, 'part.code', 'A1-4');
    scan(40_000, {});
    expect(judge.judged.wrong).toBe(1);
  });

  it('finds an output that moved the machine and was not decided', () => {
    const { judge, scan } = rig({ 'door.opened': true });
    const open = present(plan.tagIndex.get('door.open'), 'an output');
    scan(5000, {}, { outputs: [{ tag: open, value: true }] });
    judge.receive({ t: dawn + 5010, device: 'io', output: 'door.open', means: true });
    expect(judge.judged).toMatchObject({ received: 1, causeless: 0 });
    scan(6000, {}, { outputs: [{ tag: open, value: false }] });
    judge.receive({ t: dawn + 6010, device: 'io', output: 'door.open', means: false });
    judge.receive({ t: dawn + 9000, device: 'io', output: 'door.open', means: true });
    judge.receive({ t: dawn + 9000, device: 'io', output: 'door.close', means: true });
    expect(judge.judged).toMatchObject({ received: 4, causeless: 2 });
  });
});
