// Bigger brokers under load, as the guide configures them (`deploy/brokers`): nothing that was acknowledged is
// lost when one dies. `bench/brokers.mjs` does the work and measures; SOAK=1 runs all of it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { soak, testSeed } from './chance.ts';
import { root } from './test-cell.ts';

function run(...words: readonly string[]): unknown {
  const script = join(root, 'bench', 'brokers.mjs');
  const ran = spawnSync(process.execPath, [script, '--json', '--rate', '100', ...words], {
    encoding: 'utf8',
    timeout: 280_000,
  });
  expect(ran.stderr).toBe('');
  return JSON.parse(ran.stdout);
}

test('the product on a mosquitto bridged to two of the plant: both die, no event is lost, commands come in', () => {
  expect(run('--only', 'bridge')).toEqual({
    bridge: {
      events: expect.any(Number),
      lost: 0,
      duplicates: expect.any(Number),
      failover: expect.any(Number),
      // Someone who comes to the second broker is given all that is retained.
      retained: expect.any(Number),
      comesBack: expect.any(Number),
      // One command at the plant is one in the cell, and has one receipt.
      receipts: 1,
      will: expect.any(Number),
      // A will is published by the broker: one that dies with the cell publishes none.
      willOfDeadPc: false,
    },
  });
}, 300_000);

test('the product on a mosquitto bridged to three nodes of NATS JetStream: a node dies under load, no event is lost', () => {
  const nodes = soak ? '1,2,3' : String((testSeed % 3) + 1);
  const { bridgedNats } = run('--only', 'bridgedNats', '--nodes', nodes) as {
    bridgedNats: { kills: readonly unknown[] };
  };
  expect(bridgedNats).toMatchObject({ lost: 0, receipts: 1 });
  expect(bridgedNats.kills).toHaveLength(nodes.split(',').length);
}, 300_000);

test.runIf(soak)(
  'three nodes of NATS JetStream lose nothing that they acknowledged to a client when each is killed',
  () => {
    const { nats } = run('--only', 'nats') as { nats: { acked: number; lost: number } };
    expect(nats.lost).toBe(0);
    expect(nats.acked).toBeGreaterThan(100);
  },
  300_000,
);
