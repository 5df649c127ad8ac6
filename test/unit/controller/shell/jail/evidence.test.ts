// What is made of strace's lines, and how much of a started program's words is told.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { realClock } from '#controller/clock.ts';
import { Evidence, readStart, shortened } from '#controller/shell/jail/evidence.ts';
import type { StartedProcess } from '#controller/shell/parts.ts';
import { removeFolder } from '#test/folder.ts';

const hex = (text: string | Buffer): string =>
  `"${[...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
const line = (path: string, argv: string, call = 'execve('): string =>
  `4711  ${call}${path}, ${argv}, 0x55c30581a1a0 /* 6 vars */) = 0`;

test.each([
  [
    'a start',
    line(hex('/usr/bin/ls'), `[${hex('ls')}, ${hex('-l')}]`),
    { pid: 4711, path: '/usr/bin/ls', argv: ['ls', '-l'] },
  ],
  [
    'words with all that would end a word',
    line(hex('/bin/sh'), `[${hex('sh')}, ${hex('-c')}, ${hex('echo "], 0x1) = 0\n" \0')}]`),
    { pid: 4711, path: '/bin/sh', argv: ['sh', '-c', 'echo "], 0x1) = 0\n" \0'] },
  ],
  [
    'a word that strace cut, and more words than it tells',
    line(hex('/bin/sh'), `[${hex('sh')}, ${hex('aaa')}..., ...]`),
    { pid: 4711, path: '/bin/sh', argv: ['sh', 'aaa…', '…'] },
  ],
  [
    'bytes that are no text',
    line(hex('/bin/sh'), `[${hex(Buffer.from([0xff, 0x61]))}]`),
    { pid: 4711, path: '/bin/sh', argv: ['\u{fffd}a'] },
  ],
  [
    'a start by descriptor',
    `12 execveat(3, ${hex('')}, [${hex('x')}], 0x7ffe0 /* 1 var */, AT_EMPTY_PATH) = 0`,
    { pid: 12, path: '', argv: ['x'] },
  ],
  [
    'words that cannot be read',
    line(hex('/bin/true'), '0x7ffe5c1d1b20'),
    { pid: 4711, path: '/bin/true', argv: ['/bin/true'] },
  ],
  [
    'no word at all',
    line(hex('/bin/true'), '[]'),
    { pid: 4711, path: '/bin/true', argv: ['/bin/true'] },
  ],
  ['a start that failed', line(hex('/x'), '[]').replace('= 0', '= -1 ENOENT'), undefined],
  ['an exit', '4711 +++ exited with 0 +++', undefined],
  ['nothing', '', undefined],
])('strace told of %s', (_what, text, wanted) => {
  expect(readStart(text)).toEqual(wanted);
});

test('a long command line is cut, and says how much is left out', () => {
  expect(shortened(['ls', '-l'])).toEqual(['ls', '-l']);
  const told = shortened(['sh', 'x'.repeat(10_000), 'y', 'z']);
  expect(told.slice(0, 1)).toEqual(['sh']);
  expect(told[1]).toMatch(/^x{4093}…$/);
  expect(told[2]).toBe('… and 2 more');
});

test('an end of strace in the middle of its line holds nobody up', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rebe-evidence-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const seen: StartedProcess[] = [];
  const evidence = new Evidence(realClock(), (process) => seen.push(process));
  evidence.follow(pipe, 0);
  const start = line(hex('/usr/bin/ls'), `[${hex('ls')}]`);
  writeFileSync(pipe, `${start}\n4712  ???(`);
  await evidence.close();
  removeFolder(folder);
  expect(seen.map(({ argv }) => argv)).toEqual([['ls']]);
});
