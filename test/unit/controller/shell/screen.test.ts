// The screen that a late comer gets is the one that a terminal would show which had read every byte, also where a flood was
// not read because it only scrolled by.
import { SerializeAddon } from '@xterm/addon-serialize';
import headless from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findFlood } from '#controller/shell/plain-flood.ts';
import { Screen } from '#controller/shell/screen.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const size = { cols: 40, rows: 8 };
const soak = process.env['SOAK'] === '1';

/** What a terminal shows that reads everything. */
async function readWhole(pieces: readonly Uint8Array[]): Promise<string> {
  const terminal = new headless.Terminal({
    ...size,
    scrollback: 200,
    allowProposedApi: true,
    logLevel: 'off',
  });
  const serialize = new SerializeAddon();
  terminal.loadAddon(serialize);
  for (const piece of pieces) terminal.write(piece);
  await new Promise<void>((done) => terminal.write('', done));
  return serialize.serialize({ scrollback: 200 });
}

async function picture(pieces: readonly Uint8Array[]): Promise<string> {
  const screen = new Screen(size, () => undefined);
  for (const piece of pieces) screen.write(piece);
  const { bytes } = await screen.picture();
  screen.close();
  return Buffer.from(bytes).toString();
}

const cut = (bytes: Buffer, length: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, nth) =>
    bytes.subarray(nth * length, (nth + 1) * length),
  );

const states = [
  '',
  '\u001B[?1049h',
  '\u001B[2;6r\u001B[3;1H',
  '\u001B[1;31mred ',
  '\u001B[',
  '\u001B]0;half a title',
  '\u001B(0',
  '\u001B[?7l',
  '\u001B[4h',
  'no end of line',
];
const lines = [
  'plain text 漢字 ü\r\n',
  '\u001B[32mgreen\u001B[0m and \u001B[1;4mbold\r\n',
  '\u001B[0m\u001B[38;5;196mred\u001B[48;2;1;2;3m\r\n',
  'a long line that does not fit into forty columns by far\r\n',
  'tab\tback\b\b\r\n',
  'stairs\n',
  '\u001B[7mreverse\u001B[m\r\n',
];

const tried = states
  .map((state, nth) => [JSON.stringify(state), nth] as const)
  .filter(([, nth]) => soak || nth % 3 === 0);

describe('a screen after a flood', () => {
  test.each(tried)(
    'that began in the state %s is what a terminal shows that read it all',
    async (_name, nth) => {
      const flood = fc.sample(
        fc.array(fc.constantFrom(...lines), { minLength: 200, maxLength: 400 }),
        {
          seed: seed + nth,
          numRuns: 1,
        },
      )[0];
      const line = (flood ?? []).join('');
      const text = `${states[nth] ?? ''}${line.repeat(Math.ceil(1.3e6 / line.length))}the end`;
      const pieces = cut(Buffer.from(text), 4095);
      expect(await picture(pieces)).toBe(await readWhole(pieces));
    },
    60_000,
  );

  test('that sets what is not a colour is read to its last byte', async () => {
    const line = 'x'.repeat(30);
    const flood = `${line}\r\n`.repeat(20_000);
    const text = `${flood}\u001B[?2004h\u001B[2 q\u001B[?1h${flood}\u001B[3;5H`;
    const pieces = cut(Buffer.from(text), 60_000);
    const shown = await picture(pieces);
    expect(shown).toBe(await readWhole(pieces));
    expect(shown).toContain('\u001B[?2004h');
  });
});

test('a flood that only scrolls by is not kept to be read', () => {
  const screen = new Screen(size, () => undefined);
  const piece = Buffer.from(lines.slice(0, 4).join('').repeat(30));
  for (let nth = 0; nth < 2000; nth += 1) screen.write(piece);
  expect(screen.backlog).toBeLessThan(1_100_000);
  screen.close();
});

/** What is found where three lines must follow. */
const found3 = (text: string): unknown => {
  const found = findFlood(Buffer.from(text, 'latin1'), 3);
  return typeof found === 'number'
    ? found
    : { from: found.from, to: found.to, colours: Buffer.from(found.colours).toString('latin1') };
};

describe('of a flood', () => {
  test.each<[what: string, text: string, found: unknown]>([
    ['plain lines go', 'a\r\nb\r\nc\r\n1\r\n2\r\n3\r\n4', { from: 3, to: 9, colours: '' }],
    ['too few lines stay', 'a\r\nb\r\n2\r\n3\r\n4', 13],
    ['no line stays', 'abc', 3],
    ['a bell is read', 'a\r\n\u0007\r\nc\r\n1\r\n2\r\n3\r\n4', 4],
    ['a C1 control is read', 'a\r\n\u00C2\u009B\r\nc\r\n1\r\n2\r\n3\r\n4', 4],
    ['a move of the cursor is read', 'a\r\n\u001B[H\r\nc\r\n1\r\n2\r\n3\r\n4', 4],
    [
      'colours go on',
      'a\r\n\u001B[1mb\u001B[m\u001B[4mc\u001B[31m\r\n1\r\n2\r\n3\r\n4',
      { from: 3, to: 23, colours: '\u001B[m\u001B[4m\u001B[31m' },
    ],
    ['colours that were never reset are read', 'a\r\n\u001B[1mb\r\n1\r\n2\r\n3\r\n4', 10],
  ])('%s', (_what, text, found) => {
    expect(found3(text)).toEqual(found);
  });
});
