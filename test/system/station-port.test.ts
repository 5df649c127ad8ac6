// A page that cannot be had stops no machine: control runs, and station comes when it can.
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { removeFolder } from '#test/folder.ts';
import { TestCell, runRebe, until } from './test-cell.ts';

test('a page whose port is taken says so once and comes when it is free; control never notices', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  await using cell = await TestCell.start({ listen });
  const control = cell.pidOf('control');
  await until('station says why it does not come', 10_000, () =>
    cell.output.includes('E_STATION_PORT') ? true : undefined,
  );
  // Three more tries: 100, 200 and 400 ms apart, and their starts.
  await wait(3000);
  const lines = cell.output.split('\n').filter((line) => line.includes('station'));
  expect(lines).toEqual([
    `station is started again until it runs: E_STATION_PORT ${listen} is taken. ` +
      'Give another: `--listen`, or `station.listen` in the manifest.',
  ]);
  expect(cell.output).not.toContain('E_INTERNAL');
  await new Promise((resolve) => {
    other.close(resolve);
  });
  await until('the page is there', 15_000, async () => {
    const answer = await fetch(`http://${listen}/`).catch(() => undefined);
    return answer?.status === 200 ? true : undefined;
  });
  expect(cell.output).toContain(`http://${listen}/`);
  expect(cell.pidOf('control')).toBe(control);
}, 180_000);

test('started by hand on a port that is taken, station ends at once with 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  const began = performance.now();
  const data = mkdtempSync(join(tmpdir(), 'rebe-port-'));
  const ran = runRebe('station', '--listen', listen, '--data', data);
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toMatch(/^E_STATION_PORT .* is taken\n {2}Give another/);
  expect(performance.now() - began).toBeLessThan(15_000);
  other.close();
  removeFolder(data);
}, 180_000);

test('an address that is none is refused before anything starts', () => {
  const ran = runRebe('run', 'no-such.yaml', '--listen', '0.0.0.0.0:80', '--data', '/tmp/none');
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toContain('E_MANIFEST_FIELD');
  expect(ran.stderr).not.toContain('E_FILE_READ');
});
