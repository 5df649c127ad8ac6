// A value's way in and out: the contract's order, table by table, and round trips.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { conversionOf } from '#controller/devices/conversion.ts';
import type { TagPlan } from '#flows/plan.ts';

const base = { name: tagName('t'), kind: 'input', values: [], deadband: 0, latch: false } as const;
const tag = (more: Partial<TagPlan> & Pick<TagPlan, 'type'>): TagPlan => ({
  ...base,
  readBy: [],
  recorded: true,
  logged: false,
  ...more,
});
const bool = tag({ type: 'bool' });
const text = tag({ type: 'string' });
const int = tag({ type: 'int', min: -5, max: 100 });
const real = tag({ type: 'real', min: 0, max: 40 });
const job = tag({ type: 'enum', values: ['none', 'load', 'unload'] });
const current = { rawValid: [3.6, 21], scale: { raw: [4, 20], to: [0, 40] } } as const;
const counts = { scale: { raw: [0, 27648], to: [0, 40] } } as const;
const frameOf = ({
  rawValid,
  scale,
}: {
  rawValid?: readonly [number, number];
  scale?: { readonly raw: readonly [number, number]; readonly to: readonly [number, number] };
}): Parameters<typeof conversionOf>[1] => ({
  ...(rawValid === undefined ? {} : { rawValid: [...rawValid] }),
  ...(scale === undefined ? {} : { scale: { raw: [...scale.raw], to: [...scale.to] } }),
});

type Frame = Parameters<typeof conversionOf>[1];
type Row = readonly [what: string, plan: TagPlan, frame: Frame, raw: Value, Value, number];
const { Good, Bad, BadTypeMismatch, BadOutOfRange, BadSensorFailure } = status;

const rows: readonly Row[] = [
  ['a bool', bool, {}, true, true, Good],
  ['a bool given as 1', bool, {}, 1, true, Good],
  ['a bool given as 0', bool, {}, 0, false, Good],
  ['a bool given as 2', bool, {}, 2, 2, BadTypeMismatch],
  ['a bool given as text', bool, {}, 'true', 'true', BadTypeMismatch],
  ['a text', text, {}, 'A-17', 'A-17', Good],
  ['a text given as a number', text, {}, 17, 17, BadTypeMismatch],
  ['an enum by its index', job, {}, 2, 'unload', Good],
  ['an enum by its name', job, {}, 'load', 'load', Good],
  ['an enum of another number', job, {}, 3, 3, BadOutOfRange],
  ['an enum of another name', job, {}, 'weld', 'weld', BadOutOfRange],
  ['an enum of half a number', job, {}, 0.5, 0.5, BadOutOfRange],
  ['an enum by its map', job, { map: { load: 7, none: 4, unload: 9 } }, 7, 'load', Good],
  ['an index beside a map', job, { map: { load: 7 } }, 1, 1, BadOutOfRange],
  ['an int', int, {}, -5, -5, Good],
  ['an int below its range', int, {}, -6, -6, BadOutOfRange],
  ['an int above its range', int, {}, 101, 101, BadOutOfRange],
  ['an int with a fraction', int, {}, 1.5, 1.5, BadOutOfRange],
  ['an int as text', int, {}, '5', '5', BadTypeMismatch],
  ['an int as a bool', int, {}, true, true, BadTypeMismatch],
  ['a 64-bit int', int, {}, 7n, 7n, Good],
  ['a 64-bit int above its range', int, {}, 10n ** 18n, 10n ** 18n, BadOutOfRange],
  ['a scaled int is rounded', int, { scale: { raw: [0, 3], to: [0, 10] } }, 1, 3, Good],
  ['a scaled 64-bit int', int, { scale: { raw: [0, 10], to: [0, 100] } }, 4n, 40, Good],
  ['a 64-bit raw value outside', int, { rawValid: [0, 10] }, 11n, 11n, BadSensorFailure],
  ['a real', real, {}, 12.5, 12.5, Good],
  ['not a number', real, {}, Number.NaN, null, BadOutOfRange],
  ['infinity', real, {}, Number.POSITIVE_INFINITY, null, BadOutOfRange],
  ['a scaled real', real, counts, 13824, 20, Good],
  ['a scaled real at its end', real, counts, 27648, 40, Good],
  ['a scaled real above its range', real, counts, 30413, 44.00028935185185, BadOutOfRange],
  ['a broken wire', real, frameOf(current), 0, -10, BadSensorFailure],
  ['a short circuit', real, frameOf(current), 22, 45, BadSensorFailure],
  ['just valid, but out of range', real, frameOf(current), 3.9, -0.25, BadOutOfRange],
  [
    'an overflow of the scale',
    tag({ type: 'real' }),
    { scale: { raw: [0, 1e-300], to: [0, 1e300] } },
    1e300,
    null,
    BadOutOfRange,
  ],
  ['nothing', real, {}, null, null, Bad],
].map(([what, plan, frame, raw, value, code]) => [
  what,
  plan,
  frame === counts ? frameOf(counts) : frame,
  raw,
  value,
  code,
]) as readonly Row[];

/** Without the last bits of a computed number. */
const nearly = (value: Value): Value =>
  typeof value === 'number' ? Number(value.toFixed(9)) : value;

describe('a value on its way in', () => {
  test.each(rows)('%s', (_what, plan, frame, raw, value, code) => {
    const { fromWire } = conversionOf(plan, frame);
    const judged = fromWire(raw, Good);
    expect(judged.status).toBe(code);
    expect(nearly(judged.value)).toBe(nearly(value));
  });

  test.each([
    [status.UncertainLastUsableValue, 12, 12, status.UncertainLastUsableValue],
    [status.GoodOverflow, 12, 12, status.GoodOverflow],
    [status.UncertainLastUsableValue, 41, 41, BadOutOfRange],
    [status.UncertainLastUsableValue, null, null, Bad],
    [status.BadDeviceFailure, null, null, status.BadDeviceFailure],
    [status.BadDeviceFailure, 12, 12, status.BadDeviceFailure],
  ])('with the device’s own status %s and value %s', (given, raw, value, code) => {
    expect(conversionOf(real, {}).fromWire(raw, given)).toEqual({ value, status: code });
  });

  test('what a device calls bad is shown in the tag’s unit or not at all', () => {
    const { fromWire } = conversionOf(real, frameOf(counts));
    expect(fromWire(13824, status.BadDeviceFailure).value).toBeCloseTo(20);
    expect(fromWire('?', status.BadDeviceFailure).value).toBe(null);
  });

  test('nothing that is not finite comes through, whatever the wire says', () => {
    const numbers = fc.double({ noDefaultInfinity: false });
    fc.assert(
      fc.property(numbers, numbers, numbers, numbers, numbers, (raw, a, b, from, to) => {
        fc.pre(a !== b);
        const frame = { scale: { raw: [a, b], to: [from, to] } } satisfies Frame;
        const { value } = conversionOf(tag({ type: 'real' }), frame).fromWire(raw, Good);
        expect(value === null || Number.isFinite(value)).toBe(true);
      }),
      { seed: 11, numRuns: 2000 },
    );
  });
});

describe('a value on its way out', () => {
  test.each([
    ['a bool', bool, {}, true, true],
    ['an enum as its index', job, {}, 'unload', 2],
    ['an enum as its map says', job, { map: { unload: 9 } }, 'unload', 9],
    ['a number', int, {}, 7, 7],
  ] as const)('%s', (_what, plan, frame, value, wire) => {
    expect(conversionOf(plan, frame).toWire(value)).toBe(wire);
  });

  test('a scaled value is a whole number where the device takes only those', () => {
    expect(conversionOf(real, frameOf(counts), true).toWire(12.3)).toBe(8502);
    expect(conversionOf(real, frameOf(counts), false).toWire(12.3)).toBeCloseTo(8501.76);
  });

  test('what does not fit a whole number is not rounded behind anyone’s back', () => {
    expect(conversionOf(real, {}, true).toWire(12.3)).toBe(12.3);
  });

  test('what goes out comes back within one step of the wire', () => {
    const { toWire, fromWire } = conversionOf(real, frameOf(counts), true);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 40, noNaN: true }), (value) => {
        const back = fromWire(toWire(value), Good);
        expect(back.status).toBe(Good);
        expect(Math.abs(Number(back.value) - value)).toBeLessThanOrEqual(40 / 27648);
      }),
      { seed: 12, numRuns: 1000 },
    );
  });

  test.each([bool, job, text])('of type $type it comes back as it went', (plan) => {
    const { toWire, fromWire } = conversionOf(plan, {});
    const values: readonly Value[] =
      plan.type === 'bool' ? [true, false] : plan.type === 'enum' ? plan.values : ['', 'x'];
    for (const value of values) expect(fromWire(toWire(value), Good).value).toBe(value);
  });
});
