// The mirror's connection to a broker with TLS and users: what the guide says of certificates and passwords holds
// against a mosquitto, and nobody else is told the password.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CellError } from '#contract/error.ts';
import { mqttBroker } from '#controller/mirror/mqtt-broker.ts';
import type { BrokerAddress } from '#controller/mirror/mqtt-broker.ts';
import { Mosquitto, freePort } from './mosquitto.ts';

let plant: Mosquitto;
let folder = '';
let ca = '';
let otherCa = '';

/** A certificate of its own for `localhost`. */
function makeCertificate(name: string): string {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ['-subj', '/CN=plant', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const words = ['req', ...kind, '-keyout', key, '-out', certificate, '-days', '2', ...subject];
  execFileSync('/usr/bin/openssl', words, { stdio: 'pipe' });
  return readFileSync(certificate, 'utf8');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mirror-tls-'));
  ca = makeCertificate('plant');
  otherCa = makeCertificate('other');
  const passwords = join(folder, 'passwords');
  execFileSync('/usr/bin/mosquitto_passwd', ['-b', '-c', passwords, 'cell-7', 'right']);
  plant = new Mosquitto(await freePort(), [
    'allow_anonymous false',
    `password_file ${passwords}`,
    `certfile ${join(folder, 'plant.pem')}`,
    `keyfile ${join(folder, 'plant.key')}`,
  ]);
  await plant.start();
}, 30_000);
afterAll(async () => {
  await plant[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** What comes of one attempt: `acknowledged`, or the code that it ended with. */
async function attempt(address: BrokerAddress): Promise<string> {
  const will = { topic: 'acme/health', payload: 'gone', retain: true };
  return new Promise((resolve) => {
    const connection = mqttBroker(() => Promise.resolve(address), 'rebe-test')(will, {
      opened: () =>
        connection.publish({ topic: 'acme/event', payload: '1', retain: false }, () => {
          connection.destroy();
          resolve('acknowledged');
        }),
      message: () => undefined,
      skipped: () => undefined,
      closed: ({ code }: CellError) => resolve(code),
    });
  });
}

test.each<[what: string, came: string, make: () => Partial<BrokerAddress>]>([
  ['the right certificate and password', 'acknowledged', () => ({})],
  ['a broker of another certificate', 'E_MIRROR_REFUSED', () => ({ ca: otherCa })],
  ['a broker that the system does not vouch for', 'E_MIRROR_REFUSED', () => ({ ca: '' })],
  [
    'a broker of another name',
    'E_MIRROR_REFUSED',
    () => ({ url: `mqtts://127.0.0.1:${plant.port}` }),
  ],
  ['a wrong password', 'E_MIRROR_REFUSED', () => ({ password: 'wrong' })],
  ['no TLS', 'E_MIRROR_BROKER', () => ({ url: `mqtt://localhost:${plant.port}` })],
])(
  '%s: %s',
  async (_, came, make) => {
    const whole = { url: `mqtts://localhost:${plant.port}`, user: 'cell-7', password: 'right', ca };
    const { ca: given, ...rest } = { ...whole, ...make() };
    expect(await attempt(given === '' ? rest : { ...rest, ca: given })).toBe(came);
  },
  20_000,
);
