// Patterns of a manifest, matched in time that grows with the frame alone: all ways are followed side
// by side, so that no pattern and no frame, however hostile, makes the next scan wait. The meaning is
// that of the same regular expression in JavaScript; what is allowed stands in pattern-syntax.ts.
import { Parser, Refusal, refuse } from './pattern-syntax.ts';
import type { Node } from './pattern-syntax.ts';

/** More steps than this no pattern may have; a count such as {64} has as many. */
const longest = 2000;

type Step =
  | { readonly do: 'unit'; readonly accepts: (unit: number) => boolean }
  | { readonly do: 'fork'; first: number; second: number }
  | { readonly do: 'jump'; to: number }
  | { readonly do: 'open' | 'close' | 'forget' | 'begin' | 'end' | 'match' };

/** A match; `group` is what group 1 took, undefined when it took no part. */
export interface Match {
  readonly group: string | undefined;
}

/** A pattern that was found to be allowed. */
export interface Pattern {
  readonly source: string;
  /** How many capturing groups it has. */
  readonly groups: number;
  /** The leftmost match; undefined when there is none. */
  match(text: string): Match | undefined;
}

/** The pattern, or in words why it is none. */
export function patternOf(source: string): Pattern | string {
  try {
    const parser = new Parser(source);
    const steps = compile(parser.parse());
    return { source, groups: parser.groups, match: (text: string) => run(steps, text) };
  } catch (cause) {
    if (cause instanceof Refusal) return cause.message;
    throw cause;
  }
}

function hasGroup(node: Node): boolean {
  switch (node.kind) {
    case 'all':
    case 'any':
      return node.parts.some(hasGroup);
    case 'group':
      return node.number === 1 || hasGroup(node.inner);
    case 'repeat':
      return hasGroup(node.inner);
    case 'begin':
    case 'end':
    case 'unit':
      return false;
  }
}

function compile(root: Node): readonly Step[] {
  const compiler = new Compiler();
  compiler.emit(root);
  compiler.add({ do: 'match' });
  return compiler.steps;
}

class Compiler {
  readonly steps: Step[] = [];

  add<S extends Step>(step: S): S {
    if (this.steps.length >= longest) refuse('the pattern is too long');
    this.steps.push(step);
    return step;
  }

  emit(node: Node): void {
    switch (node.kind) {
      case 'begin':
      case 'end':
        this.add({ do: node.kind });
        return;
      case 'unit':
        this.add({ do: 'unit', accepts: node.accepts });
        return;
      case 'all':
        for (const part of node.parts) this.emit(part);
        return;
      case 'any':
        return this.#any(node.parts);
      case 'group':
        if (node.number === 1) this.add({ do: 'open' });
        this.emit(node.inner);
        if (node.number === 1) this.add({ do: 'close' });
        return;
      case 'repeat':
        return this.#repeat(node);
    }
  }

  #any(parts: readonly Node[]): void {
    const ends: Extract<Step, { do: 'jump' }>[] = [];
    for (const [i, part] of parts.entries()) {
      const isLast = i === parts.length - 1;
      const otherwise = isLast ? undefined : this.#fork(false);
      this.emit(part);
      if (!isLast) ends.push(this.add({ do: 'jump', to: 0 }));
      otherwise?.();
    }
    for (const end of ends) end.to = this.steps.length;
  }

  #repeat({ inner, least, most, lazy }: Extract<Node, { kind: 'repeat' }>): void {
    // Each turn forgets what the group took in the one before.
    const once = (): void => {
      if (hasGroup(inner)) this.add({ do: 'forget' });
      this.emit(inner);
    };
    for (let i = 0; i < least; i += 1) once();
    if (most === Infinity) {
      const again = this.steps.length;
      const leave = this.#fork(lazy);
      once();
      this.add({ do: 'jump', to: again });
      return leave();
    }
    const leaves: (() => void)[] = [];
    for (let i = least; i < most; i += 1) {
      leaves.push(this.#fork(lazy));
      once();
    }
    for (const leave of leaves) leave();
  }

  /** Two ways: the next step, and the one that is next when the result is called; `lazy`: that first. */
  #fork(lazy: boolean): () => void {
    const next = this.steps.length + 1;
    const step = this.add({ do: 'fork', first: next, second: next });
    return () => {
      if (lazy) step.first = this.steps.length;
      else step.second = this.steps.length;
    };
  }
}

interface Way {
  readonly step: number;
  readonly from: number;
  readonly to: number;
}

/** Follows all ways at once, the preferred first; each step is entered once for each unit of the text. */
function run(steps: readonly Step[], text: string): Match | undefined {
  let ways: Way[] = [];
  let found: Way | undefined;
  const entered = new Int32Array(steps.length).fill(-1);
  const enter = (list: Way[], at: number, step: number, from: number, to: number): void => {
    if (entered[step] === at) return;
    entered[step] = at;
    const what = steps[step];
    switch (what?.do) {
      case undefined:
        return;
      case 'jump':
        return enter(list, at, what.to, from, to);
      case 'fork':
        enter(list, at, what.first, from, to);
        return enter(list, at, what.second, from, to);
      case 'begin':
        return at === 0 ? enter(list, at, step + 1, from, to) : undefined;
      case 'end':
        return at === text.length ? enter(list, at, step + 1, from, to) : undefined;
      case 'open':
        return enter(list, at, step + 1, at, -1);
      case 'close':
        return enter(list, at, step + 1, from, at);
      case 'forget':
        return enter(list, at, step + 1, -1, -1);
      case 'unit':
      case 'match':
        list.push({ step, from, to });
    }
  };
  for (let at = 0; at <= text.length; at += 1) {
    // A match that begins earlier is preferred to any that begins here.
    if (found === undefined) enter(ways, at, 0, -1, -1);
    else if (ways.length === 0) break;
    const unit = text.charCodeAt(at);
    const next: Way[] = [];
    for (const way of ways) {
      const what = steps[way.step];
      if (what?.do === 'match') {
        found = way;
        break;
      }
      if (what?.do === 'unit' && at < text.length && what.accepts(unit)) {
        enter(next, at + 1, way.step + 1, way.from, way.to);
      }
    }
    ways = next;
  }
  if (found === undefined) return undefined;
  return { group: found.to < 0 ? undefined : text.slice(found.from, found.to) };
}
