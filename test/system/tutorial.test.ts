// docs/tutorial.md is run as it stands: its files are written, its edits made, its commands given, and what they print
// is what the page says. Times and seeds may move; what needs a second terminal is tested in `init.test.ts`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rebe } from './test-cell.ts';

const folder = mkdtempSync(join(tmpdir(), 'rebe-tutorial-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Block {
  readonly kind: string;
  readonly file: string;
  readonly text: string;
}

const page = readFileSync('docs/tutorial.md', 'utf8');
const blocks: readonly Block[] = [
  ...page.matchAll(/^```(console|yaml|diff) ?(.*)\n([^`]*(?:`[^`\n]+`[^`]*)*?)^```$/gm),
].map(([, kind = '', file = '', text = '']) => ({ kind, file, text }));

/** Without its times, and without the columns that they take. */
const timeless = (text: string): string => text.replaceAll(/ *\d+\.\d+ s/g, ' # s').trimEnd();

function edit({ file, text }: Block): void {
  const path = join(folder, file);
  const before = readFileSync(path, 'utf8');
  const [, old = '', fresh = ''] = /^-(.*)\n\+(.*)\n$/.exec(text) ?? [];
  expect(before.split(old).length, `${file} has once: ${old}`).toBe(2);
  writeFileSync(
    path,
    before.replace(old, () => fresh),
  );
}

function write({ file, text }: Block): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

function give({ text }: Block): void {
  const [command = '', ...said] = text.split('\n');
  const words = command.split(' ');
  expect(words.slice(0, 2)).toEqual(['$', 'rebe']);
  const ran = spawnSync(process.execPath, [rebe, ...words.slice(2)], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(timeless(ran.stdout + ran.stderr), command).toBe(timeless(said.join('\n')));
}

test('the tutorial does what it says, step by step', () => {
  const kinds = blocks.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'console').length).toBeGreaterThanOrEqual(6);
  expect(kinds).toEqual(expect.arrayContaining(['yaml', 'diff']));
  for (const block of blocks) {
    if (block.kind === 'yaml') write(block);
    else if (block.kind === 'diff') edit(block);
    else give(block);
  }
}, 120_000);
