// What a manifest may say of a Modbus device and its tags, and what the driver kind tells of them.
import { describe, expect, test } from 'vitest';
import { drivers } from '#drivers/index.ts';
import { modbus } from '#drivers/modbus/driver.ts';
import { gapOf, quarantineOf } from '#drivers/modbus/config.ts';
import type { ModbusAt } from '#drivers/modbus/config.ts';

describe('a device in the manifest', () => {
  test('needs its address alone; everything else has a default', () => {
    expect(modbus.config.parse({ tcp: '192.168.10.20:502' })).toEqual({
      tcp: '192.168.10.20:502',
      unit: 1,
      timeout: 300,
      connect: 1000,
      poll: { default: 100 },
      base: 0,
      order: 'ABCD',
      multiple: false,
      limits: { registers: 125, bits: 2000 },
    });
  });

  const wrong: [what: string, config: object, path: string][] = [
    ['no address', {}, 'tcp'],
    ['no port', { tcp: '10.0.0.1' }, 'tcp'],
    ['port 0', { tcp: '10.0.0.1:0' }, 'tcp'],
    ['port 65536', { tcp: '10.0.0.1:65536' }, 'tcp'],
    ['a bare IPv6 address', { tcp: '::1:502' }, 'tcp'],
    ['unit 256', { tcp: 'a:1', unit: 256 }, 'unit'],
    ['a time without a unit', { tcp: 'a:1', timeout: 300 }, 'timeout'],
    ['no poll class', { tcp: 'a:1', poll: {} }, 'poll'],
    ['126 registers', { tcp: 'a:1', limits: { registers: 126 } }, 'limits.registers'],
    ['2001 bits', { tcp: 'a:1', limits: { bits: 2001 } }, 'limits.bits'],
    ['a heartbeat nowhere', { tcp: 'a:1', heartbeat: { at: {} } }, 'heartbeat.at'],
    [
      'a heartbeat in two places',
      { tcp: 'a:1', heartbeat: { at: { coil: 1, holding: 1 } } },
      'heartbeat.at',
    ],
    [
      'a beat each ms',
      { tcp: 'a:1', heartbeat: { at: { coil: 1 }, every: '1ms' } },
      'heartbeat.every',
    ],
    ['base 2', { tcp: 'a:1', base: 2 }, 'base'],
    ['an unknown order', { tcp: 'a:1', order: 'ACBD' }, 'order'],
    ['an unknown field', { tcp: 'a:1', port: 502 }, ''],
    ['two lines', { tcp: 'a:1', rtu: { port: 'a' } }, 'tcp'],
    ['a broadcast for a unit', { rtu: { port: 'a' }, unit: 0 }, 'unit'],
    ['a reserved unit', { rtu: { port: 'a' }, unit: 248 }, 'unit'],
    [
      'a heartbeat to all',
      { rtu: { port: 'a' }, heartbeat: { at: { coil: 1, unit: 0 } } },
      'heartbeat.at.unit',
    ],
    ['a line without a port', { rtu: { baud: 9600 } }, 'rtu.port'],
    ['a line of 100 baud', { rtu: { port: 'a', baud: 100 } }, 'rtu.baud'],
  ];
  test.for(wrong)('with %s is refused where it stands', ([, config, path]) => {
    const { error } = modbus.config.safeParse(config);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  test('on a serial line needs its port alone; eight data bits are not to be chosen', () => {
    expect(modbus.config.parse({ rtu: { port: '/dev/a' } })).toMatchObject({
      rtu: { port: '/dev/a', baud: 9600, parity: 'none', stop: 1, delay: 5 },
    });
    expect(modbus.config.safeParse({ rtu: { port: '/dev/a', data: 8 } }).success).toBe(false);
    expect(modbus.address(modbus.config.parse({ rtu: { port: '/dev/a' } }))).toBe('/dev/a');
  });

  const gaps: [config: object, gap: number][] = [
    [{ tcp: 'a:1' }, 125],
    [{ tcp: 'a:1', gap: 0 }, 0],
    [{ rtu: { port: 'a', baud: 9600, delay: '5ms' } }, 12],
    [{ rtu: { port: 'a', baud: 115_200, delay: '5ms' } }, 36],
    [{ rtu: { port: 'a', baud: 115_200, delay: '1s' } }, 125],
    [{ rtu: { port: 'a' }, gap: 3 }, 3],
  ];
  test.for(gaps)('%o joins blocks over at most %i registers', ([config, gap]) => {
    expect(gapOf(modbus.config.parse(config))).toBe(gap);
  });

  const silences: [config: object, silence: number][] = [
    [{ tcp: 'a:1' }, 0],
    [{ rtu: { port: 'a' }, timeout: '200ms' }, 200],
    [{ rtu: { port: 'a', quarantine: '1s' }, timeout: '200ms' }, 1000],
  ];
  test.for(silences)(
    '%o waits for %i ms of silence after a missing answer',
    ([config, silence]) => {
      expect(quarantineOf(modbus.config.parse(config))).toBe(silence);
    },
  );

  test.for(['10.0.0.1:502', 'plc-7.line.local:1502', '[::1]:502', '[fe80::1]:65535'])(
    '%s is an address',
    (tcp) => {
      expect(modbus.address(modbus.config.parse({ tcp }))).toBe(tcp);
    },
  );
});

describe('a tag', () => {
  const tags: [at: ModbusAt, place: string, writable: boolean, natural: string][] = [
    [{ coil: 3 }, 'coil 3', true, 'bool'],
    [{ discrete: 0 }, 'discrete 0', false, 'bool'],
    [{ input: 20 }, 'input 20', false, 'int'],
    [{ input: 20, as: 'f32' }, 'input 20', false, 'real'],
    [{ holding: 1, bit: 4 }, 'holding 1.4', true, 'bool'],
    [{ holding: 1, as: 'i64', unit: 7 }, 'unit 7 holding 1', true, 'int'],
    [{ holding: 1, as: 'f64', order: 'CDAB' }, 'holding 1', true, 'real'],
    [{ input: 32, as: 'string(32)' }, 'input 32', false, 'string'],
  ];
  test.for(tags)('%o', ([at, place, writable, natural]) => {
    expect(modbus.at.parse(at)).toEqual(at);
    expect(modbus.at.parse(modbus.at.parse(at))).toEqual(at);
    expect([modbus.place(at), modbus.writable(at), modbus.natural(at)]).toEqual([
      place,
      writable,
      natural,
    ]);
  });

  test.for(['string(0)', 'string(251)', 'string', 'u8', 'f16', 'U16', 'string(3) '])(
    'as %s is refused',
    (as) => {
      expect(modbus.at.safeParse({ input: 1, as }).success).toBe(false);
    },
  );

  test('is confirmed with the period of its class: its own, the first, or the slowest for outputs', () => {
    const config = modbus.config.parse({ tcp: 'a:1', poll: { fast: '10ms', slow: '250ms' } });
    const at = { coil: 1 };
    const period = (tag: { poll?: string; direction?: 'input' | 'output' }): number =>
      modbus.confirms(config, { at, ...tag }).period;
    expect([
      period({}),
      period({ direction: 'output' }),
      period({ poll: 'fast', direction: 'output' }),
      period({ poll: 'slow' }),
    ]).toEqual([10, 250, 10, 250]);
    expect(modbus.confirms(config, { at })).toMatchObject({ usual: 3, least: 3 });
  });
});

// OPC UA takes seconds to load on a machine that is busy.
test('the registry loads each driver under its own name', { timeout: 60_000 }, async () => {
  for (const [name, load] of Object.entries(drivers)) expect((await load()).name).toBe(name);
  expect(Object.keys(drivers)).toEqual(['modbus', 'opcua', 'serial']);
});
