// What a manifest may say of a serial device and its tags, and what the driver kind tells of them.
import { describe, expect, test } from 'vitest';
import type { DriverTag } from '#contract/driver.ts';
import { tagName } from '#contract/name.ts';
import { drivers } from '#drivers/index.ts';
import { SerialAt, SerialConfig, SerialTagOptions } from '#drivers/serial/config.ts';
import { serial } from '#drivers/serial/driver.ts';
import { compile } from '#drivers/serial/points.ts';
import { driverDeps } from '#test/driver/deps.ts';

const port = '/dev/serial/by-id/usb-gauge-if00';
const asked = { port, frame: { end: '\r\n', max: 64 }, ask: { send: 'P?\r\n', every: '50ms' } };
const alive = { send: 'S\r', expect: '^OK$', every: '500ms' };
const pushed = { port, frame: { end: '\r' }, alive };
const block = { ...asked, frame: { length: 8 } };

const tag = (over: Partial<DriverTag>): DriverTag => ({
  name: tagName('t'),
  at: undefined,
  direction: 'input',
  type: 'real',
  options: { match: '(.*)' },
  ...over,
});

const told = (at: object | undefined): unknown[] => {
  const place = SerialAt.parse(at);
  return [serial.place(place), serial.natural(place)];
};

const canWrite = (config: object): boolean =>
  serial.create(driverDeps(), SerialConfig.parse(config)).write !== undefined;

describe('a device in the manifest', () => {
  test('needs its port, its frame and its question; everything else has a default', () => {
    expect(SerialConfig.parse(asked)).toEqual({
      port,
      baud: 9600,
      data: 8,
      parity: 'none',
      stop: 1,
      text: 'utf8',
      frame: { end: '\r\n', max: 64 },
      ask: { send: 'P?\r\n', every: 50, timeout: 300 },
    });
  });

  const wrong: [what: string, config: object, path: string][] = [
    ['no port', { ...asked, port: undefined }, 'port'],
    ['no frame', { ...asked, frame: undefined }, 'frame'],
    ['a frame without end and length', { ...asked, frame: { max: 9 } }, 'frame'],
    [
      'a frame that is only its marks',
      { ...asked, frame: { length: 2, end: '\r\n' } },
      'frame.length',
    ],
    ['a frame without a bound', { ...asked, frame: { end: '\r', max: 1e6 } }, 'frame.max'],
    ['an end that is no bytes', { ...asked, frame: { end: '\u20ac' } }, 'frame.end'],
    ['an empty end', { ...asked, frame: { end: '' } }, 'frame.end'],
    ['neither ask nor alive', { ...asked, ask: undefined }, ''],
    ['both', { ...asked, alive }, ''],
    ['a question too often', { ...asked, ask: { send: 'x', every: '1ms' } }, 'ask.every'],
    [
      'an answer that is no pattern',
      { ...pushed, alive: { ...alive, expect: '(' } },
      'alive.expect',
    ],
    ['no answer to expect', { ...pushed, alive: { send: 'S', every: '1s' } }, 'alive.expect'],
    ['ignore for a device that is asked', { ...asked, ignore: 'x' }, 'ignore'],
    ['no step to find', { ...pushed, frame: { length: 4 } }, 'frame'],
    ['nine bits', { ...asked, data: 9 }, 'data'],
    ['mark parity', { ...asked, parity: 'mark' }, 'parity'],
    ['100 baud', { ...asked, baud: 100 }, 'baud'],
    ['an unknown field', { ...asked, tcp: 'a:1' }, ''],
  ];
  test.for(wrong)('with %s is refused where it stands', ([, config, path]) => {
    const { error } = SerialConfig.safeParse(config);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});

describe('a tag in the manifest', () => {
  const wrong: [what: string, options: object, text: string][] = [
    ['no group', { match: '^P=[0-9]+$' }, 'no group (…) says which part is the value'],
    ['an open group', { match: '^P=([0-9]+$' }, 'a `(` without its `)`'],
    ['a reference', { match: '(a)\\1' }, '`\\1` is not supported'],
    ['a pattern that ruins others', { match: '((a*)*)' }, 'it repeats what may be empty'],
    ['a command without its value', { write: { send: 'SET', expect: 'OK' } }, 'no {value} in it'],
  ];
  test.for(wrong)('with %s is refused', ([, options, text]) => {
    const { error } = SerialTagOptions.safeParse(options);
    expect(error?.issues.map((issue) => issue.message)).toEqual([text]);
  });

  test.for([
    [{ offset: -1 }, 'offset'],
    [{ offset: 4096 }, 'offset'],
    [{ offset: 0, as: 'u24' }, 'as'],
    [{ offset: 0, as: 'u16', bit: 3 }, 'bit'],
    [{ offset: 0, bit: 8 }, 'bit'],
    [{ offset: 0, order: 'ACBD' }, 'order'],
  ] as const)('at %o is refused', ([at, path]) => {
    const { error } = SerialAt.safeParse(at);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  const write = { send: '{value}\r', expect: 'OK' };
  const served: [what: string, config: object, tags: DriverTag[], issue: string | undefined][] = [
    ['a pattern', asked, [tag({})], undefined],
    ['a place', block, [tag({ at: { offset: 6, as: 'u16' }, options: {} })], undefined],
    ['both', block, [tag({ at: { offset: 0 } })], 'either match or at'],
    ['neither', asked, [tag({ options: {} })], 'either match or at'],
    [
      'a place in a line',
      asked,
      [tag({ at: { offset: 0 }, options: {} })],
      '`at` needs frames of a fixed length',
    ],
    [
      'a place past the end',
      block,
      [tag({ at: { offset: 7, as: 'u16' }, options: {} })],
      'byte 7 and on is outside the frame',
    ],
    ['a poll class', asked, [tag({ poll: 'slow' })], 'the device has no poll classes'],
    ['the same tag twice', asked, [tag({}), tag({})], 'the tag is given twice'],
    [
      'an output',
      asked,
      [tag({ direction: 'output', options: { match: '(.*)', write } })],
      undefined,
    ],
    [
      'an output without a command',
      asked,
      [tag({ direction: 'output' })],
      'an output needs `write`',
    ],
    [
      'an output of a device that is not asked',
      pushed,
      [tag({ direction: 'output', options: { match: '(.*)', write } })],
      'a device that is not asked has no outputs',
    ],
    [
      'an unknown field',
      asked,
      [tag({ options: { match: '(.*)', mach: '' } })],
      'Unrecognized key: "mach"',
    ],
  ];
  test.for(served)('%s', ([, config, tags, issue]) => {
    const { points, issues } = compile(tags, SerialConfig.parse(config));
    expect(issues.map(({ text }) => text)).toEqual(issue === undefined ? [] : [issue]);
    expect(points).toHaveLength(tags.length - issues.length);
  });
});

describe('the driver kind', () => {
  test('is found by its name', async () => {
    expect(await drivers['serial']?.()).toBe(serial);
  });

  test('says where a device and a tag are, and what a tag is by itself', () => {
    const config = SerialConfig.parse(asked);
    expect(serial.address(config)).toBe(port);
    expect(serial.endpoint.parse({ port: 'data/dev/gauge' })).toEqual({ port: 'data/dev/gauge' });
    expect(serial.endpoint.safeParse({ baud: 1200 }).success).toBe(false);
    expect(told(undefined)).toEqual(['in its text', undefined]);
    expect(told({ offset: 4, as: 'u16' })).toEqual(['byte 4 u16', 'int']);
    expect(told({ offset: 4, bit: 2 })).toEqual(['byte 4 u8.2', 'bool']);
    expect(told({ offset: 4, as: 'f32' })).toEqual(['byte 4 f32', 'real']);
    expect(told({ offset: 4, as: 'string(9)' })).toEqual(['byte 4 string(9)', 'string']);
  });

  test('a tag is confirmed as often as the device is asked', () => {
    for (const [config, period] of [
      [asked, 50],
      [pushed, 500],
    ] as const) {
      expect(serial.confirms(SerialConfig.parse(config), { at: undefined })).toEqual({
        period,
        usual: 3,
        least: 3,
      });
    }
  });

  test('only a device that is asked can be written', () => {
    expect([canWrite(asked), canWrite(pushed)]).toEqual([true, false]);
  });
});
