// Who may do what: until people exist the cell's own console and the demo everything; then whom station knows. The
// panel and the console always stop.
import { describe, expect, test } from 'vitest';
import { refusal } from '#controller/door/permission.ts';

describe('who may', () => {
  test.each([
    ['console:ann', {}, undefined],
    ['token:demo', { class: 'start' }, undefined],
    ['console:panel', { class: 'stop' }, undefined],
    ['console:panel', { class: 'start' }, 'E_NOT_SIGNED_IN'],
    ['console:panel', { class: 'other' }, 'E_NOT_SIGNED_IN'],
    ['console:panel', {}, 'E_NOT_SIGNED_IN'],
    ['token:demo2', { class: 'stop' }, 'E_ACT_ACTOR'],
    ['user:ann', { class: 'start' }, 'E_ACT_ACTOR'],
    ['agent:ann/planner', { class: 'other' }, 'E_ACT_ACTOR'],
    ['system', { class: 'stop' }, 'E_ACT_ACTOR'],
    ['', { class: 'stop' }, 'E_ACT_ACTOR'],
    ['console:ann\n', {}, 'E_ACT_ACTOR'],
  ] as const)('%j with %j', (actor, more, code) => {
    const allowed = { broker: false, enrolled: () => false };
    expect(refusal(actor, { verb: 'command', ...more }, allowed)?.code).toBe(code);
  });

  test.each([
    ['console:ann', { class: 'start' }, 'E_CONSOLE_PEOPLE'],
    ['console:ann', {}, 'E_CONSOLE_PEOPLE'],
    ['console:ann', { class: 'stop' }, undefined],
    ['token:demo', { class: 'start' }, 'E_CONSOLE_PEOPLE'],
    ['token:demo', { class: 'stop' }, undefined],
    ['console:panel', { class: 'stop' }, undefined],
    ['console:panel', { class: 'start' }, 'E_NOT_SIGNED_IN'],
    ['user:ann', { class: 'start' }, undefined],
    ['token:mes', {}, undefined],
    ['agent:ann/planner', {}, undefined],
    ['flow:tending', {}, 'E_ACT_ACTOR'],
    ['system', {}, 'E_ACT_ACTOR'],
  ] as const)('%j with %j, once people are enrolled', (actor, more, code) => {
    const allowed = { broker: false, enrolled: () => true };
    expect(refusal(actor, { verb: 'command', ...more }, allowed)?.code).toBe(code);
  });

  test('a stop is not kept waiting for a disk that says who is enrolled', () => {
    let asked = 0;
    const enrolled = (): boolean => (asked += 1) > 0;
    const stop = { verb: 'command', class: 'stop' } as const;
    expect(refusal('console:ann', stop, { broker: false, enrolled })).toBeUndefined();
    expect(asked).toBe(0);
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
      expect(refusal('token:mqtt-mes', { verb }, { broker, enrolled: () => true })?.code).toBe(
        code,
      );
    },
  );
});
