// `rebe shell` as people have it: at a terminal with its keys, and from a script; a cell as real processes.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStation } from '#controller/server/link.ts';
import { atTerminal } from './at-terminal.ts';
import { TestCell, rebe, root, until } from './test-cell.ts';

let cell: TestCell;

beforeAll(async () => {
  cell = await TestCell.start({ absent: true, early: true });
  await until(
    () => `a cell and its station: ${cell.output}`,
    180_000,
    async () =>
      ((await cell.now()) && (await readStation(cell.data).catch(() => undefined))) || undefined,
  );
}, 120_000);
afterAll(async () => cell[Symbol.asyncDispose]());

/** Lines from a pipe, as a script sends them. */
function piped(input: string, ...words: readonly string[]) {
  const all = [rebe, 'shell', ...words, '--data', cell.data];
  const env = { ...process.env, HOME: cell.data };
  const ran = spawnSync(process.execPath, all, { input, env, encoding: 'utf8', timeout: 60_000 });
  return { code: ran.status, lines: ran.stdout.trim().split('\n'), stderr: ran.stderr };
}

test('the guide: each line that it reads with is answered, and what it shows of a dry run is what is said', () => {
  const guide = readFileSync(join(root, 'docs/guides/console.md'), 'utf8');
  const reading = guide.slice(guide.indexOf('## T0'), guide.indexOf('## T1'));
  const cells = [...reading.matchAll(/^\| (`.*`) +\|/gm)].map(([, cellText = '']) => cellText);
  const lines = cells.flatMap((text) => [...text.matchAll(/`([^`]+)`/g)].map(([, line]) => line));
  expect(lines.length).toBeGreaterThan(12);
  const ran = piped(`${lines.join('\n')}\n`, '--json');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  expect(ran.lines).toHaveLength(lines.length);
  const shown = guide.slice(guide.indexOf('tending-1> set tending batch 50 --dry-run\n  WHAT'));
  const [asked = '', ...said] = shown.slice(0, shown.indexOf('```')).trimEnd().split('\n');
  const tried = piped('', asked.replace('tending-1> ', ''));
  expect(tried.lines).toEqual(said.map((line) => line.trim()));
}, 120_000);

test(
  'a person completes, tries, acts with a reason, leaves a line, and has their lines again the next time',
  { timeout: 120_000 },
  async () => {
    const shell = `${process.execPath} ${rebe} shell --data ${cell.data}`;
    const ann = atTerminal(cell.data, `${shell}; echo "code $?"; ${shell}; echo "over $?"`);
    try {
      await ann.shows(/tending-1, as console:\w+\. Tab completes[^]*tending-1> /);
      await ann.type('dev\t');
      await ann.shows(/devices /);
      await ann.type('\r');
      await ann.shows(/scanner +serial/);
      await ann.type('set tending bat\t');
      await ann.shows(/set tending batch /);
      await ann.type('50 --dry-run\r');
      await ann.shows(/tending batch +200 +50[^]*E_ACT_REASON[^]*dry run: nothing was done/);
      await ann.type('set tending batch 50 --reason "order 1207" --id o1\r');
      await ann.shows(/done \(entry \d+\)/);
      await ann.type('stauts\r');
      await ann.shows(/E_USAGE there is no verb `stauts`; did you mean status\?/);
      await ann.type('half a line\u0003');
      await ann.shows(/\^C {2}\(exit or Ctrl-D leaves\)/);
      await ann.type('read sys.chronicle.ok\r');
      await ann.shows(/sys\.chronicle\.ok +true/);
      await ann.type('exit\r');
      await ann.shows(/code 0[^]*tending-1> /);
      // The line before, of the console before; then the end of input.
      await ann.type('\u001b[A');
      await ann.shows(/code 0[^]*read sys\.chronicle\.ok/);
      await ann.type('\r\u0004');
      await ann.shows(/code 0[^]*sys\.chronicle\.ok +true[^]*over 0/);
    } finally {
      ann.terminal.close();
    }
    const acts = piped('', 'chronicle query --kind act --text "order 1207"');
    expect(acts.lines).toHaveLength(1);
    expect(acts.lines[0]).toMatch(/console:\w+ scan \d+: parameter .*reason="order 1207"/);
  },
);

test('a script gets a line of JSON for each, a repeat gets the first answer, a refusal ends it', () => {
  const set = 'set tending batch 60 --reason script --id s1';
  const ran = piped(`# what a script does\n\nflows tending\n${set}\n${set}\n`, '--json');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const [flows, first, again] = ran.lines.map((line): unknown => JSON.parse(line));
  expect(flows).toMatchObject([{ name: 'tending', parameters: { batch: expect.any(Number) } }]);
  expect(first).toMatchObject({ result: 'accepted', done: { outcome: 'done' } });
  expect(again).toEqual(first);
  const ended = piped('set tending batch 61\nset tending batch 62 --reason never\n', '--json');
  expect(ended.code).toBe(1);
  expect(ended.lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { result: 'refused', code: 'E_ACT_REASON' },
  ]);
  expect(piped('', 'flows tending --json').lines[0]).toContain('"batch":60');
}, 120_000);
