// A value that a person is about to give a parameter: what is wrong with it before it is sent. Control decides all the
// same; this only spares a refusal. Pure.
import type { ParameterInfo, Scalar } from '#contract/described.ts';
import type * as z from 'zod';

export type Parameter = z.infer<typeof ParameterInfo>;

export type Draft =
  | { readonly value: number }
  | { readonly problem: 'number' | 'whole' | 'same' }
  | { readonly problem: 'low' | 'high' | 'step'; readonly at: number };

/** What a person wrote, with a point or a comma, as a value of this parameter, which is `now`. */
export function draftOf(parameter: Parameter, now: Scalar, text: string): Draft {
  const written = text.trim();
  if (!/^[-+]?\d{1,15}(?:[.,]\d{1,15})?$/.test(written)) return { problem: 'number' };
  const value = Number(written.replace(',', '.'));
  const { type, min, max, maxStep } = parameter;
  if (type === 'int' && !Number.isInteger(value)) return { problem: 'whole' };
  if (min !== undefined && value < min) return { problem: 'low', at: min };
  if (max !== undefined && value > max) return { problem: 'high', at: max };
  if (value === now) return { problem: 'same' };
  // A hair more than allowed, for what decimal fractions lose.
  const far = maxStep !== undefined && typeof now === 'number';
  if (far && Math.abs(value - now) > maxStep * (1 + 1e-9)) return { problem: 'step', at: maxStep };
  return { value };
}

/** By how much one tap moves it: whole numbers by one, others by the largest change, or a round part of their range. */
export function tapOf({ type, min = 0, max = 1, maxStep }: Parameter): number {
  if (type === 'int') return 1;
  return maxStep ?? 10 ** Math.floor(Math.log10((max - min || 1) / 10));
}

/** One tap further, inside the range, without the crumbs of decimal fractions. */
export function tapped(parameter: Parameter, from: number, direction: 1 | -1): number {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = parameter;
  const next = Number((from + direction * tapOf(parameter)).toPrecision(12));
  return Math.min(max, Math.max(min, next));
}
