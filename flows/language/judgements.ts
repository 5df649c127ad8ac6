// Reads what watches a flow: `alarms`, `assume` and the properties of `prove`.
import type { Span } from '#contract/diagnostic.ts';
import { milliseconds } from '#contract/time.ts';
import type { AlarmDecl, AssumeDecl, Expr, PropertyDecl } from '#flows/program.ts';
import { roles } from './declarations.ts';
import { Fields, checkName } from './fields.ts';
import type { Place } from './places.ts';
import { oneOf } from './report.ts';
import type { Sentences } from './sentences.ts';
import type { Entry, Node } from '#flows/tree.ts';

const alarmFields = ['when', 'unless', 'for', 'offDelay', 'priority', 'text', 'response'];

export function readAlarms(top: Fields, sentences: Sentences): AlarmDecl[] {
  return section(top, 'alarms').flatMap(({ key, keySpan, value }) => {
    const { report } = sentences;
    const fields = new Fields(report, value, 'alarm', keySpan, { known: alarmFields });
    const sensed = readSense(fields, sentences);
    const priority = readPriority(fields);
    fields.read('text');
    const text = fields.text('text');
    const response = fields.text('response');
    const delay = fields.duration('for') ?? milliseconds(0);
    const offDelay = fields.duration('offDelay') ?? milliseconds(0);
    if (sensed === undefined || priority === undefined || text === undefined) return [];
    const told = response === undefined ? { text } : { text, response };
    return { name: key, ...sensed, for: delay, offDelay, priority, ...told };
  });
}

function section(top: Fields, name: string): readonly Entry[] {
  const entries = top.map(name)?.entries ?? [];
  for (const { key, keySpan } of entries) checkName(top.report, 'word', key, keySpan);
  return entries;
}

/** `when` or `unless`, one of them. */
function readSense(
  fields: Fields,
  sentences: Sentences,
  place: Place = 'judgement',
): { sense: 'when' | 'unless'; expr: Expr } | undefined {
  const both = fields.has('when') && fields.has('unless');
  if (both || (!fields.has('when') && !fields.has('unless'))) {
    const told = `this ${fields.what} has ${both ? 'both' : 'neither'} \`when\` and \`unless\``;
    fields.report.error(
      both ? 'CF0101' : 'CF0102',
      both ? fields.place('unless') : fields.span,
      both ? told : told.replace(' and ', ' nor '),
      'Use one of them.',
    );
  }
  const when = sentences.bool(fields, 'when', place);
  const unless = sentences.bool(fields, 'unless', place);
  if (when !== undefined) return { sense: 'when', expr: when };
  return unless === undefined ? undefined : { sense: 'unless', expr: unless };
}

const priorities = ['1', '2', '3', '4'] as const;
const numbers = { '1': 1, '2': 2, '3': 3, '4': 4 } as const;

function readPriority(fields: Fields): AlarmDecl['priority'] | undefined {
  fields.read('priority');
  const word = fields.word('priority', priorities);
  return word === undefined ? undefined : numbers[word];
}

export function readAssumes(top: Fields, sentences: Sentences): AssumeDecl[] {
  return section(top, 'assume').flatMap(({ key, value }) => {
    const expr = sentences.boolOf(value, key, 'judgement');
    return expr === undefined ? [] : { name: key, expr };
  });
}

/** What each kind of property is known by, and what else it has; the first that fits is it. */
const forms = [
  { by: 'never', known: ['never'] },
  { by: 'entering', known: ['entering', 'require'] },
  { by: 'then', known: ['when', 'unless', 'then'] },
  { by: 'always can reach', known: ['always can reach', 'by'] },
  { by: 'can', known: ['when', 'can'] },
  { by: 'start', known: ['start'] },
] as const;

export function readProperties(top: Fields, sentences: Sentences): PropertyDecl[] {
  return section(top, 'prove').flatMap(
    ({ key, keySpan, value }) => readProperty(key, value, keySpan, sentences) ?? [],
  );
}

function readProperty(
  name: string,
  node: Node,
  span: Span,
  sentences: Sentences,
): PropertyDecl | undefined {
  const { report } = sentences;
  const keys = new Set(node.kind === 'map' ? node.entries.map(({ key }) => key) : []);
  const form = forms.find(({ by }) => keys.has(by));
  if (form === undefined) {
    const told = `a property has one of ${oneOf(forms.map(({ by }) => `\`${by}\``))}`;
    report.error('CF0102', span, told);
    return undefined;
  }
  const fields = new Fields(report, node, 'property', span, { known: form.known });
  const state = (field: string): Expr | undefined => sentences.bool(fields, field, 'state');
  switch (form.by) {
    case 'never':
    case 'start': {
      const expr = state(form.by);
      return expr && { kind: form.by, name, span, expr };
    }
    case 'entering':
      return readEntering(name, fields, sentences);
    case 'then': {
      const sensed = readSense(fields, sentences, 'property');
      const then = state('then');
      // oxlint-disable-next-line unicorn/no-thenable -- never awaited
      return sensed && then && { kind: 'then', name, span, ...sensed, then };
    }
    case 'always can reach': {
      const expr = state(form.by);
      const by = fields.word('by', roles);
      const whom = by === undefined ? {} : { by };
      return expr && { kind: 'always-can-reach', name, span, expr, ...whom };
    }
    case 'can': {
      fields.read('when');
      const when = sentences.bool(fields, 'when', 'property');
      const can = state('can');
      return when && can && { kind: 'can', name, span, when, can };
    }
  }
}

function readEntering(
  name: string,
  fields: Fields,
  sentences: Sentences,
): PropertyDecl | undefined {
  fields.read('require');
  const scalar = fields.scalar('entering');
  const state = scalar && sentences.names.state(scalar.text, scalar.span);
  const require = sentences.bool(fields, 'require', 'property');
  if (state === undefined || require === undefined) return undefined;
  return { kind: 'entering', name, span: fields.span, state, require };
}
