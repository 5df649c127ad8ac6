// How long states usually last: counted as the record has it, across restarts of every kind, each once.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeScan } from '#contract/record.ts';
import { present } from '#contract/error.ts';
import { utcMs } from '#contract/time.ts';
import type { Usual } from '#contract/wire.ts';
import { Visits, visitLimit } from '#controller/scan/visits.ts';
import { Chance } from '#test/flow/chance.ts';
import { makeFolder } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

/** What the transitions in the chronicle say, life by life, by flow and leaf. */
function recorded(folder: CellFolder, rig: ControlRig): Map<string, number[]> {
  const lasted = new Map<string, number[]>();
  const since = new Map<string, number>();
  const leaf = new Map<string, string>();
  let boot = 0;
  for (const entry of folder.entries()) {
    if (entry.boot !== boot) since.clear();
    boot = entry.boot;
    if (entry.kind !== 'scan') continue;
    const { now, fired, stepped } = decodeScan(entry.body, utcMs(entry.at));
    for (const { flow: index } of stepped) {
      const { flow, name } = present(rig.loaded.plan.flows[index], 'a flow');
      for (const [region, { initial }] of flow.regions.entries()) {
        since.set(`${name} ${region}`, now);
        leaf.set(`${name} ${region}`, flow.states[initial]?.path ?? '');
      }
    }
    for (const { flow: index, transition } of fired) {
      const { flow, name } = present(rig.loaded.plan.flows[index], 'a flow');
      const { region, to } = present(flow.transitions[transition], 'a transition');
      const place = `${name} ${region}`;
      const state = `${name} ${leaf.get(place)}`;
      lasted.set(state, [...(lasted.get(state) ?? []), now - (since.get(place) ?? Number.NaN)]);
      since.set(place, now);
      leaf.set(place, flow.states[to]?.path ?? '');
    }
  }
  return lasted;
}

function usualOf(all: readonly number[]): Usual {
  const sorted = all.slice(-visitLimit).toSorted((left, right) => left - right);
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
  return { median_ms: at(0.5), p95_ms: at(0.95), visits: sorted.length };
}

/** Each state's figures, as control has them and as the record says. */
function compare(folder: CellFolder, rig: ControlRig): number {
  const truth = recorded(folder, rig);
  for (const [place, all] of truth) {
    const [flow = '', state = ''] = place.split(' ');
    expect([place, rig.parts.visits.usual(flow, state)]).toEqual([place, usualOf(all)]);
  }
  const others = rig.loaded.plan.flows.flatMap(({ flow, name }) =>
    flow.states.filter(({ path }) => !truth.has(`${name} ${path}`)).map(({ path }) => [name, path]),
  );
  const unknown = others.filter(([flow = '', path = '']) => rig.parts.visits.usual(flow, path));
  expect(unknown).toEqual([]);
  return [...truth.values()].flat().length;
}

let acts = 0;

async function work(rig: ControlRig, chance: Chance, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    if (chance.odds(0.4)) rig.give({ part: chance.odds(0.7), level: chance.whole(0, 99) });
    acts += 1;
    // An id is good once, in the next life too.
    if (chance.odds(0.4)) rig.command(chance.pick(['start', 'stop']), { id: `visit-${acts}` });
    // oxlint-disable-next-line no-await-in-loop -- one turn after another
    await rig.pass(chance.whole(10, 150), 10);
  }
}

test.each([1, 2, 3])(
  'visits are counted once each, through kills, orderly ends and lost files, seed %i',
  async (seed) => {
    using folder = new CellFolder();
    const chance = new Chance(seed);
    let visits = 0;
    for (const end of ['kill', 'stop', 'kill', 'kill', 'stop', 'kill']) {
      // oxlint-disable-next-line no-await-in-loop -- one life after another
      const rig = await ControlRig.start(folder);
      expect(compare(folder, rig)).toBe(visits);
      // oxlint-disable-next-line no-await-in-loop -- one life after another
      await work(rig, chance, 30);
      const counted = compare(folder, rig);
      visits = counted;
      // oxlint-disable-next-line no-await-in-loop -- one life after another
      if (end === 'stop') await rig.stop();
      else rig.kill();
      // oxlint-disable-next-line no-await-in-loop -- a write may be under way
      await rig.parts.visits.keep();
    }
    expect(visits).toBeGreaterThan(60);
  },
);

test('a kill loses no visit that the record has, though the file is as old as the segment', async () => {
  using folder = new CellFolder();
  const first = await ControlRig.start(folder);
  await first.parts.visits.keep();
  const file = readFileSync(join(folder.data, 'visits.json'));
  await work(first, new Chance(7), 30);
  const counted = compare(folder, first);
  first.kill();
  expect(readFileSync(join(folder.data, 'visits.json'))).toEqual(file);
  const second = await ControlRig.start(folder);
  expect(compare(folder, second)).toBe(counted);
  second.kill();
});

test('a screen is told what is usual of the active leaf, once it was left', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  const unit = () => rig.picture().flows['machine']?.regions['unit'];
  expect(unit()).not.toHaveProperty('usual');
  rig.give({ part: true });
  rig.command('start');
  await rig.pass(1200, 10);
  expect(unit()?.state).toBe('unit.Idle');
  expect(unit()?.usual?.visits).toBe(1);
  rig.command('start');
  await rig.pass(100, 10);
  expect(unit()?.state).toBe('unit.Busy');
  const { median_ms = 0, p95_ms, visits } = unit()?.usual ?? {};
  // The first scan after the second that it waits.
  expect(median_ms).toBeGreaterThanOrEqual(1000);
  expect(median_ms).toBeLessThanOrEqual(1020);
  expect([p95_ms, visits]).toEqual([median_ms, 1]);
  rig.kill();
});

describe('the file', () => {
  const at = { boot: 3, now: 500 };

  test('keeps the last 200 visits of a state, the oldest go first', async () => {
    const folder = makeFolder();
    const visits = new Visits(folder.path);
    for (let lasted = 1; lasted <= 250; lasted += 1)
      visits.add({ flow: 'f', state: 'unit.Idle', lasted }, at);
    const usual = { median_ms: 150, p95_ms: 240, visits: 200 };
    expect(visits.usual('f', 'unit.Idle')).toEqual(usual);
    await visits.keep();
    const again = new Visits(folder.path);
    expect(again.usual('f', 'unit.Idle')).toEqual(usual);
    again.add({ flow: 'f', state: 'unit.Idle', lasted: 1000 }, at);
    expect(again.usual('f', 'unit.Idle')).toEqual({ median_ms: 151, p95_ms: 241, visits: 200 });
    folder.remove();
  });

  test('is read by its owner alone', async () => {
    const folder = makeFolder();
    await new Visits(folder.path).keep();
    expect(statSync(join(folder.path, 'visits.json')).mode & 0o777).toBe(0o600);
    folder.remove();
  });

  test('knows which visits of the record it has', async () => {
    const folder = makeFolder();
    const visits = new Visits(folder.path);
    visits.add({ flow: 'f', state: 's', lasted: 10 }, at);
    await visits.keep();
    const again = new Visits(folder.path);
    const visit = { flow: 'f', state: 's', lasted: 20 };
    again.recall(visit, { boot: 2, now: 900 });
    again.recall(visit, at);
    expect(again.usual('f', 's')?.visits).toBe(1);
    again.recall(visit, { boot: 3, now: 520 });
    again.recall(visit, { boot: 3, now: 520 });
    again.recall(visit, { boot: 4, now: 20 });
    expect(again.usual('f', 's')?.visits).toBe(4);
    folder.remove();
  });

  test.each([
    ['no JSON', 'x'],
    ['cut', '{"boot":1,"now":1,"flows":{"f":{"s":[1,2'],
    ['of another form', '{"boot":1,"now":1,"flows":{"f":{"s":["long"]}}}'],
    ['with times below nothing', '{"boot":1,"now":1,"flows":{"f":{"s":[-1]}}}'],
    ['too long', JSON.stringify({ boot: 1, now: 1, flows: { f: { s: Array(201).fill(1) } } })],
  ])('that is %s is as if it were not there', async (_, text) => {
    const folder = makeFolder();
    writeFileSync(join(folder.path, 'visits.json'), text);
    const visits = new Visits(folder.path);
    expect(visits.usual('f', 's')).toBeUndefined();
    visits.recall({ flow: 'f', state: 's', lasted: 5 }, { boot: 0, now: 0 });
    expect(visits.usual('f', 's')).toEqual({ median_ms: 5, p95_ms: 5, visits: 1 });
    folder.remove();
  });

  test('that cannot be written disturbs nothing, and is written when it can be', async () => {
    const folder = makeFolder();
    const visits = new Visits(join(folder.path, 'absent'));
    visits.add({ flow: 'f', state: 's', lasted: 5 }, at);
    await visits.keep();
    await visits.keep();
    expect(visits.usual('f', 's')?.visits).toBe(1);
    folder.remove();
  });
});
