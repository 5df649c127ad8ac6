// Between a tag's value as devices and people know it and the numbers that flows compute with:
// bool 0 or 1, an enum its index, unknown NaN. A value that does not fit its declaration is unknown.
import { qualityOf } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { unknown } from '#flows/program.ts';
import type { InputDecl, Ranged } from '#flows/program.ts';

/** NaN when the value is of another type, no safe integer, or outside the declared range. */
export function numberOf(decl: Ranged, value: Value): number {
  switch (decl.type.kind) {
    case 'bool':
      return value === true ? 1 : value === false ? 0 : unknown;
    case 'enum': {
      const index = typeof value === 'string' ? decl.type.values.indexOf(value) : -1;
      return index === -1 ? unknown : index;
    }
    case 'int': {
      const number = typeof value === 'bigint' ? Number(value) : value;
      return typeof number === 'number' && Number.isSafeInteger(number)
        ? inRange(decl, number)
        : unknown;
    }
    case 'real': {
      const number = typeof value === 'bigint' ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number)
        ? inRange(decl, number)
        : unknown;
    }
  }
}

/** The value that people and devices know; the inverse of `numberOf`. */
export function valueOf(decl: Ranged, number: number): Value {
  if (Number.isNaN(number)) return null;
  switch (decl.type.kind) {
    case 'bool':
      return number === 1;
    case 'enum':
      return decl.type.values[number] ?? null;
    case 'int':
    case 'real':
      return number;
  }
}

/** The device's own value: no substitute, and uncertain is unknown. Interlocks read it. */
export function ownNumber(input: InputDecl, value: Value, status: StatusCode): number {
  return qualityOf(status) === 'good' ? numberOf(input, value) : unknown;
}

/** What the flow reads as the device gave it: uncertain only where the flow takes it for good. */
export function usableNumber(input: InputDecl, value: Value, status: StatusCode): number {
  const quality = qualityOf(status);
  const usable = quality === 'good' || (quality === 'uncertain' && input.uncertainIsGood);
  return usable ? numberOf(input, value) : unknown;
}

function inRange(decl: Ranged, number: number): number {
  if (decl.min !== undefined && number < decl.min) return unknown;
  if (decl.max !== undefined && number > decl.max) return unknown;
  return number + 0;
}
