// Everything that a Modbus device should never say, from a seed, for TCP and RTU alike. What is wrong in
// it is marked: words of right answers are below 0x8000 and name their address, poisoned ones are above.
import { frame } from './rig-modbus.ts';
import { adu } from './rig-rtu.ts';

/** One piece of what the device says, and how long after the request, in milliseconds. */
export interface Said {
  readonly bytes: Buffer;
  readonly after: number;
}

/** How PDUs travel on one kind of line. */
export interface Framing {
  /** A frame as an answer to this request. */
  wrap(request: Buffer, unit: number, pdu: Buffer): Buffer;
  unitOf(frame: Buffer): number;
  pduOf(frame: Buffer): Buffer;
  /** Answers that are wrong only on this kind of line. */
  readonly own: Readonly<Record<string, Mutation>>;
}

/** What a mutation works on. */
export interface Turn {
  readonly answer: Buffer;
  readonly request: Buffer;
  readonly framing: Framing;
  readonly random: () => number;
  /** The driver's deadline for this request, in milliseconds. */
  readonly timeout: number;
}

export type Mutation = (turn: Turn) => readonly Said[];

const now = (...bytes: readonly Buffer[]): readonly Said[] => [
  { bytes: Buffer.concat(bytes), after: 0 },
];
const pick = (random: () => number, count: number): number => Math.floor(random() * count);
const noise = (random: () => number, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => pick(random, 256)));

/** The PDU with every value in it inverted: whoever takes it takes a wrong one. */
const poison = (pdu: Buffer): Buffer => {
  const from = pdu.length > 2 && (pdu[0] ?? 0) <= 4 ? 2 : 3;
  return Buffer.from(pdu.map((byte, i) => (i < from ? byte : byte ^ 0xff)));
};

const poisoned = ({ answer, request, framing }: Turn, unit?: number): Buffer =>
  framing.wrap(request, unit ?? framing.unitOf(answer), poison(framing.pduOf(answer)));

/** The poisoned PDU changed by `change`, in a frame that is right around it. */
const reworded = (turn: Turn, change: (pdu: Buffer) => Buffer): readonly Said[] => {
  const { answer, request, framing } = turn;
  return now(framing.wrap(request, framing.unitOf(answer), change(poison(framing.pduOf(answer)))));
};

const withByte = (bytes: Buffer, at: number, byte: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = byte;
  return copy;
};

/** Wrong on every kind of line. */
export const mutations: Readonly<Record<string, Mutation>> = {
  silence: () => [],
  noise: ({ random }) => now(noise(random, 1 + pick(random, 300))),
  // Nothing else is said until it is given up: what followed would be its rest.
  truncated: (turn) => [
    { bytes: poisoned(turn).subarray(0, pick(turn.random, turn.answer.length)), after: 0 },
    { bytes: Buffer.alloc(0), after: turn.timeout + 20 },
  ],
  'over-long': ({ answer, random }) => now(answer, noise(random, 5 + pick(random, 60))),
  'another unit': (turn) => now(poisoned(turn, 1 + ((turn.framing.unitOf(turn.answer) + 7) % 240))),
  'another function': (turn) => reworded(turn, (pdu) => withByte(pdu, 0, ((pdu[0] ?? 0) % 4) + 1)),
  'a wrong byte count': (turn) =>
    reworded(turn, (pdu) => withByte(pdu, 1, (pdu[1] ?? 0) + 1 + pick(turn.random, 200))),
  'values too few': (turn) => reworded(turn, (pdu) => pdu.subarray(0, Math.max(2, pdu.length - 2))),
  'values too many': (turn) => reworded(turn, (pdu) => Buffer.concat([pdu, Buffer.alloc(2, 0xee)])),
  'an exception of another unit': ({ answer, request, framing }) =>
    now(framing.wrap(request, 99, Buffer.from([(framing.pduOf(answer)[0] ?? 0) | 0x80, 2]))),
  late: (turn) => [{ bytes: poisoned(turn), after: turn.timeout + 6 }],
  'late and late again': (turn) => [
    { bytes: poisoned(turn), after: turn.timeout + 4 },
    { bytes: poisoned(turn), after: turn.timeout + 9 },
  ],
};

/** Right answers that come in an unusual way. */
export const oddities: Readonly<Record<string, Mutation>> = {
  'in pieces': ({ answer, random }) => {
    const cut = pick(random, answer.length);
    return [
      { bytes: answer.subarray(0, cut), after: 0 },
      { bytes: answer.subarray(cut), after: 1 + pick(random, 6) },
    ];
  },
  'byte by byte': ({ answer }) =>
    Array.from(answer, (byte) => ({ bytes: Buffer.from([byte]), after: 0 })),
  slow: ({ answer, random, timeout }) => [{ bytes: answer, after: pick(random, timeout * 0.6) }],
};

const flipped = (bytes: Buffer, bits: readonly number[]): Buffer => {
  const copy = Buffer.from(bytes);
  for (const bit of bits) copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

/** TCP guards the values, so only what Modbus puts before them is turned over here. */
export const tcp: Framing = {
  wrap: frame,
  unitOf: (bytes) => bytes[6] ?? 0,
  pduOf: (bytes) => bytes.subarray(7),
  own: {
    'bits of the head': (turn) => now(flipped(poisoned(turn), [pick(turn.random, 8 * 8)])),
    'another transaction': (turn) => {
      const copy = poisoned(turn);
      copy.writeUInt16BE((copy.readUInt16BE(0) + 1 + pick(turn.random, 65_534)) & 0xffff, 0);
      return now(copy);
    },
    'the wrong one first': (turn) => {
      const stray = poisoned(turn);
      stray.writeUInt16BE((stray.readUInt16BE(0) + 0x8000) & 0xffff, 0);
      return now(stray, turn.answer);
    },
    twice: (turn) => now(turn.answer, poisoned(turn)),
    'another protocol': (turn) => now(withByte(poisoned(turn), 3, 1)),
    'a length of nothing': (turn) => now(withByte(withByte(poisoned(turn), 4, 0), 5, 0)),
    'a huge length': (turn) => now(withByte(withByte(poisoned(turn), 4, 0xff), 5, 0xff)),
  },
};

/** A frame with a right CRC is believed, so it is wrong only where the line could know it. */
export const rtu: Framing = {
  wrap: (_request, unit, pdu) => adu(unit, pdu),
  unitOf: (bytes) => bytes[0] ?? 0,
  pduOf: (bytes) => bytes.subarray(1, -2),
  own: {
    'one to three bits': ({ answer, random }) =>
      now(
        flipped(
          answer,
          Array.from({ length: 1 + pick(random, 3) }, () => pick(random, answer.length * 8)),
        ),
      ),
    'two at once': (turn) => now(poisoned(turn), turn.answer),
    twice: (turn) => now(turn.answer, poisoned(turn)),
    'after noise': (turn) => now(noise(turn.random, 1 + pick(turn.random, 4)), poisoned(turn)),
    'a wrong CRC': (turn) => {
      const copy = poisoned(turn);
      return now(
        withByte(copy, copy.length - 1, (copy.at(-1) ?? 0) ^ (1 + pick(turn.random, 255))),
      );
    },
  },
};
