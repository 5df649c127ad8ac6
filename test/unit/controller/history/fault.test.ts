// The history's disk fails at every place, once or until it is mended: control is told, nothing that is
// read is wrong, and it comes back by itself.
import { readdirSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { minutes, seconds } from '#contract/time.ts';
import type { FromWriter } from '#controller/history/writer-thread.ts';
import { soak } from '#test/system/chance.ts';
import type { FaultPlan } from './failing-database.ts';
import { FailingDisk } from './failing-database.ts';
import { LocalHistory, localThread } from './local-history.ts';

// A busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const level = 0;
/** Where time is short every so many-th place, after the first ones. */
const stride = soak ? 1 : 149;
const all = { from: 0, to: 4_000_000_000_000, points: 4000 };

/** Eight minutes of a value that counts up, with a fold; `mend` after five. */
function life(history: LocalHistory, mend: () => void): void {
  history.log.sample(level, 0, true);
  history.begin();
  for (let step = 1; step <= 96; step += 1) {
    history.clock.pass(seconds(5));
    history.log.sample(level, step, true);
    if (step % 16 === 0) history.log.state('tending', 'unit', `unit.S${step}`);
    if (step === 64) mend();
  }
  history.clock.pass(minutes(1));
}

function ruined(plan: FaultPlan): { hit: boolean; wrong: string[] } {
  const disk = new FailingDisk(plan);
  using history = new LocalHistory({ open: disk.open });
  const began = history.now;
  life(history, () => {
    disk.mended = true;
  });
  const { points } = history.read((reader) =>
    reader.history({ tag: 'level', ...all }, history.now),
  );
  const wrong = points.flatMap(([time, value]) => {
    const told = Math.floor((time - began) / 5000);
    return value === null || value === told || Math.abs(value - told) <= 1
      ? []
      : [`${time} ${value}`];
  });
  const times = points.map(([time]) => time);
  if (times.some((time, index) => time < (times[index - 1] ?? 0))) wrong.push('out of order');
  const last = points.findLast(([, value]) => value !== null);
  if (last?.[1] !== 96) wrong.push(`it ends with ${JSON.stringify(last)}`);
  // One failure costs nothing: what failed is written again, and not twice.
  if (!plan.forever && points.length !== 97) wrong.push(`${points.length} points`);
  const { states } = history.read((reader) =>
    reader.journal({ from: 0, to: all.to, limit: 100 }, history.now),
  );
  const names = states.map(({ state }) => state);
  if (new Set(names).size !== names.length && !plan.forever) wrong.push(names.join(' '));
  if (names.at(-1) !== 'unit.S96') wrong.push(`the last state is ${names.at(-1)}`);
  if (disk.hit && plan.forever && !history.said.includes('mended')) wrong.push('nobody was told');
  return { hit: disk.hit, wrong };
}

describe('the disk fails at every place', () => {
  test.each<[when: 'before' | 'after', forever: boolean]>([
    ['before', false],
    ['after', false],
    ['before', true],
  ])(
    '%s its work, forever: %s',
    (when, forever) => {
      const found: string[] = [];
      for (let nth = 1; ; nth += nth < 40 ? 3 : stride) {
        const { hit, wrong } = ruined({ nth, when, forever });
        found.push(...wrong.map((text) => `statement ${nth}: ${text}`));
        if (!hit) break;
      }
      expect(found).toEqual([]);
    },
    60_000 * (soak ? 30 : 1),
  );
});

describe('control', () => {
  test('ends with all that was told in one file, and without a complaint', async () => {
    const heard: string[] = [];
    using history = new LocalHistory();
    history.life({
      start: (setup, hear, ended) =>
        localThread(history.clock)(
          setup,
          (message) => {
            heard.push(message.type);
            hear(message);
          },
          ended,
        ),
    });
    history.begin();
    history.log.sample(level, 7, true);
    await history.log.stop();
    expect(heard).toEqual(['done', 'closed']);
    expect(readdirSync(history.folder)).toEqual(['history.db']);
    history.log.alarm({ name: 'late', priority: 1, text: 'Too late', change: 'raised' });
    history.clock.pass(minutes(5));
    expect(history.said).toEqual([]);
    const { points } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    expect(points.map(([, value]) => value)).toEqual([7, null]);
  });

  test('leaves out what the thread does not take, says so, and goes on when it does', () => {
    const waiting: (() => void)[] = [];
    let blocked = false;
    using history = new LocalHistory();
    history.life({
      start: (setup, heard, ended) => {
        const thread = localThread(history.clock)(setup, heard, ended);
        return {
          send: (message) => {
            if (blocked) waiting.push(() => thread.send(message, []));
            else thread.send(message, []);
          },
          end: () => thread.end(),
        };
      },
    });
    history.log.sample(level, 0, true);
    history.begin();
    history.clock.pass(seconds(4));
    blocked = true;
    for (let step = 1; step <= 100; step += 1) {
      history.log.sample(level, step, true);
      history.clock.pass(seconds(1));
    }
    expect(history.said).toEqual(['E_HISTORY_LOST']);
    expect(waiting.length).toBeLessThanOrEqual(16);
    blocked = false;
    for (const send of waiting) send();
    history.clock.pass(seconds(20));
    expect(history.said).toEqual(['E_HISTORY_LOST', 'mended']);
    const { gaps } = history.read((reader) =>
      reader.journal({ from: 0, to: all.to, limit: 10 }, history.now),
    );
    expect(gaps.map(({ why }) => why)).toEqual(['The history could not be written']);
    const { points } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    expect(points.at(-1)?.[1]).toBe(100);
    expect(points.filter(([, value]) => value === null)).toHaveLength(1);
  });

  test('starts the thread again when it ended', () => {
    let starts = 0;
    const broken: (() => void)[] = [];
    using history = new LocalHistory();
    history.life({
      start: (setup, heard, ended) => {
        starts += 1;
        let alive = true;
        const thread = localThread(history.clock)(
          setup,
          (message: FromWriter) => alive && heard(message),
          ended,
        );
        broken.push(() => {
          alive = false;
          ended(new Error('it broke'));
        });
        return { send: (message) => alive && thread.send(message, []), end: () => undefined };
      },
    });
    history.log.sample(level, 1, true);
    history.begin();
    history.clock.pass(seconds(3));
    broken[0]?.();
    history.log.sample(level, 2, true);
    history.clock.pass(seconds(30));
    expect(starts).toBe(2);
    expect(history.said).toEqual(['E_HISTORY_WRITE', 'mended']);
    const { points } = history.read((reader) =>
      reader.history({ tag: 'level', ...all }, history.now),
    );
    expect(points.map(([, value]) => value)).toEqual([1, null, 2]);
  });
});

const visit = (region: string, state: string, from: number, to: number | null) => {
  return { flow: 'tending', region, state: `${region}.${state}`, from, to };
};

describe('the journal', () => {
  test('has the states that a region was in, and alarms from being raised on', () => {
    using history = new LocalHistory();
    const coolant = {
      name: 'tending.coolant',
      priority: 2,
      text: { en: 'Coolant is low' },
      response: { en: 'Fill it up' },
    };
    history.log.state('tending', 'unit', 'unit.Stopped');
    history.log.state('tending', 'mode', 'mode.Automatic');
    history.begin();
    const began = history.now;
    history.clock.pass(1000);
    history.log.state('tending', 'unit', 'unit.Execute');
    history.log.alarm({ ...coolant, change: 'raised', flow: 'tending' });
    history.clock.pass(1000);
    history.log.alarm({ ...coolant, change: 'acknowledged', by: 'console:ann' });
    history.clock.pass(1000);
    history.log.alarm({ ...coolant, change: 'cleared' });
    history.log.alarm({ name: 'door', priority: 1, text: 'The door is open', change: 'raised' });
    history.clock.pass(seconds(2));
    const read = (from: number, to: number, limit = 10) =>
      history.read((reader) => reader.journal({ from, to, limit }, history.now));
    const journal = read(began, history.now);
    expect(journal.states).toEqual([
      visit('unit', 'Stopped', began, began + 1000),
      visit('mode', 'Automatic', began, null),
      visit('unit', 'Execute', began + 1000, null),
    ]);
    const { name: id, ...told } = coolant;
    expect(journal.alarms).toEqual([
      {
        id,
        ...told,
        flow: 'tending',
        raised: began + 1000,
        acknowledged: began + 2000,
        cleared: began + 3000,
        by: 'console:ann',
      },
      {
        id: 'door',
        priority: 1,
        text: 'The door is open',
        raised: began + 3000,
        acknowledged: null,
        cleared: null,
      },
    ]);
    expect(journal.more).toBe(false);
    // What began before the window and reaches into it.
    expect(read(began + 3500, began + 4000)).toMatchObject({
      states: [{ region: 'mode' }, { region: 'unit' }],
      alarms: [{ id: 'door' }],
    });
    expect(read(began, history.now, 1)).toMatchObject({
      states: [{ state: 'unit.Execute' }],
      more: true,
    });
  });

  test('closes at a start what was open, and what still holds is told anew', () => {
    using history = new LocalHistory();
    history.log.state('tending', 'unit', 'unit.Execute');
    history.begin();
    history.log.alarm({ name: 'door', priority: 1, text: 'The door is open', change: 'raised' });
    history.clock.pass(seconds(20));
    const killed = history.now;
    history.life();
    history.clock.pass(minutes(5));
    const silent = history.read((reader) =>
      reader.journal({ from: 0, to: history.now, limit: 10 }, history.now),
    );
    expect(silent.states[0]?.to).toBeLessThanOrEqual(killed);
    expect(silent.gaps.at(-1)).toMatchObject({ to: history.now, why: 'Nobody records now' });
    history.log.state('tending', 'unit', 'unit.Aborted');
    history.begin('Control ended without an orderly stop');
    history.clock.pass(seconds(2));
    const { states, alarms, gaps } = history.read((reader) =>
      reader.journal({ from: 0, to: history.now, limit: 10 }, history.now),
    );
    expect(states.map(({ state, to }) => [state, to === null])).toEqual([
      ['unit.Execute', false],
      ['unit.Aborted', true],
    ]);
    expect(alarms).toHaveLength(1);
    expect(alarms[0]?.cleared).toBe(states[0]?.to);
    expect(gaps).toHaveLength(1);
  });
});
