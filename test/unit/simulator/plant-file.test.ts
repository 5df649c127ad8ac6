// The plant file: what it refuses, and where it says the mistake is.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { placeOf } from '#contract/diagnostic.ts';
import { buildPlant } from '#simulator/plant/build.ts';
import { parsePlantFile } from '#simulator/plant/file.ts';
import { Terminals } from '#simulator/plant/terminals.ts';
import { plantPath, modbusPlantPath } from './machine.ts';

const text = readFileSync(modbusPlantPath, 'utf8');

function problems(source: string): string[] {
  const parsed = parsePlantFile(source, 'x.plant.yaml');
  if (parsed.ok) return [];
  return parsed.diagnostics.map((one) => {
    const { line, column } = placeOf(source, one.span.start);
    return `${line}:${column} ${one.code} ${one.text}`;
  });
}

const fourDevices = readFileSync(plantPath, 'utf8');

describe('a device of a plant file', () => {
  it.each([
    [
      'no protocol',
      '    opcua: {namespace: urn:acme:tending}\n',
      '',
      /^41:3 .*plc: needs one of modbus, /,
    ],
    [
      'two protocols',
      'opcua: {',
      'modbus: {}\n    opcua: {',
      /^42:5 .*plc\.modbus: Unrecognized key/,
    ],
    ['another protocol', 'opcua: {', 'profinet: {', /^41:3 .*plc: needs one of modbus, opcua/],
    ['an unknown field', 'opcua: {', 'opcua: {port: 1, ', /^42:13 .*plc\.opcua\.port/],
    ['a node that is none', 's=Cnc.Ready', 'Cnc.Ready', /tags\.cnc\.ready\.node: s=NAME or i=NUMB/],
    ['a type that is none', 'as: real', 'as: f32', /tags\.spindle\.temp\.as/],
    [
      'a choice that is no int',
      'as: real',
      'as: real, values: [a, b]',
      /temp\.as: a choice is an int/,
    ],
    [
      'an unknown tag in a text',
      'P={clamp.pressure}',
      'P={clamp}',
      /gauge\.serial: \{clamp\} is no/,
    ],
    [
      'nothing to say',
      ', answers: {"P?\\r\\n": "P={clamp.pressure}\\r\\n"}',
      '',
      /needs answers or/,
    ],
    ['questions of two ends', '"S\\r": "OK\\r"', '"S\\r": "OK\\r", "T": "x"', /ends with the same/],
    ['an output on a line', '{digits: 2}', '{digits: 2, safe: 0}', /clamp\.pressure\.safe/],
    ['characters of two bytes', '"OK\\r"', '"OK€\\r"', /characters of one byte/],
  ])('with %s says where', (_, from, to, says) => {
    const source = fourDevices.replace(from, to);
    expect(source).not.toBe(fourDevices);
    expect(problems(source)).toEqual([expect.stringMatching(says)]);
  });
});

describe('a plant file', () => {
  it.each([modbusPlantPath, plantPath, 'flows/lamp/lamp.plant.yaml'])(
    '%s is read and built',
    (path) => {
      const parsed = parsePlantFile(readFileSync(path, 'utf8'), path);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
      const plant = buildPlant(parsed.plant, 1);
      for (const device of Object.values(parsed.plant.devices)) {
        expect(() => new Terminals(device, plant)).not.toThrow();
      }
    },
  );

  it('has the devices that the guide shows', () => {
    const [, shown] = /```yaml\n(devices:[^]*?)```/.exec(
      readFileSync('docs/simulator.md', 'utf8'),
    ) ?? ['', ''];
    const parsed = parsePlantFile(text.replace(/^devices:[^]*/m, shown ?? ''), 'docs/simulator.md');
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
    const plant = buildPlant(parsed.plant, 1);
    const devices = Object.values(parsed.plant.devices);
    expect(devices.map((device) => new Terminals(device, plant).hasNumbers)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  const rows = [
    {
      what: 'an unknown field',
      from: '{travel: 900ms}',
      to: '{travle: 900ms}',
      says: /^8:3 E_PLANT_FIELD machine\.door\.travel/,
    },
    {
      what: 'a time of nothing',
      from: 'travel: 900ms',
      to: 'travel: 0ms',
      says: /^8:13 E_PLANT_FIELD machine\.door\.travel: longer than/,
    },
    {
      what: 'a number for a time',
      from: 'travel: 900ms',
      to: 'travel: 900',
      says: /^8:13 E_PLANT_FIELD/,
    },
    {
      what: 'another machine',
      from: 'plant: cnc-tending',
      to: 'plant: press',
      says: /^2:1 E_PLANT_FIELD plant/,
    },
    {
      what: 'a place in two tables',
      from: '{discrete: 10}',
      to: '{discrete: 10, coil: 9}',
      says: /^32:7 E_PLANT_FIELD devices\.io\.tags\.gripper\.part: needs one/,
    },
    {
      what: 'a safe value of a sensor',
      from: '{discrete: 10}',
      to: '{discrete: 10, safe: true}',
      says: /^32:7 E_PLANT_FIELD .* only a coil/,
    },
    {
      what: 'an unknown form',
      from: 'as: f32',
      to: 'as: f80',
      says: /E_PLANT_FIELD devices\.plc\.tags\.spindle\.temp\.as: u16, i16/,
    },
    { what: 'YAML that is none', from: 'machine:', to: 'machine: [', says: /E_PLANT_YAML/ },
    {
      what: 'a key given twice',
      from: '  door:    {travel: 900ms}',
      to: '  door: {travel: 1s}\n  door: {travel: 1s}',
      says: /^9:3 E_PLANT_YAML/,
    },
  ];
  it.each(rows)('with $what says where', ({ from, to, says }) => {
    const source = text.replace(from, to);
    expect(source).not.toBe(text);
    const [first] = problems(source);
    expect(first).toMatch(says);
  });

  it.each([
    ['dashes without end', '- '.repeat(50_000), /^1:65 E_PLANT_YAML nested more than 32 levels/],
    ['brackets without end', '['.repeat(50_000), /E_PLANT_YAML nested more than 32 levels/],
    ['questions without end', '? '.repeat(50_000), /E_PLANT_YAML nested more than 32 levels/],
    ['a text without end', `# ${'x'.repeat(300_000)}\n`, /^1:1 E_PLANT_YAML longer than 256 KiB/],
    ['an alias', 'plant: &a lamp\ntitle: *a\n', /^2:8 E_PLANT_YAML an alias is not used/],
  ])('refuses %s before it is composed', (_, source, says) => {
    expect(problems(source)).toEqual([expect.stringMatching(says)]);
  });

  it('lists every problem, not the first alone', () => {
    const source = text.replace('travel: 900ms', 'travel: 0ms').replace('grip: 150ms', 'grip: x');
    expect(problems(source)).toHaveLength(2);
  });
});
