// Reads the fields of one map: names them, says which are unknown, missing or of another kind, and
// gives plain values. It knows kinds of values (texts, durations, flags), not what they are for.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import type { Duration } from '#contract/time.ts';
import { parseDuration } from '#contract/time.ts';
import type { Text } from '#contract/described.ts';
import { durationLimit, nameLimit, sectionLimit } from './limits.ts';
import type { Report } from './report.ts';
import { didYouMean, oneOf } from './report.ts';
import type { Entry, ListNode, MapNode, Node, ScalarNode } from '#flows/tree.ts';

/** What a map may hold: `known` fields, and `later` ones that come with the prover. */
export interface FieldNames {
  readonly known: readonly string[];
  readonly later?: readonly string[];
}

/** The parts of a flow that are maps of names. */
export const sections: readonly string[] = [
  'inputs',
  'commands',
  'outputs',
  'signals',
  'ctx',
  'params',
  'let',
  'assume',
  'regions',
  'interlocks',
  'alarms',
  'prove',
];
const language = /^[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}$/;

export class Fields {
  readonly span: Span;
  /** For messages: `input`, `transition`. */
  readonly what: string;
  readonly report: Report;
  /** It is a map; of what is none, no field is missing. */
  readonly whole: boolean;
  readonly #entries = new Map<string, Entry>();

  /** `place` is where a missing field is told; a node that is not a map is told here. */
  constructor(report: Report, node: Node, what: string, place: Span, names: FieldNames) {
    this.report = report;
    this.what = what;
    this.span = place;
    const map = asMap(report, node, `this ${what}`);
    this.whole = map !== undefined;
    for (const entry of map?.entries ?? []) {
      if (names.known.includes(entry.key)) this.#entries.set(entry.key, entry);
      else if (names.later?.includes(entry.key) === true) notYet(report, entry.key, entry.keySpan);
      else this.#unknown(entry, map?.flow === true, names.known);
    }
  }

  #unknown(entry: Entry, flow: boolean, known: readonly string[]): void {
    const { key, keySpan, value } = entry;
    if (flow && isEmpty(value)) {
      const told = `${quoted(key)} is no field of this ${this.what}: the value before it was cut`;
      const hint = 'Quote it: inside {...} a comma ends a value that has no quotes.';
      this.report.error('CF0005', keySpan, told, hint);
      return;
    }
    const told = `a field ${quoted(key)} is unknown here (${this.what})`;
    const hint = didYouMean(key, known) ?? `Known are ${oneOf(known)}.`;
    this.report.error('CF0101', keySpan, told, hint);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  find(name: string): Node | undefined {
    return this.#entries.get(name)?.value;
  }

  /** The place of the field's key, or of the whole. */
  place(name: string): Span {
    return this.#entries.get(name)?.keySpan ?? this.span;
  }

  read(name: string): Node | undefined {
    const node = this.find(name);
    if (node === undefined && this.whole) {
      this.report.error('CF0102', this.span, `this ${this.what} has no \`${name}\``, 'Add it.');
    }
    return node;
  }

  flag(name: string): boolean {
    const node = this.find(name);
    if (node === undefined) return false;
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    this.wrong(node, `\`${name}\` is true or false`);
    return false;
  }

  word<T extends string>(name: string, words: readonly T[]): T | undefined {
    const node = this.find(name);
    if (node === undefined) return undefined;
    const text = node.kind === 'scalar' ? node.text : undefined;
    const found = words.find((word) => word === text);
    if (found === undefined) {
      const hint = text === undefined ? undefined : didYouMean(text, words);
      this.wrong(node, `\`${name}\` is one of ${words.join(', ')}`, hint);
    }
    return found;
  }

  duration(name: string): Duration | undefined {
    const node = this.find(name);
    return node === undefined ? undefined : readDuration(this.report, node, name);
  }

  text(name: string): Text | undefined {
    const node = this.find(name);
    return node === undefined ? undefined : readText(this.report, node, name);
  }

  map(name: string): MapNode | undefined {
    const node = this.find(name);
    return node === undefined ? undefined : asMap(this.report, node, `\`${name}\``);
  }

  list(name: string): ListNode | undefined {
    const node = this.find(name);
    if (node === undefined || node.kind === 'list') return node;
    this.wrong(node, `\`${name}\` is a list`, 'Write [a, b], or one item on a line after `-`.');
    return undefined;
  }

  scalar(name: string): ScalarNode | undefined {
    const node = this.find(name);
    return node === undefined ? undefined : asScalar(this.report, node, `\`${name}\``);
  }

  wrong(node: Node, text: string, suggestion?: string): void {
    if (isTold(node)) return;
    this.report.error('CF0103', node.span, text, suggestion);
  }
}

export function isEmpty(node: Node): boolean {
  return node.kind === 'scalar' && node.text === '' && node.value === null && !node.told;
}

function isTold(node: Node): boolean {
  return node.kind === 'scalar' && node.told;
}

export function notYet(report: Report, what: string, span: Span): void {
  report.error('CF0104', span, `not yet: ${quoted(what)} is planned`, 'Leave it out.');
}

export function asMap(report: Report, node: Node, what: string): MapNode | undefined {
  if (isTold(node)) return undefined;
  if (node.kind !== 'map') {
    const told = isEmpty(node) ? `${what} is empty` : `${what} is a map`;
    report.error('CF0103', node.span, told, 'Write `name: value`, each on a line or in {...}.');
    return undefined;
  }
  if (node.entries.length <= sectionLimit) return node;
  report.error('CF0002', node.span, `${what} has more than ${sectionLimit} entries`);
  return undefined;
}

export function asScalar(report: Report, node: Node, what: string): ScalarNode | undefined {
  if (isTold(node)) return undefined;
  if (node.kind === 'scalar' && !isEmpty(node)) return node;
  const told = node.kind === 'scalar' ? `${what} is empty` : `${what} is one value`;
  const hint =
    node.kind === 'map' && node.flow ? 'An expression in {...} needs quotes.' : undefined;
  report.error('CF0103', node.span, told, hint);
  return undefined;
}

/** A span of time that is not zero. */
export function readDuration(report: Report, node: Node, name: string): Duration | undefined {
  const scalar = asScalar(report, node, `\`${name}\``);
  if (scalar === undefined) return undefined;
  if (scalar.text.startsWith('param.')) {
    notYet(report, `${name}: ${scalar.text}`, scalar.span);
    return undefined;
  }
  const span = parseDuration(scalar.text);
  if (span !== undefined && span > 0 && span <= durationLimit) return span;
  const hint = 'Write a number with its unit: 20ms, 5s, 10min, 8h.';
  report.error('CF0103', scalar.span, `\`${name}\` is a span of time above zero`, hint);
  return undefined;
}

/** A text for people: one, or one for each language. */
export function readText(report: Report, node: Node, name: string): Text | undefined {
  if (isTold(node)) return undefined;
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.text;
  if (node.kind !== 'map') {
    const hint = 'Quote it, or write {en: ..., ko: ...}.';
    report.error('CF0103', node.span, `\`${name}\` is a text`, hint);
    return undefined;
  }
  if (node.entries.length === 0)
    report.error('CF0103', node.span, `\`${name}\` is empty`, 'Write {en: ..., ko: ...}.');
  const texts: Record<string, string> = {};
  for (const { key, keySpan, value } of node.entries) {
    if (!language.test(key)) {
      const cut = node.flow && isEmpty(value) ? 'CF0005' : 'CF0101';
      report.error(cut, keySpan, `${quoted(key)} is no language`, 'Write en, ko, de-CH.');
    } else if (value.kind !== 'scalar' || typeof value.value !== 'string') {
      report.error('CF0103', value.span, `\`${name}\` in ${key} is a text`, 'Quote it.');
    } else texts[key] = value.text;
  }
  return texts;
}

const spelling = {
  dotted: {
    form: /^[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*){0,7}$/,
    told: 'words of letters and digits joined by dots, each with a small letter first',
  },
  word: { form: /^[a-z][A-Za-z0-9]*$/, told: 'letters and digits, a small letter first' },
  state: { form: /^[A-Za-z][A-Za-z0-9]*$/, told: 'letters and digits, a letter first' },
  value: { form: /^[A-Za-z][A-Za-z0-9_-]*$/, told: 'letters, digits, _ and -, a letter first' },
} as const;
const notNames = new Set(['true', 'false', 'null']);

/** Whether a name is spelled as its kind is; tells it when not. */
export function checkName(
  report: Report,
  kind: keyof typeof spelling,
  name: string,
  span: Span,
): boolean {
  const { form, told } = spelling[kind];
  if (form.test(name) && name.length <= nameLimit && !notNames.has(name)) return true;
  report.error('CF0105', span, `${quoted(name)} is no name here`, `A name is ${told}.`);
  return false;
}
