// What a program writes reaches a model as text that does nothing.
import { expect, test } from 'vitest';
import { plainText } from '#controller/agents/plain-text.ts';

test.each([
  ['plain', 'a line\nand one\tmore', 'a line\nand one\tmore'],
  ['CRLF', 'a\r\nb\r\n', 'a\nb\n'],
  ['colour', '\u001b[1;31mred\u001b[0m', 'red'],
  ['cursor and clear', 'a\u001b[2J\u001b[Hb', 'ab'],
  ['a title', '\u001b]0;rm -rf\u0007shown', 'shown'],
  ['the clipboard', '\u001b]52;c;ZXZpbA==\u001b\\shown', 'shown'],
  ['a link', '\u001b]8;;http://evil\u001b\\text\u001b]8;;\u001b\\', 'text'],
  ['a string without an end', 'a\u001bPforever', 'a'],
  ['a string that an escape breaks off', 'a\u001b]0;title\u001b[1mb', 'ab'],
  ['8-bit controls', 'a\u009b31mb\u009dtitle\u009cc', 'abc'],
  ['the bell and backspaces', 'a\u0007b\u0008c', 'abc'],
  ['hidden directions', 'a\u202egnp.exe\u2066b\u200b', 'agnp.exeb'],
  ['a lone escape at the end', 'a\u001b', 'a'],
])('%s', (_name, given, text) => {
  expect(plainText(Buffer.from(given))).toBe(text);
});

test('what is no UTF-8 is marked', () => {
  expect(plainText(Uint8Array.of(0x61, 0xff, 0x62))).toBe('a\u{FFFD}b');
});

test('a megabyte of strings that begin and never end is read once, not once for each', () => {
  // 40 min where each of them is looked for to the end.
  expect(plainText(Buffer.from(`${'\u009d'.repeat(500_000)}\u001bx`))).toBe('');
});
