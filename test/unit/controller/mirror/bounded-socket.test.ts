// What others publish may be of any length: what is too long is skipped, however its bytes arrive.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedSocket, packetLimit } from '#controller/mirror/bounded-socket.ts';

interface Pair extends AsyncDisposable {
  readonly far: Socket;
  readonly near: BoundedSocket;
  readonly skipped: number[];
}

async function pair(): Promise<Pair> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  far.on('error', () => undefined);
  const skipped: number[] = [];
  const near = new BoundedSocket(socket, (length) => skipped.push(length));
  return {
    far,
    near,
    skipped,
    [Symbol.asyncDispose]: async () => {
      near.destroy();
      far.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A fixed header, MQTT 3.1.1, 2.2: type and remaining length. */
function packet(type: number, body: Uint8Array): Buffer {
  const head = [type];
  let left = body.length;
  do {
    head.push((left % 128) + (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

const publish = 0x30;

test('packets pass as they are, whatever their cut, and those that are too long are left out', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          { weight: 4, arbitrary: fc.nat(300) },
          fc.integer({ min: packetLimit - 1, max: packetLimit + 70_000 }),
        ),
        { minLength: 1, maxLength: 8 },
      ),
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 }),
      async (lengths, cuts) => {
        await using ends = await pair();
        const packets = lengths.map((length, index) =>
          packet(publish, Buffer.alloc(length, index + 1)),
        );
        const heard: Buffer[] = [];
        ends.near.on('data', (chunk: Buffer) => heard.push(chunk));
        const all = Buffer.concat(packets);
        for (let at = 0, turn = 0; at < all.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          ends.far.write(all.subarray(at, at + size));
          at += size;
        }
        ends.far.end();
        await once(ends.near, 'end');
        const kept = packets.filter((_, index) => (lengths[index] ?? 0) <= packetLimit);
        expect(Buffer.concat(heard).equals(Buffer.concat(kept))).toBe(true);
        expect(ends.skipped).toEqual(lengths.filter((length) => length > packetLimit));
      },
    ),
    { seed: 20_261_123, numRuns: 40 },
  );
}, 60_000);

test.each([
  ['an acknowledgement that is too long', [0x90, 0xff, 0xff, 0x7f]],
  ['a message that would have to be acknowledged', [0x32, 0xff, 0xff, 0x7f]],
  ['a length that does not end', [0x30, 0xff, 0xff, 0xff, 0xff, 0xff]],
])('%s ends the connection', async (_, bytes) => {
  await using ends = await pair();
  const failed = new Promise<{ code?: string }>((resolve) => {
    ends.near.on('error', resolve);
  });
  ends.near.resume();
  ends.far.write(Buffer.from(bytes));
  expect((await failed).code).toBe('E_MIRROR_BROKER');
  expect(ends.near.destroyed).toBe(true);
});

test('what is written goes out whole, many pieces as one', async () => {
  await using ends = await pair();
  const heard: Buffer[] = [];
  ends.far.on('data', (chunk: Buffer) => heard.push(chunk));
  ends.near.cork();
  for (let count = 0; count < 1000; count += 1) ends.near.write(Buffer.from(`${count},`));
  ends.near.uncork();
  ends.near.end();
  await once(ends.far, 'end');
  const text = Buffer.concat(heard).toString('utf8');
  expect(text.split(',').slice(0, -1).map(Number)).toEqual(
    Array.from({ length: 1000 }, (_, index) => index),
  );
});
