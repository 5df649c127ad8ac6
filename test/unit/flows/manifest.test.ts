import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { DriverKind } from '#contract/driver.ts';
import { formatDiagnostic, placeOf } from '#contract/diagnostic.ts';
import { milliseconds } from '#contract/time.ts';
import { deviceCheck, deviceFacts, tagFields } from '#flows/device-kinds.ts';
import { readManifest } from '#flows/manifest.ts';

const good = `# A cell of two devices.
cell: tending-1
format: cell/1
title: Machine tending 1
path: {enterprise: acme, site: north, area: machining, line: line-1}

scan: {period: 20ms}

devices:
  io:
    driver: bench
    port: 502
    poll: {fast: 10ms, slow: 250ms}
  plc: {driver: bench, port: 503, onReturn: safe}

tags:
  door.opened:  {device: io, at: {bit: 0}}
  infeed.part:  {device: io, at: {bit: 8}, poll: slow}
  coolant.flow: {device: io, at: {word: 20}, scale: {raw: [0, 27648], to: [0, 40]}}
  clamp.pressure: {device: plc, at: {word: 1}, match: "^P=([0-9.]+)$"}

flows:
  tending: {file: flows/cnc-tending.flow.yaml, restart: hot, bind: {door: door.opened}}
`;

const bench: DriverKind = {
  name: 'bench',
  config: z.strictObject({
    port: z.int(),
    poll: z.record(z.string(), z.string()).optional(),
  }),
  at: z.union([z.strictObject({ bit: z.int() }), z.strictObject({ word: z.int() })]),
  tagOptions: z.strictObject({ match: z.string().optional() }),
  endpoint: z.strictObject({}),
  address: () => 'here',
  place: () => 'there',
  writable: (at) => z.object({ bit: z.int() }).safeParse(at).success,
  natural: (at) => (z.object({ bit: z.int() }).safeParse(at).success ? 'bool' : 'int'),
  confirms: (_, tag) => ({
    period: milliseconds(tag.poll === 'slow' ? 250 : 10),
    usual: 3,
    least: 3,
  }),
  create: () => {
    throw new Error('no device is made here');
  },
};
const kinds = new Map([['bench', bench]]);
const check = deviceCheck(kinds, ['bench', 'modbus']);

/** `line:column code text (suggestion)` of everything wrong. */
function wrong(text: string): string[] {
  const { diagnostics } = readManifest('cell.yaml', text, check);
  return diagnostics.map((found) => {
    const { line, column } = placeOf(text, found.span.start);
    const hint = found.suggestion === undefined ? '' : ` (${found.suggestion})`;
    return `${line}:${column} ${found.code} ${found.text}${hint}`;
  });
}

const without = (part: string): string => good.replace(part, '');
const instead = (part: string, other: string): string => {
  expect(good).toContain(part);
  return good.replace(part, other);
};

test('a good manifest is read with its defaults', () => {
  const { manifest, diagnostics } = readManifest('cell.yaml', good, check);
  expect(diagnostics).toEqual([]);
  expect(manifest?.scan).toEqual({ period: 20, min: 1, watchdog: 1000, settle: 5000 });
  expect(manifest?.chronicle.durability).toBe('strict');
  expect(manifest?.mirror).toBe('none');
  expect(Object.keys(manifest?.tags ?? {})).toEqual([
    'door.opened',
    'infeed.part',
    'coolant.flow',
    'clamp.pressure',
  ]);
  expect(manifest?.devices).toHaveProperty('io.onReturn', 'restore');
});

test('without a check the drivers own parts are taken as they are', () => {
  const { manifest } = readManifest('cell.yaml', instead('port: 502', 'port: many'));
  expect(manifest?.devices).toHaveProperty('io.port', 'many');
});

describe('each problem has its place, its code and a way out', () => {
  test.each<[name: string, text: string, found: string]>([
    [
      'an unknown field, with the nearest name',
      instead('scan:', 'scna:'),
      '7:1 E_MANIFEST_FIELD unknown field `scna` (Did you mean `scan`?)',
    ],
    [
      'an unknown field inside',
      instead('{period: 20ms}', '{perod: 20ms}'),
      '7:8 E_MANIFEST_FIELD unknown field `perod` (Did you mean `period`?)',
    ],
    ['a missing field', without('cell: tending-1\n'), '2:1 E_MANIFEST_FIELD `cell` is missing'],
    [
      'a tag without a device',
      instead('{device: io, at: {bit: 0}}', '{at: {bit: 0}}'),
      '17:3 E_MANIFEST_FIELD `device` is missing',
    ],
    [
      'another format',
      instead('cell/1', 'cell/2'),
      '3:9 E_MANIFEST_FIELD `format`: must be cell/1 (Did you mean `cell/1`?)',
    ],
    [
      'a word that is not one of those allowed',
      instead('restart: hot', 'restart: hott'),
      '23:57 E_MANIFEST_FIELD `restart`: must be one of hot, ask, warm, cold (Did you mean `hot`?)',
    ],
    [
      'a duration without its unit',
      instead('period: 20ms', 'period: 20'),
      '7:16 E_MANIFEST_FIELD `period`: must be a text',
    ],
    [
      'a duration with an unknown unit',
      instead('period: 20ms', 'period: 20m'),
      '7:16 E_MANIFEST_FIELD `period`: not a duration: write a number with its unit, such as 20ms, 5s, 10min or 8h',
    ],
    [
      'a period of nothing',
      instead('period: 20ms', 'period: 0ms'),
      '7:16 E_MANIFEST_FIELD `period`: must be longer than 0',
    ],
    [
      'a watchdog that no scan could satisfy',
      instead('period: 20ms', 'period: 2s'),
      '7:1 E_MANIFEST_TIME `watchdog` must be over `period`',
    ],
    [
      'a least time between scans over the period',
      instead('period: 20ms', 'period: 20ms, min: 30ms'),
      '7:27 E_MANIFEST_TIME `min` is longer than `period`',
    ],
    [
      'a name in the wrong spelling',
      instead('door.opened:', 'Door.Opened:'),
      '17:3 E_MANIFEST_FIELD the name `Door.Opened`: words of letters and digits joined by dots, each with a small letter first',
    ],
    [
      'a first word that belongs to the flow language',
      instead('door.opened:', 'sys.opened:'),
      "17:3 E_MANIFEST_FIELD `sys` belongs to the flow language and cannot begin a tag's name (Other first words that are taken: cmd, sig, ctx, param, out, meter, flow, sys.)",
    ],
    [
      'a device that is not there',
      instead('door.opened:  {device: io', 'door.opened:  {device: oi'),
      '17:26 E_MANIFEST_REFERENCE no device is called `oi` (Did you mean `io`?)',
    ],
    [
      'a poll class that its device does not have',
      instead('poll: slow}', 'poll: slo}'),
      '18:50 E_MANIFEST_REFERENCE its device has no poll class `slo` (Did you mean `slow`?)',
    ],
    [
      'a driver that does not exist',
      instead('driver: bench\n', 'driver: modbis\n'),
      '11:13 E_MANIFEST_DRIVER no driver is called `modbis` (Did you mean `modbus`?)',
    ],
    [
      'a driver that does not exist, once: its poll classes are not known',
      instead('driver: bench\n', 'driver: modbis\n').replace('poll: slow}', 'poll: slo}'),
      '11:13 E_MANIFEST_DRIVER no driver is called `modbis` (Did you mean `modbus`?)',
    ],
    [
      "a device's own field",
      instead('port: 502', 'port: many'),
      '12:11 E_MANIFEST_FIELD `port`: must be a number',
    ],
    [
      "a field that a device's driver does not know",
      instead('port: 502', 'prot: 1\n    port: 502'),
      '12:5 E_MANIFEST_FIELD unknown field `prot` (Did you mean `port`?)',
    ],
    [
      'an address of the wrong shape',
      instead('at: {bit: 0}', 'at: {bit: x}'),
      '17:40 E_MANIFEST_FIELD `bit`: must be a number',
    ],
    [
      'a field of a tag that neither frame nor driver knows',
      instead('at: {bit: 0}', 'at: {bit: 0}, mach: x'),
      '17:44 E_MANIFEST_FIELD unknown field `mach` (Did you mean `match`?)',
    ],
    [
      'a range upside down',
      instead('at: {bit: 0}', 'at: {bit: 0}, min: 3, max: 2'),
      '17:49 E_MANIFEST_FIELD `min` is larger than `max`',
    ],
    [
      'a scale without a slope',
      instead('raw: [0, 27648]', 'raw: [5, 5]'),
      '19:46 E_MANIFEST_FIELD `raw` needs two different values',
    ],
    [
      'a scale that leads back to no value of the wire',
      instead('to: [0, 40]', 'to: [40, 40]'),
      '19:46 E_MANIFEST_FIELD `to` needs two different values',
    ],
    [
      'a page for the whole network',
      `${good}station: {listen: 0.0.0.0:80}\n`,
      '24:19 E_MANIFEST_FIELD `listen`: beyond loopback only with `tls`',
    ],
    [
      'an alias',
      instead('title: Machine tending 1', 'title: *x'),
      '4:8 E_MANIFEST_YAML an alias is not used here (Write the value itself.)',
    ],
    [
      'an anchor',
      instead('title: Machine', 'title: &x Machine'),
      '4:11 E_MANIFEST_YAML an anchor, `&x`, is not used here (Leave it out.)',
    ],
    [
      'an anchor of a key',
      instead('title: Machine', '&x title: Machine'),
      '4:4 E_MANIFEST_YAML an anchor, `&x`, is not used here (Leave it out.)',
    ],
    [
      'a merge key',
      instead('{period: 20ms}', '{<<: {min: 1ms}, period: 20ms}'),
      '7:8 E_MANIFEST_YAML a merge key is not used here (Write the members themselves.)',
    ],
    [
      'a key that stands twice',
      `${good}cell: other\n`,
      '24:1 E_MANIFEST_YAML `cell` stands here twice (Keep one of them.)',
    ],
    [
      'a tag of YAML',
      instead('title: Machine tending 1', 'title: !!str 1'),
      '4:14 E_MANIFEST_YAML a tag, `tag:yaml.org,2002:str`, is not used here (Leave it out.)',
    ],
    [
      'a second document',
      `${good}---\nx: 1\n`,
      '24:1 E_MANIFEST_YAML a second document begins here (Use one file.)',
    ],
    [
      'another version of YAML',
      `%YAML 1.1\n---\n${good}`,
      '1:1 E_MANIFEST_YAML directives are not used here (Leave the % line out.)',
    ],
    [
      'infinity',
      instead('at: {bit: 0}', 'at: {bit: .inf}'),
      '17:40 E_MANIFEST_YAML a number is finite (Write a number, or quote a text.)',
    ],
  ])('%s', (_, text, found) => {
    expect(wrong(text)).toEqual([found]);
  });
});

test('all problems are listed at once, in the order of the text', () => {
  const text = good
    .replace('scan:', 'scna:')
    .replace('driver: bench\n', 'driver: nothing-near\n')
    .replace('restart: hot', 'restart: hut');
  const found = wrong(text).map((line) => line.split(' ').slice(0, 2).join(' '));
  expect(found).toEqual([
    '7:1 E_MANIFEST_FIELD',
    '11:13 E_MANIFEST_DRIVER',
    '23:57 E_MANIFEST_FIELD',
  ]);
});

test('of very many problems the first are listed and the others counted, in a moment', () => {
  const tags = Array.from({ length: 3000 }, (_, index) => `  t${index}: {device: io, type: itn}\n`);
  const text = `cell: c\nformat: cell/1\ndevices:\n  io: {driver: bench, port: 1}\nflows: {}\ntags:\n${tags.join('')}`;
  const { diagnostics } = readManifest('cell.yaml', text);
  expect(diagnostics).toHaveLength(501);
  expect(diagnostics.at(-1)?.text).toBe('2500 more problems are not listed');
  expect(diagnostics.every((found) => formatDiagnostic(found, text) !== '')).toBe(true);
});

test('a problem is shown with its line and a caret', () => {
  const text = instead('restart: hot', 'restart: hott');
  const [first] = readManifest('cell.yaml', text, check).diagnostics;
  expect(first && formatDiagnostic(first, text)).toBe(
    [
      'cell.yaml:23:57 E_MANIFEST_FIELD `restart`: must be one of hot, ask, warm, cold',
      '  23 |   tending: {file: flows/cnc-tending.flow.yaml, restart: hott, bind: {door: door.opened}}',
      '     |                                                         ^^^^',
      '     = Did you mean `hot`?',
    ].join('\n'),
  );
});

test('devices tell what they confirm, give and take, tag by tag', () => {
  const { manifest } = readManifest('cell.yaml', good, check);
  if (manifest === undefined) throw new Error('the manifest is good');
  const facts = deviceFacts(manifest, kinds);
  const names = Object.keys(manifest.tags) as (keyof typeof manifest.tags)[];
  expect(names.map((name) => facts.confirms(name)?.period)).toEqual([10, 250, 10, 10]);
  expect(names.map((name) => facts.natural(name))).toEqual(['bool', 'bool', 'int', 'int']);
  expect(names.map((name) => facts.writable(name))).toEqual([true, true, false, false]);
  const own = names.map((name) => {
    const frame = manifest.tags[name];
    return frame === undefined ? {} : tagFields(frame);
  });
  expect(own).toEqual([{}, {}, {}, { match: '^P=([0-9.]+)$' }]);
});

describe('a hostile text is refused and never throws', () => {
  test.each([
    ['no text', ''],
    ['a zero byte', '\0'],
    ['half a character', '\ud800'],
    ['a list', '- 1\n- 2\n'],
    ['a number', '42'],
    ['brackets without end', '['.repeat(100_000)],
    ['dashes without end', '- '.repeat(100_000)],
    ['questions without end', '? '.repeat(50_000)],
    ['maps without end', '{a: '.repeat(50_000)],
    ['a text of 3 MiB', `cell: ${'x'.repeat(3 * 1024 * 1024)}`],
    ['the prototype as a key', '__proto__: {cell: x}\n'],
    ['the prototype as a tag', good.replace('door.opened:', '__proto__:')],
    ['the constructor as a device', good.replace('device: io', 'device: constructor')],
    ['a billion laughs', 'a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n'],
    ['names of prototype members', 'devices: {toString: {}}\ntags: {valueOf: {}}\nflows: []\n'],
  ])('%s', (_, text) => {
    const { manifest, diagnostics, place } = readManifest('cell.yaml', text, check);
    expect(manifest).toBeUndefined();
    expect(diagnostics.length).toBeGreaterThan(0);
    for (const found of diagnostics) {
      expect(found.span.start).toBeGreaterThanOrEqual(0);
      expect(found.span.end).toBeGreaterThan(found.span.start);
      expect(formatDiagnostic(found, text)).toContain(found.code);
    }
    expect(place(['tags', 'x', 0]).start).toBeGreaterThanOrEqual(0);
  });

  test(
    'any text, and any good text with pieces moved, is read or refused',
    { timeout: 30_000 },
    () => {
      const pieces = [...good.matchAll(/\S+|\s+/g)].map(([piece]) => piece);
      const moved = fc
        .array(fc.tuple(fc.nat(pieces.length - 1), fc.nat(pieces.length - 1)), { maxLength: 6 })
        .map((swaps) => {
          const copy = [...pieces];
          for (const [left, right] of swaps)
            [copy[left], copy[right]] = [copy[right] ?? '', copy[left] ?? ''];
          return copy.join('');
        });
      const raw = fc.string({
        unit: fc.constantFrom(...Array.from('ab:-{}[]"\'|>&*!%#@ \n\t1.,?~')),
        maxLength: 200,
      });
      fc.assert(
        fc.property(fc.oneof(raw, moved, fc.string({ unit: 'binary' })), (text) => {
          const { manifest, diagnostics } = readManifest('cell.yaml', text, check);
          expect(manifest === undefined).toBe(diagnostics.length > 0);
          for (const found of diagnostics) formatDiagnostic(found, text);
        }),
        { seed: 20261123, numRuns: 1000 },
      );
    },
  );
});
