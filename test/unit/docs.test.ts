// The docs lead nowhere that is not there: every relative link, every file of the tree that is named, every verb.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs', { recursive: true })
    .map((path) => join('docs', String(path)))
    .filter((path) => path.endsWith('.md')),
];

const verbs = new Set(
  [...readFileSync('controller/main.ts', 'utf8').matchAll(/\[('[a-z']+(?:, '[a-z]+')*)\]/g)]
    .flatMap(([, names = '']) => names.split(', '))
    .map((name) => name.replaceAll("'", '')),
);

test('each link of a page leads to a file, and to a heading in it', () => {
  let links = 0;
  const broken = pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8').replaceAll(/^```[^]*?^```/gm, '');
    const found = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)];
    links += found.length;
    return found.flatMap(([, link = '']) => {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? page : resolve(dirname(page), path);
      if (!existsSync(target)) return [`${page}: ${link}`];
      return heading === undefined || headings(target).includes(heading)
        ? []
        : [`${page}: ${link}`];
    });
  });
  expect(broken).toEqual([]);
  expect(links).toBeGreaterThan(60);
});

test('each verb of a page is one that `rebe` has', () => {
  expect(verbs.size).toBeGreaterThan(20);
  const unknown = pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8');
    const said = [...text.matchAll(/(?:^|`|\$ |npx |sudo |bin\/)rebe ([a-z]+)(?=[\s`\]]|$)/gm)];
    return said.flatMap(([, verb = '']) =>
      verbs.has(verb) || verb === 'help' ? [] : [`${page}: rebe ${verb}`],
    );
  });
  expect(unknown).toEqual([]);
});

/** As a page of Markdown names its headings in links. */
function headings(page: string): string[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('each test that the page about security names is there, by its title', () => {
  const rows = readFileSync('docs/security.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| CR'));
  const named = rows.flatMap((row) =>
    [...row.matchAll(/`(test\/[^`]+\.test\.ts)`(?: "([^"]+)")?/g)].map(([, file = '', title]) => ({
      file,
      title,
    })),
  );
  const missing = named.filter(
    ({ file, title }) =>
      !existsSync(file) || (title !== undefined && !readFileSync(file, 'utf8').includes(title)),
  );
  expect(missing).toEqual([]);
  expect(named.length).toBeGreaterThan(30);
  expect(rows.filter((row) => (row.match(/\|/g) ?? []).length !== 5)).toEqual([]);
});
