// The bytes of a recording's frames, held by golden bytes: what is on disk today is read in ten years. And that
// no file, however hostile, is read as something that nobody wrote.
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeFrame,
  frameLimit,
  framePrefix,
  FrameReader,
  noHash,
  RecordingHead,
} from '#contract/recording.ts';
import type { Recorded } from '#contract/recording.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const bytes = (text: string): Uint8Array => Buffer.from(text);

const reference = readFileSync('docs/reference/recording.md', 'utf8');
const by = 'user:ann';
const head = {
  format: 'recording/1',
  session: 'sh-00000000000000aa',
  title: 'T2 log',
  by,
  began: 1_790_000_000_000,
  file: 0,
  segment: 0,
  previous: noHash,
  events: 0,
  output: 0,
  size: { cols: 80, rows: 24 },
} as const;

/** Each kind of frame, and its body: kind, time, the rest. */
const golden: readonly (readonly [Recorded, body: string])[] = [
  [{ kind: 'output', t: 0, bytes: new Uint8Array([0x24, 0x20, 0xff]) }, '6f 00 2420ff'],
  [
    { kind: 'input', t: 300, by, auto: false, bytes: bytes('ls\r') },
    '69 ac02 00 08 757365723a616e6e 6c730d',
  ],
  [
    { kind: 'input', t: 1_000_000, by, auto: true, bytes: bytes('\u001B[0n') },
    '69 c0843d 01 08 757365723a616e6e 1b5b306e',
  ],
  [
    { kind: 'secret', t: 1, by, auto: false, length: 200, proof: new Uint8Array(32).fill(0xab) },
    `70 01 00 08 757365723a616e6e c801 ${'ab'.repeat(32)}`,
  ],
  [
    { kind: 'resize', t: 2, about: { cols: 100, rows: 30 } },
    `72 02 ${hex(bytes('{"cols":100,"rows":30}'))}`,
  ],
  [{ kind: 'state', t: 3, about: { to: 'Paused' } }, `73 03 ${hex(bytes('{"to":"Paused"}'))}`],
  [{ kind: 'mark', t: 4, about: 'Grüße' }, `6d 04 ${hex(bytes('"Grüße"'))}`],
  [{ kind: 'exit', t: 5, about: { code: -1 } }, `78 05 ${hex(bytes('{"code":-1}'))}`],
  [
    { kind: 'seal', t: 6, segment: 300, hash: new Uint8Array(32).fill(1), last: true },
    `23 06 ac02 01 ${'01'.repeat(32)}`,
  ],
  [
    { kind: 'head', t: 0, head },
    `68 00 ${hex(
      bytes(
        '{"began":1790000000000,"by":"user:ann","events":0,"file":0,"format":"recording/1",' +
          `"output":0,"previous":"${noHash}","segment":0,"session":"sh-00000000000000aa",` +
          '"size":{"cols":80,"rows":24},"title":"T2 log"}',
      ),
    )}`,
  ],
];

const all = Buffer.concat(golden.map(([recorded]) => encodeFrame(recorded, crc32)));

/** What a reader gives before it ends. */
function read(file: Uint8Array): { frames: Recorded[]; reader: FrameReader } {
  const reader = new FrameReader(file, crc32);
  const frames: Recorded[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next())
    frames.push(frame.recorded);
  return { frames, reader };
}

/** Bytes as text, so that those of a buffer and of a view are alike. */
const plain = (frames: readonly Recorded[]): readonly object[] =>
  frames.map((frame) =>
    Object.fromEntries(
      Object.entries(frame).map(([key, value]: [string, unknown]) => [
        key,
        value instanceof Uint8Array ? hex(value) : value,
      ]),
    ),
  );

describe('a frame', () => {
  test.each(golden)('%o', (recorded, body) => {
    const frame = encodeFrame(recorded, crc32);
    expect(hex(frame.subarray(framePrefix))).toBe(hex(unhex(body)));
    const view = new DataView(frame.buffer, frame.byteOffset);
    expect(view.getUint32(0)).toBe(frame.length - framePrefix);
    expect(view.getUint32(4)).toBe(crc32(frame.subarray(framePrefix)));
    expect(plain(read(frame).frames)).toEqual(plain([recorded]));
  });

  test('whole, on disk: length, CRC-32, body; and as the reference shows it', () => {
    const [first] = golden;
    const whole = '000000055a8232926f002420ff';
    expect(first && hex(encodeFrame(first[0], crc32))).toBe(whole);
    expect(reference).toContain(`\n${whole}\n`);
  });

  test('of each kind, and each member of the head, stands in the reference', () => {
    for (const [recorded, body] of golden) {
      const letter = Buffer.from(unhex(body.slice(0, 2))).toString();
      expect(reference).toMatch(new RegExp(`\\| \`${letter}\` +\\| \`${recorded.kind}\` `));
    }
    for (const member of Object.keys(RecordingHead.shape))
      expect(reference, member).toContain(`| \`${member}\` `);
    expect(reference).toContain(`at most ${frameLimit.toLocaleString('en')}`);
  });
});

describe('a file', () => {
  test('is read whole', () => {
    const { frames, reader } = read(all);
    expect(plain(frames)).toEqual(plain(golden.map(([recorded]) => recorded)));
    expect(reader).toMatchObject({ valid: all.length, problem: undefined, cut: false });
  });

  test('cut anywhere it is valid to the last whole frame, and is called cut', () => {
    const ends = golden.map((_, index) =>
      golden
        .slice(0, index + 1)
        .reduce((sum, [recorded]) => sum + encodeFrame(recorded, crc32).length, 0),
    );
    for (let length = 0; length < all.length; length += 1) {
      const { frames, reader } = read(all.subarray(0, length));
      const whole = ends.filter((end) => end <= length);
      expect(frames).toHaveLength(whole.length);
      expect(reader.valid).toBe(whole.at(-1) ?? 0);
      expect(reader.cut).toBe(length !== (whole.at(-1) ?? 0));
    }
  });

  test('with zeros where a power cut left none of the bytes it is valid up to them', () => {
    const { frames, reader } = read(Buffer.concat([all, Buffer.alloc(500)]));
    expect(frames).toHaveLength(golden.length);
    expect(reader).toMatchObject({ valid: all.length, cut: true });
  });

  test(`with any byte changed nothing is read that was not written (seed ${seed})`, () => {
    const written = JSON.stringify(plain(golden.map(([recorded]) => recorded)));
    fc.assert(
      fc.property(fc.nat(all.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(all);
        changed[at] = (changed[at] ?? 0) ^ change;
        const { frames, reader } = read(changed);
        expect(frames.length).toBeLessThan(golden.length);
        expect(reader.problem).toBeDefined();
        const before = JSON.stringify(plain(frames)).slice(0, -1);
        expect(written.startsWith(before)).toBe(true);
      }),
      { seed, numRuns: 500 },
    );
  });

  test.each([
    ['nested beyond all use', `${'['.repeat(60_000)}${']'.repeat(60_000)}`],
    ['no JSON', '{"a":'],
    ['JSON and something more', '1 2'],
    ['no UTF-8', '\u{FFFD}'],
  ])('with a mark that is %s ends before it', (what, json) => {
    const text = what === 'no UTF-8' ? Buffer.from([0xff]) : Buffer.from(json);
    const body = Buffer.concat([Buffer.from([0x6d, 0]), text]);
    const frame = Buffer.alloc(framePrefix);
    frame.writeUInt32BE(body.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    const { frames, reader } = read(Buffer.concat([all, frame, body]));
    expect(frames).toHaveLength(golden.length);
    expect(reader).toMatchObject({ valid: all.length, cut: false });
    expect(reader.problem).toBeDefined();
  });

  test('with brackets in a text is read: they are no nesting', () => {
    const about = { text: `"\\${'['.repeat(1000)}` };
    const file = encodeFrame({ kind: 'mark', t: 0, about }, crc32);
    expect(read(file).frames).toMatchObject([{ about }]);
  });

  test(`of chance is never read, and never breaks the reader (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const frame = Buffer.alloc(framePrefix);
        frame.writeUInt32BE(body.length, 0);
        frame.writeUInt32BE(crc32(body), 4);
        const { reader } = read(Buffer.concat([frame, body]));
        expect(reader.valid === 0 || reader.valid === framePrefix + body.length).toBe(true);
      }),
      { seed, numRuns: 2000 },
    );
  });
});
