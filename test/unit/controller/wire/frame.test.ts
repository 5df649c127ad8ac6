// Frames of control's door: any pieces, any text, and nothing larger than is allowed.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frameLimit } from '#contract/wire.ts';
import type { FromClient } from '#contract/wire.ts';
import { FrameReader, encodeFrame } from '#controller/wire/frame.ts';

const act = (id: string, text: string): FromClient => ({
  type: 'act',
  id,
  actor: 'console:ann',
  verb: 'command',
  args: { flow: text },
  ttl_ms: 2000,
});

const head = (size: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(size);
  return bytes;
};

const frame = (body: string | Buffer): Buffer => {
  const bytes = Buffer.from(body);
  return Buffer.concat([head(bytes.length), bytes]);
};

describe('a stream of frames', () => {
  test('gives the same messages however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(60), { maxLength: 40 }),
        (texts, cuts) => {
          const messages = texts.map((text, index) => act(`act-${index}-00`, text));
          const stream = Buffer.concat(messages.map((message) => encodeFrame(message)));
          const reader = new FrameReader();
          const read: unknown[] = [];
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            read.push(...reader.push(stream.subarray(at, at + cut)));
            at = Math.min(stream.length, at + cut);
          }
          expect(read).toEqual(messages.map((message) => JSON.parse(JSON.stringify(message))));
        },
      ),
      { seed: 31, numRuns: 500 },
    );
  });

  test('byte by byte, a message comes with its last byte and not before', () => {
    const reader = new FrameReader();
    const bytes = frame('{"a":1}');
    for (const [index, byte] of bytes.entries()) {
      const read = reader.push(Buffer.from([byte]));
      expect(read).toEqual(index === bytes.length - 1 ? [{ a: 1 }] : []);
    }
  });

  test('a body may have any size up to the limit', () => {
    const body = JSON.stringify('x'.repeat(frameLimit - 2));
    expect(body).toHaveLength(frameLimit);
    expect(new FrameReader().push(frame(body))).toHaveLength(1);
  });
});

describe('is refused', () => {
  test.each([
    ['a length beyond the limit, before any of it has come', head(frameLimit + 1), 'E_DOOR_SIZE'],
    ['the largest length', Buffer.from([255, 255, 255, 255]), 'E_DOOR_SIZE'],
    ['an empty body', frame(''), 'E_DOOR_FRAME'],
    ['half a JSON', frame('{"a":'), 'E_DOOR_FRAME'],
    ['two values in one', frame('{}{}'), 'E_DOOR_FRAME'],
    ['a broken UTF-8', frame(Buffer.from([0x22, 0xc3, 0x28, 0x22])), 'E_DOOR_FRAME'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'E_DOOR_SIZE'],
  ])('%s', (_what, bytes, code) => {
    expect(() => new FrameReader().push(bytes)).toThrow(expect.objectContaining({ code }));
  });

  test('a message that is larger than a frame may be', () => {
    const large = act('act-0-00', 'x'.repeat(frameLimit));
    expect(() => encodeFrame(large)).toThrow(expect.objectContaining({ code: 'E_DOOR_SIZE' }));
  });
});
