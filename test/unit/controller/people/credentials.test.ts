// Passwords, PINs and signing keys, with a cheaper stretching than the product's: what they open, and what opens them.
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Credentials, pinTries } from '#controller/people/credentials.ts';
import { openPepper } from '#controller/people/sealed.ts';
import { PeopleStore } from '#controller/people/store.ts';
import { Stretcher, usualCost } from '#controller/people/stretch.ts';
import { removeFolder } from '#test/folder.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

const password = 'some words that nobody joins';
const cheap = { n: 1024, r: 8, p: 1 };
let data: string;
let store: PeopleStore;
let credentials: Credentials;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'rebe-people-'));
  store = PeopleStore.open(join(data, 'station.db'), 0);
  credentials = new Credentials(new HandClock(), store, new Stretcher(cheap), openPepper(data));
  await enrol('maria');
});
afterEach(() => {
  store.close();
  removeFolder(data);
});

async function enrol(name: string): Promise<void> {
  const { key, secret } = await credentials.fresh(name, password);
  const rest = { disabled: false, language: undefined, temporary: false, added: 0 };
  store.put({ name, title: name, roles: ['admin'], key, ...rest });
  store.putSecret(name, 'password', secret);
}

async function givePin(pin: string): Promise<void> {
  const secret = await credentials.again('maria', password, { kind: 'pin', secret: pin });
  if (secret === undefined) throw new Error('the password was right');
  store.putSecret('maria', 'pin', secret);
}

test('a person signs with the password, and with the PIN, by the same key', async () => {
  await givePin('246810');
  const bytes = Buffer.from('rebe approval 00');
  for (const proof of [{ password }, { pin: '246810' }]) {
    const { key, signature } = await credentials.signWith('maria', proof, bytes);
    expect(key).toBe(store.find('maria')?.key);
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key, 'base64').toString('base64url') };
    const shown = createPublicKey({ key: jwk, format: 'jwk' });
    const signed = Buffer.from(signature, 'base64');
    expect(verify(null, bytes, shown, signed)).toBe(true);
    expect(verify(null, Buffer.from('rebe approval 01'), shown, signed)).toBe(false);
  }
});

test.each([
  ['a wrong password', 'maria', { password: `${password} ` }],
  ['nothing', 'maria', {}],
  ['a PIN that was never set', 'maria', { pin: '246810' }],
  ['a name that nobody has', 'nobody', { password }],
])('%s signs nothing', async (_, name, proof) => {
  await expect(credentials.signWith(name, proof, Buffer.from('x'))).rejects.toMatchObject({
    code: 'E_SIGN_IN',
  });
});

test('a disabled person signs nothing', async () => {
  const maria = store.find('maria');
  if (maria !== undefined) store.put({ ...maria, disabled: true });
  await expect(credentials.signWith('maria', { password }, Buffer.from('x'))).rejects.toMatchObject(
    {
      code: 'E_SIGN_IN',
    },
  );
});

test('five wrong PINs void the PIN, all at once or one by one, until the password is used', async () => {
  await givePin('246810');
  const tries = await Promise.allSettled(
    Array.from({ length: 12 }, () => credentials.prove('maria', { pin: '000000' })),
  );
  const looked = tries.filter(({ status }) => status === 'fulfilled').length;
  expect(looked).toBeLessThanOrEqual(pinTries);
  // Those that had no turn were not wrong.
  for (let left = pinTries - looked; left > 0; left -= 1)
    // oxlint-disable-next-line no-await-in-loop -- one by one
    expect(await credentials.prove('maria', { pin: '000000' })).toBe(false);
  const again = credentials.prove('maria', { pin: '246810' });
  await expect(again).rejects.toMatchObject({ code: 'E_PIN_NOT_HERE' });
  expect(await credentials.prove('maria', { password })).toBe(true);
  expect(await credentials.prove('maria', { pin: '246810' })).toBe(true);
});

test('a PIN is worth nothing without the pepper, which nobody else can read', async () => {
  await givePin('246810');
  const path = join(data, 'station', 'people.key');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(openPepper(data).key).toEqual(openPepper(data).key);
  writeFileSync(
    path,
    readFileSync(path).map((byte) => byte ^ 1),
  );
  const other = new Credentials(new HandClock(), store, new Stretcher(cheap), openPepper(data));
  expect(await other.prove('maria', { pin: '246810' })).toBe(false);
  expect(await other.prove('maria', { password })).toBe(true);
  writeFileSync(path, 'cut');
  expect(() => openPepper(data)).toThrow(expect.objectContaining({ code: 'E_PEOPLE_STORE' }));
});

test('what was sealed for one person opens for no other', async () => {
  await enrol('ben');
  const maria = store.secret('maria', 'password');
  if (maria !== undefined) store.putSecret('ben', 'password', maria);
  expect(await credentials.prove('ben', { password })).toBe(false);
});

test('a code of the second factor is good once, and another secret’s never', async () => {
  const clock = new HandClock();
  const own = new Credentials(clock, store, new Stretcher(cheap), openPepper(data));
  const { codeOf, stepOf } = await import('#controller/people/totp.ts');
  const secret = own.beginFactor('maria');
  const code = codeOf(secret, stepOf(clock.time()));
  expect(own.useCode('maria', code)).toBe(true);
  expect(own.useCode('maria', code)).toBe(false);
  clock.advance(30_000);
  expect(own.useCode('maria', codeOf(secret, stepOf(clock.time())))).toBe(true);
  expect(own.useCode('nobody', code)).toBe(false);
});

test('a password costs what it should, and the cost it was set with is kept', async () => {
  expect(usualCost.n).toBeGreaterThanOrEqual(65_536);
  expect(store.secret('maria', 'password')?.cost).toEqual(cheap);
  const raised = new Credentials(
    new HandClock(),
    store,
    new Stretcher({ ...cheap, n: 2048 }),
    openPepper(data),
  );
  expect(await raised.prove('maria', { password })).toBe(true);
});

test.each(['maria', 'nobody'])('a wrong password of %s is stretched as any other', async (name) => {
  const all = await Promise.allSettled(
    Array.from({ length: 5 }, () => credentials.prove(name, { password: 'wrong' })),
  );
  expect(all.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))).toEqual([
    ...Array.from({ length: 4 }, () => false),
    'E_SIGN_IN_BUSY',
  ]);
});

test('guesses at once are bounded, and the thread serves others meanwhile', async () => {
  const stretcher = new Stretcher({ n: 16_384, r: 8, p: 1 });
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const all = await Promise.allSettled(
    Array.from({ length: 40 }, (_, source) =>
      stretcher.open('x', undefined, { lane: 'stranger', source: String(source) }),
    ),
  );
  clearInterval(timer);
  const refused = all.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(40 - 2 - 8);
  expect(turns).toBeGreaterThan(3);
});

test('a clock that is set shuts out nobody who has a second factor, and gives no code twice', async () => {
  const { codeOf, stepOf } = await import('#controller/people/totp.ts');
  for (const hour of [3_600_000, -3_600_000]) {
    const clock = new HandClock();
    const own = new Credentials(clock, store, new Stretcher(cheap), openPepper(data));
    const secret = own.beginFactor('maria');
    const code = codeOf(secret, stepOf(clock.time()));
    clock.setDate(hour);
    expect(own.useCode('maria', code)).toBe(true);
    expect(own.useCode('maria', code)).toBe(false);
    // It was wrong before, and is right now.
    const now = codeOf(secret, stepOf(clock.time()));
    expect(own.useCode('maria', now)).toBe(hour > 0);
  }
});
