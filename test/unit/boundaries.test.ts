import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { circles, ruleOf, violations } from '#test/boundaries/imports.ts';
import { folderRules, moduleRules, syntaxRules } from '#test/boundaries/rules.ts';

const folders = ['contract', 'flows', 'drivers', 'controller', 'hmi', 'simulator', 'test', 'bench'];
const files = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => /\.(?:ts|tsx|mts|mjs|js)$/.test(name) && !name.includes('node_modules')),
);

test('no file of the tree imports or writes what its folder may not', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap((file) => violations(file, readFileSync(file, 'utf8')))).toEqual([]);
});

test('no file imports itself by way of others', () => {
  expect(circles(new Map(files.map((file) => [file, readFileSync(file, 'utf8')])))).toEqual([]);
});

test.each([
  { of: ["import './b.ts';", "import type { A } from '#flows/a.ts';", ''], found: ['a', 'b', 'a'] },
  {
    of: ["import './b.ts';", "export * from './c.ts';", "import './b.ts';"],
    found: ['b', 'c', 'b'],
  },
  { of: ["import './b.ts';", "import './c.ts';", "import './a.ts';"], found: ['a', 'b', 'c', 'a'] },
  { of: ["import './b.ts'; import './c.ts';", "import './c.ts';", "import 'zod';"], found: [] },
])('a circle of imports is found: $found', ({ of, found }) => {
  const texts = of.map((text, at): [string, string] => [`flows/${'abc'.charAt(at)}.ts`, text]);
  const way = found.map((name) => `flows/${name}.ts`).join(' > ');
  expect(circles(new Map(texts))).toEqual(way === '' ? [] : [way]);
});

describe('each rule finds what is planted to break it', () => {
  test.each(folderRules)('what $who may import', ({ who, planted }) => {
    expect(violations(planted.file, '')).toEqual([]);
    const found = violations(planted.file, planted.text).join('\n');
    const own = ruleOf(planted.file);
    expect(own !== 'free' && own?.who).toBe(who);
    expect(found).toContain(planted.file);
  });

  test.each(moduleRules)('who may import $module', ({ module, only, planted }) => {
    const found = violations(planted.file, planted.text);
    expect(found).toContainEqual(expect.stringContaining(`only ${only.join(', ')} may`));
    expect(planted.text).toContain(module.replace(/\/$/, ''));
  });

  test.each(syntaxRules)('where $never may not be written', ({ never, planted }) => {
    expect(violations(planted.file, planted.text)).toEqual([`${planted.file}: ${never}`]);
  });
});

test.each([
  "import '#flows/link.ts';",
  "import type { Flow } from '#flows/program.ts';",
  "export { linkCell } from '#flows/link.ts';",
  "export * from '#flows/link.ts';",
  "export const made = import('#flows/link.ts');",
  "export type Flow = import('#flows/program.ts').Flow;",
  "import link = require('#flows/link.ts');",
  "export const link: unknown = require('#flows/link.ts');",
])('an import is found however it is written: %s', (text) => {
  expect(violations('contract/planted.ts', text)).toHaveLength(1);
});

test('a comment or a string is no import', () => {
  const text =
    "// import '#flows/link.ts'\nexport const text = \"import '#flows/link.ts'; 2 ** 3\";";
  expect(violations('contract/planted.ts', text)).toEqual([]);
});

test('a folder that no rule names may import nothing', () => {
  const text = "import type { Tag } from '#contract/name.ts';";
  expect(violations('elsewhere/planted.ts', text)).toEqual([
    'elsewhere/planted.ts: no rule says what this folder may import',
  ]);
});
