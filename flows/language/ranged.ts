// What everything that holds a value has in common: its type, unit and range, and literals of it.
import { quoted } from '#contract/diagnostic.ts';
import type { FlowType, Ranged } from '#flows/program.ts';
import type { Fields } from './fields.ts';
import { asScalar, checkName, notYet } from './fields.ts';
import type { Report } from './report.ts';
import { didYouMean, oneOf } from './report.ts';
import type { Node } from '#flows/tree.ts';

export const rangedFields = ['type', 'values', 'unit', 'min', 'max'] as const;

const wholeNumber = /^-?\d+$/;
const realNumber = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const longestUnit = 16;

/** Reads `type`, `values`, `unit`, `min` and `max`; undefined when it is told that they are wrong. */
export function readRanged(fields: Fields, rangeRequired: boolean): Ranged | undefined {
  const type = readType(fields);
  if (type === undefined) return undefined;
  if (type.kind === 'bool' || type.kind === 'enum') {
    for (const name of ['unit', 'min', 'max']) {
      if (fields.has(name))
        fields.report.error('CF0101', fields.place(name), `a ${type.kind} has no \`${name}\``);
    }
    return { type };
  }
  const min = readBound(fields, 'min', type, rangeRequired);
  const max = readBound(fields, 'max', type, rangeRequired);
  const unit = readUnit(fields);
  if (min !== undefined && max !== undefined && min > max) {
    const told = `\`min\` ${min} is above \`max\` ${max}`;
    fields.report.error('CF0108', fields.place('min'), told, 'Exchange them.');
    return { type };
  }
  return {
    type,
    ...(unit === undefined ? {} : { unit }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

const kinds = ['bool', 'int', 'real', 'enum'] as const;

function readType(fields: Fields): FlowType | undefined {
  const node = fields.read('type');
  if (node === undefined) return undefined;
  const text = node.kind === 'scalar' ? node.text : '';
  if (text === 'duration') {
    notYet(fields.report, 'type: duration', node.span);
    return undefined;
  }
  const kind = kinds.find((name) => name === text);
  if (kind === undefined) {
    const hint =
      text === 'string'
        ? 'A flow reads no texts; it can `note` a tag that holds one.'
        : didYouMean(text, kinds);
    fields.wrong(node, `\`type\` is one of ${kinds.join(', ')}`, hint);
    return undefined;
  }
  if (kind === 'enum') return readEnum(fields);
  if (fields.has('values'))
    fields.report.error('CF0101', fields.place('values'), `a ${kind} has no \`values\``);
  return { kind };
}

function readEnum(fields: Fields): FlowType | undefined {
  if (fields.read('values') === undefined) return undefined;
  const list = fields.list('values');
  if (list === undefined) return undefined;
  const values: string[] = [];
  for (const item of list.items) {
    const scalar = asScalar(fields.report, item, 'a name in `values`');
    if (scalar === undefined || !checkName(fields.report, 'value', scalar.text, scalar.span))
      continue;
    if (values.includes(scalar.text))
      fields.report.error('CF0106', scalar.span, `${quoted(scalar.text)} stands here twice`);
    else values.push(scalar.text);
  }
  if (list.items.length === 0) fields.wrong(list, '`values` is empty', 'Name the values.');
  return values.length === list.items.length && values.length > 0
    ? { kind: 'enum', values }
    : undefined;
}

function readBound(
  fields: Fields,
  name: string,
  type: FlowType,
  required: boolean,
): number | undefined {
  const node = required ? fields.read(name) : fields.find(name);
  return node === undefined ? undefined : readLiteral(fields.report, node, { type }, name);
}

function readUnit(fields: Fields): string | undefined {
  const scalar = fields.scalar('unit');
  if (scalar === undefined) return undefined;
  if (scalar.text.length <= longestUnit && /^\S+$/.test(scalar.text)) return scalar.text;
  fields.wrong(scalar, `\`unit\` is a word of at most ${longestUnit} characters`);
  return undefined;
}

/** A literal of a type, inside its range; undefined when it is told that it is not. */
export function readLiteral(
  report: Report,
  node: Node,
  ranged: Ranged,
  name: string,
): number | undefined {
  const scalar = asScalar(report, node, `\`${name}\``);
  if (scalar === undefined) return undefined;
  const { type } = ranged;
  const wrong = (text: string, hint?: string): undefined => {
    report.error('CF0103', scalar.span, `\`${name}\` is ${text}`, hint);
    return undefined;
  };
  if (type.kind === 'bool')
    return typeof scalar.value === 'boolean' ? Number(scalar.value) : wrong('true or false');
  if (type.kind === 'enum') {
    const index = type.values.indexOf(scalar.text);
    const hint = didYouMean(scalar.text, type.values);
    return index >= 0 ? index : wrong(`one of ${oneOf(type.values)}`, hint);
  }
  const form = type.kind === 'int' ? wholeNumber : realNumber;
  const value = scalar.plain && form.test(scalar.text) ? Number(scalar.text) + 0 : Number.NaN;
  const exact = type.kind === 'int' ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!exact) return wrong(type.kind === 'int' ? 'a whole number' : 'a number, such as 2.5');
  const { min = value, max = value } = ranged;
  if (value >= min && value <= max) return value;
  report.error('CF0107', scalar.span, `\`${name}\` ${value} is outside ${rangeText(ranged)}`);
  return undefined;
}

/** `6 to 14 L/min`. */
export function rangeText(ranged: Ranged): string {
  const unit = ranged.unit === undefined ? '' : ` ${ranged.unit}`;
  if (ranged.min === undefined) return `the range up to ${String(ranged.max)}${unit}`;
  if (ranged.max === undefined) return `the range from ${ranged.min}${unit}`;
  return `${ranged.min} to ${ranged.max}${unit}`;
}
