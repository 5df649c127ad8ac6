// Pages of docs do what they say: every command that they show is given, and what it prints is what they print.
import { expect, test } from 'vitest';
import { Walk } from './walk.ts';

test('the tutorial is walked word by word', async () => {
  await using walk = new Walk();
  const blocks = await walk.page('docs/tutorial.md');
  expect(blocks['console']).toBeGreaterThanOrEqual(8);
  expect(blocks).toMatchObject({
    yaml: 1,
    diff: 3,
    'console demo': 2,
    'console live': 5,
    'console ctrl-c': 2,
  });
}, 600_000);

test.each(['manifest', 'scenarios'])(
  'docs/guides/%s.md: what its commands print is what it says',
  async (page) => {
    await using walk = new Walk();
    const blocks = await walk.page(`docs/guides/${page}.md`);
    expect(blocks['console']).toBeGreaterThanOrEqual(2);
  },
  120_000,
);
