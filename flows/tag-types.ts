// Compares and names the types that flows and manifests give to tags and signals.
import type { FlowType } from './program.ts';

/** Alike in kind and, of an enum, in all names and their order. */
export function sameType(left: FlowType, right: FlowType): boolean {
  if (left.kind !== 'enum' || right.kind !== 'enum') return left.kind === right.kind;
  return sameNames(left.values, right.values);
}

export const sameNames = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((name, index) => name === right[index]);

export const typeText = (type: FlowType): string =>
  type.kind === 'enum' ? `enum [${type.values.join(', ')}]` : type.kind;
