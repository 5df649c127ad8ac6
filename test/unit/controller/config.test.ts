// What is read at a start: all of it right, or every problem with its place; addresses replaced or refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeOf } from '#contract/diagnostic.ts';
import { formatLoading, loadCell } from '#controller/config.ts';
import { RetainedFile } from '#controller/start/retained.ts';
import { rigOf } from '#test/flow/cell-rig.ts';
import { machine } from '#test/flow/machine-flow.ts';
import { until } from './wire/door-rig.ts';

let folder = '';
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const flow = `
flow: lamp
format: cellflow/1
version: 1
scan: 50ms
inputs: {dark: {type: bool, stale: 1s}}
outputs: {lamp: {type: bool, safe: false}}
regions:
  light:
    initial: Off
    states:
      Off: {rest: true, go: [{id: L1, when: dark, to: On}]}
      On: {rest: true, do: {lamp: true}, go: [{id: L2, unless: dark, to: Off}]}
`;
const manifest = (file = 'lamp.flow.yaml'): string => `cell: lamp-1
format: cell/1
devices:
  io: {driver: modbus, tcp: 192.168.10.20:502, unit: 1, poll: {fast: 50ms}}
tags:
  dark: {device: io, at: {discrete: 0}}
  lamp: {device: io, at: {coil: 0}}
flows:
  lamp: {file: ${file}}
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rebe-config-'));
  write('lamp.flow.yaml', flow);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a cell is read with its flows, from beside its manifest', async () => {
  const { cell, diagnostics } = await loadCell(write('cell.yaml', manifest()));
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(cell?.plan.tags.slice(0, 2).map(({ name }) => name)).toEqual(['dark', 'lamp']);
  expect(cell?.flows.get('lamp')?.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(cell?.endpoints).toEqual({});
  expect(cell?.devices.get('io')?.config).toMatchObject({ tcp: '192.168.10.20:502' });
});

test('a tag that its device cannot serve is told at its place, before anything starts', async () => {
  const text = manifest().replace(
    'tags:',
    `  scanner:
    driver: serial
    port: /dev/serial/by-id/scanner
    frame: {end: "\\r"}
    alive: {send: "S\\r", expect: "^OK$", every: 500ms}
tags:
  code: {device: scanner, type: string}
  weight: {device: scanner, at: {offset: 0}, type: int}
  far: {device: io, at: {input: 65536}, type: int}`,
  );
  const { cell, diagnostics } = await loadCell(write('cell.yaml', text));
  expect(cell).toBeUndefined();
  const lines = text.split('\n');
  const wrong = diagnostics.filter(({ severity }) => severity === 'error');
  expect(
    wrong.map(({ code, span, text: why }) => [
      code,
      lines[placeOf(text, span.start).line - 1]?.trim().split(':')[0],
      why,
    ]),
  ).toEqual([
    ['E_DEVICE_TAG', 'far', 'address 65536 is outside the table'],
    ['E_DEVICE_TAG', 'code', 'either match or at'],
    ['E_DEVICE_TAG', 'weight', '`at` needs frames of a fixed length'],
  ]);
});

test('a flow’s hash is of what it says, not of how it is laid out', async () => {
  const before = (await loadCell(write('cell.yaml', manifest()))).cell?.flows.get('lamp')?.hash;
  write('lamp.flow.yaml', `# another remark\n${flow}`);
  const laid = (await loadCell(write('cell.yaml', manifest()))).cell?.flows.get('lamp')?.hash;
  write('lamp.flow.yaml', flow.replace('version: 1', 'version: 2'));
  const other = (await loadCell(write('cell.yaml', manifest()))).cell?.flows.get('lamp')?.hash;
  expect(laid).toBe(before);
  expect(other).not.toBe(before);
});

test('a flow file that is missing is shown at its place in the manifest', async () => {
  const text = manifest('none.flow.yaml');
  const loading = await loadCell(write('cell.yaml', text));
  expect(loading.cell).toBeUndefined();
  const [problem] = loading.diagnostics;
  expect(problem).toMatchObject({ code: 'E_FILE_READ', severity: 'error' });
  expect(placeOf(text, problem?.span.start ?? 0)).toMatchObject({ line: 9 });
  expect(formatLoading(loading)).toMatch(/cell\.yaml:9:\d+ .*E_FILE_READ/);
});

test('a manifest that is missing is refused', async () => {
  await expect(loadCell(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'E_FILE_READ' });
});

test('addresses are replaced device by device', async () => {
  const endpoints = write('endpoints.json', '{"io": {"tcp": "127.0.0.1:40123"}}');
  const { cell } = await loadCell(write('cell.yaml', manifest()), endpoints);
  expect(cell?.devices.get('io')?.config).toMatchObject({ tcp: '127.0.0.1:40123', unit: 1 });
  expect(cell?.endpoints).toEqual({ io: { tcp: '127.0.0.1:40123' } });
});

test.for([
  ['its port alone', { rtu: { port: '/tmp/line' } }, { port: '/tmp/line', baud: 19_200 }],
  ['the line by another kind', { tcp: '127.0.0.1:40123' }, undefined],
] as const)('of a device on a serial line %s is replaced', async ([, io, rtu]) => {
  const serial = manifest().replace('tcp: 192.168.10.20:502', 'rtu: {port: /dev/a, baud: 19200}');
  const endpoints = write('endpoints.json', JSON.stringify({ io }));
  const { cell } = await loadCell(write('cell.yaml', serial), endpoints);
  expect(cell?.devices.get('io')?.config).toMatchObject({ ...io, rtu });
});

test.each([
  ['no JSON', '{io}', 'E_CELL_ENDPOINTS'],
  ['a list', '[]', 'E_CELL_ENDPOINTS'],
  ['null', 'null', 'E_CELL_ENDPOINTS'],
  ['a device that there is not', '{"plc": {"tcp": "127.0.0.1:1"}}', 'E_CELL_ENDPOINTS'],
  ['a device of every object', '{"constructor": {"tcp": "127.0.0.1:1"}}', 'E_CELL_ENDPOINTS'],
  ['more than an address', '{"io": {"tcp": "127.0.0.1:1", "unit": 2}}', 'E_CELL_ENDPOINTS'],
  ['no address', '{"io": {"tcp": "nowhere"}}', 'E_CELL_ENDPOINTS'],
  ['a text', '{"io": "127.0.0.1:1"}', 'E_CELL_ENDPOINTS'],
])('a file of addresses that holds %s is refused', async (_what, text, code) => {
  const endpoints = write('endpoints.json', text);
  await expect(loadCell(write('cell.yaml', manifest()), endpoints)).rejects.toMatchObject({ code });
});

test('a file of addresses that is missing is called missing', async () => {
  const missing = join(folder, 'none.json');
  await expect(loadCell(write('cell.yaml', manifest()), missing)).rejects.toMatchObject({
    code: 'E_FILE_READ',
  });
});

test('what is retained lies in two files in turn, and the newest whole one counts', async () => {
  const rig = await rigOf({ flows: { machine } }, false);
  const file = new RetainedFile(folder);
  expect(file.read()).toBeUndefined();
  const states = [rig.cell.save()];
  for (const round of [1, 2, 3]) {
    rig.scan({ tags: rig.rest() });
    states.push(rig.cell.save());
    const written = (): boolean => {
      // While one write is under way the next is left out.
      file.write(`key ${round}`, () => states[round] ?? null);
      return JSON.stringify(new RetainedFile(folder).read()) === JSON.stringify(states[round]);
    };
    await until('it is written', written);
    expect(new RetainedFile(folder).read()).toEqual(states[round]);
  }
  file.write('key 3', () => {
    throw new Error('nothing changed');
  });
  // The third went to the second file; half of it is as good as none.
  write('retained.1.json', '{"count": 3, "state": {');
  expect(new RetainedFile(folder).read()).toEqual(states[2]);
  write('retained.1.json', '{"count": 9, "state": {"format": 7}}');
  expect(new RetainedFile(folder).read()).toEqual(states[2]);
});
