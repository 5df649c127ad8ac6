// Recordings for other eyes: asciicast v3 and plain lines. What cannot be said in them is counted, never made up.
import { expect, test } from 'vitest';
import type { RecordedEvent } from '#contract/recording.ts';
import { asciicast } from '#controller/recording/asciicast.ts';
import type { Losses } from '#controller/recording/asciicast.ts';
import { eventsOf, headOf } from '#controller/recording/played.ts';
import { TypedLines } from '#controller/recording/typed.ts';
import { transcript } from '#controller/recording/transcript.ts';
import { RecordingRig, typed } from './rig.ts';

const output = (t: number, ...bytes: number[]): RecordedEvent => ({
  kind: 'output',
  t,
  bytes: Buffer.from(bytes),
});
const said = (t: number, text: string): RecordedEvent => ({
  kind: 'output',
  t,
  bytes: Buffer.from(text),
});

async function* given(events: readonly RecordedEvent[]): AsyncGenerator<RecordedEvent> {
  yield* events;
}

const head = {
  format: 'recording/1' as const,
  session: 'sh-00000000000000aa',
  title: 'T2 log',
  by: 'user:ann',
  began: 1_790_000_000_000,
  file: 0,
  segment: 0,
  previous: '0'.repeat(64),
  events: 0,
  output: 0,
  size: { cols: 80, rows: 24 },
};

async function cast(
  events: readonly RecordedEvent[],
): Promise<{ lines: unknown[]; losses: Losses }> {
  const lines: unknown[] = [];
  const all = asciicast(head, given(events));
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a generator is read one by one
    const next = await all.next();
    if (next.done === true) return { lines, losses: next.value };
    lines.push(next.value.startsWith('#') ? next.value : JSON.parse(next.value));
  }
}

test('asciicast v3: a header, then seconds since the line before, a code and its data', async () => {
  const by = 'user:ann';
  const { lines, losses } = await cast([
    said(500_000, '$ '),
    { kind: 'input', t: 750_001, by, auto: false, bytes: Buffer.from('ls\r') },
    { kind: 'secret', t: 1_000_000, by, auto: false, length: 8, proof: Buffer.alloc(32) },
    { kind: 'resize', t: 1_000_000, about: { cols: 100, rows: 30 } },
    { kind: 'state', t: 2_000_000, about: { to: 'Paused' } },
    { kind: 'exit', t: 2_500_000, about: { code: 3 } },
  ]);
  expect(lines).toEqual([
    { version: 3, term: { cols: 80, rows: 24 }, timestamp: 1_790_000_000, title: 'T2 log' },
    [0.5, 'o', '$ '],
    [0.250001, 'i', 'ls\r'],
    [0.249999, 'm', 'user:ann: 8 bytes typed unseen'],
    [0, 'r', '100x30'],
    [1, 'm', 'state: {"to":"Paused"}'],
    [0.5, 'x', '3'],
  ]);
  expect(losses).toEqual({ replaced: 0 });
});

test('a character that is cut between two parts is whole in the cast, whatever comes between', async () => {
  const { lines, losses } = await cast([
    output(0, 0x61, 0xf0, 0x9f),
    { kind: 'input', t: 1000, by: 'user:ann', auto: false, bytes: Buffer.from('x') },
    output(2000, 0x99, 0x82, 0x62),
  ]);
  expect(lines.slice(1)).toEqual([
    [0, 'o', 'a'],
    [0.001, 'i', 'x'],
    [0.001, 'o', '🙂b'],
  ]);
  expect(losses).toEqual({ replaced: 0 });
});

test('what is no UTF-8 is replaced, counted, and said; a replacement that was written is none', async () => {
  const { lines, losses } = await cast([
    output(0, 0x61, 0xff, 0x62),
    output(1000, 0xef, 0xbf),
    output(2000, 0xbd, 0x00),
    output(3000, 0xc3),
  ]);
  expect(losses).toEqual({ replaced: 2 });
  expect(lines.slice(1)).toEqual([
    [0, 'o', 'a\u{FFFD}b'],
    [0.002, 'o', '\u{FFFD}\u0000'],
    [0.001, 'o', '\u{FFFD}'],
    '# 2 places were no UTF-8 and were replaced\n',
  ]);
});

test('as text it is lines with their times, and nothing in them steers a terminal', async () => {
  const lines: string[] = [];
  const events = given([
    said(0, '\u001B]0;owned\u0007\u001B[31mred\u001B[0m and '),
    said(1_000_000, 'more\r\n10 %\r50 %\r100 %\r\nturned\u202E\u0007 \u001BP$q\u001B\\end'),
    ...['a', '\u001B[A', '\r'].map((key) => ({
      kind: 'input' as const,
      t: 2_000_000,
      by: 'user:ann',
      auto: false,
      bytes: Buffer.from(key),
    })),
  ]);
  for await (const line of transcript(head, events)) lines.push(line);
  expect(lines.map((line) => line.slice(0, -1).split(/ {2,}/))).toEqual([
    ['2026-09-21T14:13:20.000Z', 'output', 'red and more'],
    ['2026-09-21T14:13:21.000Z', 'output', '100 %'],
    ['2026-09-21T14:13:22.000Z', 'input', String.raw`user:ann "a\u001b[A\r"`],
    ['2026-09-21T14:13:21.000Z', 'output', 'turned\u{FFFD}\u{FFFD} end'],
  ]);
});

test('a line of ten megabytes is written in bounded parts', async () => {
  let most = 0;
  let all = 0;
  const chunks = Array.from({ length: 160 }, (_, index) => said(index, 'y'.repeat(65_536)));
  for await (const line of transcript(head, given(chunks))) {
    most = Math.max(most, line.length);
    all += line.split('  ').at(-1)?.trimEnd().length ?? 0;
  }
  expect(all).toBe(160 * 65_536);
  expect(most).toBeLessThan(5000);
});

test('what a recorder wrote is read to its end', async () => {
  await using rig = new RecordingRig();
  const recorder = await rig.open();
  await recorder.input(Buffer.from('exit\r'), typed);
  recorder.output(Buffer.from('bye\r\n'));
  await recorder.end();
  expect(await headOf(rig.folderOf())).toMatchObject({ title: 'T2 look at the log', file: 0 });
  const kinds: string[] = [];
  for await (const { kind } of eventsOf(rig.folderOf())) kinds.push(kind);
  expect(kinds).toEqual(['input', 'output']);
});

test('what was typed is told by line, by whom and how: unseen as its length, answers of a terminal apart', () => {
  const lines = new TypedLines();
  const by = 'user:ann';
  const key = (t: number, text: string, auto = false): RecordedEvent => ({
    kind: 'input',
    t,
    by,
    auto,
    bytes: Buffer.from(text),
  });
  const unseen = (t: number, length: number): RecordedEvent => {
    return { kind: 'secret', t, by, auto: false, length, proof: Buffer.alloc(32) };
  };
  const events = [
    key(1, 'l'),
    key(2, 's\r'),
    unseen(3, 1),
    unseen(4, 2),
    key(5, '\u001B[c', true),
    key(6, 'e\u0301'),
    key(7, 'x'.repeat(5000)),
    key(8, 'end'),
  ];
  const told = events.flatMap((event, n) =>
    event.kind === 'input' || event.kind === 'secret' ? lines.take(n, event) : [],
  );
  const place = { by, auto: false };
  expect([...told, ...lines.end()]).toEqual([
    { ...place, n: 0, t: 1, text: 'ls\r', length: 3 },
    { ...place, n: 2, t: 3, text: undefined, length: 3 },
    { ...place, n: 4, t: 5, auto: true, text: '\u001B[c', length: 3 },
    { ...place, n: 5, t: 6, text: `e\u0301${'x'.repeat(5000)}`, length: 5003 },
    { ...place, n: 7, t: 8, text: 'end', length: 3 },
  ]);
  expect(lines.end()).toEqual([]);
});
