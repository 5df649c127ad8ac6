// A flow's YAML as maps, lists and scalars with the place of each in the text. YAML 1.2 core without
// anchors, aliases, merge keys, tags, directives and second documents; bounded. Knows no fields.
import type { CST, Node as YamlNode, Pair, Scalar, YAMLParseError } from 'yaml';
import { Composer, Parser, isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Span } from '#contract/diagnostic.ts';
import { depthLimit, textLimit } from './limits.ts';
import type { Report } from './report.ts';
import { quoted } from './report.ts';

export type Node = MapNode | ListNode | ScalarNode;

export interface MapNode {
  readonly kind: 'map';
  readonly span: Span;
  /** Written as `{...}`. */
  readonly flow: boolean;
  readonly entries: readonly Entry[];
}
export interface Entry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Node;
}
export interface ListNode {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: readonly Node[];
}
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly span: Span;
  /** As written, without quotes: of `8.0` it is `8.0`. */
  readonly text: string;
  readonly value: string | number | boolean | null;
  readonly plain: boolean;
  /** It could not be read and that is told: nothing more is to be said of it. */
  readonly told: boolean;
  /** The place in the file of each unit of `text`, and of its end. */
  at(offset: number): number;
}

const quoteHint =
  'Quote a value that begins with ! or contains `: ` or ` #`, and in {...} one with a comma.';
const syntaxHint = `Check the indentation. ${quoteHint}`;
/** What other YAML readers take for booleans; some of them in capitals too. */
const booleanLike = /^(?:on|off|yes|no)$/i;
/** How far quotes, escapes and line ends can hold a scalar's text and its source apart. */
const alignWindow = 16;

/** The document's root; undefined when nothing can be read from the text. */
export function readTree(text: string, report: Report): Node | undefined {
  const start = { start: 0, end: Math.min(1, text.length) };
  if (text.length > textLimit) {
    report.error('CF0002', start, `the text is longer than ${textLimit / 1024} KiB`);
    return undefined;
  }
  const tokens = [...new Parser().parse(text)];
  const deep = tooDeep(tokens);
  if (deep !== undefined) {
    const span = { start: deep, end: deep + 1 };
    report.error('CF0002', span, `nested more than ${depthLimit} levels deep`);
    return undefined;
  }
  // Duplicate keys are found below: `yaml` compares each key with each.
  const composer = new Composer({ version: '1.2', merge: false, uniqueKeys: false });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (document === undefined) return undefined;
  const reader = new TreeReader(text, report);
  if (second !== undefined)
    reader.refuse('CF0004', second.range[0], second.range[0] + 1, 'a second document begins here');
  const percent = directive(tokens);
  if (percent !== undefined)
    reader.refuse('CF0004', percent, percent + 1, 'directives are not used here');
  if (!reader.syntax(document.errors)) return undefined;
  if (document.contents === null) {
    report.error('CF0102', start, 'the file is empty');
    return undefined;
  }
  return reader.node(document.contents);
}

function directive(tokens: readonly CST.Token[]): number | undefined {
  return tokens.find(({ type }) => type === 'directive')?.offset;
}

/** The offset at which nesting passes the limit; on tokens, which are made without recursion. */
function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { token, depth } = item;
    if (depth > depthLimit) return token.offset;
    if (token.type === 'document' && token.value !== undefined) {
      open.push({ token: token.value, depth });
    } else if ('items' in token) {
      for (const { key, value } of token.items) {
        if (key !== undefined && key !== null) open.push({ token: key, depth: depth + 1 });
        if (value !== undefined) open.push({ token: value, depth: depth + 1 });
      }
    }
  }
  return undefined;
}

class TreeReader {
  readonly #text: string;
  readonly #report: Report;

  /** Where a value of `{...}` reads as a map because of a `: ` in it. */
  readonly #cut = new Set<number>();

  constructor(text: string, report: Report) {
    this.#text = text;
    this.#report = report;
  }

  /** Tells what `yaml` found; false when what it read is not to be trusted. */
  syntax(problems: readonly YAMLParseError[]): boolean {
    for (const { code, message, pos } of problems) {
      const [from, to] = pos;
      if (code === 'BLOCK_IN_FLOW') {
        this.#cut.add(from);
        this.refuse('CF0005', from, to, 'a `: ` in {...} begins another map', quoteHint);
      } else {
        const [first = ''] = message.split('\n');
        const hint = code === 'TAB_AS_INDENT' ? 'Indent with spaces.' : syntaxHint;
        this.refuse('CF0001', from, to, `not valid YAML: ${first}`, hint);
      }
    }
    return problems.every(({ code }) => code === 'BLOCK_IN_FLOW');
  }

  refuse(
    code: 'CF0001' | 'CF0003' | 'CF0004' | 'CF0005' | 'CF0006',
    from: number,
    to: number,
    text: string,
    suggestion?: string,
  ): void {
    this.#report.error(code, this.#span(from, to), text, suggestion);
  }

  /** Depth is bounded already. */
  node(node: YamlNode): Node {
    const [from, end] = node.range ?? [0, 0];
    // Maps and lists of lines end before the next thing: not with the line ends between.
    const to = isScalar(node) ? end : from + this.#text.slice(from, end).trimEnd().length;
    const span = this.#span(from, to);
    this.#decorations(node, from, to);
    if (isAlias(node) || this.#cut.has(from)) return empty(span, true);
    if (isSeq<YamlNode>(node)) {
      return { kind: 'list', span, items: node.items.map((item) => this.node(item)) };
    }
    if (isMap<YamlNode, YamlNode | null>(node)) return this.#map(node.items, node.flow, span);
    if (isScalar(node)) return this.#scalar(node, span);
    return empty(span, true);
  }

  #decorations(node: YamlNode, from: number, to: number): void {
    if (isAlias(node)) {
      this.refuse('CF0004', from, to, 'an alias is not used here', 'Write the value itself.');
      return;
    }
    if (node.anchor !== undefined && node.tag === undefined) {
      const sign = Math.max(0, this.#text.lastIndexOf('&', from));
      this.refuse('CF0004', sign, to, 'an anchor is not used here', 'Leave it out.');
    }
    if (node.tag === undefined) return;
    // The tag stands just before the node, with white space between.
    const place = this.#text.lastIndexOf('!', from);
    const start = place < 0 ? from : node.tag.startsWith('!!') ? place - 1 : place;
    this.refuse(
      'CF0005',
      this.#text[start - 1] === '!' ? start - 1 : start,
      Math.max(to, start + 1),
      'a value that begins with `!` is a tag to YAML',
      'Quote it: put the whole value in double quotes.',
    );
  }

  #map(
    pairs: readonly Pair<YamlNode, YamlNode | null>[],
    flow: boolean | undefined,
    span: Span,
  ): Node {
    const seen = new Set<string>();
    const entries: Entry[] = [];
    for (const { key, value } of pairs) {
      const [from, to] = key.range ?? [span.start, span.start];
      const keySpan = this.#span(from, to);
      if (!isScalar(key)) {
        this.refuse('CF0001', from, to, 'a key is one plain word', quoteHint);
        continue;
      }
      this.#decorations(key, from, to);
      const name = key.source ?? String(key.value);
      if (name === '<<') this.refuse('CF0004', from, to, 'a merge key is not used here');
      else if (seen.has(name)) {
        this.refuse('CF0003', from, to, `${quoted(name)} stands here twice`, 'Keep one of them.');
      } else {
        seen.add(name);
        this.#word(name, keySpan);
        const read = value === null ? empty(this.#span(to, to)) : this.node(value);
        entries.push({ key: name, keySpan, value: read });
      }
    }
    return { kind: 'map', span, flow: flow === true, entries };
  }

  #scalar(node: Scalar, span: Span): ScalarNode {
    const text = node.source ?? '';
    const plain = node.type === 'PLAIN' || node.type === undefined;
    if (plain) this.#word(text, span);
    const { value } = node;
    const known =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    let places: readonly number[] | undefined;
    const at = (offset: number): number => {
      places ??= this.#places(text, span);
      return places[offset] ?? span.end;
    };
    const told = node.tag !== undefined;
    return { kind: 'scalar', span, text, value: known ? value : null, plain, told, at };
  }

  #word(text: string, span: Span): void {
    if (!booleanLike.test(text)) return;
    const told = `${quoted(text)} is a boolean to other YAML readers`;
    const severity = text === text.toLowerCase() ? 'error' : 'warning';
    this.#report[severity]('CF0006', span, told, 'Use true and false, or another word.');
  }

  /** Aligns a scalar's text with its source: quotes, escapes and folded lines stand between. */
  #places(text: string, span: Span): number[] {
    const places: number[] = [];
    let place = span.start;
    for (const unit of text) {
      const blank = /\s/.test(unit);
      // A line that is continued by a backslash leaves nothing in the text.
      if (/^\\\r?\n/.test(this.#text.slice(place, place + 3))) place = this.#past(place + 1, span);
      const end = Math.min(span.end, place + alignWindow);
      let next = place;
      while (next < end && !same(this.#text, next, unit, blank)) next += 1;
      // An escape that spells the unit otherwise: stay, so that the rest still finds its place.
      if (next >= end) next = place;
      for (let index = 0; index < unit.length; index += 1) places.push(next + index);
      place = Math.min(next + unit.length, span.end);
      if (blank) place = this.#past(place, span);
    }
    places.push(place);
    return places;
  }

  /** Past white space. */
  #past(from: number, { end }: Span): number {
    let place = from;
    while (place < end && /\s/.test(this.#text[place] ?? '')) place += 1;
    return place;
  }

  /** Inside the text; an empty place is where something was expected. */
  #span(from: number, to: number): Span {
    const start = Math.max(0, Math.min(from, this.#text.length));
    return { start, end: Math.max(start, Math.min(to, this.#text.length)) };
  }
}

function same(source: string, place: number, unit: string, blank: boolean): boolean {
  return blank ? /\s/.test(source[place] ?? '') : source.startsWith(unit, place);
}

function empty(span: Span, told = false): ScalarNode {
  return { kind: 'scalar', span, text: '', value: null, plain: true, told, at: () => span.start };
}
