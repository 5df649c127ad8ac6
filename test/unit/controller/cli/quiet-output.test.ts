// What a shell's output may do to a person's own terminal: draw, and nothing else. Held against a real terminal's parser.
import headless from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QuietOutput } from '#controller/cli/quiet-output.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const quiet = (text: string, answers = false): string =>
  new QuietOutput({ answers }).pass(Buffer.from(text, 'latin1')).toString('latin1');

describe('output', () => {
  test.each([
    ['plain text', 'one\r\n\ttwo\b\u0007'],
    ['letters of more than one byte', Buffer.from('Grüße 漢字 🙂 ½').toString('latin1')],
    ['colours and the cursor', '\u001B[1;38;5;196mred\u001B[m\u001B[2;5H\u001B[K\u001B[?25l'],
    ['another screen and a mouse', '\u001B[?1049h\u001B[?1000h\u001B[?2004h\u001B[2J\u001B[1;20r'],
    ['line drawing, tabs, a reset', '\u001B(0qqq\u001B(B\u001BH\u001B7\u001B8\u001Bc\u001B#8'],
    ['a cursor’s shape', '\u001B[2 q\u001B[s\u001B[u'],
  ])('of %s passes as it is', (_what, text) => {
    expect(quiet(text)).toBe(text);
  });

  test.each([
    ['a title', 'a\u001B]0;evil\u0007b', 'ab'],
    ['a title that ends in two bytes', 'a\u001B]2;evil\u001B\\b', 'ab'],
    ['the clipboard', 'a\u001B]52;c;cm0gLXJmIC8=\u0007b', 'ab'],
    ['a link', 'a\u001B]8;;http://evil\u001B\\b\u001B]8;;\u001B\\c', 'abc'],
    ['a device string', 'a\u001BP$q"p\u001B\\b', 'ab'],
    [
      'other strings',
      'a\u001BXx\u001B\\b\u001B^y\u001B\\c\u001B_z\u001B\\d\u001Bkt\u001B\\e',
      'abcde',
    ],
    ['window orders and reports', 'a\u001B[21t\u001B[8;10;10t\u001B[3;0;0tb', 'ab'],
    ['who are you', 'a\u0005\u001B[c\u001B[>c\u001B[=c\u001BZ\u001B[>qb', 'ab'],
    ['where is the cursor', 'a\u001B[6n\u001B[?6n\u001B[5nb', 'ab'],
    ['modes and settings', 'a\u001B[?2026$p\u001B[4$p\u001B[xb\u001B[?u\u001B[1$wc', 'abc'],
    ['printing', 'a\u001B[5i\u001B[4ib', 'ab'],
    ['the eye on the window', 'a\u001B[?1004h\u001B[?25;1004hb', 'ab'],
    ['controls in one byte', 'a\u009D0;evil\u009Cb', 'a0;evilb'],
    ['controls in two bytes', 'a\u00C2\u009D0;evil\u00C2\u009C\u00C2\u009B6nb', 'a0;evil6nb'],
    ['half a letter', 'a\u00C3\u001B[6n\u00E2\u0082b\u00F0c', 'a\u00C3\u00E2\u0082b\u00F0c'],
    [
      'a string that is broken off',
      'a\u001B]0;evil\u0018b\u001B]0;evil\u001B[31mc',
      'ab\u001B[31mc',
    ],
  ])('that asks for %s draws the rest', (_what, text, left) => {
    expect(quiet(text)).toBe(left);
  });

  test('of the driver’s own shell may ask who the terminal is and where its cursor stands', () => {
    const asks = '\u001B[c\u001B[>0c\u001B[6n\u001B[?2026$p';
    expect(quiet(asks, true)).toBe(asks);
    expect(quiet('\u001B[21t\u001B]52;c;?\u0007\u001B[5i\u001B[>q\u0005', true)).toBe('');
  });

  const pieces = fc.constantFrom(
    '\u001B',
    '[',
    ']',
    'P',
    '0;',
    '52;c;',
    '?',
    '>',
    '6n',
    'c',
    't',
    'm',
    '1',
    ';',
    '$p',
    '\u0007',
    '\u001B\\',
    '\\',
    'x',
    '\u00C2',
    '\u009B',
    '\u009D',
    '\u0090',
    '\u0005',
    '\u0018',
    'Z',
    'k',
    'é',
    '\r\n',
  );
  const text = fc.array(pieces, { maxLength: 40 }).map((each) => each.join(''));

  test('cut anywhere is the same', () => {
    fc.assert(
      fc.property(text, fc.nat(), (whole, at) => {
        const cut = at % (whole.length + 1);
        const filter = new QuietOutput({ answers: false });
        const parts = [whole.slice(0, cut), whole.slice(cut)].map((part) =>
          filter.pass(Buffer.from(part, 'latin1')).toString('latin1'),
        );
        expect(parts.join('')).toBe(quiet(whole));
      }),
      { seed, numRuns: 2000 },
    );
  });

  test('of any kind makes no terminal answer, and names no window', async () => {
    const heard: string[] = [];
    const terminal = new headless.Terminal({ allowProposedApi: true, logLevel: 'off' });
    terminal.onData((answer) => void heard.push(answer));
    terminal.onTitleChange((title) => void heard.push(title));
    for (const code of [8, 52]) {
      terminal.parser.registerOscHandler(code, (data) => heard.push(data) > 0);
    }
    const samples = fc.sample(text, { seed, numRuns: 5000 });
    for (const each of samples) {
      terminal.write(Buffer.from(quiet(each), 'latin1'));
      terminal.write('\u0018');
    }
    await new Promise<void>((done) => terminal.write('', done));
    expect(heard).toEqual([]);
    // The same, unfiltered, does: the test can fail.
    for (const each of samples) terminal.write(Buffer.from(each, 'latin1'));
    await new Promise<void>((done) => terminal.write('', done));
    expect(heard.length).toBeGreaterThan(0);
  });
});
