// The OPC UA device as a client of the same standard sees it: nodes, types, times, writes, and each fault on the wire.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OPCUACertificateManager } from 'node-opcua-certificate-manager';
import {
  AttributeIds,
  DataType,
  MessageSecurityMode,
  SecurityPolicy,
  StatusCodes,
  VariantArrayType,
  type VariantOptions,
} from 'node-opcua-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CellError } from '#contract/error.ts';
import { optional } from '#simulator/device/optional.ts';
import { stream } from '#simulator/plant/random.ts';
import { Client } from './client.ts';
import { clientCertificates, isRight, OpcUaClient } from './opcua-client.ts';
import { DeviceRig, fourDevices, until, within } from './device-rig.ts';

/** A server and its certificates take their time on a busy machine, ms. */
const slow = 60_000;
/** Certificates are made once. */
let folder: string;
let certificates: OPCUACertificateManager;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sim-opcua-'));
  certificates = await clientCertificates(join(folder, 'client'));
}, slow);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let rig: DeviceRig;
let client: OpcUaClient;

describe('an OPC UA device', { timeout: slow }, () => {
  beforeEach(async () => {
    rig = await new DeviceRig('plc', fourDevices(), folder).open();
    client = await new OpcUaClient(certificates).open(rig.endpoint);
  }, slow);
  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  }, slow);

  it('serves each terminal with its type, its value and the time when it looked', async () => {
    const running = await client.read('Cnc.Running');
    expect([running.value.value, isRight(running, DataType.Boolean)]).toEqual([false, true]);
    const before = Date.now();
    const first = await client.read('Spindle.Temp');
    expect([first.value.value, isRight(first, DataType.Double)]).toEqual([22, true]);
    expect(first.sourceTimestamp?.getTime()).toBeGreaterThanOrEqual(before);
    expect(first.sourceTimestamp?.getTime()).toBeLessThanOrEqual(Date.now());
    const type = await client.read('Spindle.Temp', AttributeIds.DataType);
    expect(type.value.value.value).toBe(DataType.Double);
    expect((await client.read('Spindle.Tmp')).statusCode.name).toBe('BadNodeIdUnknown');
  });

  it('names no address but the one that is told', async () => {
    const endpoints = await client.client.getEndpoints();
    expect(endpoints.map(({ endpointUrl }) => endpointUrl)).toEqual([rig.endpoint]);
  });

  it('takes writes of the exact type, moves the machine and says what came', async () => {
    expect(await client.write('Cnc.Stop', { dataType: DataType.Boolean, value: false })).toBe(
      'Good',
    );
    expect(rig.machine.plant.cnc.stop).toBe(false);
    expect((await client.read('Cnc.Stop')).value.value).toBe(false);
    expect(rig.received).toEqual([
      { node: 's=Cnc.Stop', value: false, output: 'cnc.stop', means: false },
    ]);
  });

  it.each([
    ['another type', { dataType: DataType.Int32, value: 1 }, {}, 'BadTypeMismatch'],
    ['a text', { dataType: DataType.String, value: 'true' }, {}, 'BadTypeMismatch'],
    ['nothing', { dataType: DataType.Null }, {}, 'BadTypeMismatch'],
    [
      'a list',
      { dataType: DataType.Boolean, arrayType: VariantArrayType.Array, value: [true] },
      {},
      'BadTypeMismatch',
    ],
    [
      'a bad one',
      { dataType: DataType.Boolean, value: true },
      { statusCode: StatusCodes.BadSensorFailure },
      'BadWriteNotSupported',
    ],
  ])('refuses %s for an output, and nothing moves', async (_, value, more, status) => {
    expect(await client.write('Cnc.Start', value as VariantOptions, more)).toBe(status);
    expect([rig.machine.plant.cnc.start, rig.received]).toEqual([false, []]);
  });

  it('refuses writes to a sensor', async () => {
    const value = { dataType: DataType.Boolean, value: true };
    expect(await client.write('Cnc.Running', value)).toBe('BadNotWritable');
  });

  it('falls safe when its heartbeat is silent, and is itself again when it beats', async () => {
    const beat = (value: number): Promise<string> =>
      client.write('Cell.Heartbeat', { dataType: DataType.UInt32, value });
    expect(await beat(1)).toBe('Good');
    await client.write('Cnc.Stop', { dataType: DataType.Boolean, value: false });
    rig.run(900);
    expect(rig.device.status.fallen).toBe(false);
    await beat(1);
    rig.run(200);
    expect([rig.device.status.fallen, rig.machine.plant.cnc.stop]).toEqual([true, true]);
    expect((await client.read('Cnc.Stop')).value.value).toBe(true);
    await beat(2);
    expect(rig.device.status.fallen).toBe(false);
    expect(rig.received).toHaveLength(1);
  });

  it('publishes what has changed, as fast as is asked', async () => {
    const seen = await client.watch('Cnc.Running');
    await until(() => seen.length === 1);
    rig.machine.set({ 'cnc.stop': false }).cutting();
    await until(() => seen.length === 2);
    expect(seen.map(({ value }) => value.value as unknown)).toEqual([false, true]);
  });

  it('outlives whoever sends what is not OPC UA', async () => {
    const random = stream(11, 'hostile');
    const port = Number(rig.endpoint.split(':')[2]);
    const begins = ['', 'HELF', 'OPNF', 'MSGF', 'CLOF', 'HELF\0\0\0\xff', 'GET / HTTP/1.1\r\n'];
    for (let round = 0; round < 60; round += 1) {
      const begin = Buffer.from(begins[round % begins.length] ?? '', 'latin1');
      const rest = Buffer.from(
        Array.from({ length: Math.floor(random() * 3000) }, () => Math.floor(random() * 256)),
      );
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      using hostile = await Client.open(port);
      hostile.socket.write(Buffer.concat([begin, rest]));
      // oxlint-disable-next-line no-await-in-loop -- what it says is nobody's business
      await hostile.take(100_000, 20);
    }
    expect(isRight(await client.read('Cnc.Ready'), DataType.Boolean)).toBe(true);
  });

  describe('with a fault', () => {
    it('hang is open and silent, and then answers what it was asked', async () => {
      rig.fault('hang');
      const read = client.read('Cnc.Ready');
      expect(await within(200, read)).toBeUndefined();
      expect(client.lost).toBe(false);
      rig.fault(undefined);
      expect(isRight(await read, DataType.Boolean)).toBe(true);
    });

    it('is alone with it: another of its kind in the process answers', async () => {
      await using other = await new DeviceRig('plc', fourDevices(), join(folder, 'other')).open();
      await using second = await new OpcUaClient(certificates).open(other.endpoint);
      for (const kind of ['hang', 'wrong', 'stuck', 'short'] as const) {
        rig.fault(kind);
        other.machine.run(5);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(isRight(await second.read('Spindle.Temp'), DataType.Double), kind).toBe(true);
      }
    });

    it('kill cuts the connection, refuses another, and takes one when it ends', async () => {
      rig.fault('kill');
      await until(() => client.lost);
      await expect(new OpcUaClient(certificates).open(rig.endpoint)).rejects.toThrow(
        'ECONNREFUSED',
      );
      rig.fault(undefined);
      let again: OpcUaClient | undefined;
      await until(async () => {
        again = await new OpcUaClient(certificates).open(rig.endpoint).catch(() => undefined);
        return again !== undefined;
      });
      await using next = again;
      expect(next && isRight(await next.read('Cnc.Ready'), DataType.Boolean)).toBe(true);
    });

    it('slow answers later', async () => {
      rig.fault('slow', 150);
      const before = performance.now();
      expect(isRight(await client.read('Cnc.Ready'), DataType.Boolean)).toBe(true);
      expect(performance.now() - before).toBeGreaterThan(145);
    });

    it('stuck answers with what was', async () => {
      rig.fault('stuck');
      rig.machine.set({ 'cnc.stop': false }).cutting();
      expect((await client.read('Cnc.Running')).value.value).toBe(false);
      rig.fault(undefined);
      expect((await client.read('Cnc.Running')).value.value).toBe(true);
    });

    it('range shows a number that cannot be, and good', async () => {
      rig.fault('range');
      const temp = await client.read('Spindle.Temp');
      expect([temp.value.value, isRight(temp, DataType.Double)]).toEqual([1e9, true]);
      expect((await client.read('Cnc.Ready')).value.value).toBe(true);
    });

    it('wrong shows nothing that could be taken for a value, read or published', async () => {
      const seen = await client.watch('Spindle.Temp');
      await until(() => seen.length === 1);
      rig.fault('wrong');
      const forms = new Set<string>();
      for (let round = 0; round < 60; round += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const read = await client.read('Spindle.Temp');
        expect(isRight(read, DataType.Double)).toBe(false);
        const { value, statusCode } = read;
        forms.add(`${statusCode.name} ${DataType[value.dataType]} ${value.arrayType}`);
      }
      expect(forms.size).toBe(5);
      await until(() => seen.length > 5);
      expect(seen.slice(1).filter((one) => isRight(one, DataType.Double))).toEqual([]);
      rig.fault(undefined);
      expect(isRight(await client.read('Spindle.Temp'), DataType.Double)).toBe(true);
    });

    it('short gives an answer that never ends', async () => {
      rig.fault('short');
      const read = client.read('Cnc.Ready').catch(() => undefined);
      expect(await within(300, read)).toBeUndefined();
    });

    it('late answers with the next question', async () => {
      rig.fault('late');
      const first = client.read('Cnc.Ready');
      expect(await within(200, first)).toBeUndefined();
      const second = client.read('Cnc.Done');
      expect(isRight(await first, DataType.Boolean)).toBe(true);
      expect(await within(200, second)).toBeUndefined();
      rig.fault(undefined);
      expect(isRight(await second, DataType.Boolean)).toBe(true);
    });
  });
});

describe('an OPC UA device with security', { timeout: slow }, () => {
  it('offers each mode and policy, and answers over it', async () => {
    const file = fourDevices('namespace: urn:acme:tending', '$&, security: true');
    await using secure = await new DeviceRig('plc', file, folder).open();
    for (const [mode, policy] of [
      [MessageSecurityMode.Sign, SecurityPolicy.Basic256Sha256],
      [MessageSecurityMode.SignAndEncrypt, SecurityPolicy.Basic256Sha256],
      [MessageSecurityMode.SignAndEncrypt, SecurityPolicy.Aes128_Sha256_RsaOaep],
      [MessageSecurityMode.SignAndEncrypt, SecurityPolicy.Aes256_Sha256_RsaPss],
      [MessageSecurityMode.None, SecurityPolicy.None],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await using over = await new OpcUaClient(certificates, mode, policy).open(secure.endpoint);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(isRight(await over.read('Cnc.Ready'), DataType.Boolean)).toBe(true);
    }
  });
});

describe('an OPC UA device that cannot be', { timeout: slow }, () => {
  it.each([
    ['of another type than the machine', '{node: s=Cnc.Ready}', '{node: s=Cnc.Ready, as: real}'],
    ['at the node of another', '{node: s=Cnc.Done}', '{node: s=Cnc.Ready}'],
    ['at the heartbeat', '{node: s=Cnc.Done}', '{node: s=Cell.Heartbeat}'],
  ])('has a terminal %s, and is refused', async (_, from, to) => {
    await using bad = new DeviceRig('plc', fourDevices(from, to), folder);
    await expect(bad.open()).rejects.toMatchObject({ code: 'E_PLANT_TERMINAL' });
  });

  it('has no package: it says which', async () => {
    const nowhere: string = 'no-such-package';
    const missing = optional('node-opcua', () => import(nowhere));
    const error = await missing.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(CellError);
    expect(error).toMatchObject({ code: 'E_SIMULATOR_PACKAGE' });
    expect(String(error)).toContain('node-opcua');
  });
});
