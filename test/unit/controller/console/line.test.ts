// The console's line: how it is cut into words, what is an option, and what is said of a line that is wrong.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import { cutLine, quoteWord, readOptions, wordsOf } from '#controller/console/line.ts';

const texts = (line: string): string[] => wordsOf(line).map(({ text }) => text);

function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CellError) return `${error.code} ${error.message}`;
    throw error;
  }
  return '';
}

describe('a line is cut', () => {
  test.each<[line: string, words: string[]]>([
    ['', []],
    ['   \t ', []],
    ['status', ['status']],
    ['  tags   door  ', ['tags', 'door']],
    ['read a\tb', ['read', 'a', 'b']],
    ["--reason 'door sticks'", ['--reason', 'door sticks']],
    ['--reason "door \\"A\\" sticks"', ['--reason', 'door "A" sticks']],
    ["'it''s'", ['its']],
    ['"it\'s"', ["it's"]],
    ["'back\\slash'", ['back\\slash']],
    ['door\\ sticks', ['door sticks']],
    ['--reason="a b"', ['--reason=a b']],
    ["''", ['']],
    ['a"b c"d', ['ab cd']],
    ['$(reboot) `id` ; | & > x', ['$(reboot)', '`id`', ';', '|', '&', '>', 'x']],
    ['*.ts ~ $HOME', ['*.ts', '~', '$HOME']],
    ['프레스 시작', ['프레스', '시작']],
  ])('%s', (line, words) => {
    expect(texts(line)).toEqual(words);
  });

  test('and each word knows where it stands', () => {
    const [, second] = wordsOf('tags  "do or"');
    expect(second).toEqual({ text: 'do or', start: 6, end: 13, quoted: true });
  });

  test.each<[line: string, says: string]>([
    ['set "a', 'E_CONSOLE_LINE the line is not understood: the " of the word at 5 is not closed'],
    ["x 'a b", "the ' of the word at 3 is not closed"],
    ['x \\', 'a backslash stands at its end'],
    ['x\0y', 'a control character stands at 2'],
    ['x\u001b[2J', 'a control character stands at 2'],
    ['x\u0085', 'a control character stands at 2'],
    ['x\ny', 'a control character stands at 2'],
    ['x\u2028y', 'a control character stands at 2'],
    ['x \ud800', 'half a character'],
    ['x'.repeat(2001), 'longer than 2000'],
  ])('or refused: %j', (line, says) => {
    expect(problem(() => wordsOf(line))).toContain(says);
  });

  test('never throws but to say what is wrong with it, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (line) => {
        cutLine(line);
        expect(problem(() => wordsOf(line))).toMatch(/^$|^E_CONSOLE_LINE /);
      }),
      { seed: 61, numRuns: 500 },
    );
  });

  test('as it was put together: a word that is quoted is read back as it was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 5 }),
        (words) => {
          const line = words.map((word) => quoteWord(word)).join(' ');
          const cut = cutLine(line);
          expect(cut.words.map(({ text }) => text)).toEqual(words);
          expect(cut.open).toBeUndefined();
          // What is quoted is never an option.
          expect(cut.words.every(({ text, quoted }) => quoted || !text.startsWith('--'))).toBe(
            true,
          );
        },
      ),
      { seed: 62, numRuns: 500 },
    );
  });
});

describe('options', () => {
  const plans = {
    reason: { takes: 'text', help: '' },
    for: { takes: 'text', help: '' },
    'dry-run': { takes: 'nothing', help: '' },
  } as const;
  const read = (line: string) => readOptions('force', wordsOf(line), plans);

  test('stand anywhere among the words', () => {
    const one = read('tag --for 10min -3 --dry-run --reason="a b"');
    expect(one.words).toEqual(['tag', '-3']);
    expect([one.option('for'), one.option('reason')]).toEqual(['10min', 'a b']);
    expect(one.flag('dry-run')).toBe(true);
    expect(one.flag('json')).toBe(false);
  });

  test('are words where they are quoted', () => {
    expect(read("tag '--dry-run'").words).toEqual(['tag', '--dry-run']);
    expect(read("tag --reason '--for'").option('reason')).toBe('--for');
  });

  test.each([
    ['tag --reson x', 'force has no `--reson`; did you mean --reason?'],
    ['tag --zzzzzzzz', 'it has --reason, --for, --dry-run'],
    ['tag --reason', '--reason needs a value'],
    ['tag --reason --for 1s', '--reason needs a value'],
    ['tag --dry-run=yes', '--dry-run takes no value'],
    ['tag --for 1s --for 2s', '--for is given twice'],
    ['tag --__proto__ x', 'force has no `--__proto__`'],
    ['tag --constructor', 'force has no `--constructor`'],
  ])('of %s are refused', (line, says) => {
    expect(problem(() => read(line))).toContain(says);
  });
});
