// Station's certificate of its own: read by Node and by openssl's rules, spoken over a socket, kept, renewed; and how
// far station may be reached with it.
import { X509Certificate, createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StationPlan } from '#contract/cell.ts';
import { hours, seconds } from '#contract/time.ts';
import { isOwn, ownNames } from '#controller/server/origin.ts';
import { openReach } from '#controller/server/reach.ts';
import { selfSigned } from '#controller/server/self-signed.ts';
import { openTls } from '#controller/server/tls.ts';
import { removeFolder } from '#test/folder.ts';
import { HandClock } from './rig.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'rebe-tls-'));
});
afterEach(() => removeFolder(data));
const now = Date.now();
const day = hours(24);

describe('a certificate of its own', () => {
  test('says its names and addresses, for as long as it was told, and is signed by itself', () => {
    const names = ['cell-7.plant', '10.0.0.7', 'fd00::7', '2001:db8:0:0:1::2'] as const;
    const { cert } = selfSigned([...names], { from: now, to: now + day });
    const read = new X509Certificate(cert);
    expect(read.verify(read.publicKey)).toBe(true);
    expect([read.subject, read.issuer]).toEqual(['CN=cell-7.plant', 'CN=cell-7.plant']);
    expect(read.checkHost('cell-7.plant')).toBe('cell-7.plant');
    expect(read.checkHost('other.plant')).toBeUndefined();
    for (const address of names.slice(1)) expect(read.checkIP(address)).toBe(address);
    expect(read.checkIP('10.0.0.8')).toBeUndefined();
    expect(read.ca).toBe(false);
    expect(Math.abs(Date.parse(read.validTo) - (now + day))).toBeLessThan(1000);
    const far = selfSigned(['x'], { from: now, to: Date.UTC(2061, 0, 2) });
    expect(Date.parse(new X509Certificate(far.cert).validTo)).toBe(Date.UTC(2061, 0, 2));
  });

  test('is spoken by a server and believed by a client that was given it', async () => {
    const { cert, key } = selfSigned(['localhost', '127.0.0.1'], {
      from: now - day,
      to: now + day,
    });
    const server = createServer({ cert, key }, (socket) => socket.end('hello'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve());
    });
    const { port } = server.address() as AddressInfo;
    const heard = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ca: cert });
      socket.on('data', (bytes: Buffer) => resolve(bytes.toString()));
      socket.on('error', reject);
    });
    expect(heard).toBe('hello');
    server.close();
  });

  test('is kept with its key for its owner alone, and made anew for a new name or shortly before its end', () => {
    const first = openTls(data, 'generated', { names: [], now });
    expect(openTls(data, 'generated', { names: [], now }).fingerprint).toBe(first.fingerprint);
    expect(statSync(join(data, 'station', 'tls.key')).mode & 0o777).toBe(0o600);
    expect(first.own).toBe(true);
    const hash = createHash('sha256').update(new X509Certificate(first.cert).raw).digest('hex');
    expect(first.fingerprint.replaceAll(':', '').toLowerCase()).toBe(hash);
    const named = openTls(data, 'generated', { names: ['cell-7.plant'], now });
    expect(named.fingerprint).not.toBe(first.fingerprint);
    const late = first.ends - 30 * day;
    const renewed = openTls(data, 'generated', { names: ['cell-7.plant'], now: late });
    expect(renewed.ends).toBeGreaterThan(late + 365 * day);
    writeFileSync(join(data, 'station', 'tls.key'), 'cut');
    expect(openTls(data, 'generated', { names: [], now }).own).toBe(true);
  });

  test.each([
    ['a file that is not there', 'nowhere.pem', 'tls.key'],
    ['no certificate', 'tls.key', 'tls.key'],
    ['a key that is not its own', 'tls.crt', 'other.key'],
  ])('%s is refused with its code', (_, cert, key) => {
    openTls(data, 'generated', { names: [], now });
    const folder = join(data, 'station');
    writeFileSync(join(folder, 'other.key'), selfSigned(['x'], { from: now, to: now + day }).key);
    const plan = { cert: join(folder, cert), key: join(folder, key) };
    expect(() => openTls(data, plan, { names: [], now })).toThrow(
      expect.objectContaining({ code: 'E_STATION_TLS' }),
    );
  });

  test('a given one that has ended is refused', () => {
    const { cert, key } = selfSigned(['x'], { from: now - 2 * day, to: now - day });
    const plan = { cert: join(data, 'a.crt'), key: join(data, 'a.key') };
    writeFileSync(plan.cert, cert);
    writeFileSync(plan.key, key);
    expect(() => openTls(data, plan, { names: [], now })).toThrow('it ended on');
    expect(readFileSync(plan.cert, 'utf8')).toBe(cert);
  });
});

const generated: StationPlan = { tls: 'generated', names: [], idle_ms: 1 };

function reach(wanted: string, enrolled: boolean, plan?: StationPlan) {
  const log: string[] = [];
  const clock = new HandClock();
  let tell: (() => void) | undefined;
  const people = {
    enrolled,
    onChanged: (hear: (credential: string, principal: null) => void) => {
      tell = () => hear('x', null);
      return () => (tell = undefined);
    },
  };
  const note = (_level: string, text: string) => void log.push(text);
  const options = { data, ...(plan === undefined ? {} : { plan }) };
  const found = openReach(clock, { people, log: note }, options, wanted);
  return { ...found, log, clock, people, changed: () => tell?.() };
}

describe('station', () => {
  test('is reached by nobody else until somebody is enrolled, and then starts again', async () => {
    const { host, log, clock, people, changed, again } = reach('0.0.0.0', false, generated);
    expect(host).toBe('127.0.0.1');
    expect(log.join()).toContain('E_STATION_NOT_ENROLLED');
    let ended = false;
    void again.then(() => (ended = true));
    changed();
    clock.advance(seconds(5));
    await Promise.resolve();
    expect(ended).toBe(false);
    people.enrolled = true;
    changed();
    clock.advance(seconds(5));
    await again;
    expect(ended).toBe(true);
  });

  test.each([
    ['0.0.0.0', true],
    ['::', true],
    ['127.0.0.1', false],
    ['::1', false],
    ['localhost', false],
  ])('listens on %s where that is asked for', (wanted, enrolled) => {
    expect(reach(wanted, enrolled, generated).host).toBe(wanted);
  });

  test.each(['0.0.0.0', '10.0.0.7', '::'])('never listens on %s without TLS', (wanted) => {
    expect(() => reach(wanted, true)).toThrow(expect.objectContaining({ code: 'E_STATION_TLS' }));
  });

  test.each([
    ['10.0.0.7:8443', 'https://10.0.0.7:8443', true],
    ['cell-7.plant:8443', 'https://cell-7.plant:8443', true],
    ['localhost:8443', 'https://localhost:8443', true],
    ['10.0.0.7:8443', 'http://10.0.0.7:8443', false],
    ['10.0.0.7:8443', 'null', false],
    ['10.0.0.8:8443', 'https://10.0.0.8:8443', false],
    ['evil.example:8443', 'https://evil.example:8443', false],
    ['10.0.0.7', 'https://10.0.0.7', false],
    ['cell-7.plant:8443', 'https://cell-7.plant', false],
  ])(
    'called %s by %s at its address 10.0.0.7 is called by its own name: %s',
    (host, origin, yes) => {
      const own = ownNames({ host: '0.0.0.0', port: 8443, secure: true, names: ['cell-7.plant'] });
      const socket = { localAddress: '::ffff:10.0.0.7' } as never;
      expect(isOwn(own, { headers: { host, origin }, socket }, { origin: true })).toBe(yes);
    },
  );
});
