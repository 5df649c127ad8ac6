// A YAML text as one plain value, for a schema to judge, with the place of everything in it. It knows
// nothing of manifests; it never throws.
import type { Span } from '#contract/diagnostic.ts';
import type { MapNode, Node, TextProblem } from './tree.ts';
import { readTree } from './tree.ts';

/** Room for a cell of 20,000 tags. */
const bounds = { text: 2 * 1024 * 1024, depth: 32 };
/** Problems listed before the rest is left out. */
const problemLimit = 100;

/** From the root of a document: keys of maps and indices of lists. */
export type Path = readonly (string | number)[];

/** A text that was read. With problems its `value` is not to be used. */
export interface PlainDocument {
  readonly value: unknown;
  readonly problems: readonly TextProblem[];
  /** The value at a path, or its key where the value is not one scalar; the nearest thing above it that exists. */
  place(path: Path): Span;
  /** The key at a path. */
  keyPlace(path: Path): Span;
}

/** Reads a text whole, or says everything that is wrong with it. */
export function readDocument(text: string): PlainDocument {
  return new Reading(text);
}

class Reading implements PlainDocument {
  readonly value: unknown;
  readonly problems: TextProblem[] = [];
  readonly #root: Node | undefined;
  readonly #members = new WeakMap<MapNode, ReadonlyMap<string, MapNode['entries'][number]>>();
  readonly #length: number;

  constructor(text: string) {
    this.#length = text.length;
    this.#root = readTree(text, bounds, (found) => this.#tell(found)).root;
    this.value = this.#root === undefined ? null : this.#plain(this.#root);
  }

  place(path: Path): Span {
    const { node, key } = this.#find(path);
    if (node === undefined) return this.#span({ start: 0, end: 0 });
    if (node.kind === 'scalar' && (node.text !== '' || !node.plain)) return this.#span(node.span);
    return this.#span(key ?? { start: node.span.start, end: 0 });
  }

  keyPlace(path: Path): Span {
    const { node, key } = this.#find(path);
    return this.#span(key ?? node?.span ?? { start: 0, end: 0 });
  }

  /** The deepest node of the path that exists, and the key that leads to it. */
  #find(path: Path): { node: Node | undefined; key: Span | undefined } {
    let node = this.#root;
    let key: Span | undefined;
    for (const step of path) {
      if (node?.kind === 'map') {
        const entry = this.#member(node, String(step));
        if (entry === undefined) break;
        [key, node] = [entry.keySpan, entry.value];
      } else if (node?.kind === 'list' && typeof step === 'number') {
        const item: Node | undefined = node.items[step];
        if (item === undefined) break;
        [key, node] = [undefined, item];
      } else break;
    }
    return { node, key };
  }

  /** Looked up, not searched: a map may have thousands of members and each of them a problem. */
  #member(map: MapNode, name: string): MapNode['entries'][number] | undefined {
    let members = this.#members.get(map);
    if (members === undefined) {
      members = new Map(map.entries.map((entry) => [entry.key, entry]));
      this.#members.set(map, members);
    }
    return members.get(name);
  }

  /** At least one unit wide and inside the text. */
  #span({ start, end }: Span): Span {
    const from = Math.max(0, Math.min(start, this.#length - 1));
    return { start: from, end: Math.max(from + 1, Math.min(end, this.#length)) };
  }

  #tell(found: TextProblem): void {
    if (this.problems.length >= problemLimit) return;
    this.problems.push({ ...found, span: this.#span(found.span) });
  }

  /** The value of a node; depth is bounded already. */
  #plain(node: Node): unknown {
    if (node.kind === 'list') return node.items.map((item) => this.#plain(item));
    if (node.kind === 'map') {
      return Object.fromEntries(
        node.entries.map(({ key, keySpan, value }) => {
          if (key === '__proto__') {
            const text = 'this key is not used here';
            this.#tell({ fault: 'extra', span: keySpan, text, suggestion: 'Choose another name.' });
          }
          return [key, this.#plain(value)];
        }),
      );
    }
    if (typeof node.value === 'number' && !Number.isFinite(node.value)) {
      const suggestion = 'Write a number, or quote a text.';
      this.#tell({ fault: 'syntax', span: node.span, text: 'a number is finite', suggestion });
    }
    return node.value;
  }
}
