// Verbs against a real door, behind which the test speaks for control.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { present } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { FromClient, Snapshot } from '#contract/wire.ts';
import { askVerbs } from '#controller/cli/ask.ts';
import { openConnection } from '#controller/cli/connection.ts';
import { readInvocation } from '#controller/cli/verb.ts';
import { realClock } from '#controller/clock.ts';
import { WireServer } from '#controller/wire/server.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { good, hello, snapshot } from '#test/unit/hmi/messages.ts';

let data: string;
let server: WireServer;
let hear: (peer: WirePeer, message: FromClient) => void;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'rebe-ask-'));
  hear = () => undefined;
  const latency = { p50: 0.15894699999626027, p99: 4.26689400000032 };
  const counts = { epoch: 1, failures: 0, requests: 9, late: 1, stale: 2 };
  const io: Snapshot['devices'][string] = { state: 'online', since: 0, latency, ...counts };
  server = new WireServer(realClock(), {
    opened: (peer) => {
      peer.send(hello());
      peer.send(
        snapshot(1, {
          tags: { force: good(6.216145833333333), 'guard.shut': good(true) },
          devices: { io },
          chronicle: {
            ok: true,
            seq: 10,
            waiting: 0,
            commit: { p50: 1.4449999, p99: 38.738 },
            bytes: 0,
          },
        }),
      );
    },
    message: (peer, message) => hear(peer, message),
    refused: () => undefined,
    drained: () => undefined,
    closed: () => undefined,
  });
  await server.listen(join(data, 'control.sock'));
});

afterEach(async () => {
  await server.close();
  rmSync(data, { recursive: true });
});

async function printed(name: string, ...words: string[]): Promise<string> {
  const verb = present(
    askVerbs.find((candidate) => candidate.name === name),
    'a verb',
  );
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  try {
    await verb.run(readInvocation(verb, [...words, '--data', data]));
  } finally {
    write.mockRestore();
  }
  return lines.join('');
}

test.each([
  ['devices', /0\.16 ms +4\.27 ms/],
  ['tags', /6\.2161 +kN/],
  ['status', /commit p50 1\.44 ms p99 38\.74 ms/],
])('%s shows no more digits than a person reads, and --json all of them', async (name, shape) => {
  const text = await printed(name);
  expect(text).toMatch(shape);
  expect(text).not.toMatch(/\d\.\d{5}/);
  expect(await printed(name, '--json')).toMatch(
    /0\.15894699999626027|6\.216145833333333|1\.4449999/,
  );
});

test('an act that was accepted and is not on disk yet is told so, and by a code of its own', async () => {
  hear = (peer, message) => {
    if (message.type === 'act') peer.send({ type: 'receipt', id: message.id, result: 'accepted' });
  };
  const connection = await openConnection(data, milliseconds(200));
  await expect(connection.act('command', { flow: 'press', name: 'start' })).rejects.toMatchObject({
    code: 'E_CHRONICLE_STALL',
    message: 'command was accepted; its entry is not on disk yet',
  });
  hear = () => undefined;
  await expect(connection.act('command', { flow: 'press', name: 'start' })).rejects.toMatchObject({
    code: 'E_CELL_NOT_RUNNING',
  });
  connection.close();
});
