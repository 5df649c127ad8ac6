// What nobody caught in control's process: outputs go safe, the record says what it was, and control comes back.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entriesOf, receivedBy } from './record.ts';
import { TestCell, until } from './test-cell.ts';

/** Loaded into every process of the cell; in control it throws, once, when the file is there. */
const planted = (trigger: string): string => `
import { existsSync, rmSync } from 'node:fs';
if (process.argv[2] === 'control') {
  setInterval(() => {
    if (!existsSync(${JSON.stringify(trigger)})) return;
    rmSync(${JSON.stringify(trigger)});
    throw new Error('planted by the test');
  }, 20).unref();
}
`;

test('an error that nobody caught drives outputs safe before the process ends, and is in the record', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rebe-uncaught-'));
  const trigger = join(folder, 'now');
  const file = join(folder, 'planted.mjs');
  writeFileSync(file, planted(trigger));
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] = `${before ?? ''} --import=${file}`.trim();
  try {
    await using cell = await TestCell.start({ calm: {} });
    await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
    cell.rebe('command', 'tending', 'empty');
    await cell.command('reset', 'unit.Stopped', 'unit.Idle');
    const enabled = () =>
      receivedBy(cell.machine).filter(({ output }) => output === 'robot.enable');
    await until(
      'the robot is enabled',
      10_000,
      () => enabled().at(-1)?.means === true || undefined,
    );
    const pid = cell.pidOf('control');
    const said = enabled().length;
    writeFileSync(trigger, '');
    await cell.up(2);
    expect(existsSync(trigger)).toBe(false);
    expect(cell.pidOf('control')).not.toBe(pid);
    // The first thing that the robot heard after it, whatever the next boot does.
    expect(enabled()[said]?.means).toBe(false);
    expect(cell.output).toContain('E_INTERNAL Error: planted by the test');
    expect(cell.output).toMatch(/control starts again in \d+ ms: it ended with code 70/);
    const faults = entriesOf(cell.data, 'fault').map(({ boot, body }) => [
      boot,
      body['code'],
      body['text'],
    ]);
    expect(faults).toContainEqual([1, 'E_INTERNAL', 'planted by the test']);
    const boots = entriesOf(cell.data, 'boot').map(({ body }) => body['before']);
    expect(boots).toEqual(['first', 'crash']);
    await cell.stopCell();
    expect(cell.rebe('verify').code).toBe(0);
    expect(cell.rebe('replay').stdout).toContain('identical at every scan');
  } finally {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
