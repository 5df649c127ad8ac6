// Virtual time's own reading of a manifest against the drivers': the same periods, deadlines and defaults.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assert, present } from '#contract/error.ts';
import { tagName, type TagName } from '#contract/name.ts';
import { drivers } from '#drivers/index.ts';
import { deviceCheck, deviceFacts } from '#flows/device-kinds.ts';
import { readManifest } from '#flows/manifest.ts';
import { confirmsOf, timingOf } from '#simulator/driver-timing.ts';

const loaded = await Promise.all(
  ['modbus', 'opcua', 'serial'].map(
    async (name) => [name, await present(drivers[name], name)()] as const,
  ),
);
const kinds = new Map(loaded);

const frameOf = (driver: string, own: Readonly<Record<string, unknown>>) =>
  ({ driver, onReturn: 'restore', ...own }) as const;
/** The fields as the driver has them, with its defaults. */
const parsed = (driver: string, own: object): Record<string, unknown> =>
  present(kinds.get(driver), driver).config.parse(own) as Record<string, unknown>;

describe.each(['flows/cnc-tending/cell.yaml', 'flows/lamp/cell.yaml'])('%s', (file) => {
  const { manifest, diagnostics } = readManifest(
    file,
    readFileSync(file, 'utf8'),
    deviceCheck(kinds),
  );

  it('is what the drivers take', () => {
    expect(diagnostics).toEqual([]);
  });

  it('has tags that virtual time holds to be confirmed as often as the drivers do', () => {
    assert(manifest !== undefined, 'a manifest');
    const facts = deviceFacts(manifest, kinds);
    const own = confirmsOf(manifest);
    for (const name of Object.keys(manifest.tags) as TagName[]) {
      expect([name, own(name)]).toEqual([name, facts.confirms(name)]);
      expect(own(name)?.period).toBeGreaterThan(0);
    }
    expect(own(tagName('nobody'))).toBeUndefined();
  });
});

describe('left out in the manifest', () => {
  it('modbus: deadline and poll class are the driver’s defaults', () => {
    const own = { tcp: '127.0.0.1:502' };
    const { timeout, poll } = parsed('modbus', own);
    expect(timingOf(frameOf('modbus', own))?.reading).toMatchObject({
      timeout,
      classes: Object.entries(poll as object),
    });
  });

  it('opcua: publishing, silence and connecting are the driver’s defaults', () => {
    const own = { endpoint: 'opc.tcp://127.0.0.1:4840' };
    const { publish, timeout, connect } = parsed('opcua', own);
    expect(timingOf(frameOf('opcua', own))).toMatchObject({
      reading: { publish, silence: Number(timeout) + 6 * Number(publish) },
      greeting: connect,
    });
    const security = { mode: 'Sign', policy: 'Basic256Sha256' };
    const secured = timingOf(frameOf('opcua', { ...own, security }));
    expect(secured?.greeting).toBe(4 * Number(connect));
  });

  it('serial: the deadlines of questions are the driver’s defaults', () => {
    const line = { port: '/dev/ttyS0', baud: 9600, frame: { end: '\r' } };
    const ask = { send: 'P?', every: '50ms' };
    const asked = parsed('serial', { ...line, ask })['ask'] as { timeout: number };
    const polled = timingOf(frameOf('serial', { ...line, ask }))?.reading;
    expect(polled).toMatchObject({ classes: [['ask', 50]], timeout: asked.timeout });
    const alive = { send: 'S', expect: 'OK', every: '500ms' };
    const told = parsed('serial', { ...line, alive })['alive'] as { timeout: number };
    const pushed = timingOf(frameOf('serial', { ...line, alive }))?.reading;
    expect(pushed).toMatchObject({ every: 500, timeout: told.timeout });
  });

  it.each(['modbus', 'opcua'])('%s: a heartbeat beats as often as the driver’s', (driver) => {
    const at = driver === 'modbus' ? { holding: 900 } : { node: 's=Beat' };
    const place = { modbus: { tcp: '127.0.0.1:502' }, opcua: { endpoint: 'opc.tcp://a:4840' } };
    const own = { ...place[driver as keyof typeof place], heartbeat: { at } };
    const { every } = parsed(driver, own)['heartbeat'] as { every: number };
    expect(timingOf(frameOf(driver, own))?.heartbeat).toBe(every);
    expect(timingOf(frameOf(driver, {}))?.heartbeat).toBeUndefined();
  });
});

it('a driver that virtual time does not know has no times', () => {
  expect(timingOf(frameOf('mqtt', {}))).toBeUndefined();
});
