// `rebe pki` on a data directory, and the judgement that its store gives: the way of a certificate from
// unknown to trusted and back.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CellError } from '#contract/error.ts';
import { pkiVerbs } from '#controller/cli/pki.ts';
import { exit, readInvocation } from '#controller/cli/verb.ts';
import { lastingIdentity } from '#drivers/opcua/identity.ts';
import { judgeCertificate } from '#drivers/opcua/pki.ts';

const now = new Date();
const [verb] = pkiVerbs;
let data = '';
let other = '';
let plc: Buffer;
let thumbprint = '';
let printed = '';

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'pki-'));
  other = mkdtempSync(join(tmpdir(), 'pki-plc-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  plc = (await lastingIdentity(other, 'plc', now)).certificate;
  thumbprint = /thumbprint (\w{40})/.exec(await judged(plc))?.[1] ?? '';
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const directory of [data, other]) rmSync(directory, { recursive: true, force: true });
});

/** What is wrong with it; empty when it is accepted. */
async function judged(certificates: Buffer, host = 'localhost', at = now): Promise<string> {
  try {
    await judgeCertificate({ data, device: 'plc', host, certificates, now: at });
    return '';
  } catch (error) {
    if (error instanceof CellError && error.code === 'E_DEVICE_CERTIFICATE') return error.message;
    throw error;
  }
}

async function rebe(...words: string[]): Promise<string> {
  if (verb === undefined) throw new Error('there is a verb');
  printed = '';
  expect(await verb.run(readInvocation(verb, [...words, '--data', data]))).toBe(exit.good);
  return printed;
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof CellError ? error.code : error),
  );

describe('rebe pki', { timeout: 30_000 }, () => {
  test('lists what a device showed as rejected, with all that a person compares', async () => {
    const [row] = JSON.parse(await rebe('list', '--json')) as Record<string, unknown>[];
    expect(row).toMatchObject({ state: 'rejected', thumbprint, subject: 'CN=plc', allowed: [] });
    expect(row?.['sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(await rebe('list')).toContain(`rejected  ${thumbprint}`);
  });

  test('trusts by the beginning of a thumbprint, in whatever spelling', async () => {
    const spelled = (thumbprint.slice(0, 12).match(/../g) ?? []).join(':').toUpperCase();
    expect(await rebe('trust', spelled, '--any-host')).toContain('trusted, also any-host');
    expect(await judged(plc)).toBe('');
  });

  test('rejects what was trusted, and forgets what was allowed of it', async () => {
    await rebe('trust', thumbprint, '--any-host');
    expect(await rebe('reject', thumbprint)).toMatch(/^rejected: /);
    expect(await judged(plc)).toContain('is not trusted, and is not for localhost');
  });

  test.each(['0000000000', '1234567', 'not hexadecimal', ''])(
    'refuses the thumbprint %j, which no certificate has',
    async (word) => {
      expect(await codeOf(rebe('trust', word))).toBe('E_PKI_THUMBPRINT');
    },
  );

  test.each([[['trust']], [['list', 'x']], [['forget', 'x']]])(
    'refuses the words %j',
    async (words) => {
      expect(await codeOf(rebe(...words))).toBe('E_USAGE');
    },
  );

  test('has nothing to list where no device with security was tried', async () => {
    rmSync(join(data, 'pki'), { recursive: true });
    expect(JSON.parse(await rebe('list', '--json'))).toEqual([]);
  });
});

describe('a certificate', { timeout: 30_000 }, () => {
  test('is refused for everything that is wrong with it at once, and the text says what would do', async () => {
    const later = new Date('2050-01-01');
    const text = await judged(plc, '192.168.10.10', later);
    expect(text).toContain('is not trusted, and has expired or is not valid yet');
    expect(text).toContain('is not for 192.168.10.10');
    expect(text).toContain(`rebe pki trust ${thumbprint} --data ${data} --expired --any-host`);
  });

  test('that is trusted is refused when it expires, and stays trusted for the day it is allowed', async () => {
    await rebe('trust', thumbprint, '--any-host');
    const text = await judged(plc, 'localhost', new Date('2050-01-01'));
    expect(text).toContain('of plc has expired');
    expect(await rebe('list')).toContain('trusted (any-host)');
    await rebe('trust', thumbprint, '--any-host', '--expired');
    expect(await judged(plc, 'localhost', new Date('2050-01-01'))).toBe('');
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['noise', Buffer.alloc(400, 0x5a)],
    ['a length without content', Buffer.from([0x30, 0x82, 0xff, 0xff])],
  ])('that is %s is refused', async (_name, bytes) => {
    expect(await judged(bytes)).toContain('no certificate that can be read');
  });

  test('whose bytes were changed after it was signed is refused, though it is trusted by name', async () => {
    await rebe('trust', thumbprint, '--any-host');
    for (const at of [120, 300, plc.length - 20]) {
      const forged = Buffer.from(plc);
      forged[at] = (forged[at] ?? 0) ^ 1;
      expect(await judged(forged), `byte ${at}`).not.toBe('');
    }
  });

  test('is not accepted because of an allowance that cannot be read', async () => {
    await rebe('trust', thumbprint, '--any-host');
    const file = join(data, 'pki', 'allowed.json');
    for (const text of ['', '{', '{"x": "any-host"}', '[]', `{"${thumbprint}": ["everything"]}`]) {
      writeFileSync(file, text);
      expect(await judged(plc), text).toContain('is not for localhost');
    }
    expect(readFileSync(file, 'utf8')).toContain('everything');
  });

  test('of the cell is made anew when it has expired, and kept otherwise', async () => {
    const first = await lastingIdentity(other, 'plc', now);
    expect(first.certificate.equals(plc)).toBe(true);
    const later = await lastingIdentity(other, 'plc', new Date('2050-01-01'));
    expect(later.certificate.equals(plc)).toBe(false);
    writeFileSync(join(other, 'pki', 'own', 'certs', 'plc.pem'), 'torn');
    expect((await lastingIdentity(other, 'plc', now)).certificate.length).toBeGreaterThan(500);
  });
});
