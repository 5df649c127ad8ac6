// The syntax of patterns, as a tree: what a regular expression of JavaScript may be, without what needs
// to go back (references, look-around) and without repeating what may be empty. Anything else is
// refused in words. How a tree is matched stands in pattern.ts.

/** Depth of groups in groups. */
const deepest = 20;

/** What one character may be: ranges of UTF-16 units, from and to. */
type Ranges = readonly (readonly [number, number])[];

/** A pattern, or a part of one. */
export type Node =
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'unit'; readonly accepts: (unit: number) => boolean }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Node[] }
  | { readonly kind: 'group'; readonly number: number; readonly inner: Node }
  | {
      readonly kind: 'repeat';
      readonly inner: Node;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
    };

/** A pattern that is not allowed; its message says why. */
export class Refusal extends Error {}

export const refuse = (text: string): never => {
  throw new Refusal(text);
};

const digit: Ranges = [[48, 57]];
const word: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const space: Ranges = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const lineEnds: Ranges = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
];
const classes: Readonly<Record<string, Ranges>> = {
  d: digit,
  w: word,
  s: space,
  D: inverse(digit),
  W: inverse(word),
  S: inverse(space),
};
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 };

/** The ranges must be in order and apart. */
function inverse(ranges: Ranges): Ranges {
  const holes: [number, number][] = [];
  let from = 0;
  for (const [low, high] of ranges) {
    if (low > from) holes.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= 0xffff) holes.push([from, 0xffff]);
  return holes;
}

function unitOf(ranges: Ranges, negated = false): Node {
  const has = (unit: number): boolean => ranges.some(([low, high]) => unit >= low && unit <= high);
  const ascii = Array.from({ length: 128 }, (_, unit) => has(unit) !== negated);
  return { kind: 'unit', accepts: (unit) => ascii[unit] ?? has(unit) !== negated };
}

/** Reads one pattern; `groups` counts its capturing groups. */
export class Parser {
  groups = 0;
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Node {
    const node = this.#any();
    if (this.#at < this.#source.length) refuse('a `)` without its `(`');
    return node;
  }

  #peek(): string | undefined {
    return this.#source[this.#at];
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #any(): Node {
    this.#depth += 1;
    if (this.#depth > deepest) refuse('groups too deep in groups');
    const parts = [this.#all()];
    while (this.#take('|')) parts.push(this.#all());
    this.#depth -= 1;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'any', parts };
  }

  #all(): Node {
    const parts: Node[] = [];
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === '|' || next === ')') break;
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'all', parts };
  }

  #atom(): Node {
    const next = this.#source[this.#at] ?? '';
    this.#at += 1;
    switch (next) {
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '.':
        return unitOf(lineEnds, true);
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '\\':
        return unitOf(this.#escape());
      case '*':
      case '+':
      case '?':
        return refuse(`\`${next}\` repeats nothing`);
      case '{':
      case '}':
      case ']':
        return refuse(`\`${next}\` alone is written \`\\${next}\``);
      default:
        return unitOf([[next.charCodeAt(0), next.charCodeAt(0)]]);
    }
  }

  #group(): Node {
    let number = 0;
    if (!this.#take('?:')) {
      if (this.#peek() === '?') refuse('only (…) and (?:…) are groups here');
      this.groups += 1;
      number = this.groups;
    }
    const inner = this.#any();
    if (!this.#take(')')) refuse('a `(` without its `)`');
    return { kind: 'group', number, inner };
  }

  #repeated(inner: Node): Node {
    const bounds = this.#bounds();
    if (bounds === undefined) return inner;
    const [least, most] = bounds;
    if (most < least) refuse('a count whose end is before its beginning');
    if (inner.kind === 'begin' || inner.kind === 'end') refuse('an anchor is not repeated');
    if (canBeEmpty(inner)) refuse('it repeats what may be empty');
    const lazy = this.#take('?');
    if (/^[*+?{]/.test(this.#source.slice(this.#at))) refuse('a repetition is repeated');
    return { kind: 'repeat', inner, least, most, lazy };
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    if (this.#peek() !== '{') return undefined;
    const count = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.#source.slice(this.#at));
    if (count === null) return refuse('a `{` that begins no count is written `\\{`');
    this.#at += count[0].length;
    const least = Number(count[1]);
    if (count[2] === undefined) return [least, least];
    return [least, count[3] === undefined ? Infinity : Number(count[3])];
  }

  #class(): Node {
    const negated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    while (!this.#take(']')) {
      const low = this.#member();
      const isRange = this.#peek() === '-' && (this.#source[this.#at + 1] ?? ']') !== ']';
      if (!isRange) {
        ranges.push(...low);
        continue;
      }
      this.#at += 1;
      const [from, to] = [single(low), single(this.#member())];
      if (from === undefined || to === undefined) return refuse('a class in a range');
      if (to < from) refuse('a range whose end is before its beginning');
      ranges.push([from, to]);
    }
    return unitOf(ranges, negated);
  }

  #member(): Ranges {
    const next = this.#peek() ?? refuse('a `[` without its `]`');
    this.#at += 1;
    if (next === '\\') return this.#take('b') ? [[8, 8]] : this.#escape();
    return [[next.charCodeAt(0), next.charCodeAt(0)]];
  }

  #escape(): Ranges {
    const next = this.#peek() ?? refuse('a `\\` at the end');
    this.#at += 1;
    const named = classes[next];
    if (named !== undefined) return named;
    const rest = this.#source.slice(this.#at);
    const control = controls[next];
    if (control !== undefined) {
      if (next === '0' && /^\d/.test(rest)) refuse('an octal escape');
      return [[control, control]];
    }
    const digits = next === 'x' ? 2 : next === 'u' ? 4 : 0;
    const hex = rest.slice(0, digits);
    if (digits > 0 && hex.length === digits && /^[0-9a-f]+$/i.test(hex)) {
      this.#at += digits;
      const unit = Number.parseInt(hex, 16);
      return [[unit, unit]];
    }
    // Letters and digits that mean something elsewhere must not mean themselves here.
    if (/[a-z0-9]/i.test(next)) refuse(`\`\\${next}\` is not supported`);
    return [[next.charCodeAt(0), next.charCodeAt(0)]];
  }
}

/** The one unit that these are, if it is one. */
function single(ranges: Ranges): number | undefined {
  const [first] = ranges;
  return ranges.length === 1 && first !== undefined && first[0] === first[1] ? first[0] : undefined;
}

function canBeEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'begin':
    case 'end':
      return true;
    case 'unit':
      return false;
    case 'all':
      return node.parts.every(canBeEmpty);
    case 'any':
      return node.parts.some(canBeEmpty);
    case 'group':
      return canBeEmpty(node.inner);
    case 'repeat':
      return node.least === 0;
  }
}
