// Reads `interlocks`: the shield between a flow and its outputs.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import type { InterlockDecl, OutputDecl } from '#flows/program.ts';
import { Fields, asScalar, checkName } from './fields.ts';
import type { Table } from './names.ts';
import { readLiteral } from './ranged.ts';
import { didYouMean } from './report.ts';
import type { Sentences } from './sentences.ts';
import type { Entry, Node } from '#flows/tree.ts';

const forms = {
  permit: ['output', 'permit', 'allow', 'latch'],
  exclusive: ['exclusive', 'latch'],
  limit: ['output', 'limit', 'unless'],
} as const;

/** The names of all interlocks, before anything refers to them. */
export function declareInterlocks(top: Fields, table: Table<InterlockDecl>): readonly Entry[] {
  const entries = top.map('interlocks')?.entries ?? [];
  for (const { key, keySpan } of entries) {
    checkName(top.report, 'word', key, keySpan);
    table.add(key, undefined);
  }
  return entries;
}

export function readInterlocks(
  entries: readonly Entry[],
  table: Table<InterlockDecl>,
  sentences: Sentences,
): void {
  entries.forEach(({ key, keySpan, value }, index) => {
    const read = readInterlock(key, value, keySpan, sentences);
    if (read !== undefined) table.set(index, read);
  });
}

function readInterlock(
  name: string,
  node: Node,
  span: Span,
  sentences: Sentences,
): InterlockDecl | undefined {
  const { report } = sentences;
  const keys = new Set(node.kind === 'map' ? node.entries.map(({ key }) => key) : []);
  const form = (['exclusive', 'limit', 'permit'] as const).find((key) => keys.has(key));
  if (form === undefined) {
    report.error('CF0102', span, 'an interlock has one of `permit`, `exclusive` and `limit`');
    return undefined;
  }
  const fields = new Fields(report, node, `${form} interlock`, span, { known: forms[form] });
  if (form === 'exclusive') return readExclusive(name, fields, sentences);
  const output = readOutput(fields, sentences);
  if (form === 'permit') return readPermit(name, fields, output, sentences);
  return readLimit(name, fields, output, sentences);
}

interface Found {
  readonly index: number;
  readonly decl: OutputDecl;
}

function readOutput(fields: Fields, sentences: Sentences): Found | undefined {
  const node = fields.read('output');
  return node === undefined ? undefined : outputOf(node, sentences);
}

function outputOf(node: Node, { report, names }: Sentences): Found | undefined {
  const scalar = asScalar(report, node, 'an output');
  if (scalar === undefined) return undefined;
  const { outputs } = names.declarations;
  const index = outputs.index(scalar.text);
  if (index === undefined) {
    const hint = didYouMean(scalar.text, outputs.names());
    report.error('CF0202', scalar.span, `there is no output ${quoted(scalar.text)}`, hint);
    return undefined;
  }
  const decl = outputs.at(index);
  return decl === undefined ? undefined : { index, decl };
}

/** Latches unless the file says `latch: false`. */
function readLatch(fields: Fields): boolean {
  return fields.has('latch') ? fields.flag('latch') : true;
}

function readPermit(
  name: string,
  fields: Fields,
  output: Found | undefined,
  sentences: Sentences,
): InterlockDecl | undefined {
  const { report } = sentences;
  const permit = sentences.bool(fields, 'permit', 'interlock');
  const list = fields.list('allow');
  const latch = readLatch(fields);
  if (output === undefined) return undefined;
  const { decl, index } = output;
  const read = (list?.items ?? []).map((item) => readLiteral(report, item, decl, 'allow'));
  const allow = read.filter((value) => value !== undefined);
  if (list !== undefined && allow.length === read.length && !allow.includes(decl.safe)) {
    const told = `\`allow\` leaves out the safe value of \`${decl.name}\``;
    report.error('CF0401', list.span, told, 'Add it: an output can always be made safe.');
  }
  if (permit === undefined) return undefined;
  return {
    kind: 'permit',
    name,
    span: fields.span,
    output: index,
    permit,
    allow: list === undefined ? [decl.safe] : allow,
    latch,
  };
}

function readExclusive(
  name: string,
  fields: Fields,
  sentences: Sentences,
): InterlockDecl | undefined {
  const { report } = sentences;
  const list = fields.list('exclusive');
  const latch = readLatch(fields);
  if (list === undefined) return undefined;
  const outputs: number[] = [];
  for (const item of list.items) {
    const found = outputOf(item, sentences)?.index;
    if (found !== undefined && outputs.includes(found))
      report.error('CF0106', item.span, 'this output stands here twice');
    else if (found !== undefined) outputs.push(found);
  }
  if (list.items.length < 2)
    report.error('CF0103', list.span, '`exclusive` names two outputs or more');
  return { kind: 'exclusive', name, span: fields.span, outputs, latch };
}

function readLimit(
  name: string,
  fields: Fields,
  output: Found | undefined,
  sentences: Sentences,
): InterlockDecl | undefined {
  const { report } = sentences;
  const unless = sentences.bool(fields, 'unless', 'interlock');
  const node = fields.find('limit');
  if (node === undefined || output === undefined) return undefined;
  const { decl, index } = output;
  const known = ['min', 'max'];
  const limit = new Fields(report, node, '`limit`', fields.place('limit'), { known });
  if (decl.type.kind !== 'int' && decl.type.kind !== 'real') {
    const told = `\`limit\` is of numbers, and \`${decl.name}\` is of type ${decl.type.kind}`;
    report.error('CF0203', fields.place('limit'), told, 'Use `permit`.');
    return undefined;
  }
  if (node.kind === 'map' && !limit.has('min') && !limit.has('max'))
    report.error('CF0102', node.span, '`limit` has `min`, `max` or both');
  const [low, high] = [limit.find('min'), limit.find('max')];
  const min = low && readLiteral(report, low, decl, 'min');
  const max = high && readLiteral(report, high, decl, 'max');
  if (min !== undefined && max !== undefined && min > max)
    report.error('CF0108', node.span, `\`min\` ${min} is above \`max\` ${max}`);
  if ((min !== undefined && decl.safe < min) || (max !== undefined && decl.safe > max)) {
    const told = `the safe value ${decl.safe} of \`${decl.name}\` is outside this limit`;
    report.error('CF0401', node.span, told, 'An output can always be made safe.');
  }
  return {
    kind: 'limit',
    name,
    span: fields.span,
    output: index,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(unless === undefined ? {} : { unless }),
  };
}
