// What a whole control at work leaves in its history: the tags that its flows use, their gaps, the states
// and the alarms.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { status } from '#contract/quality.ts';
import { loadCell } from '#controller/config.ts';
import type { Loading } from '#controller/config.ts';
import { HistoryReader } from '#controller/history/reader.ts';
import { localThread } from '#test/unit/controller/history/local-history.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

// A busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

/** Scans are on the grid and off it; a change is logged by the next. */
const soon = 60;

test('the tags that a flow uses are logged, with their gaps, and what the flow did', async () => {
  using folder = new CellFolder();
  const rig = await ControlRig.start(folder);
  rig.parts.trends.begin(localThread(rig.clock), 'first');
  const began = rig.clock.time();
  rig.give({ level: 2.5 });
  await rig.pass(soon);
  rig.give({ level: 2.5 }, status.BadSensorFailure);
  await rig.pass(soon);
  rig.give({ level: 3 });
  await rig.pass(5000, 50);
  const now = rig.clock.time();
  const reader = new HistoryReader(join(folder.data, 'history.db'));
  const logged = reader.tags().map(({ tag }) => tag.tag);
  expect(logged).toEqual(
    rig.loaded.plan.tags
      .filter(
        ({ kind, readBy, type }) => type !== 'string' && (kind === 'output' || readBy.length > 0),
      )
      .map(({ name }) => name)
      .toSorted(),
  );
  expect(logged).toContain('level');
  expect(logged).toContain('motor');
  expect(logged).not.toContain('spare');
  const window = { from: began - 1, to: now, points: 100 };
  const level = reader.history({ tag: 'level', ...window }, now);
  expect(level.points.map(([, value]) => value)).toEqual([0, 2.5, null, 3]);
  const motor = reader.history({ tag: 'motor', ...window }, now);
  expect(motor.points.at(0)?.[1]).toBe(0);
  const { states, gaps } = reader.journal({ from: began - 1, to: now, limit: 100 }, now);
  const flows = new Set(states.map(({ flow }) => flow));
  expect([...flows].toSorted()).toEqual(['machine', 'other']);
  for (const { state, region } of states) expect(state?.startsWith(`${region}.`)).toBe(true);
  expect(gaps).toEqual([]);
  reader.close();
  await rig.stop();
});

test.each([
  ['level: {device: io, at: {input: 0, as: f32}, log: false}', 'level', false],
  ['spare: {device: io, at: {input: 4}, log: true}', 'spare', true],
  ['spare: {device: io, at: {input: 4}, record: false}', 'spare', true],
  ['spare: {device: io, at: {input: 4}, record: false, log: false}', 'spare', false],
  ['code: {device: io, at: {input: 8, as: string(8)}, record: false}', 'code', false],
])('%s', async (line, name, logged) => {
  using folder = new CellFolder();
  const { cell } = await loadWith(folder, line);
  expect(cell?.plan.tags.find((tag) => tag.name === name)?.logged).toBe(logged);
});

test('a string is not logged, and asking for it is an error at its place', async () => {
  using folder = new CellFolder();
  const line = 'code: {device: io, at: {input: 8, as: string(8)}, log: true}';
  const { cell, diagnostics } = await loadWith(folder, line);
  expect(cell).toBeUndefined();
  expect(diagnostics.map(({ text }) => text)).toEqual([
    '`code` is a string, and strings have no trend',
  ]);
});

/** The rig's cell with a line of its manifest in the place of the same tag's own. */
function loadWith(folder: CellFolder, line: string): Promise<Loading> {
  const manifest = folder.write();
  const own = new RegExp(`^  ${line.split(':')[0]}: .*$`, 'm');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(own, `  ${line}`));
  return loadCell(manifest);
}
