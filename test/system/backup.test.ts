// A running cell is backed up; with its data directory gone, another is restored from the one file and works on the
// same machine, and its record verifies across both.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seconds } from '#contract/time.ts';
import { openConnection } from '#controller/cli/connection.ts';
import { TestCell, runRebe } from './test-cell.ts';

test('a replacement is this cell, from one file', async () => {
  await using cell = await TestCell.start({ calm: {}, disk: () => undefined });
  expect(cell.rebe('set', 'tending', 'batch', '150').code).toBe(0);
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
  const file = join(cell.machine, 'backup.tar.gz');
  const made = cell.rebe('backup', file);
  expect(made.stderr).toBe('');
  expect(made.code).toBe(0);
  expect(made.stdout).toContain('read again, and whole');
  const { code, stdout } = runRebe('restore', file);
  expect(code).toBe(0);
  expect(stdout).toContain('; whole');
  // It ran meanwhile, and runs on.
  expect((await cell.now())?.flows['tending']?.stepped).toBe(true);

  await cell.stopCell();
  const key = readFileSync(join(cell.data, 'keys', 'cell.pub'), 'utf8');
  rmSync(cell.data, { recursive: true });
  const restored = runRebe('restore', file, cell.data);
  expect(restored.stderr).toBe('');
  expect(restored.code).toBe(0);
  expect(restored.stdout).toContain('The record is whole');
  expect(restored.stdout).toContain('is not in it');
  const manifest = join(cell.data, 'cell', 'cell.yaml');
  expect(restored.stdout).toContain(`rebe run ${manifest} --data ${cell.data}`);
  expect(readFileSync(join(cell.data, 'keys', 'cell.pub'), 'utf8')).toBe(key);
  expect(existsSync(join(cell.data, 'control.sock'))).toBe(false);

  cell.startCell(manifest);
  await cell.up(2);
  // `restart: hot` goes on by itself after a restart; after a restore it waits, and says why.
  const connection = await openConnection(cell.data, seconds(5));
  expect(connection.snapshot.alarms['cell.restored']?.text).toContain('restored from a backup');
  connection.close();
  expect((await cell.now())?.flows['tending']?.stepped).toBe(false);
  expect(cell.rebe('resume', 'tending').code).toBe(0);
  await cell.reach('unit.Aborted');
  await cell.produce();
  expect((await cell.now())?.flows['tending']).toMatchObject({ parameters: { batch: 150 } });
  await cell.stopCell();
  const verified = cell.rebe('verify', '--keys', join(cell.data, 'keys', 'cell.pub'));
  expect(verified.stdout).toContain('2 starts of control');
  expect(verified.code).toBe(0);
}, 240_000);
