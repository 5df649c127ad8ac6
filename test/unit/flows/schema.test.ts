// The JSON Schema of flows, for editors: it knows the fields that the compiler knows, and no others.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readDocument } from '#flows/document.ts';
import { compileFlow } from '#flows/language/compile.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly anyOf?: readonly Schema[];
  readonly definitions: Readonly<Record<string, Schema>>;
}
const schema = JSON.parse(readFileSync('deploy/flow.schema.json', 'utf8')) as Schema;

/** The least flow, with more lines where a place is tried. */
const flowWith = (lines: string): string =>
  `flow: f\nformat: cellflow/1\nversion: 1\nscan: 50ms\n${lines}\n`;

/** What the compiler says is known where `zzz` stands. */
function knownBeside(text: string): string[] {
  const told = compileFlow('f.flow.yaml', text).diagnostics.find(({ code, text: said }) => {
    return code === 'CF0101' && said.includes('zzz');
  });
  expect(told?.suggestion, JSON.stringify(told)).toMatch(/^Known are /);
  const names = /^Known are (.*)\.$/.exec(told?.suggestion ?? '')?.[1] ?? '';
  return names.split(/, | or | and /).map((name) => name.replaceAll('`', ''));
}

describe('each place of a flow has the fields that the compiler knows there', () => {
  const inRegion = 'regions: {r: {initial: A, states: {A: ';
  const places: [place: string, lines: string, schema: Schema | undefined][] = [
    ['flow', 'zzz: 1', schema],
    ['input', 'inputs: {a: {zzz: 1}}', schema.definitions['input']],
    ['command', 'commands: {a: {zzz: 1}}', schema.definitions['command']],
    ['output', 'outputs: {a: {zzz: 1}}', schema.definitions['output']],
    ['signal', 'signals: {a: {zzz: 1}}', schema.definitions['signal']],
    ['ctx variable', 'ctx: {a: {zzz: 1}}', schema.definitions['memory']],
    ['parameter', 'params: {a: {zzz: 1}}', schema.definitions['parameter']],
    ['region', 'regions: {r: {zzz: 1}}', schema.definitions['region']],
    ['state', `${inRegion}{zzz: 1}}}}`, schema.definitions['state']],
    ['transition', `${inRegion}{go: [{zzz: 1}]}}}}`, schema.definitions['transition']],
    ['alarm', 'alarms: {a: {zzz: 1}}', schema.definitions['alarm']],
    ['permit', 'interlocks: {a: {permit: x, zzz: 1}}', interlock('permit')],
    ['exclusive', 'interlocks: {a: {exclusive: [x, y], zzz: 1}}', interlock('exclusive')],
    ['limit', 'interlocks: {a: {limit: {max: 1}, zzz: 1}}', interlock('limit')],
    ['never', 'prove: {a: {never: x, zzz: 1}}', property('never')],
    ['entering', 'prove: {a: {entering: x, zzz: 1}}', property('entering')],
    ['then', 'prove: {a: {then: x, zzz: 1}}', property('then')],
    ['can', 'prove: {a: {can: x, zzz: 1}}', property('can')],
    ['start', 'prove: {a: {start: x, zzz: 1}}', property('start')],
    ['reach', 'prove: {a: {always can reach: x, zzz: 1}}', property('always can reach')],
  ];

  function formOf(definition: string, field: string): Schema | undefined {
    const forms = schema.definitions[definition]?.anyOf ?? [];
    return forms.find(({ properties }) => Object.hasOwn(properties ?? {}, field));
  }
  function interlock(field: string): Schema | undefined {
    return formOf('interlock', field);
  }
  function property(field: string): Schema | undefined {
    return formOf('property', field);
  }

  test.each(places)('%s', (_, lines, at) => {
    expect(Object.keys(at?.properties ?? {}).toSorted()).toEqual(
      knownBeside(flowWith(lines)).toSorted(),
    );
  });
});

describe('what the compiler accepts, an editor does not underline', () => {
  const validator = z.fromJSONSchema(schema as unknown as Parameters<typeof z.fromJSONSchema>[0]);
  test.each(['flows/lamp/lamp.flow.yaml', 'flows/cnc-tending/cnc-tending.flow.yaml'])(
    '%s',
    (file) => {
      const { value } = readDocument(readFileSync(file, 'utf8'));
      expect(validator.safeParse(value).error?.issues ?? []).toEqual([]);
      expect(validator.safeParse({ ...(value as object), zzz: 1 }).success).toBe(false);
    },
  );
});
