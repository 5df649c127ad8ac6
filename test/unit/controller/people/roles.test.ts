// The table of roles in the guide is what the product does.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rightsOf, roles } from '#contract/people.ts';

test('the guide’s table of roles says what each role may', () => {
  const guide = readFileSync('docs/guides/people.md', 'utf8');
  const rows = roles.map((role) => {
    const row = new RegExp(`^\\| ${role} +\\|(.*)\\|(.*)\\|$`, 'm').exec(guide);
    return [role, { permissions: words(row?.[1]), commands: words(row?.[2]) }];
  });
  expect(Object.fromEntries(rows)).toEqual(rightsOf);
});

const words = (cell = ''): string[] =>
  [...cell.matchAll(/`([a-z.]+)`/g)].map(([, one = '']) => one);
