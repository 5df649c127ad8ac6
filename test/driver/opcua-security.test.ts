// OPC UA with security: every mode and policy, which certificates are refused and how a person trusts one
// while the driver runs, users and their passwords; and that without security nothing is written to disk.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { listCertificates, rejectCertificate, trustCertificate } from '#drivers/opcua/pki.ts';
import { OpcuaRigServer, opcuaRig } from './rig-opcua.ts';
import type { ShownCertificate } from './rig-opcua.ts';
import { Bench, nth, request } from './rig.ts';

const day = 24 * 3_600_000;
const valid: ShownCertificate = { ip: ['127.0.0.1'], startDate: new Date(), days: 30 };
const expired: ShownCertificate = {
  ip: ['127.0.0.1'],
  startDate: new Date(Date.now() - 30 * day),
  days: 20,
};
const elsewhere: ShownCertificate = { dns: ['plc-7.example'], startDate: new Date(), days: 30 };

const server = new OpcuaRigServer();
const userManager = {
  isValidUser: (user: string, password: string) =>
    user === 'cell' && password === 'the secret line-password',
};
const directories: string[] = [];
const dataDirectory = (): string => {
  const data = mkdtempSync(join(tmpdir(), 'opcua-data-'));
  directories.push(data);
  return data;
};
const secure = { mode: 'SignAndEncrypt', policy: 'Basic256Sha256' } as const;
/** Making keys and certificates takes a while on a machine that is busy. */
const slow = { connect: '5s', timeout: '2s' };

async function secureBench(
  data = dataDirectory(),
  security: object = secure,
  more: object = {},
): Promise<Bench> {
  return new Bench(await opcuaRig(server, data), { ...slow, security, ...more });
}

/** Runs until the certificate is refused; gives the text of the refusal. */
async function refusal(one: Bench): Promise<string> {
  await one.driver.setTags(one.tags);
  one.driver.start(one.sink);
  const isRefused = (): boolean => one.sink.healths.at(-1)?.error?.code === 'E_DEVICE_CERTIFICATE';
  await one.sink.until('it is refused', isRefused, 40_000);
  return one.sink.healths.at(-1)?.error?.text ?? '';
}

/** What the text says that a person should do. */
function obey(text: string): Promise<unknown> {
  const [, thumbprint = '', data = '', options = ''] =
    /rebe pki trust (\w+) --data (\S+)((?: --[a-z-]+)*)/.exec(text) ?? [];
  const names = options.split(' --').slice(1);
  return trustCertificate(
    data,
    thumbprint,
    (['expired', 'any-host'] as const).filter((name) => names.includes(name)),
  );
}

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  for (const data of directories) rmSync(data, { recursive: true, force: true });
}, 60_000);

describe('a connection with security', { timeout: 90_000 }, () => {
  beforeAll(() => server.start({ userManager }, valid), 60_000);
  afterAll(() => server.stop(), 60_000);

  const policies = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'];
  test.for(
    policies.flatMap((policy) => ['Sign', 'SignAndEncrypt'].map((mode) => ({ mode, policy }))),
  )('$mode with $policy reads, writes and reconnects', async (security) => {
    await using one = await secureBench(undefined, security);
    await obey(await refusal(one));
    await one.settled(40_000);
    const output = nth(one.rig.outputs, 2);
    const [result] = (await one.driver.write?.([request(output, output.values[0])])) ?? [];
    expect(result?.outcome).toBe('confirmed');
    one.rig.server.cut();
    await one.sink.until('it is back', () => one.sink.epoch === 2 && one.sink.state === 'online');
    await one.settled(40_000);
  });

  test('an unknown certificate is refused and kept; trusted while the driver runs it is accepted', async () => {
    const data = dataDirectory();
    await using one = await secureBench(data);
    const text = await refusal(one);
    expect(one.sink.epoch).toBe(0);
    expect(one.sink.batches).toEqual([]);
    expect(text).toMatch(/is not trusted .*rebe pki trust [0-9a-f]{40} --data /);
    const rejected = listCertificates(data).filter(({ state }) => state === 'rejected');
    expect(rejected.map(({ thumbprint }) => text.includes(thumbprint))).toEqual([true]);
    await obey(text);
    const trusted = performance.now();
    await one.settled(40_000);
    expect(performance.now() - trusted).toBeLessThan(10_000);
    expect(listCertificates(data).map(({ state }) => state)).toEqual(['own', 'trusted']);
  });

  test('one that is rejected again is refused from the next connection on', async () => {
    const data = dataDirectory();
    await using one = await secureBench(data);
    await obey(await refusal(one));
    await one.settled(40_000);
    const [trusted] = listCertificates(data).filter(({ state }) => state === 'trusted');
    await rejectCertificate(data, trusted?.thumbprint ?? '');
    one.rig.server.cut();
    const isRefused = (): boolean =>
      one.sink.healths.at(-1)?.error?.code === 'E_DEVICE_CERTIFICATE';
    await one.sink.until('it is refused', isRefused, 40_000);
    expect(one.sink.state).toBe('backoff');
  });

  test('the cell shows a certificate of its own, made once, whose key only its owner reads', async () => {
    const data = dataDirectory();
    await using one = await secureBench(data);
    await obey(await refusal(one));
    await one.settled(40_000);
    const own = (): unknown[] => listCertificates(data).filter(({ state }) => state === 'own');
    const [before] = own();
    expect(before).toMatchObject({ names: expect.arrayContaining(['URI:urn:rebe-cell:rig']) });
    one.rig.server.cut();
    await one.sink.until('it is back', () => one.sink.epoch === 2);
    expect(own()).toEqual([before]);
    const key = join(data, 'pki', 'own', 'private');
    for (const file of readdirSync(key)) expect(statSync(join(key, file)).mode & 0o077).toBe(0);
  });

  test('a user is known by the secret that stands behind its name', async () => {
    await using one = await secureBench(undefined, secure, {
      user: 'cell',
      secret: 'line-password',
    });
    await obey(await refusal(one));
    await one.settled(40_000);
    expect(one.sink.epoch).toBe(1);
  });

  test('a user with another password is refused, and the password is told nobody', async () => {
    await using one = await secureBench(undefined, secure, { user: 'cell', secret: 'wrong' });
    await obey(await refusal(one));
    await one.sink.until(
      'the user is refused',
      () => one.sink.healths.at(-1)?.error?.code === 'E_DEVICE_CONNECT',
      40_000,
    );
    expect(one.sink.epoch).toBe(0);
    const told = JSON.stringify([one.sink.healths, one.log]);
    expect(told).not.toContain('the secret wrong');
  });

  test('without security nothing is written: no pki, nothing in the home directory', async () => {
    const data = dataDirectory();
    const config = join(homedir(), '.config', 'node-opcua-default-nodejs');
    const before = existsSync(config);
    await using one = new Bench(await opcuaRig(server, data));
    await one.online();
    expect(readdirSync(data)).toEqual([]);
    expect(existsSync(config)).toBe(before);
  });

  test('a server that does not offer what is asked for is never connected to with less', async () => {
    await using one = await secureBench(undefined, { mode: 'Sign', policy: 'Basic256Sha256' });
    await server.stop();
    await server.start({ userManager });
    await one.driver.setTags([]);
    one.driver.start(one.sink);
    await one.sink.until(
      'it is refused',
      () => one.sink.healths.at(-1)?.error?.text.includes('offers no Sign') === true,
      40_000,
    );
    expect(one.sink.epoch).toBe(0);
    await one.driver.stop(milliseconds(1000));
    await server.stop();
    await server.start({ userManager }, valid);
  });
});

describe.each([
  { name: 'an expired certificate', shown: expired, says: 'has expired', option: '--expired' },
  {
    name: 'one for another host',
    shown: elsewhere,
    says: 'is not for 127.0.0.1',
    option: '--any-host',
  },
])('$name', { timeout: 90_000 }, ({ shown, says, option }) => {
  beforeAll(() => server.start({}, shown), 60_000);
  afterAll(() => server.stop(), 60_000);

  test('is refused, even when it is trusted otherwise, until a person allows just that', async () => {
    const data = dataDirectory();
    await using one = await secureBench(data);
    const text = await refusal(one);
    expect(text).toContain(says);
    expect(text).toContain(option);
    await obey(text.replace(option, ''));
    await one.sink.until(
      'it is still refused for that alone',
      () => /certificate of rig (?:has expired|is not for)/.test(errorOf(one)),
      40_000,
    );
    expect(one.sink.epoch).toBe(0);
    await obey(errorOf(one));
    await one.settled(40_000);
  });
});

const errorOf = (one: Bench): string => one.sink.healths.at(-1)?.error?.text ?? '';
