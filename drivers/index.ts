// The drivers by the name that a manifest gives them. One is loaded when a cell names it.
import type { DriverKind } from '#contract/driver.ts';

/** A driver kind whose own types only it knows: what it parsed is handed back to it. */
export type AnyDriverKind = DriverKind;

/** Name to loader. The blueprint is not listed: it is there to be copied. */
export const drivers: Readonly<Record<string, () => Promise<AnyDriverKind>>> = {
  modbus: async () => (await import('./modbus/driver.ts')).modbus,
  opcua: async () => (await import('./opcua/driver.ts')).opcua,
  serial: async () => (await import('./serial/driver.ts')).serial,
};

/** The certificates of OPC UA devices, for the command line. */
export const certificates = async () => import('./opcua/pki.ts');
