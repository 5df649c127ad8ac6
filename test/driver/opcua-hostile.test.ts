// What no server should send: bytes that are no OPC UA, messages without end, and seeded changes of right
// ones. The driver neither crashes nor hangs nor grows, and is right again once the server is. SEED=n runs
// one seed, SOAK=1 many.
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { opcua } from '#drivers/opcua/driver.ts';
import { Chance } from '#test/flow/chance.ts';
import { soak } from '#test/system/chance.ts';
import { driverDeps } from './deps.ts';
import { chunked } from './opcua-relay.ts';
import { Recorder } from './recorder.ts';
import { OpcuaRigServer, opcuaRig } from './rig-opcua.ts';
import { Bench, pause, rigTag } from './rig.ts';

const server = new OpcuaRigServer();
beforeAll(() => server.start(), 60_000);
afterAll(() => server[Symbol.asyncDispose](), 60_000);

const only = process.env['SEED'];
const seeds =
  only === undefined ? Array.from({ length: soak ? 60 : 12 }, (_, i) => i + 1) : [Number(only)];

/** A message of the connection protocol [OPC 10000-6, 7.1]. */
const message = (type: string, body: Buffer, size = body.length + 8): Buffer => {
  const head = Buffer.alloc(8);
  head.write(type, 0, 'latin1');
  head.writeUInt32LE(size >>> 0, 4);
  return Buffer.concat([head, body]);
};
const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, i * 4);
  return bytes;
};
const acknowledge = message('ACKF', words(0, 65_536, 65_536, 0, 0));

describe('a peer that is no OPC UA server', { timeout: 60_000 }, () => {
  const peers: Readonly<Record<string, (socket: Socket, request: Buffer) => void>> = {
    'a web server': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'an answer of no length': (socket) => socket.write(message('ACKF', Buffer.alloc(0), 0)),
    'an answer of endless length': (socket) =>
      socket.write(message('ACKF', Buffer.alloc(64), 0xffff_ffff)),
    'an acknowledgement that is cut short': (socket) =>
      socket.write(message('ACKF', words(0, 8192))),
    'buffers of no size': (socket) => socket.write(message('ACKF', words(0, 0, 0, 0, 0))),
    'buffers of endless size': (socket) => socket.write(message('ACKF', words(0, -1, -1, -1, -1))),
    'an error': (socket) => socket.end(message('ERRF', Buffer.concat([words(0x80ac0000, -1)]))),
    'an error that is no error': (socket) => socket.write(message('ERRF', words(1))),
    'a hello': (socket, request) => socket.write(request),
    'noise for ever': (socket) => {
      const more = (): void =>
        void (socket.writable && socket.write(Buffer.alloc(65_536, 0x41), more));
      more();
    },
    'a right start, then noise': (socket, request) =>
      socket.write(
        request.toString('latin1', 0, 3) === 'HEL' ? acknowledge : Buffer.alloc(500, 0xee),
      ),
    'a right start, then chunks of a message without end': (socket, request) => {
      if (request.toString('latin1', 0, 3) === 'HEL') return void socket.write(acknowledge);
      let sequence = 0;
      const more = (): void => {
        sequence += 1;
        const body = Buffer.concat([words(1, 1, sequence, 2), Buffer.alloc(60_000)]);
        if (socket.writable && sequence < 4000) socket.write(message('MSGC', body), more);
      };
      more();
    },
    'a right start, then nothing': (socket, request) => {
      if (request.toString('latin1', 0, 3) === 'HEL') socket.write(acknowledge);
    },
  };

  test.for(Object.entries(peers))('%s', async ([, speak]) => {
    const sockets = new Set<Socket>();
    const peer = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on(
        'data',
        chunked((request) => speak(socket, request)),
      );
    });
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    const { port } = peer.address() as AddressInfo;
    const sink = new Recorder();
    const driver = opcua.create(
      driverDeps(),
      opcua.config.parse({ endpoint: `opc.tcp://127.0.0.1:${port}`, connect: '500ms' }),
    );
    onTestFinished(async () => {
      await driver.stop(milliseconds(2000));
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => peer.close(resolve));
    });
    await driver.setTags([rigTag('a', { node: 's=a' }, 'input', [0, 1]).tag]);
    const before = process.memoryUsage().rss;
    driver.start(sink);
    await sink.until('it was tried thrice', () => sockets.size > 2);
    expect(sink.epoch).toBe(0);
    expect(sink.state).toBe('backoff');
    expect(sink.batches).toEqual([]);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    const stopped = performance.now();
    await driver.stop(milliseconds(2000));
    expect(performance.now() - stopped).toBeLessThan(1500);
  });
});

type Twist = (chunk: Buffer, chance: Chance) => Buffer | undefined;

const bent = (chunk: Buffer, bend: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(chunk);
  bend(copy);
  return copy;
};
const sized = (chunk: Buffer): Buffer => {
  chunk.writeUInt32LE(chunk.length, 4);
  return chunk;
};

const twists: readonly Twist[] = [
  // One bit of the body; of a request's id, a handle, a length, a type.
  (chunk, chance) =>
    bent(chunk, (copy) => {
      const at = chance.whole(Math.min(24, copy.length - 1), copy.length - 1);
      copy[at] = (copy[at] ?? 0) ^ (1 << chance.whole(0, 7));
    }),
  (chunk, chance) =>
    bent(chunk, (copy) => {
      const at = chance.whole(0, copy.length - 1);
      copy[at] = chance.whole(0, 255);
    }),
  // A length that promises more than there is.
  (chunk, chance) =>
    bent(chunk, (copy) => {
      if (copy.length > 40) copy.writeInt32LE(chance.pick([-1, 0x7fff_ffff, 1e6, -2]), 36);
    }),
  (chunk, chance) => sized(Buffer.from(chunk.subarray(0, chance.whole(25, 60)))),
  (chunk, chance) => sized(Buffer.concat([chunk, Buffer.alloc(chance.whole(1, 400), 0x7f)])),
  (chunk) => Buffer.concat([chunk, chunk]),
  (chunk, chance) =>
    bent(chunk, (copy) => copy.length > 24 && copy.writeUInt32LE(chance.whole(0, 99), 20)),
  (chunk, chance) => bent(chunk, (copy) => void copy.write(chance.pick(['C', 'A', 'X', '\0']), 3)),
  (chunk, chance) => bent(chunk, (copy) => copy.writeUInt32LE(chance.whole(0, 70_000), 4)),
  (chunk, chance) =>
    bent(chunk, (copy) => {
      for (let i = 24; i < copy.length; i += 1) copy[i] = chance.whole(0, 255);
    }),
  () => undefined,
];

describe('a server whose messages are changed on their way', { timeout: 60_000 }, () => {
  test.for(seeds)('seed %d: nothing breaks, and all is right again afterwards', async (seed) => {
    const chance = new Chance(seed);
    await using one = new Bench(await opcuaRig(server));
    const { server: relay } = one.rig as Awaited<ReturnType<typeof opcuaRig>>;
    await one.online();
    const begun = performance.now();
    relay.twist = (chunk) => (chance.odds(0.15) ? chance.pick(twists)(chunk, chance) : chunk);
    while (performance.now() - begun < (soak ? 3000 : 1500)) {
      const wanted = one.rig.outputs.map((output) => ({
        id: `s${seed}`,
        tag: output.tag.name,
        value: chance.pick(output.values),
        deadline: milliseconds(100),
        verify: 'readback' as const,
        safe: false,
      }));
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      await one.driver.write?.(wanted);
      // oxlint-disable-next-line no-await-in-loop -- at the device's own pace
      await pause(chance.whole(0, 30));
    }
    relay.twist = (chunk) => chunk;
    await one.sink.until('it is online by itself', () => one.sink.state === 'online');
    // Without security a bit of a value may have been changed, and nothing told of it since: it moves on.
    for (const { name, values } of [...one.rig.inputs, ...one.rig.outputs]) {
      one.rig.set(name, one.rig.get(name) === values[0] ? values[1] : values[0]);
    }
    await one.settled();
    expect(one.log.every((line) => line.length <= 600 && !line.includes('\n'))).toBe(true);
  });
});

/** The encoding of a publish response, i=829, where an unprotected message begins [OPC 10000-6, 5.2.2.9]. */
const isPublish = (chunk: Buffer): boolean =>
  chunk.toString('latin1', 0, 3) === 'MSG' && chunk.readUInt32LE(24) === 0x033d_0001;

/** Leaves publishes out as a server does that never sent them: the channel counts on without a gap. */
function withoutPublishes(leavesOut: () => boolean): (chunk: Buffer) => Buffer | undefined {
  let left = 0;
  return (chunk) => {
    if (isPublish(chunk) && leavesOut()) {
      left += 1;
      return undefined;
    }
    const type = chunk.toString('latin1', 0, 3);
    if (type === 'OPN') left = 0;
    return type === 'MSG'
      ? bent(chunk, (copy) => copy.writeUInt32LE(copy.readUInt32LE(16) - left, 16))
      : chunk;
  };
}

describe('a server whose publishes do not come', { timeout: 60_000 }, () => {
  test('is connected anew, though it answers everything else', async () => {
    const rig = await opcuaRig(server);
    await using one = new Bench(rig);
    await one.online();
    rig.server.twist = withoutPublishes(() => true);
    await one.sink.until('it is left', () => one.sink.state === 'backoff');
    expect(one.sink.healths.at(-1)?.error?.code).toBe('E_DEVICE_TIMEOUT');
    rig.server.twist = (chunk) => chunk;
    await one.settled();
    expect(one.sink.epoch).toBeGreaterThan(1);
  });

  test('the first of them: every tag is given all the same', async () => {
    const rig = await opcuaRig(server);
    await using one = new Bench(rig);
    let lost = 0;
    rig.server.twist = withoutPublishes(() => {
      lost += 1;
      return lost === 1;
    });
    await one.online();
    expect(lost).toBeGreaterThan(1);
    expect(one.sink.epoch).toBeGreaterThan(1);
    expect(one.log.join()).toContain('notifications were lost');
  });
});
