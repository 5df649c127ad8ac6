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
    expect(refusal(actor, { verb: 'command', ...more })?.code).toBe(code);
  });
});
