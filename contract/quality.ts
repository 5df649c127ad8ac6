// Quality of a value as an OPC UA StatusCode (Part 4, 7.39): the top two bits are the severity.
import type { Brand } from './brand.ts';

/** uint32; test its severity with `qualityOf`, never compare with zero (overflow bits may be set). */
export type StatusCode = Brand<number, 'StatusCode'>;
export type Quality = 'good' | 'uncertain' | 'bad';

const code = (value: number): StatusCode => value as StatusCode;

/** The codes that the product itself gives; a device's own pass through unchanged. */
export const status = {
  Good: code(0),
  GoodOverflow: code(0x480),
  UncertainLastUsableValue: code(0x40900000),
  UncertainSubstituteValue: code(0x40910000),
  Bad: code(0x80000000),
  BadCommunicationError: code(0x80050000),
  BadTimeout: code(0x800a0000),
  BadTypeMismatch: code(0x80740000),
  BadNoCommunication: code(0x80310000),
  BadWaitingForInitialData: code(0x80320000),
  BadOutOfRange: code(0x803c0000),
  BadNotConnected: code(0x808a0000),
  BadDeviceFailure: code(0x808b0000),
  BadSensorFailure: code(0x808c0000),
  BadConfigurationError: code(0x80890000),
} as const;

/** Any uint32 from a wire or a record, as a status. */
export const statusCode = (value: number): StatusCode => code(value >>> 0);

/** Severity bits 30-31: 00 good, 01 uncertain, 10 and 11 bad. */
export function qualityOf(value: StatusCode): Quality {
  const severity = value >>> 30;
  return severity === 0 ? 'good' : severity === 1 ? 'uncertain' : 'bad';
}

/** The code's name where the product knows it, else its number in hexadecimal. */
export function statusText(value: StatusCode): string {
  const name = names.get((value & 0xffff0000) >>> 0);
  return name ?? `0x${value.toString(16).padStart(8, '0')}`;
}

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(status)
    .filter(([name]) => name !== 'GoodOverflow')
    .map(([name, value]) => [value, name]),
);
