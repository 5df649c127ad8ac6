// Secrets by name: the environment before the file, a file only where nobody else can read it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import { readSecret, secretVariable } from '#controller/secrets.ts';

const data = mkdtempSync(join(tmpdir(), 'secrets-'));
const file = (name: string, text: string, mode = 0o600): void => {
  writeFileSync(join(data, 'secrets', name), text);
  chmodSync(join(data, 'secrets', name), mode);
};
beforeAll(() => mkdirSync(join(data, 'secrets')));
afterAll(() => rmSync(data, { recursive: true }));

const textOf = (name: string, environment = {}): string => {
  try {
    readSecret(data, name, environment);
  } catch (error) {
    if (error instanceof CellError && error.code === 'E_SECRET_MISSING') return error.message;
    throw error;
  }
  return 'it was read';
};

describe('a secret', () => {
  test('is named in the environment by its name in capitals', () => {
    expect(secretVariable('press-7')).toBe('REBE_SECRET_PRESS_7');
  });

  test('is taken from the environment before its file', () => {
    file('both', 'of the file');
    expect(readSecret(data, 'both', { REBE_SECRET_BOTH: 'of the environment' })).toBe(
      'of the environment',
    );
    expect(readSecret(data, 'both', {})).toBe('of the file');
    expect(readSecret(data, 'both', { REBE_SECRET_BOTH: '' })).toBe('of the file');
  });

  test('loses the end of its line, and nothing else', () => {
    file('line', ' a b \n');
    expect(readSecret(data, 'line', {})).toBe(' a b ');
  });

  test('that is nowhere is refused with both of its places', () => {
    const text = textOf('absent');
    expect(text).toContain('REBE_SECRET_ABSENT');
    expect(text).toContain(join('secrets', 'absent'));
  });

  test.each([0o640, 0o604, 0o660])('whose file has mode %o is refused, and not told', (mode) => {
    file('open', 'not for all', mode);
    const text = textOf('open');
    expect(text).toContain('chmod 600');
    expect(text).not.toContain('not for all');
  });

  test('that is empty or longer than a secret is refused', () => {
    file('empty', '\n');
    expect(textOf('empty')).toContain('empty');
    file('long', 'x'.repeat(5000));
    expect(textOf('long')).toContain('longer');
  });
});
