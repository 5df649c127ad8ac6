// The device's side of Modbus against bytes written out by hand from the specification.
import { describe, expect, it } from 'vitest';
import { stream } from '#simulator/plant/random.ts';
import { answer, frameOf, takeFrames, type Memory } from '#simulator/device/pdu.ts';

/** A memory of 200 of each: inputs 0x1000 + address, discretes odd ones on, the rest as written. */
class Plain implements Memory {
  readonly size = 200;
  readonly coils: boolean[] = Array.from({ length: 200 }, (_, index) => index % 3 === 0);
  readonly holdings: number[] = Array.from({ length: 200 }, (_, index) => index);
  takes = true;
  bit(table: 'coil' | 'discrete', address: number): boolean {
    return table === 'coil' ? this.coils[address] === true : address % 2 === 1;
  }
  register(table: 'input' | 'holding', address: number): number {
    return table === 'input' ? 0x1000 + address : (this.holdings[address] ?? 0);
  }
  writeBits(address: number, values: readonly boolean[]): boolean {
    if (this.takes) this.coils.splice(address, values.length, ...values);
    return this.takes;
  }
  writeRegisters(address: number, values: readonly number[]): boolean {
    if (this.takes) this.holdings.splice(address, values.length, ...values);
    return this.takes;
  }
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const says = (memory: Memory | undefined, hex: string): string =>
  answer(memory, bytes(hex))
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ');

describe('a request', () => {
  const rows = [
    { what: 'coils', ask: '01 00 00 00 0a', gets: '01 02 49 02' },
    { what: 'discrete inputs', ask: '02 00 01 00 03', gets: '02 01 05' },
    { what: 'holding registers', ask: '03 00 05 00 02', gets: '03 04 00 05 00 06' },
    { what: 'input registers', ask: '04 00 08 00 01', gets: '04 02 10 08' },
    {
      what: 'a coil on',
      ask: '05 00 01 ff 00',
      gets: '05 00 01 ff 00',
      next: '01 00 01 00 01',
      now: '01 01 01',
    },
    {
      what: 'a coil off',
      ask: '05 00 03 00 00',
      gets: '05 00 03 00 00',
      next: '01 00 03 00 01',
      now: '01 01 00',
    },
    {
      what: 'one register',
      ask: '06 00 02 12 34',
      gets: '06 00 02 12 34',
      next: '03 00 02 00 01',
      now: '03 02 12 34',
    },
    {
      what: 'coils at once',
      ask: '0f 00 04 00 09 02 cd 01',
      gets: '0f 00 04 00 09',
      next: '01 00 04 00 09',
      now: '01 02 cd 01',
    },
    {
      what: 'registers at once',
      ask: '10 00 01 00 02 04 00 0a 01 02',
      gets: '10 00 01 00 02',
      next: '03 00 01 00 02',
      now: '03 04 00 0a 01 02',
    },
    {
      what: 'a masked register',
      ask: '16 00 12 00 f2 00 25',
      gets: '16 00 12 00 f2 00 25',
      next: '03 00 12 00 01',
      now: '03 02 00 17',
    },
    {
      what: 'a write and a read',
      ask: '17 00 03 00 02 00 04 00 01 02 00 ff',
      gets: '17 04 00 03 00 ff',
    },
    { what: 'the most registers', ask: '03 00 00 00 7d', gets: /^03 fa / },
    { what: 'the last address', ask: '03 00 c7 00 01', gets: '03 02 00 c7' },
  ];
  it.each(rows)('for $what is answered byte for byte', ({ ask, gets, next, now }) => {
    const memory = new Plain();
    if (ask.startsWith('16')) memory.holdings[0x12] = 0x12;
    expect(says(memory, ask)).toMatch(gets);
    expect(next === undefined ? undefined : says(memory, next)).toBe(now);
  });

  const refused = [
    { what: 'of a function that is not there', ask: '2b 0e 01 00', gets: 'ab 01' },
    { what: 'that is empty', ask: '', gets: '80 01' },
    { what: 'past the last address', ask: '03 00 c7 00 02', gets: '83 02' },
    { what: 'for no registers', ask: '03 00 00 00 00', gets: '83 03' },
    { what: 'for 126 registers', ask: '04 00 00 00 7e', gets: '84 03' },
    { what: 'for 2001 coils', ask: '01 00 00 07 d1', gets: '81 03' },
    { what: 'with a coil of 0x1234', ask: '05 00 00 12 34', gets: '85 03' },
    { what: 'with a byte too few', ask: '03 00 00 00', gets: '83 03' },
    { what: 'with a byte too many', ask: '06 00 00 00 00 00', gets: '86 03' },
    { what: 'whose count and bytes differ', ask: '10 00 00 00 02 02 00 01', gets: '90 03' },
    { what: 'whose coil count and bytes differ', ask: '0f 00 00 00 09 01 ff', gets: '8f 03' },
    { what: 'to write past the last address', ask: '10 00 c7 00 02 04 00 00 00 00', gets: '90 02' },
    {
      what: 'to write and read past it',
      ask: '17 00 c7 00 02 00 00 00 01 02 00 01',
      gets: '97 02',
    },
    { what: 'to mask past it', ask: '16 00 c8 00 00 00 00', gets: '96 02' },
  ];
  it.each(refused)('$what gets its exception', ({ ask, gets }) => {
    const memory = new Plain();
    const before = structuredClone([memory.coils, memory.holdings]);
    expect(says(memory, ask)).toBe(gets);
    expect([memory.coils, memory.holdings]).toEqual(before);
  });

  it('with a value that its place does not take gets exception 3', () => {
    const memory = new Plain();
    memory.takes = false;
    for (const ask of [
      '05 00 00 ff 00',
      '06 00 00 00 09',
      '0f 00 00 00 01 01 01',
      '10 00 00 00 01 02 00 09',
      '16 00 00 00 00 00 09',
      '17 00 00 00 01 00 00 00 01 02 00 09',
    ]) {
      expect(says(memory, ask)).toBe(
        `${(Number.parseInt(ask.slice(0, 2), 16) | 0x80).toString(16)} 03`,
      );
    }
  });

  it('to a unit that is not there is answered as a gateway does', () => {
    expect(says(undefined, '03 00 00 00 01')).toBe('83 0b');
  });
});

describe('whatever bytes come', () => {
  it('an answer is whole, is of the same function, and nothing breaks', () => {
    const random = stream(11, 'bytes');
    for (let round = 0; round < 20_000; round += 1) {
      const memory = new Plain();
      const request = Buffer.from(
        Array.from({ length: Math.floor(random() * 20) }, () => Math.floor(random() * 256)),
      );
      // Half of them reach a function that exists, near its addresses.
      if (round % 2 === 0 && request.length > 1)
        request.writeUInt16BE((round % (24 * 256)) & 0xff00);
      const response = answer(memory, request);
      const said = `seed 11 round ${round}: ${request.toString('hex')}`;
      expect((response[0] ?? 0) & 0x7f, said).toBe((request[0] ?? 0) & 0x7f);
      expect(response.length, said).toBeGreaterThanOrEqual(2);
      expect(response.length, said).toBeLessThanOrEqual(253);
      expect(memory.coils.length + memory.holdings.length, said).toBe(400);
    }
  });
});

describe('frames', () => {
  const one = '00 01 00 00 00 06 01 03 00 00 00 01';
  it('are taken whole, one after the other, and the rest is kept', () => {
    const taken = takeFrames(bytes(`${one} 00 02 00 00 00 06 07 04 00 00 00 02 00 03 00`));
    expect(taken?.frames.map(({ transaction, unit }) => [transaction, unit])).toEqual([
      [1, 1],
      [2, 7],
    ]);
    expect(taken?.rest.toString('hex')).toBe('000300');
  });

  it('that come byte by byte are waited for', () => {
    const whole = bytes(one);
    for (let length = 0; length < whole.length; length += 1) {
      expect(takeFrames(whole.subarray(0, length))).toEqual({
        frames: [],
        rest: whole.subarray(0, length),
      });
    }
  });

  it.each([
    ['another protocol', '00 01 00 01 00 06 01'],
    ['a length of nothing', '00 01 00 00 00 01 01'],
    ['a length past the longest', '00 01 00 00 00 ff 01'],
  ])('with %s are none', (_, hex) => {
    expect(takeFrames(bytes(hex))).toBeUndefined();
  });

  it('carry transaction and unit back', () => {
    const frame = { transaction: 0xbeef, unit: 9, request: bytes('03') };
    expect(frameOf(frame, bytes('83 02')).toString('hex')).toBe('beef00000003098302');
  });
});
