// Bigger brokers under load, as the guide configures them (`deploy/brokers`): nothing that was acknowledged is
// lost when one dies. `bench/brokers.mjs` does the work and measures; SOAK=1 kills each node of the cluster.
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

test('a mosquitto bridged to two of the plant loses nothing while both die in turn, and lets commands in', () => {
  expect(run('--only', 'bridge')).toEqual({
    bridge: {
      acked: expect.any(Number),
      lost: 0,
      duplicates: expect.any(Number),
      failover: expect.any(Number),
      // Someone who comes to the second broker is given all that is retained.
      retained: expect.any(Number),
      comesBack: expect.any(Number),
      ackGap: expect.any(Number),
      // One command at the plant is one command in the cell.
      commands: 1,
      will: expect.any(Number),
      // A will is published by the broker: one that dies with the cell publishes none.
      willOfDeadPc: false,
    },
  });
}, 300_000);

test('three nodes of NATS JetStream lose nothing that was acknowledged when one is killed under load', () => {
  const nodes = soak ? '1,2,3' : String((testSeed % 3) + 1);
  const { nats } = run('--only', 'nats', '--nodes', nodes) as {
    nats: { acked: number; lost: number; kills: readonly unknown[] };
  };
  expect(nats.lost).toBe(0);
  expect(nats.acked).toBeGreaterThan(100);
  expect(nats.kills).toHaveLength(nodes.split(',').length);
}, 300_000);
