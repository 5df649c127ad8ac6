import { describe, expect, test } from 'vitest';
import { formatDiagnostic, nearest, placeOf, quoted } from '#contract/diagnostic.ts';
import type { Diagnostic } from '#contract/diagnostic.ts';

const source = 'flow: lamp\nscan: 50ms\ninputs:\n  button: {type: boool}\n';

function shown(found: string, extra: Partial<Diagnostic> = {}): string[] {
  const start = source.indexOf(found);
  const diagnostic: Diagnostic = {
    code: 'CF0101',
    severity: 'error',
    file: 'lamp.flow.yaml',
    span: { start, end: start + found.length },
    text: 'no such type',
    ...extra,
  };
  return formatDiagnostic(diagnostic, source).split('\n');
}

describe('a diagnostic', () => {
  test('stands under its place, with what to write instead', () => {
    expect(shown('boool', { suggestion: 'Did you mean `bool`?' })).toEqual([
      'lamp.flow.yaml:4:18 CF0101 no such type',
      '  4 |   button: {type: boool}',
      '    |                  ^^^^^',
      '    = Did you mean `bool`?',
    ]);
  });

  test('of several lines is marked to the end of its first', () => {
    expect(shown('50ms\ninputs:')).toEqual([
      'lamp.flow.yaml:2:7 CF0101 no such type',
      '  2 | scan: 50ms',
      '    |       ^^^^',
    ]);
  });

  test('of nothing at the end of the text still has a caret', () => {
    const end = source.length;
    expect(shown('', { span: { start: end, end } })).toEqual([
      'lamp.flow.yaml:5:1 CF0101 no such type',
      '  5 | ',
      '    | ^',
    ]);
  });

  test('says when it is a warning', () => {
    expect(shown('boool', { severity: 'warning' })[0]).toBe(
      'lamp.flow.yaml:4:18 CF0101 warning: no such type',
    );
  });

  test('keeps its caret under the place past line 9', () => {
    const long = `${'a: 1\n'.repeat(11)}bad: x`;
    const start = long.indexOf('x');
    const lines = formatDiagnostic(
      { code: 'C', severity: 'error', file: 'f', span: { start, end: start + 1 }, text: 't' },
      long,
    ).split('\n');
    expect(lines[0]).toBe('f:12:6 C t');
    expect(lines[1]?.indexOf('x')).toBe(lines[2]?.indexOf('^'));
  });

  test.each([
    ['at its begin', 0],
    ['in its middle', 10_000],
    ['at its end', 19_999],
  ])('of a long line shows what is around the place %s', (_, place) => {
    const long = `${'y'.repeat(place)}x${'y'.repeat(19_999 - place)}`;
    const span = { start: place, end: place + 1 };
    const [, line = '', caret = ''] = formatDiagnostic(
      { code: 'C', severity: 'error', file: 'f', span, text: 't' },
      long,
    ).split('\n');
    expect(line.length).toBeLessThan(200);
    expect(line.indexOf('x')).toBe(caret.indexOf('^'));
  });

  test('shows nothing that steers a terminal, and keeps its place', () => {
    const hostile = '\ta: \u001b]0;gone\u0007\u202e x\r\n';
    const start = hostile.indexOf('x');
    const [, line = '', caret = ''] = formatDiagnostic(
      { code: 'C', severity: 'error', file: 'f', span: { start, end: start + 1 }, text: 't' },
      hostile,
    ).split('\n');
    expect(line).toBe('  1 |  a: \ufffd]0;gone\ufffd\ufffd x');
    expect(line.indexOf('x')).toBe(caret.indexOf('^'));
    expect(quoted('a\u001b[2J')).toBe('`a\ufffd[2J`');
  });
});

test('a place counts lines and columns from one', () => {
  expect(placeOf(source, 0)).toEqual({ line: 1, column: 1 });
  expect(placeOf(source, source.indexOf('\n'))).toEqual({ line: 1, column: 11 });
  expect(placeOf(source, source.indexOf('scan'))).toEqual({ line: 2, column: 1 });
});

describe('the nearest name', () => {
  test.each<[wrong: string, names: string[], found: string | undefined]>([
    ['door.opend', ['door.closed', 'door.opened'], 'door.opened'],
    ['scna', ['scan', 'cell'], 'scan'],
    ['oi', ['io', 'plc'], 'io'],
    ['a', ['b', 'c'], 'b'],
    ['safety', ['door', 'lamp'], undefined],
    ['spindle', [], undefined],
    ['', ['x'], 'x'],
    ['same', ['same', 'sane'], 'same'],
    ['hot', ['host', 'hut'], 'host'],
  ])('of %j among %j is %j', (wrong, names, found) => {
    expect(nearest(wrong, names)).toBe(found);
  });
});
