// What a service manager hears, on a real datagram socket: the words in order, and beats in the time it asked for.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realClock } from '#controller/clock.ts';
import { serviceManager } from '#controller/process/service-manager.ts';

/** Node has no datagram sockets of Unix; prints each message as one line of JSON. */
const listener = `
import array, json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    data, ancillary, flags, address = s.recvmsg(4096, 1024)
    # As systemd does: closed says that what came before was read.
    for level, kind, sent in ancillary:
        if kind == socket.SCM_RIGHTS:
            for fd in array.array('i', sent): os.close(fd)
    print(json.dumps(data.decode()), flush=True)
`;

let folder = '';
let python: ChildProcess | undefined;
const heard: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rebe-notify-'));
  heard.length = 0;
});
afterEach(() => {
  python?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const heardAll = (wanted: () => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`heard only ${heard.join(' ')}`)), 25_000);
    const look = setInterval(() => {
      if (!wanted()) return;
      clearTimeout(limit);
      clearInterval(look);
      resolve();
    }, 10);
  });

/** Resolves with its path once somebody listens there. */
async function listen(): Promise<string> {
  const path = join(folder, 'notify');
  python = spawn('python3', ['-c', listener, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  python.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    // systemd-notify also asks whether it was read; that has no words of ours.
    heard.push(...lines.filter((line) => line !== '"BARRIER=1"'));
  });
  await heardAll(() => heard.includes('listening'));
  heard.length = 0;
  return path;
}

describe.skipIf(!existsSync('/usr/bin/systemd-notify'))('with systemd-notify installed', () => {
  test('it hears what it is told, in order', async () => {
    const environment = { PATH: process.env['PATH'], NOTIFY_SOCKET: await listen() };
    const manager = serviceManager(realClock(), environment);
    manager.tell('READY=1', 'STATUS=boot 1');
    manager.tell('STATUS=control starts again in 100 ms');
    manager.tell('STOPPING=1');
    await heardAll(() => heard.length >= 3);
    expect(heard.map((line): unknown => JSON.parse(line))).toEqual([
      'READY=1\nSTATUS=boot 1',
      'STATUS=control starts again in 100 ms',
      'STOPPING=1',
    ]);
    manager.close();
  }, 60_000);

  test('it hears that the supervisor lives, until that closes', async () => {
    const environment = {
      PATH: process.env['PATH'],
      NOTIFY_SOCKET: await listen(),
      WATCHDOG_USEC: '300000',
    };
    const manager = serviceManager(realClock(), environment);
    await heardAll(() => heard.length >= 3);
    manager.close();
    expect(new Set(heard)).toEqual(new Set(['"WATCHDOG=1"']));
  }, 60_000);

  test('a manager that is gone ends nothing', async () => {
    const environment = { PATH: process.env['PATH'], NOTIFY_SOCKET: join(folder, 'nobody') };
    const manager = serviceManager(realClock(), environment);
    manager.tell('READY=1');
    const missing = serviceManager(realClock(), { ...environment, PATH: folder });
    missing.tell('READY=1');
    missing.tell('STOPPING=1');
    await expect(new Promise((done) => setTimeout(done, 300, 'still here'))).resolves.toBe(
      'still here',
    );
  });
});

test('without a manager nothing is started', () => {
  const manager = serviceManager(realClock(), { PATH: '/nowhere', WATCHDOG_USEC: '1' });
  manager.tell('READY=1');
  manager.close();
  expect(process.env['NOTIFY_SOCKET']).toBeUndefined();
});
