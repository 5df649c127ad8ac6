// The Modbus device of the tests on a serial line: RTU frames written from the specification by hand,
// with a CRC of its own, around the same memory and the same functions.
import { ModbusDevice, rigOf, rigTimeout } from './rig-modbus.ts';
import type { ModbusRig } from './rig-modbus.ts';
import { PtyServer } from './rig-pty.ts';
import type { Protocol } from './rig-server.ts';

/** Milliseconds of silence after a missing answer, in the rig. */
export const rigQuarantine = 60;

/** Bit by bit, as the specification describes it [Modbus over Serial Line 1.02, 6.2.2]. */
export function crcOf(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      const carry = crc & 1;
      crc >>= 1;
      if (carry === 1) crc ^= 0xa001;
    }
  }
  return crc;
}

/** Unit, PDU, and the CRC with its low byte first. */
export function adu(unit: number, pdu: Uint8Array): Buffer {
  const body = Buffer.from([unit, ...pdu]);
  const crc = crcOf(body);
  return Buffer.concat([body, Buffer.from([crc & 0xff, crc >> 8])]);
}

/** Bytes of a request by its function, with unit and CRC; undefined while it cannot be said. */
function requestLength(bytes: Buffer): number | undefined {
  switch (bytes[1] ?? 0) {
    case 15:
    case 16:
      return bytes[6] === undefined ? undefined : 9 + bytes[6];
    case 22:
      return 10;
    case 23:
      return bytes[10] === undefined ? undefined : 13 + bytes[10];
    default:
      return 8;
  }
}

export class RtuFraming implements Protocol {
  readonly device: ModbusDevice;
  /** Requests that were no frame: the driver may send none. */
  broken = 0;

  constructor(device: ModbusDevice) {
    this.device = device;
  }

  split(bytes: Buffer): { request: Buffer; rest: Buffer } | undefined {
    const length = bytes.length < 2 ? undefined : requestLength(bytes);
    if (length === undefined || bytes.length < length) return undefined;
    return { request: bytes.subarray(0, length), rest: bytes.subarray(length) };
  }

  answer(request: Buffer): Buffer {
    const body = request.subarray(0, -2);
    if (crcOf(body) !== request.readUInt16LE(body.length)) {
      this.broken += 1;
      return Buffer.alloc(0);
    }
    const pdu = this.device.respond(body[0] ?? 0, body.subarray(1));
    if (pdu === undefined) return Buffer.alloc(0);
    return this.device.twist(adu(body[0] ?? 0, pdu), request) ?? Buffer.alloc(0);
  }

  /** A right frame whose CRC is wrong. */
  garbage(request: Buffer): Buffer {
    const whole = adu(request[0] ?? 0, Buffer.from([request[1] ?? 0, 1, 1]));
    whole[whole.length - 1] = (whole[whole.length - 1] ?? 0) ^ 0x55;
    return whole;
  }
}

export interface RtuRig extends ModbusRig {
  readonly line: PtyServer;
  readonly framing: RtuFraming;
}

/** A device with a few bits and registers on a line that is plugged in already. */
export async function rtuRig(): Promise<RtuRig> {
  const device = new ModbusDevice();
  const framing = new RtuFraming(device);
  const line = new PtyServer(framing);
  device.speaker = () => line.speaker();
  await line.listen();
  const rtu = {
    port: line.path,
    baud: 115_200,
    delay: '0ms',
    quarantine: `${rigQuarantine}ms`,
  };
  const config = { rtu, timeout: `${rigTimeout}ms`, poll: { fast: '10ms', slow: '25ms' } };
  return { ...rigOf(device, line, () => config), line, framing };
}
