// What a person writes for a parameter, before it is sent: control would refuse the same.
import { describe, expect, test } from 'vitest';
import { draftOf, tapOf, tapped } from '#hmi/feed/draft.ts';
import type { Parameter } from '#hmi/feed/draft.ts';

const batch: Parameter = { name: 'batch', type: 'int', min: 1, max: 9999 };
const flow: Parameter = { name: 'flow.min', type: 'real', min: 6, max: 14, maxStep: 0.5 };

describe('what is written', () => {
  test.each([
    [batch, 200, '50', { value: 50 }],
    [batch, 200, ' 50 ', { value: 50 }],
    [batch, 200, '200', { problem: 'same' }],
    [batch, 200, '0', { problem: 'low', at: 1 }],
    [batch, 200, '10000', { problem: 'high', at: 9999 }],
    [batch, 200, '1.5', { problem: 'whole' }],
    [batch, 200, '', { problem: 'number' }],
    [batch, 200, '1e3', { problem: 'number' }],
    [batch, 200, 'Infinity', { problem: 'number' }],
    [batch, 200, '0x10', { problem: 'number' }],
    [batch, 200, '1,000,000', { problem: 'number' }],
    [batch, 200, '9'.repeat(400), { problem: 'number' }],
    [flow, 8, '8.5', { value: 8.5 }],
    [flow, 8, '8,5', { value: 8.5 }],
    [flow, 8, '8.51', { problem: 'step', at: 0.5 }],
    [flow, 7.6, '8.1', { value: 8.1 }],
    [flow, null, '14', { value: 14 }],
  ] as const)('for %j that is %s, "%s" is %j', (parameter, now, text, draft) => {
    expect(draftOf(parameter, now, text)).toEqual(draft);
  });
});

describe('a tap', () => {
  test('moves whole numbers by one, others by the largest change or a round part of the range', () => {
    expect(tapOf(batch)).toBe(1);
    expect(tapOf(flow)).toBe(0.5);
    expect(tapOf({ name: 'x', type: 'real', min: 0, max: 20 })).toBe(1);
    expect(tapOf({ name: 'x', type: 'real' })).toBe(0.1);
  });
  test('stays inside the range and leaves no crumbs', () => {
    expect(tapped(batch, 1, -1)).toBe(1);
    expect(tapped(flow, 13.8, 1)).toBe(14);
    expect(tapped({ name: 'x', type: 'real', min: 0, max: 1 }, 0.2, 1)).toBe(0.3);
  });
});
