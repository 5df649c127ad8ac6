// The guide's table of tiers says what the schema's defaults are, and its states are those of the statechart.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SessionState, ShellOptions } from '#contract/shell.ts';
import { formatDuration } from '#contract/time.ts';
import { flow } from './rig.ts';

const guide = readFileSync('docs/guides/shell.md', 'utf8');
/** The cells of the row that begins with this word. */
const rowOf = (word: string): string[] =>
  guide
    .split('\n')
    .filter((line) => new RegExp(`^\\| ${word} +\\|`).test(line))
    .flatMap((line) => line.split('|').slice(1, -1))
    .map((cell) => cell.trim());

it.each(['T2', 'T3'] as const)('the guide has the defaults of %s', (tier) => {
  const options = ShellOptions.parse({});
  const { on, approvals, presence, longest } = options[tier];
  const switched = on ? 'with shell.on' : 'no';
  expect(options.on).toBe(false);
  expect(rowOf(tier).slice(2)).toEqual([
    switched,
    String(approvals),
    presence ? 'yes' : 'no',
    formatDuration(longest),
  ]);
});

it('the guide, the schema and the statechart name the same states', () => {
  const names = SessionState.options;
  expect(names.filter((name) => rowOf(name).length === 0)).toEqual([]);
  const states = flow.plan.flows[0]?.flow.states ?? [];
  expect(states.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});
