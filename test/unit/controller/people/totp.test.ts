// The codes of a second factor, held to the vectors of RFC 4226 appendix D and RFC 6238 appendix B.
import { describe, expect, test } from 'vitest';
import { base32, codeOf, factorUri, stepOf, stepOfCode } from '#controller/people/totp.ts';

const secret = Buffer.from('12345678901234567890');

describe('one-time codes', () => {
  test.each([
    [0, '755224'],
    [1, '287082'],
    [5, '254676'],
    [9, '520489'],
  ])('counter %i gives %s (RFC 4226)', (counter, code) => {
    expect(codeOf(secret, counter)).toBe(code);
  });

  test.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('second %i gives %s (RFC 6238)', (second, code) => {
    expect(codeOf(secret, stepOf(second * 1000), 8)).toBe(code);
  });

  const time = 1_111_111_111_000;
  const now = stepOf(time);
  test.each([
    ['the present step', codeOf(secret, now), 0, now],
    ['the step before', codeOf(secret, now - 1), 0, now - 1],
    ['the step after', codeOf(secret, now + 1), 0, now + 1],
    ['two steps before', codeOf(secret, now - 2), 0, undefined],
    ['two steps after', codeOf(secret, now + 2), 0, undefined],
    ['a code that was used', codeOf(secret, now), now, undefined],
    ['a code before the one that was used', codeOf(secret, now - 1), now, undefined],
    ['five digits', '12345', 0, undefined],
    ['letters', 'abcdef', 0, undefined],
  ])('%s', (_, code, used, step) => {
    expect(stepOfCode(secret, code, { time, used })).toBe(step);
  });

  test('an authenticator reads secret and names from the address', () => {
    expect(base32(Buffer.from('foobar'))).toBe('MZXW6YTBOI');
    expect(base32(Buffer.from('f'))).toBe('MY');
    const uri = new URL(factorUri(secret, 'cell 7', 'maria'));
    expect(uri.protocol).toBe('otpauth:');
    expect(uri.pathname).toContain('cell%207:maria');
    expect(uri.searchParams.get('secret')).toBe(base32(secret));
    expect(uri.searchParams.get('issuer')).toBe('cell 7');
  });
});
