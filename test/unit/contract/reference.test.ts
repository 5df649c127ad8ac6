// Holds the committed reference pages to the schemas and tables that they are generated from.
// After a change: `UPDATE=1 npx vitest run --project unit test/unit/contract/reference.test.ts`.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { codes } from '#contract/error.ts';
import { flowCodes } from '#flows/language/codes.ts';
import { apiPage, loadContract } from '#test/reference/api.ts';
import { comparisonPage } from '#test/reference/comparison.ts';
import { entriesPage } from '#test/reference/entries.ts';
import { errorsPage } from '#test/reference/errors.ts';
import { historyPage } from '#test/reference/history.ts';
import {
  loadKinds,
  manifestPage,
  manifestSchema,
  plantSchema,
  scenarioSchema,
} from '#test/reference/manifest.ts';
import { mirrorPage } from '#test/reference/mirror.ts';
import { shellPage } from '#test/reference/shell.ts';
import { wirePage } from '#test/reference/wire.ts';

const update = process.env['UPDATE'] === '1';
const kinds = await loadKinds();
const contract = await loadContract();

describe('a committed reference says what its source says', () => {
  test.each<[file: string, make: () => string]>([
    ['docs/reference/errors.md', errorsPage],
    ['docs/reference/manifest.md', () => manifestPage(kinds)],
    ['docs/reference/wire.md', wirePage],
    ['docs/reference/shell-protocol.md', shellPage],
    ['docs/reference/entries.md', entriesPage],
    ['docs/reference/history.md', historyPage],
    ['docs/reference/comparison.md', comparisonPage],
    ['docs/reference/mirror.md', mirrorPage],
    ['docs/reference/api.md', () => apiPage(contract)],
  ])('%s', (file, make) => {
    const made = make();
    if (update) writeFileSync(file, made);
    expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(made);
  });

  test.each([
    ['deploy/cell.schema.json', () => manifestSchema(kinds)],
    ['deploy/plant.schema.json', plantSchema],
    ['deploy/scenario.schema.json', scenarioSchema],
  ])('%s', (file, make) => {
    const made = make();
    if (update) {
      writeFileSync(file, JSON.stringify(made, null, 2));
      execFileSync('npx', ['--no-install', 'oxfmt', file]);
    }
    expect(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : '').toEqual(made);
  });
});

describe('codes and their page', () => {
  const listed = [...errorsPage().matchAll(/^\| `(\w+)` +\|/gm)].map(([, code]) => code);
  const known = [...Object.keys(codes), ...Object.keys(flowCodes)];

  test('every code is on the page', () => {
    expect(known.filter((code) => !listed.includes(code))).toEqual([]);
  });

  test('the page has no other code', () => {
    expect(listed.filter((code) => !known.includes(code ?? ''))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
  });

  test('every code says what it means and what to do, in sentences', () => {
    for (const [code, { meaning, action }] of Object.entries({ ...codes, ...flowCodes })) {
      expect(meaning, code).toMatch(/^\S.{8,}[.!?]$/);
      expect(action, code).toMatch(/^\S.{3,}[.!?]$/);
    }
  });
});
