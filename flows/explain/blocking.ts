// The least that would have to change for a condition to hold: of alternatives the one that lacks
// least, of a sum all that is missing. It looks one step ahead and promises nothing about the plant.
import type { Condition, Truth } from './condition.ts';

/** What is asked of a condition; `unless` asks only that it is not surely true. */
export type Goal = 'true' | 'false' | 'not-true' | 'not-false';

const met: Readonly<Record<Goal, readonly Truth[]>> = {
  true: ['true'],
  false: ['false'],
  'not-true': ['false', 'unknown'],
  'not-false': ['true', 'unknown'],
};
const flipped: Readonly<Record<Goal, Goal>> = {
  true: 'false',
  false: 'true',
  'not-true': 'not-false',
  'not-false': 'not-true',
};

/** What would have to hold, each said once; nothing when the goal is met. */
export function lacksOf(condition: Condition, goal: Goal): readonly string[] {
  if (met[goal].includes(condition.term.truth)) return [];
  const up = goal === 'true' || goal === 'not-false';
  const inner = condition.of[0];
  switch (condition.shape) {
    case 'leaf':
      return [up ? condition.term.text : condition.opposite];
    case 'not':
      return inner === undefined ? [] : lacksOf(inner, flipped[goal]);
    case 'sure':
      return inner === undefined ? [] : lacksOf(inner, up ? 'true' : 'not-true');
    case 'maybe':
      return inner === undefined ? [] : lacksOf(inner, up ? 'not-false' : 'false');
    case 'all':
    case 'any': {
      const parts = condition.of.map((part) => lacksOf(part, goal));
      return (condition.shape === 'all') === up ? [...new Set(parts.flat())] : fewest(parts);
    }
  }
}

/** The shortest list, the first of several. */
export function fewest(lists: readonly (readonly string[])[]): readonly string[] {
  return lists.reduce((best, list) => (list.length < best.length ? list : best), lists[0] ?? []);
}
