// The Merkle tree over the entries' hashes (RFC 6962 section 2.1), kept as its frontier: the roots of
// the perfect subtrees that a size is made of. Enough to go on appending and to give the root.
import { hash as digest } from 'node:crypto';
import { assert, CellError, present } from '#contract/error.ts';

const width = 32;

export const sha256 = (input: Uint8Array): Uint8Array => digest('sha256', input, 'buffer');

const leafInput = new Uint8Array(1 + width);
const nodeInput = Uint8Array.of(1, ...new Uint8Array(2 * width));

function hashLeaf(entryHash: Uint8Array): Uint8Array {
  leafInput.set(entryHash, 1);
  return sha256(leafInput);
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + width);
  return sha256(nodeInput);
}

/** A tree of `size` leaves; at most 53 hashes. */
export class Frontier {
  #size = 0;
  /** Largest subtree first; their sizes are the bits of `#size`, highest first. */
  #roots: Uint8Array[] = [];

  get size(): number {
    return this.#size;
  }

  clone(): Frontier {
    const copy = new Frontier();
    copy.#size = this.#size;
    copy.#roots = [...this.#roots];
    return copy;
  }

  /** Adds an entry's hash as the next leaf. */
  append(entryHash: Uint8Array): void {
    assert(entryHash.length === width, 'an entry hash has 32 bytes');
    let node = hashLeaf(entryHash);
    for (let size = this.#size; size % 2 === 1; size = (size - 1) / 2) {
      node = hashNode(present(this.#roots.pop(), 'a root for each bit of the size'), node);
    }
    this.#roots.push(node);
    this.#size += 1;
  }

  /** The root of all leaves; of none, SHA-256 of nothing. */
  root(): Uint8Array {
    const last = this.#roots.at(-1);
    if (last === undefined) return sha256(new Uint8Array());
    return this.#roots.slice(0, -1).reduceRight((right, left) => hashNode(left, right), last);
  }

  /** The roots one after the other, in base64. */
  encode(): string {
    return Buffer.concat(this.#roots).toString('base64');
  }

  static decode(text: string, size: number): Frontier {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text || bytes.length !== countBits(size) * width) {
      throw new CellError('E_CHRONICLE_FORMAT', `a frontier that does not fit ${size} entries`);
    }
    const frontier = new Frontier();
    frontier.#size = size;
    for (let at = 0; at < bytes.length; at += width) {
      frontier.#roots.push(new Uint8Array(bytes.subarray(at, at + width)));
    }
    return frontier;
  }
}

function countBits(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
