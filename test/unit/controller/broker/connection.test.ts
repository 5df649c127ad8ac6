// The gate in front of the broker: packets by their headers, however the bytes are cut.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PacketGate, PacketTooLarge } from '#controller/broker/connection.ts';

/** A packet of any type with a body of this many bytes. [MQTT 3.1.1 §2.2.3] */
function packet(length: number): number[] {
  const header = [0x30];
  let left = length;
  do {
    header.push((left % 128) + (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return [...header, ...Array.from({ length }, () => 0xff)];
}

test('packets up to the limit pass and the first larger one is refused, however they are cut', () => {
  const cuts = fc.array(fc.nat({ max: 700 }), { maxLength: 30 });
  const lengths = fc.array(fc.constantFrom(0, 1, 2, 127, 128, 129, 300), { maxLength: 8 });
  fc.assert(
    fc.property(lengths, cuts, fc.boolean(), (good, cutAt, last) => {
      const gate = new PacketGate(300);
      const bytes = [...good, ...(last ? [301] : [])].flatMap(packet);
      const places = [...new Set(cutAt)].toSorted((a, b) => a - b);
      const parts = [...places, bytes.length].map((end, index) =>
        Uint8Array.from(bytes.slice(index === 0 ? 0 : places[index - 1], end)),
      );
      const found = parts.map((part) => gate.take(part)).find((error) => error !== undefined);
      expect(found instanceof PacketTooLarge).toBe(last);
    }),
    { seed: 20_261_123, numRuns: 300 },
  );
});

test('a packet that is too large is refused at its header, before its body has come', () => {
  const gate = new PacketGate(64 * 1024);
  expect(gate.take(Uint8Array.from(packet(1_000_000).slice(0, 4)))).toBeInstanceOf(PacketTooLarge);
});

test('a length that never ends is refused at its fourth byte', () => {
  const gate = new PacketGate(64 * 1024);
  expect(gate.take(Uint8Array.from([0x30, 0xff, 0xff, 0xff]))).toBeUndefined();
  expect(gate.take(Uint8Array.from([0xff]))?.message).toBe('a length of more than four bytes');
});

test('the limit of whoever signed in holds from the next packet on', () => {
  const gate = new PacketGate(100);
  expect(gate.take(Uint8Array.from(packet(50)))).toBeUndefined();
  gate.limit = 1000;
  expect(gate.take(Uint8Array.from(packet(900)))).toBeUndefined();
});
