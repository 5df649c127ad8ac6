// A YAML text as maps, lists and scalars with the place of each. Only the plain part of YAML 1.2 core
// is taken: no anchors, aliases, merge keys, tags, directives or second documents; size and depth are
// bounded before the text is composed. It knows no fields; it never throws.
import type { CST, Node as YamlNode, Pair, Scalar, YAMLParseError } from 'yaml';
import { Composer, Parser, isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';

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

/** What a text may have; `yaml` composes by recursion, and a very deep text would end the process. */
export interface Bounds {
  /** UTF-16 units. */
  readonly text: number;
  /** Maps and lists inside each other. */
  readonly depth: number;
}

/**
 * `bounds`: too long or too deep; `syntax`: no YAML; `twice`: a key again in its map; `extra`: YAML
 * beyond the plain part; `cut`: a value without the quotes it needs; `tag`: it begins with `!`.
 */
export type Fault = 'bounds' | 'syntax' | 'twice' | 'extra' | 'cut' | 'tag';

export interface TextProblem {
  readonly fault: Fault;
  readonly span: Span;
  /** Where the sign of an anchor or a tag stands, before the value that has it. */
  readonly mark?: number;
  readonly text: string;
  readonly suggestion?: string;
}

export interface Tree {
  /** Absent when the text is empty or out of bounds. */
  readonly root?: Node;
  /** Out of bounds or no YAML: a root is a guess, and of it nothing is told. */
  readonly broken: boolean;
}

const quoteHint =
  'Quote a value that begins with ! or contains `: ` or ` #`, and in {...} one with a comma.';
const syntaxHint = `Check the indentation. ${quoteHint}`;
/** How far quotes, escapes and line ends can hold a scalar's text and its source apart. */
const alignWindow = 16;

/** Reads a text whole; tells everything that is wrong with it. */
export function readTree(text: string, bounds: Bounds, tell: (found: TextProblem) => void): Tree {
  const refuse = (start: number, said: string, suggestion: string): Tree => {
    const span = { start, end: start + 1 };
    tell({ fault: 'bounds', span, text: said, suggestion });
    return { broken: true };
  };
  if (text.length > bounds.text) {
    const said = `the text is longer than ${bounds.text / 1024} KiB`;
    return refuse(0, said, 'Split it, or leave out what is not needed.');
  }
  const tokens = [...new Parser().parse(text)];
  const deep = tooDeep(tokens, bounds.depth);
  if (deep !== undefined)
    return refuse(deep, `nested more than ${bounds.depth} levels deep`, 'Close what is open.');
  // Duplicate keys are found below: `yaml` compares each key with each.
  const composer = new Composer({ version: '1.2', merge: false, uniqueKeys: false });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  const reader = new TreeReader(text, tell);
  const from = second?.range[0];
  if (from !== undefined)
    reader.refuse('extra', from, from + 1, 'a second document begins here', 'Use one file.');
  const percent = tokens.find(({ type }) => type === 'directive')?.offset;
  if (percent !== undefined) {
    const said = 'directives are not used here';
    reader.refuse('extra', percent, percent + 1, said, 'Leave the % line out.');
  }
  const broken = !reader.syntax(document?.errors ?? []);
  const contents = document?.contents ?? null;
  return contents === null ? { broken } : { root: reader.node(contents), broken };
}

/** The offset at which nesting passes the limit; on tokens, which are made without recursion. */
function tooDeep(tokens: readonly CST.Token[], limit: number): number | undefined {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { token, depth } = item;
    if (depth > limit) return token.offset;
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
  readonly #tell: (found: TextProblem) => void;
  /** Where a value of `{...}` reads as a map because of a `: ` in it. */
  readonly #cut = new Set<number>();
  #broken = false;

  constructor(text: string, tell: (found: TextProblem) => void) {
    this.#text = text;
    this.#tell = tell;
  }

  /** Tells what `yaml` found; false when what it read is not to be trusted. */
  syntax(problems: readonly YAMLParseError[]): boolean {
    for (const { code, message, pos } of problems) {
      const [from, to] = pos;
      if (code === 'BLOCK_IN_FLOW') {
        this.#cut.add(from);
        this.refuse('cut', from, to, 'a `: ` in {...} begins another map', quoteHint);
      } else if (code === 'TAB_AS_INDENT') {
        this.refuse('syntax', from, to, 'a tab indents this line', 'Use spaces.');
      } else {
        const [first = ''] = message.split('\n');
        this.refuse('syntax', from, to, `not valid YAML: ${first}`, syntaxHint);
      }
    }
    this.#broken = problems.some(({ code }) => code !== 'BLOCK_IN_FLOW');
    return !this.#broken;
  }

  refuse(fault: Fault, from: number, to: number, text: string, suggestion: string): void {
    if (!this.#broken) this.#tell({ fault, span: this.#span(from, to), text, suggestion });
  }

  /** Depth is bounded already. */
  node(node: YamlNode): Node {
    const [from, end] = node.range ?? [0, 0];
    // Maps and lists of lines end before the next thing: not with the line ends between.
    const to = isScalar(node) ? end : from + this.#text.slice(from, end).trimEnd().length;
    const span = this.#span(from, to);
    this.#decorations(node, span);
    if (isAlias(node) || this.#cut.has(from)) return empty(span, true);
    if (isSeq<YamlNode>(node)) {
      return { kind: 'list', span, items: node.items.map((item) => this.node(item)) };
    }
    if (isMap<YamlNode, YamlNode | null>(node)) return this.#map(node.items, node.flow, span);
    if (isScalar(node)) return this.#scalar(node, span);
    return empty(span, true);
  }

  /** An anchor and a tag stand just before the node, with white space between. */
  #decorations(node: YamlNode, span: Span): void {
    const { start, end } = span;
    if (isAlias(node)) {
      this.refuse('extra', start, end, 'an alias is not used here', 'Write the value itself.');
    } else if (node.tag !== undefined) {
      const place = Math.max(0, this.#text.lastIndexOf('!', start));
      const mark = this.#text[place - 1] === '!' ? place - 1 : place;
      const text = `a tag, ${quoted(node.tag)}, is not used here`;
      this.#decorated({ fault: 'tag', span, mark, text });
    } else if (node.anchor !== undefined) {
      const mark = Math.max(0, this.#text.lastIndexOf('&', start));
      const text = `an anchor, ${quoted(`&${node.anchor}`)}, is not used here`;
      this.#decorated({ fault: 'extra', span, mark, text });
    }
  }

  #decorated(found: TextProblem): void {
    if (!this.#broken) this.#tell({ ...found, suggestion: 'Leave it out.' });
  }

  #map(
    pairs: readonly Pair<YamlNode | null, YamlNode | null>[],
    flow: boolean | undefined,
    span: Span,
  ): Node {
    const seen = new Set<string>();
    const entries: Entry[] = [];
    for (const { key, value } of pairs) {
      const [from, to] = key?.range ?? [span.start, span.start];
      if (!isScalar(key)) {
        const hint = 'Quote a text that begins with [ or {.';
        this.refuse('syntax', from, to, 'a key is one plain word', hint);
        continue;
      }
      const keySpan = this.#span(from, to);
      this.#decorations(key, keySpan);
      const name = key.source ?? String(key.value);
      if (name === '<<') {
        const hint = 'Write the members themselves.';
        this.refuse('extra', from, to, 'a merge key is not used here', hint);
      } else if (seen.has(name)) {
        this.refuse('twice', from, to, `${quoted(name)} stands here twice`, 'Keep one of them.');
      } else {
        seen.add(name);
        const read = value === null ? empty(this.#span(to, to)) : this.node(value);
        entries.push({ key: name, keySpan, value: read });
      }
    }
    return { kind: 'map', span, flow: flow === true, entries };
  }

  #scalar(node: Scalar, span: Span): ScalarNode {
    const text = node.source ?? '';
    const plain = node.type === 'PLAIN' || node.type === undefined;
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
