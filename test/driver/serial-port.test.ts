// The serial port on pseudo terminals: opened once, locked, and every way of its end told once.
import { afterEach, expect, test } from 'vitest';
import type { CellError } from '#contract/error.ts';
import { SerialLine, SerialTransport } from '#drivers/serial-port.ts';
import { PtyLine } from './pty.ts';
import { pause } from './rig.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function line(): PtyLine {
  const made = new PtyLine();
  ends.push(() => made.unplug());
  made.plug();
  return made;
}

interface Opened {
  readonly port: SerialTransport;
  readonly lost: CellError[];
  received: Buffer;
}

function open(path: string): Opened {
  const lost: CellError[] = [];
  const port = new SerialTransport(SerialLine.parse({ port: path }), {
    lost: (error) => lost.push(error),
    data: (chunk) => {
      opened.received = Buffer.concat([opened.received, chunk]);
    },
  });
  const opened: Opened = { port, lost, received: Buffer.alloc(0) };
  ends.push(async () => {
    port.destroy();
    await port.closed;
  });
  return opened;
}

async function until(what: string, condition: () => boolean, limit = 15_000): Promise<void> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    // oxlint-disable-next-line no-await-in-loop -- it waits
    await pause(2);
  }
}

test('bytes go both ways as they are, all 256 of them', async () => {
  const pty = line();
  let heard = Buffer.alloc(0);
  pty.onData = (chunk) => {
    heard = Buffer.concat([heard, chunk]);
  };
  const one = open(pty.path);
  await one.port.ready;
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  one.port.write(bytes);
  pty.write(bytes);
  await until('all came', () => heard.length === 256 && one.received.length === 256);
  expect([...heard]).toEqual([...bytes]);
  expect([...one.received]).toEqual([...bytes]);
});

test('a port that somebody has open is refused', async () => {
  const pty = line();
  const first = open(pty.path);
  await first.port.ready;
  const second = open(pty.path);
  await expect(second.port.ready).rejects.toMatchObject({ code: 'E_DEVICE_CONNECT' });
  expect(second.lost.map(({ code }) => code)).toEqual(['E_DEVICE_CONNECT']);
  await second.port.closed;
  expect(first.port.isOpen).toBe(true);
});

test('a port that is not there, or is no port, is refused', async () => {
  for (const path of ['/nowhere/port', '/dev/null', '/tmp']) {
    const one = open(path);
    await expect(one.port.ready).rejects.toMatchObject({ code: 'E_DEVICE_CONNECT' });
    await one.port.closed;
    expect(one.lost).toHaveLength(1);
  }
});

test('a port that was closed can be opened by another at once', async () => {
  const pty = line();
  for (let i = 0; i < 5; i += 1) {
    const one = open(pty.path);
    await one.port.ready;
    one.port.destroy();
    await one.port.closed;
    expect(one.lost).toEqual([]);
    expect(one.port.isOpen).toBe(false);
  }
});

test('given up while it opens, it is closed all the same and nothing is told', async () => {
  const pty = line();
  const one = open(pty.path);
  one.port.destroy();
  await one.port.closed;
  await pause(50);
  expect(one.lost).toEqual([]);
  expect(pty.isHeld).toBe(false);
  const next = open(pty.path);
  await next.port.ready;
});

test('what comes after the end is not handed on', async () => {
  const pty = line();
  const one = open(pty.path);
  await one.port.ready;
  pty.write('a');
  await until('it came', () => one.received.length === 1);
  pty.write('b');
  one.port.destroy();
  await one.port.closed;
  await pause(20);
  expect(one.received.toString()).toBe('a');
});

test('an unplugged port is told once, at the latest with the next write, and is closed', async () => {
  const pty = line();
  const one = open(pty.path);
  await one.port.ready;
  pty.unplug();
  await pause(20);
  one.port.write('?');
  await until('it is told', () => one.lost.length > 0);
  one.port.write('?');
  one.port.write('?');
  await one.port.closed;
  await pause(50);
  expect(one.lost.map(({ code }) => code)).toEqual(['E_DEVICE_CLOSED']);
});

test('after it was plugged in again the same path leads to it', async () => {
  const pty = line();
  const one = open(pty.path);
  await one.port.ready;
  await until('its opening was seen', () => pty.isHeld);
  pty.unplug();
  one.port.destroy();
  await one.port.closed;
  pty.plug();
  const next = open(pty.path);
  await next.port.ready;
  pty.write('hello');
  await until('it came', () => next.received.length === 5);
  await until('both openings were seen', () => pty.openings === 2);
  expect(pty.openings).toBe(2);
});

test('`fail` ends it with its reason, once', async () => {
  const pty = line();
  const one = open(pty.path);
  await one.port.ready;
  one.port.fail('E_DEVICE_PROTOCOL', 'nonsense');
  one.port.fail('E_DEVICE_PROTOCOL', 'nonsense');
  await one.port.closed;
  expect(one.lost.map(({ message }) => message)).toEqual(['nonsense']);
});
