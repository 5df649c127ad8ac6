// Outages, hangs, empty brokers, runs of station that end with and without a word, retention, in any order: from a
// seed. What is told twice is known by its place; what is told once is in order; what is not told is a gap.
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { chance, soak, testSeed } from '#test/system/chance.ts';
import { Rig, base, bootBody, once } from './rig.ts';
import type { Mood } from './virtual-broker.ts';

vi.setConfig({ testTimeout: 600_000 });

const seeds = Array.from({ length: soak ? 200 : 2 }, (_, index) => testSeed + index);
const moods: readonly Mood[] = ['well', 'well', 'away', 'deaf', 'silent', 'drops'];

/** Where the mirror stands, as a power cut would leave it: the newest cursor of before. */
function cursorOf(rig: Rig): unknown[] {
  const database = new Database(join(rig.record.folder, 'station.db'), { readonly: true });
  const rows = database.prepare('SELECT * FROM mirror_cursor').raw().all();
  database.close();
  return rows;
}

function putBack(rig: Rig, rows: readonly unknown[]): void {
  const database = new Database(join(rig.record.folder, 'station.db'));
  database.exec('DELETE FROM mirror_cursor');
  const insert = database.prepare('INSERT INTO mirror_cursor VALUES (?, ?, ?, ?)');
  for (const row of rows) insert.run(row);
  database.close();
}

/** Five minutes in which anything happens; gives how many notes were recorded. */
async function live(rig: Rig, next: () => number): Promise<number> {
  const below = (limit: number): number => Math.floor(next() * limit);
  let notes = 0;
  let past = cursorOf(rig);
  for (let turn = 0; turn < 60; turn += 1) {
    const count = below(40);
    rig.record.notes(notes, count);
    notes += count;
    rig.feed.change(`t.n${below(50)}`, turn);
    if (next() < 0.3) rig.feed.alarm(`a${below(3)}`, turn % 2 === 0 ? null : raised(turn));
    if (next() < 0.25) {
      rig.broker.mood = moods[below(moods.length)] ?? 'well';
      if (rig.broker.mood === 'away') rig.broker.die();
    }
    if (next() < 0.1) past = cursorOf(rig);
    if (next() < 0.08) {
      // oxlint-disable-next-line no-await-in-loop -- one run follows the other
      await rig.stop();
      if (next() < 0.5) putBack(rig, past);
      rig.start();
    }
    if (next() < 0.05) {
      rig.record.boot += 1;
      rig.record.append('boot', bootBody);
      rig.feed.greet();
    }
    if (next() < 0.05) rig.record.removeBefore(Math.max(1, rig.record.seq - below(300)));
    rig.clock.pass(below(10_000));
  }
  return notes;
}

const raised = (at: number) =>
  ({ state: 'unacknowledged', priority: 2, text: 'x', raised: at }) as const;

test.each(seeds)(
  'seed %i: every event once or recognisably twice, in order, or in a gap',
  async (seed) => {
    await using rig = new Rig();
    rig.start();
    rig.clock.pass(1000);
    const notes = await live(rig, chance(seed));
    rig.broker.mood = 'well';
    rig.clock.pass(60_000);

    const told = once(rig.events);
    // A gap may be told of what a run before had told: its place was lost, and then the entries.
    const places = told.flatMap(({ n, kind }) => (kind === 'gap' ? [] : [n[1]]));
    expect(places).toEqual(places.toSorted((left, right) => left - right));
    const mirrored = told.filter(({ kind }) => kind === 'note');
    const lost = told
      .filter(({ kind }) => kind === 'gap')
      .reduce((sum, { body }) => sum + (body as { lost: number }).lost, 0);
    // Between the notes there are starts of control, which a gap counts as well.
    expect(mirrored.length).toBeGreaterThanOrEqual(notes - lost);
    expect(mirrored.length).toBeLessThanOrEqual(notes);
    for (const [name, { v }] of rig.feed.tags) {
      const payload = rig.broker.retained.get(`${base}/tag/${name.replaceAll('.', '/')}`);
      expect(JSON.parse(payload ?? 'null'), name).toMatchObject({ v });
    }
    const alarms = [...rig.broker.retained.keys()].filter((topic) => topic.includes('/alarm/'));
    expect(alarms.toSorted()).toEqual(
      [...rig.feed.alarms.keys()]
        .map((id) => `${base}/alarm/${id.replaceAll('.', '/')}`)
        .toSorted(),
    );
    expect(rig.mirror.figures).toMatchObject({ ok: true, lag: { entries: 0 }, waiting: 0 });
    expect(rig.broker.mostFlying).toBeLessThanOrEqual(250);
  },
);
