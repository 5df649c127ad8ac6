// A YAML text as a plain value with the place of everything in it. Only the plain part of YAML 1.2 is
// taken: no anchors, aliases, merge keys, tags, directives or second documents; size and depth are
// bounded before the text is composed. It knows nothing of manifests; it never throws.
import type { CST, Document, Node, Pair, YAMLMap } from 'yaml';
import { Composer, Parser, isAlias, isCollection, isMap, isScalar, isSeq } from 'yaml';
import type { Span } from '#contract/diagnostic.ts';

/** UTF-16 units of the longest text that is read: room for a cell of 20,000 tags. */
const sizeLimit = 2 * 1024 * 1024;
/** The deepest nesting; `yaml` composes by recursion, and very deep texts end the process. */
const depthLimit = 32;
/** Problems listed before the rest is left out. */
const problemLimit = 100;

/** From the root of a document: keys of maps and indices of lists. */
export type Path = readonly (string | number)[];

export interface TextProblem {
  readonly span: Span;
  readonly text: string;
  readonly suggestion?: string;
}

/** A text that was read. With problems its `value` is not to be used. */
export interface PlainDocument {
  readonly value: unknown;
  readonly problems: readonly TextProblem[];
  /** The value at a path, or its key where the value is a map or a list; the nearest thing above it that exists. */
  place(path: Path): Span;
  /** The key at a path. */
  keyPlace(path: Path): Span;
}

/** Reads a text whole, or says everything that is wrong with it. */
export function readDocument(text: string): PlainDocument {
  if (text.length > sizeLimit) {
    return refused(
      { start: 0, end: 1 },
      `the text is longer than ${sizeLimit / 1024 / 1024} MiB`,
      'Split it, or leave out what is not needed.',
    );
  }
  const tokens = [...new Parser().parse(text)];
  const deep = tooDeep(tokens);
  if (deep !== undefined) {
    return refused(
      { start: deep, end: deep + 1 },
      `nested more than ${depthLimit} levels deep`,
      'Close what is open.',
    );
  }
  // Duplicate keys are found below: `yaml` compares each key with each.
  const composer = new Composer({ version: '1.2', merge: false, uniqueKeys: false });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (document === undefined) return refused({ start: 0, end: 1 }, 'the text is empty');
  return new Reading(document, second?.range[0], text.length);
}

function refused(span: Span, text: string, suggestion?: string): PlainDocument {
  const problem = suggestion === undefined ? { span, text } : { span, text, suggestion };
  return { value: undefined, problems: [problem], place: () => span, keyPlace: () => span };
}

/** The offset at which nesting passes the limit. Works on tokens, which are made without recursion. */
function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { token, depth } = item;
    if (depth > depthLimit) return token.offset;
    if ('items' in token) {
      for (const { key, value } of token.items) {
        if (key !== undefined && key !== null) open.push({ token: key, depth: depth + 1 });
        if (value !== undefined) open.push({ token: value, depth: depth + 1 });
      }
    } else if (token.type === 'document' && token.value !== undefined) {
      open.push({ token: token.value, depth });
    }
  }
  return undefined;
}

type Composed = Document.Parsed;

class Reading implements PlainDocument {
  readonly value: unknown;
  readonly problems: TextProblem[] = [];
  readonly #root: Node | null;
  readonly #members = new WeakMap<object, Map<string, Pair<Node, Node | null>>>();
  readonly #length: number;

  constructor(document: Composed, second: number | undefined, length: number) {
    this.#root = document.contents;
    this.#length = length;
    for (const error of [...document.errors, ...document.warnings]) {
      const [text, suggestion] = wording(error.code, error.message);
      this.#add(this.#span(error.pos[0], error.pos[1]), text, suggestion);
    }
    const { yaml } = document.directives;
    if (yaml.explicit === true || Object.keys(document.directives.tags).some((tag) => tag !== '!!'))
      this.#add(this.#span(0, 1), 'directives are not used here', 'Leave the % line out.');
    if (second !== undefined)
      this.#add(this.#span(second, second + 1), 'a second document begins here', 'Use one file.');
    this.value = this.#plain(document.contents);
  }

  place(path: Path): Span {
    const { node, key } = this.#find(path);
    if (key !== undefined && (node === null || isCollection(node))) return this.#of(key);
    return isCollection(node) ? this.#span(node.range?.[0] ?? 0, 0) : this.#of(node ?? key);
  }

  keyPlace(path: Path): Span {
    const { node, key } = this.#find(path);
    return this.#of(key ?? node);
  }

  /** The deepest node of the path that exists, and the key that leads to it. */
  #find(path: Path): { node: Node | null; key: Node | undefined } {
    let node = this.#root;
    let key: Node | undefined;
    for (const step of path) {
      if (isMap<Node, Node | null>(node)) {
        const pair = this.#member(node, String(step));
        if (pair === undefined) break;
        [key, node] = [pair.key, pair.value];
      } else if (isSeq<Node>(node) && typeof step === 'number') {
        const item = node.items[step];
        if (item === undefined) break;
        [key, node] = [undefined, item];
      } else break;
    }
    return { node, key };
  }

  /** Looked up, not searched: a map may have thousands of members and each of them a problem. */
  #member(map: YAMLMap<Node, Node | null>, name: string): Pair<Node, Node | null> | undefined {
    let members = this.#members.get(map);
    if (members === undefined) {
      members = new Map(map.items.map((item) => [keyText(item.key) ?? '', item]));
      this.#members.set(map, members);
    }
    return members.get(name);
  }

  #of(node: Node | null | undefined): Span {
    return this.#span(node?.range?.[0] ?? 0, node?.range?.[1] ?? 0);
  }

  /** At least one unit wide and inside the text. */
  #span(from: number, to: number): Span {
    const start = Math.max(0, Math.min(from, this.#length - 1));
    return { start, end: Math.max(start + 1, Math.min(to, this.#length)) };
  }

  #add(span: Span, text: string, suggestion?: string): void {
    if (this.problems.length >= problemLimit) return;
    this.problems.push(suggestion === undefined ? { span, text } : { span, text, suggestion });
  }

  /** The value of a node; depth is bounded already. */
  #plain(node: Node | null): unknown {
    if (node === null) return null;
    if (isAlias(node)) {
      this.#add(this.#of(node), 'an alias is not used here', 'Write the value itself.');
      return null;
    }
    if (node.anchor !== undefined)
      this.#add(
        this.#of(node),
        `an anchor, \`&${node.anchor}\`, is not used here`,
        'Leave it out.',
      );
    if (node.tag !== undefined)
      this.#add(this.#of(node), `a tag, \`${node.tag}\`, is not used here`, 'Leave it out.');
    if (isScalar(node)) return this.#scalar(node, node.value);
    if (isSeq<Node>(node)) return node.items.map((item) => this.#plain(item));
    if (!isMap<Node, Node | null>(node)) return null;
    const members = new Map<string, unknown>();
    for (const item of node.items) {
      const [name, value] = this.#plainMember(item);
      if (members.has(name))
        this.#add(this.#of(item.key), `\`${name}\` stands here twice`, 'Keep one of them.');
      members.set(name, value);
    }
    return Object.fromEntries(members);
  }

  #scalar(node: Node, value: unknown): unknown {
    if (typeof value === 'number' && !Number.isFinite(value))
      this.#add(this.#of(node), 'a number is finite', 'Write a number, or quote a text.');
    return value;
  }

  #plainMember({ key, value }: Pair<Node, Node | null>): [string, unknown] {
    const name = keyText(key);
    if (name === undefined) {
      this.#add(this.#of(key), 'a key is one plain word', 'Quote a text that begins with [ or {.');
    } else if (name === '<<') {
      this.#add(this.#of(key), 'a merge key is not used here', 'Write the members themselves.');
    } else if (name === '__proto__') {
      this.#add(this.#of(key), 'this key is not used here', 'Choose another name.');
    }
    return [name ?? '', this.#plain(value)];
  }
}

function keyText(key: Node | null): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

/** What `yaml` found, in our words where these help more. */
function wording(code: string, message: string): [string, string?] {
  if (code === 'TAB_AS_INDENT') return ['a tab indents this line', 'Use spaces.'];
  if (code === 'MULTIPLE_DOCS') return ['a second document begins here', 'Use one file.'];
  return [`not valid YAML: ${message.split('\n')[0] ?? ''}`, 'Quote texts with : # , { } or !.'];
}
