// What control records re-executes to the same at every scan, and what a next start makes of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { GapBody, WriteBody } from '#contract/entry.ts';
import { present } from '#contract/error.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { replayVerbs } from '#controller/cli/replay.ts';
import { exit, readInvocation } from '#controller/cli/verb.ts';
import { Visits } from '#controller/scan/visits.ts';
import { replayChronicle } from '#controller/replay/replay.ts';
import type { SegmentReplay } from '#controller/replay/replay.ts';
import { Chance } from '#test/flow/chance.ts';
import { CellFolder, ControlRig } from './control-rig.ts';

async function replayed(folder: CellFolder): Promise<SegmentReplay[]> {
  const reader = openReader(join(folder.data, 'chronicle.db'));
  const segments: SegmentReplay[] = [];
  try {
    for await (const segment of replayChronicle(reader, { engines: 'table' }))
      segments.push(segment);
  } finally {
    reader.close();
  }
  return segments;
}

/** A person, a device and chance, for a while. */
async function live(rig: ControlRig, chance: Chance, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    if (chance.odds(0.3)) rig.give({ part: chance.odds(0.5) });
    if (chance.odds(0.2)) rig.give({ level: chance.whole(0, 120), gate: chance.odds(0.5) });
    if (chance.odds(0.1)) rig.command(chance.pick(['start', 'stop']));
    if (chance.odds(0.1)) rig.act('keep', { flow: 'machine', name: 'jog', down: chance.odds(0.7) });
    if (chance.odds(0.03)) {
      const tag = chance.pick(['part', 'motor', 'horn']);
      const for_ms = chance.pick([100, 1000, 90_000]);
      rig.act('force', { tag, value: chance.odds(0.5), for_ms, reason: 'why not' });
    }
    if (chance.odds(0.03)) rig.act('unforce', { tag: 'part' });
    if (chance.odds(0.03))
      rig.act('parameter', { flow: 'machine', name: 'limit', value: chance.whole(0, 100) });
    if (chance.odds(0.02)) rig.silent = !rig.silent;
    for (const id of Object.keys(rig.control.standing()))
      if (chance.odds(0.1)) rig.act('acknowledge', { alarm: id });
    rig.disk = chance.odds(0.97);
    // oxlint-disable-next-line no-await-in-loop -- one turn after another
    await rig.pass(chance.odds(0.05) ? chance.whole(30, 300) : chance.whole(1, 25));
  }
  rig.disk = true;
  rig.silent = false;
  await rig.pass(20);
}

test.each([1, 2, 3])('a random life of several boots replays identical, seed %i', async (seed) => {
  using folder = new CellFolder();
  const chance = new Chance(seed);
  for (const restart of ['warm', 'hot', 'ask', 'cold'] as const) {
    const rig = await ControlRig.start(folder, { restart });
    if (restart === 'ask') rig.act('resume', { flow: 'machine' });
    await live(rig, chance, 150);
    expect(rig.failures).toEqual([]);
    if (chance.odds(0.5)) rig.kill();
    else await rig.stop();
  }
  const segments = await replayed(folder);
  expect(segments.map(({ difference }) => difference)).toEqual(segments.map(() => undefined));
  expect(segments.reduce((sum, { recorded }) => sum + recorded, 0)).toBeGreaterThan(200);
  const acts = folder.entries().filter(({ kind, scan }) => kind === 'act' && scan !== null);
  expect(acts.length).toBeGreaterThan(20);
});

test('an act stands before the scan that took it, alarms and notes after it', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  await live(rig, new Chance(9), 200);
  rig.kill();
  const entries = folder.entries();
  const order = { act: 0, scan: 1, note: 2, alarm: 2, fault: 2 } as const;
  const at = (kind: string): number => (kind in order ? order[kind as keyof typeof order] : 3);
  const scans = new Map<number, string[]>();
  for (const { kind, scan } of entries)
    if (scan !== null && kind !== 'segment') scans.set(scan, [...(scans.get(scan) ?? []), kind]);
  expect(scans.size).toBeGreaterThan(50);
  for (const kinds of scans.values()) {
    expect(kinds.filter((kind) => kind === 'scan')).toHaveLength(1);
    expect(kinds.map(at)).toEqual(kinds.map(at).toSorted((left, right) => left - right));
  }
});

test('a value changed in the record is found by replay, or the file is none any more', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  await live(rig, new Chance(4), 120);
  rig.kill();
  const database = new Database(join(folder.data, 'chronicle.db'));
  const fired = folder.entries().filter(({ kind, body }) => kind === 'scan' && body.length > 60);
  const victim = fired[Math.floor(fired.length / 2)];
  const body = Buffer.from(victim?.body ?? []);
  // The last eight bytes are the rolling hash over all that was.
  body[body.length - 3] = (body[body.length - 3] ?? 0) ^ 1;
  database.prepare('UPDATE entry SET body = ? WHERE seq = ?').run(body, victim?.seq);
  database.close();
  const [segment] = await replayed(folder);
  expect(segment?.difference).toMatchObject({ seq: victim?.seq });
});

test('an entry that cannot be read is told by its number', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  await live(rig, new Chance(4), 20);
  rig.kill();
  const database = new Database(join(folder.data, 'chronicle.db'));
  const victims = folder.entries().filter(({ kind }) => kind === 'scan' || kind === 'segment');
  try {
    for (const { seq, body } of [victims[0], victims.at(-1)].map((one) => present(one, 'one'))) {
      const write = database.prepare('UPDATE entry SET body = ? WHERE seq = ?');
      write.run(body.subarray(0, 3), seq);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await expect(replayed(folder)).rejects.toThrow(`entry ${seq}: `);
      write.run(body, seq);
    }
  } finally {
    database.close();
  }
});

test('a replay of no segment is no agreement', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  await rig.pass(50);
  rig.kill();
  const path = join(folder.data, 'chronicle.db');
  const replay = present(
    replayVerbs.find(({ name }) => name === 'replay'),
    'the verb',
  );
  const shown = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    expect(await replay.run(readInvocation(replay, [path]))).toBe(exit.good);
    await expect(replay.run(readInvocation(replay, [path, '--from', '1000000']))).rejects.toThrow(
      expect.objectContaining({ code: 'E_REPLAY_NOTHING' }),
    );
  } finally {
    shown.mockRestore();
  }
});

test('whatever stands in the record, a start finds a way to begin', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  await live(rig, new Chance(5), 80);
  rig.kill();
  const path = join(folder.data, 'chronicle.db');
  const whole = readFileSync(path);
  const entries = folder.entries().filter(({ kind }) => ['scan', 'act', 'segment'].includes(kind));
  const chance = new Chance(6);
  for (let round = 0; round < 60; round += 1) {
    const victim = chance.pick(entries);
    const body = Buffer.from(victim.body);
    const at = chance.whole(0, body.length - 1);
    body[at] = (body[at] ?? 0) ^ (1 << chance.whole(0, 7));
    const database = new Database(path);
    database.prepare('UPDATE entry SET body = ? WHERE seq = ?').run(body, victim.seq);
    database.close();
    const { readPast } = await import('#controller/start/past.ts');
    const past = await readPast(folder.data, rig.loaded, {
      now: folder.clock.time(),
      ahead: false,
      retained: undefined,
      visits: new Visits(folder.data),
    });
    expect(past.ways, `round ${round}, entry ${victim.seq}, byte ${at}`).toHaveLength(2);
    writeFileSync(path, whole);
  }
});

/** A life that ends by `kill -9` in the machine's Busy, with its motor on. */
async function killedBusy(folder: CellFolder, options: Parameters<typeof ControlRig.start>[1]) {
  const rig = await ControlRig.start(folder, options);
  rig.give({ part: true });
  rig.command('start');
  await rig.pass(60);
  expect(rig.state('unit')).toBe('unit.Busy');
  rig.kill();
}

test.each([
  ['hot', 'unit.Busy', true],
  ['ask', 'unit.Busy', false],
  ['warm', 'unit.Idle', true],
  ['cold', 'unit.Idle', true],
] as const)('%s enters %s, running: %s', async (restart, state, runs) => {
  using folder = new CellFolder();
  await killedBusy(folder, { restart });
  const rig = await ControlRig.start(folder, { restart });
  expect(rig.device.written.slice(0, 5).every(({ safe }) => safe)).toBe(true);
  await rig.pass(40);
  expect([rig.state('unit'), rig.parts.cell.flows[0]?.stepped]).toEqual([state, runs]);
  rig.kill();
});

test.each([
  ['the record was not waited for then', { durability: 'fast' }, { durability: 'strict' }],
  ['the record is not waited for now', { durability: 'strict' }, { durability: 'fast' }],
] as const)('hot is ask where %s', async (_what, then, now) => {
  using folder = new CellFolder();
  await killedBusy(folder, { ...then, restart: 'hot' });
  const rig = await ControlRig.start(folder, { ...now, restart: 'hot' });
  expect(rig.past.ways).toEqual(['ask', 'ask']);
  expect(rig.parts.cell.flows[0]?.stage).toBe('asking');
  rig.kill();
});

test('hot is ask where outputs had left ahead of the record', async () => {
  using folder = new CellFolder();
  const first = await ControlRig.start(folder, { restart: 'hot' });
  first.give({ part: true });
  first.disk = false;
  first.command('start');
  await first.pass(200);
  expect(first.told('motor')).toBe(true);
  expect(first.control.standing()['chronicle']).toMatchObject({ priority: 1 });
  first.disk = true;
  await first.pass(60);
  expect(first.control.standing()['chronicle']).toMatchObject({ state: 'returned' });
  first.kill();
  const gap = folder.entries().find(({ kind }) => kind === 'gap');
  const told = gap === undefined ? undefined : GapBody.parse(readBody(gap));
  expect(told).toMatchObject({ why: 'stall', lost: 0 });
  expect(told?.outputs.map(({ tag }) => tag)).toContain('motor');
  const rig = await ControlRig.start(folder, { restart: 'hot' });
  expect(rig.past.ways).toEqual(['ask', 'ask']);
  rig.kill();
});

test('a write that fails alike again and again is recorded once, until it ends otherwise', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  rig.give({ part: true });
  await rig.pass(20);
  rig.device.answer = 'unknown';
  rig.command('start');
  await rig.pass(4000, 20);
  rig.kill();
  const writes = folder.entries().filter(({ kind }) => kind === 'write');
  const motor = writes
    .map((entry) => WriteBody.parse(readBody(entry)))
    .filter(({ tag }) => tag === 'motor');
  expect(motor.map(({ value, outcome }) => [value, outcome])).toEqual([
    [true, 'unknown'],
    [false, 'unknown'],
  ]);
});

test('`onReturn: safe`: one late answer withholds nothing, a lost device does until its flows rest', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder, { onReturn: 'safe' });
  rig.give({ part: true });
  rig.command('start');
  await rig.pass(40);
  expect(rig.told('motor')).toBe(true);
  rig.health('degraded', 1);
  await rig.pass(20);
  rig.health('online', 1);
  await rig.pass(20);
  expect(rig.told('motor')).toBe(true);
  rig.health('backoff', 1);
  expect(rig.told('motor')).toBe(false);
  rig.health('online', 2);
  await rig.pass(20);
  expect([rig.state('unit'), rig.told('motor')]).toEqual(['unit.Busy', false]);
  rig.kill();
});

test('hot is ask after an end in the middle of a stall, of which the record knows nothing', async () => {
  using folder = new CellFolder();
  const first = await ControlRig.start(folder, { restart: 'hot' });
  first.give({ part: true });
  first.disk = false;
  first.command('start');
  await first.pass(200);
  expect(first.told('motor')).toBe(true);
  first.kill();
  expect(folder.entries().some(({ kind }) => kind === 'gap')).toBe(false);
  const rig = await ControlRig.start(folder, { restart: 'hot' });
  expect(rig.past.ways).toEqual(['ask', 'ask']);
  rig.kill();
});
