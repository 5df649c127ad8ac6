// The bytes of a shell's frames, held by golden bytes: a browser, a terminal and station of different versions meet here.
// And that no hostile frame is taken for another, or ends in anything but a code.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import {
  decodeFromStation,
  decodeFromViewer,
  encodeFrame,
  frameTypes,
  shellLimits,
} from '#contract/shell-frames.ts';
import type { FromStation, FromViewer } from '#contract/shell-frames.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const keys = new Uint8Array([0x6c, 0x73, 0x0d]);
const size = { cols: 132, rows: 43 };

const fromViewer: readonly (readonly [frame: FromViewer, golden: string])[] = [
  [{ type: 'ack', offset: 0x1_0000_0002 }, '020000000100000002'],
  [{ type: 'in', inSeq: 258, bytes: keys }, '03000001026c730d'],
  [{ type: 'auto', inSeq: 4_294_967_295, bytes: keys }, '09ffffffff6c730d'],
  [{ type: 'resize', size }, '050084002b'],
  [
    { type: 'ctrl', says: { type: 'hidden' } },
    `07${Buffer.from('{"type":"hidden"}').toString('hex')}`,
  ],
];

const fromStation: readonly (readonly [frame: FromStation, golden: string])[] = [
  [{ type: 'out', offset: 7, bytes: new Uint8Array([0xff, 0, 0x1b]) }, '010000000000000007ff001b'],
  [{ type: 'inack', inSeq: 258 }, '0400000102'],
  [{ type: 'resize', size }, '050084002b'],
  [{ type: 'snap', offset: 9, size, bytes: keys }, '0600000000000000090084002b6c730d'],
  [{ type: 'snap', offset: 9, size, bytes: new Uint8Array() }, '0600000000000000090084002b'],
  [{ type: 'exit', code: 130, finalOffset: 67_700_000 }, '08000000820000000004090520'],
  [
    { type: 'ctrl', says: { type: 'challenge', challenge: 'ü' } },
    `07${Buffer.from('{"type":"challenge","challenge":"ü"}').toString('hex')}`,
  ],
];

/** The code that a decoder ends with; else what it read, as bytes again. */
function outcome(decode: () => FromStation | FromViewer): string {
  try {
    return hex(encodeFrame(decode()));
  } catch (error) {
    if (error instanceof CellError) return error.code;
    throw error;
  }
}

const filled = (type: number, length: number): Uint8Array =>
  new Uint8Array(length).fill(1).fill(type, 0, 1);

describe('a frame', () => {
  test.each(fromViewer)('of a viewer %o is these bytes, and no other', (frame, golden) => {
    expect(hex(encodeFrame(frame))).toBe(golden);
    expect(decodeFromViewer(bytesOf(golden))).toEqual(frame);
  });

  test.each(fromStation)('of station %o is these bytes, and no other', (frame, golden) => {
    expect(hex(encodeFrame(frame))).toBe(golden);
    expect(decodeFromStation(bytesOf(golden))).toEqual(frame);
  });

  test('keeps every byte that a program can write', () => {
    const all = fc.uint8Array({ minLength: 1, maxLength: 5000 });
    fc.assert(
      fc.property(fc.nat(), all, (offset, bytes) => {
        const read = decodeFromStation(encodeFrame({ type: 'out', offset, bytes }));
        expect(read).toEqual({ type: 'out', offset, bytes });
      }),
      { seed, numRuns: 200 },
    );
  });

  test('that ends early is refused at each place, or is a whole one that says less', () => {
    for (const [golden, decode] of [
      ...fromViewer.map(([, text]) => [text, decodeFromViewer] as const),
      ...fromStation.map(([, text]) => [text, decodeFromStation] as const),
    ]) {
      const whole = bytesOf(golden);
      for (let length = 0; length < whole.length; length += 1) {
        const cut = whole.subarray(0, length);
        // What carries bytes to its end cannot know how many there were; it is read as what it says.
        const carries = [1, 3, 6, 9].includes(whole[0] ?? 0);
        const allowed = carries ? ['E_DOOR_FRAME', hex(cut)] : ['E_DOOR_FRAME'];
        expect(allowed).toContain(outcome(() => decode(cut)));
      }
    }
  });

  test('that is too long is refused by its length', () => {
    const out = encodeFrame({ type: 'out', offset: 1, bytes: new Uint8Array(shellLimits.out + 1) });
    const over = [
      () => decodeFromViewer(filled(frameTypes.in, 5 + shellLimits.in + 1)),
      () => decodeFromViewer(filled(frameTypes.ctrl, 1 + shellLimits.ctrl + 1)),
      () => decodeFromViewer(filled(frameTypes.in, shellLimits.fromViewer + 1)),
      () => decodeFromStation(filled(frameTypes.snap, 13 + shellLimits.snap + 1)),
      () => decodeFromStation(out),
    ];
    for (const decode of over) expect(outcome(decode)).toBe('E_DOOR_SIZE');
  });

  test.each([
    ['nothing', ''],
    ['no type that there is', '00'],
    ['a frame of station', '010000000000000007ff001b'],
    ['an offset beyond 2^53', '020020000000000000'],
    ['input without a byte', '0300000001'],
    ['an ack and more', '02000000010000000200'],
    ['a terminal without columns', '050000002b'],
    ['a terminal as large as a wall', '05ffff002b'],
    ['a message that is not UTF-8', '07ff'],
    ['a message that is not JSON', '077b'],
    ['a message of another kind', `07${Buffer.from('{"type":"welcome"}').toString('hex')}`],
    ['a message and more', `07${Buffer.from('{"type":"beat","to":1}').toString('hex')}`],
    ['a deep message', `07${Buffer.from('['.repeat(8000)).toString('hex')}`],
  ])('of a viewer that is %s is refused', (_what, text) => {
    expect(outcome(() => decodeFromViewer(bytesOf(text)))).toBe('E_DOOR_FRAME');
  });

  test('of arbitrary bytes is read or refused, never anything else', () => {
    const any = fc
      .tuple(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 9, 10), fc.uint8Array({ maxLength: 64 }))
      .map(([type, rest]) => new Uint8Array([type, ...rest]));
    fc.assert(
      fc.property(any, (bytes) => {
        const expected = ['E_DOOR_FRAME', hex(bytes)];
        for (const decode of [decodeFromViewer, decodeFromStation]) {
          expect(expected).toContain(outcome(() => decode(bytes)));
        }
      }),
      { seed, numRuns: 3000 },
    );
  });
});
