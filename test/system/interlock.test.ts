// Trips over real sockets, told by what reached the machine: an output that an interlock took away stays away until it was
// asked to be safe, though its sensor is back and control was killed meanwhile; of two that exclude each other neither stays.
import { expect, test } from 'vitest';
import { RawClient } from './raw-client.ts';
import { receivedBy } from './record.ts';
import type { Received } from './record.ts';
import { fault } from './simulator-door.ts';
import { TestCell, until } from './test-cell.ts';

const manifest = `
cell: trips-1
format: cell/1
title: Trips
scan: {settle: 30s}
devices:
  io:
    driver: modbus
    tcp: 192.168.10.20:502
    unit: 1
    timeout: 300ms
    poll: {fast: 10ms}
    heartbeat: {at: {holding: 900}, every: 100ms}
tags:
  safety.gate:  {device: io, at: {discrete: 4}}
  door.open:    {device: io, at: {coil: 0}}
  door.close:   {device: io, at: {coil: 1}}
  coolant.pump: {device: io, at: {coil: 4}}
flows:
  tending: {file: cnc-tending.flow.yaml, restart: hot}
`;

const flow = `
flow: trips
format: cellflow/1
version: 1
scan: 20ms
inputs:
  safety.gate: {type: bool, stale: 5s}
commands:
  pump: {role: operator}
  open: {role: operator}
  rest: {role: anyone, class: stop}
outputs:
  coolant.pump: {type: bool, safe: false}
  door.open:    {type: bool, safe: false}
  door.close:   {type: bool, safe: false}
regions:
  pump:
    initial: Off
    states:
      Off:
        rest: true
        go: [{id: P1, when: cmd.pump, to: On}]
      On:
        rest: true
        do: {coolant.pump: true}
        go: [{id: P2, when: cmd.rest, to: Off}]
  door:
    initial: Still
    states:
      Still:
        rest: true
        do: {door.close: false}
        go: [{id: D1, when: cmd.open, to: Opening}]
      Opening:
        rest: true
        do: {door.open: true}
        go: [{id: D2, when: cmd.rest, to: Still}]
interlocks:
  gate:   {output: coolant.pump, permit: safety.gate}
  oneWay: {exclusive: [door.open, door.close]}
`;

/** A cell with this flow, on the remote I/O of the demo's machine alone. */
const start = (): Promise<TestCell> =>
  TestCell.start({
    edit: () => manifest,
    flow: () => flow,
    plant: (text) => text.slice(0, text.indexOf('  plc: ')),
  });

/** What reached the machine for an output, from a line of its log on. */
const arrived = (cell: TestCell, output: string, from: number): Received[] =>
  receivedBy(cell.machine)
    .slice(from)
    .filter((one) => one.output === output);

/** Does something, and waits until a value of an output reaches the machine after it; where its log then ends. */
async function moves(
  cell: TestCell,
  [output, value]: readonly [string, boolean],
  act: () => unknown,
): Promise<number> {
  const from = receivedBy(cell.machine).length;
  await act();
  await until(`${output} = ${value} reaches the machine`, 5_000, () =>
    arrived(cell, output, from).find(({ means }) => means === value),
  );
  return receivedBy(cell.machine).length;
}

/** It stays safe from there on. */
async function staysSafe(cell: TestCell, output: string, from: number): Promise<void> {
  await new Promise((done) => setTimeout(done, 700));
  expect(arrived(cell, output, from).filter(({ means }) => means !== false)).toEqual([]);
}

const gateClosed = (cell: TestCell): true | undefined =>
  cell
    .tags()
    .some((row) => row.tag === 'safety.gate' && row.quality === 'good' && row.value === true)
    ? true
    : undefined;

test('a trip latches: the sensor comes back, control is killed, and nothing starts until it was asked to be safe', async () => {
  await using cell = await start();
  const command = (name: string) => () => cell.rebe('command', 'tending', name);
  await moves(cell, ['coolant.pump', true], command('pump'));
  const from = await moves(cell, ['coolant.pump', false], () =>
    fault(cell.machine, 'plant', 'gate-open'),
  );
  await fault(cell.machine, 'plant', 'gate-open');
  await until('the gate is closed again', 5_000, () => gateClosed(cell));
  await staysSafe(cell, 'coolant.pump', from);
  using viewer = await RawClient.greet(cell.data, true);
  const shown = await viewer.hears('a snapshot', 'snapshot', () => true);
  expect(shown['outputs']).toMatchObject({
    'coolant.pump': { v: false, asked: true, by: 'interlock', interlock: 'gate' },
  });

  process.kill(cell.pidOf('control'), 'SIGKILL');
  await cell.up(2);
  await until('the flow goes on by itself, where it was', 60_000, async () => {
    const now = (await cell.now())?.flows['tending'];
    return now?.stepped === true && now.regions['pump']?.state === 'pump.On' ? true : undefined;
  });
  await staysSafe(cell, 'coolant.pump', from);

  command('rest')();
  await moves(cell, ['coolant.pump', true], command('pump'));
  await cell.stopCell();
  expect(cell.rebe('replay').stdout).toContain('identical at every scan');
}, 180_000);

test('outputs that exclude each other: asked for both, by a force too, neither stays, and the machine never had both', async () => {
  await using cell = await start();
  const command = (name: string) => () => cell.rebe('command', 'tending', name);
  await moves(cell, ['door.open', true], command('open'));
  const words = ['door.close', 'true', '--for', '10min', '--reason', 'a test'];
  const from = await moves(cell, ['door.open', false], () => cell.rebe('force', ...words));
  await staysSafe(cell, 'door.open', from);
  // The other is asked for no more, and still the first stays where it was put.
  expect(cell.rebe('unforce', 'door.close').code).toBe(0);
  await staysSafe(cell, 'door.open', from);
  command('rest')();
  await moves(cell, ['door.open', true], command('open'));
  await moves(cell, ['door.open', false], command('rest'));
  expect(arrived(cell, 'door.close', 0).filter(({ means }) => means !== false)).toEqual([]);
  await cell.stopCell();
  expect(cell.rebe('replay').stdout).toContain('identical at every scan');
}, 180_000);
