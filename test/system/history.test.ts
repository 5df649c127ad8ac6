// The history of a whole cell: answered over HTTP and on the command line while it runs, and across a
// `kill -9` of control, which it shows as a gap. No device is there: outputs and states are enough.
import { expect, test } from 'vitest';
import { History, Journal } from '#contract/history.ts';
import { readStationUrl } from '#controller/server/link.ts';
import { TestCell, until } from './test-cell.ts';

const patience = 60_000;

async function ask<T>(cell: TestCell, path: string, read: (body: unknown) => T): Promise<T> {
  const url = await readStationUrl(cell.data);
  const reply = await fetch(new URL(path, url));
  const body: unknown = await reply.json();
  if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${JSON.stringify(body)}`);
  return read(body);
}

const beacon = (cell: TestCell, from: number): Promise<History> =>
  ask(cell, `/api/history?tag=beacon&from=${from}&to=${Date.now() + 1}`, (body) =>
    History.parse(body),
  );

test('what was recorded is there after a kill, and the time without control is a gap', async () => {
  await using cell = await TestCell.start({ absent: true });
  const began = Date.now() - 3_600_000;
  const first = await until('the beacon has a history', patience, async () => {
    const read = await beacon(cell, began).catch(() => undefined);
    return read !== undefined && read.points.length > 0 ? read : undefined;
  });
  expect(first).toMatchObject({ tag: 'beacon', type: 'enum', tier: 'raw' });
  expect(first.points.at(-1)?.[1]).not.toBeNull();

  const rows = cell.json('history') as readonly { tag: string; since: number | null }[];
  expect(rows.find(({ tag }) => tag === 'beacon')?.since).toBe(first.since);
  const csv = cell.rebe('history', 'beacon', '--csv');
  const lines = csv.stdout.split('\r\n');
  expect(lines[0]).toBe('time,min,max,last');
  expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,(\w+),\w+,\w+$/);
  expect(cell.rebe('history', 'beacon').stdout).toContain('kept since');
  expect(cell.rebe('history', 'nothing')).toMatchObject({ code: 1 });

  const boot = (await cell.now())?.boot ?? 0;
  process.kill(cell.pidOf('control'), 'SIGKILL');
  await cell.up(boot + 1);
  const journal = await until('the journal tells of the gap', patience, async () => {
    const path = `/api/journal?from=${began}&to=${Date.now() + 1}`;
    const read = await ask(cell, path, (body) => Journal.parse(body)).catch(() => undefined);
    return read !== undefined && read.gaps.length > 0 ? read : undefined;
  });
  const [gap] = journal.gaps;
  expect(gap?.why).toBe('Control ended without an orderly stop');
  const units = journal.states.filter(({ region }) => region === 'unit');
  expect(units.length).toBeGreaterThanOrEqual(2);
  expect(units.at(-1)).toMatchObject({ flow: 'tending', to: null });
  expect(units[0]?.to).not.toBeNull();
  const after = await until('the beacon goes on', patience, async () => {
    const read = await beacon(cell, began);
    return read.points.at(-1)?.[1] === null ? undefined : read;
  });
  const silent = after.points.filter(([, value]) => value === null);
  expect(silent.map(([time]) => time)).toEqual([gap?.from]);
  expect(after.since).toBe(first.since);

  // What is left when everything has ended is read from the file, which is one.
  await cell.stopCell();
  expect(cell.output).not.toContain('E_INTERNAL');
  const left = cell.rebe('history', 'beacon', '--json', '--from', '-1h');
  expect(History.parse(JSON.parse(left.stdout)).since).toBe(first.since);
}, 180_000);
