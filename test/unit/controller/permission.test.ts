// Who may do what until people exist: the cell's own console and the demo everything, the panel stops.
import { describe, expect, test } from 'vitest';
import { refusal } from '#controller/permission.ts';

describe('who may', () => {
  test.each([
    ['console:ann', {}, undefined],
    ['token:demo', { class: 'start' }, undefined],
    ['console:panel', { class: 'stop' }, undefined],
    ['console:panel', { class: 'start' }, 'E_NOT_SIGNED_IN'],
    ['console:panel', { class: 'other' }, 'E_NOT_SIGNED_IN'],
    ['console:panel', {}, 'E_NOT_SIGNED_IN'],
    ['token:demo2', { class: 'stop' }, 'E_ACT_ACTOR'],
    ['system', { class: 'stop' }, 'E_ACT_ACTOR'],
    ['', { class: 'stop' }, 'E_ACT_ACTOR'],
    ['console:ann\n', {}, 'E_ACT_ACTOR'],
  ] as const)('%j with %j', (actor, more, code) => {
    const allowed = { broker: false };
    expect(refusal(actor, { verb: 'command', ...more }, allowed)?.code).toBe(code);
  });

  test.each([
    ['command', true, undefined],
    ['command', false, 'E_ACT_ACTOR'],
    ['force', true, 'E_ACT_ACTOR'],
    ['keep', true, 'E_ACT_ACTOR'],
    ['acknowledge', true, 'E_ACT_ACTOR'],
  ])(
    'whoever speaks through the broker, %s, where commands are let in: %s',
    (verb, broker, code) => {
      expect(refusal('token:mqtt-mes', { verb }, { broker })?.code).toBe(code);
    },
  );
});
