// Names, actors, qualities and errors: the small words of the contract, each with its spelling rule.
import { describe, expect, test } from 'vitest';
import { Actor } from '#contract/actor.ts';
import { CellError, InvariantError, assert, codes, present } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { CellId, DeviceId, FlowName, TagName } from '#contract/name.ts';
import { qualityOf, status, statusCode, statusText } from '#contract/quality.ts';
import { toJsonValue } from '#contract/sample.ts';

const takes = (schema: typeof TagName | typeof Actor, text: unknown): boolean =>
  schema.safeParse(text).success;

describe('names', () => {
  test.each(['a', 'door.opened', 'spindle.temp', 'x1.y2', 'part.code', 'camelCase.words'])(
    '%j is a tag',
    (name) => expect(takes(TagName, name)).toBe(true),
  );
  test.each([
    '',
    'Door',
    'door.',
    '.door',
    'door..opened',
    'door-opened',
    'door.1',
    'door/opened',
    'door opened',
    'a.b.c.d.e.f.g.h.i',
    'tür',
    'a\n',
    'x'.repeat(129),
    7,
  ])('%j is no tag', (name) => expect(takes(TagName, name)).toBe(false));

  test('cells and devices are lower case with dashes, flows may have capitals', () => {
    for (const schema of [CellId, DeviceId]) {
      expect(schema.safeParse('tending-1').success).toBe(true);
      for (const bad of ['Tending', '1st', '', '-a', 'a_b', 'a.b', 'x'.repeat(64)])
        expect(schema.safeParse(bad).success, bad).toBe(false);
    }
    expect(FlowName.safeParse('cncTending-2').success).toBe(true);
    expect(FlowName.safeParse('Tending').success).toBe(false);
    expect(FlowName.safeParse('a.b').success).toBe(false);
  });
});

describe('actors', () => {
  test.each([
    'console:root',
    'user:mira.b@acme',
    'token:demo',
    'agent:mira/tuner-1',
    'flow:tending',
    'system',
  ])('%s', (actor) => expect(takes(Actor, actor)).toBe(true));
  test.each([
    '',
    'root',
    'console:',
    'console:a b',
    'user:',
    'agent:mira',
    'agent:/x',
    'system:x',
    'System',
    'flow:a.b',
    'console:root\n',
    `user:${'x'.repeat(65)}`,
  ])('%j is nobody', (actor) => expect(takes(Actor, actor)).toBe(false));
});

describe('quality', () => {
  test.each([
    [0x0000_0000, 'good'],
    [0x0000_0480, 'good'],
    [0x3fff_ffff, 'good'],
    [0x4000_0000, 'uncertain'],
    [0x4090_0000, 'uncertain'],
    [0x7fff_ffff, 'uncertain'],
    [0x8000_0000, 'bad'],
    [0xbfff_ffff, 'bad'],
    [0xc000_0000, 'bad'],
    [0xffff_ffff, 'bad'],
  ])('of %d is %s by its two highest bits', (value, quality) => {
    expect(qualityOf(statusCode(value))).toBe(quality);
  });

  test('every status of the product has the severity that its name says', () => {
    for (const [name, value] of Object.entries(status))
      expect(name.toLowerCase().startsWith(qualityOf(value)), name).toBe(true);
  });

  test('a status is a uint32, and is shown by name where it is known', () => {
    expect(statusCode(-1)).toBe(0xffff_ffff);
    expect(statusText(status.BadTimeout)).toBe('BadTimeout');
    // Overflow and other flags in the low half change nothing of the name.
    expect(statusText(statusCode(0x800a_0480))).toBe('BadTimeout');
    expect(statusText(statusCode(0x80ff_0000))).toBe('0x80ff0000');
    expect(statusText(status.GoodOverflow)).toBe('Good');
  });

  test('a 64-bit integer is a decimal text in JSON', () => {
    expect(toJsonValue(18_446_744_073_709_551_615n)).toBe('18446744073709551615');
    expect([true, 1.5, 'x', null].map(toJsonValue)).toEqual([true, 1.5, 'x', null]);
  });
});

describe('errors', () => {
  test('an operating error knows from its code whether to try again', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new CellError('E_DEVICE_CONNECT', '127.0.0.1:502 refused', { cause });
    expect(error).toMatchObject({ code: 'E_DEVICE_CONNECT', retry: 'later', cause });
    expect(new CellError('E_USAGE', 'no verb').retry).toBe('never');
  });

  test('every code is `E_SUBJECT_WHAT` and is retried never or later', () => {
    for (const code of Object.keys(codes) as Code[]) {
      expect(code).toMatch(/^E_[A-Z]+(?:_[A-Z0-9]+)*$/);
      expect(['never', 'later']).toContain(codes[code].retry);
    }
  });

  test('an invariant that does not hold is for nobody to catch', () => {
    expect(() => assert(false, 'tag was declared')).toThrow(InvariantError);
    expect(() => assert(true, 'fine')).not.toThrow();
    expect(() => present(undefined, 'a flow')).toThrow('a flow');
    expect(() => present(null, 'a flow')).toThrow(InvariantError);
    expect(present(0, 'zero is there')).toBe(0);
  });
});
