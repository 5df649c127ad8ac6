// What every driver under test is given beside its device: a real clock, no chance, control alive.
import { CellId, deviceId } from '#contract/name.ts';
import type { DriverDeps } from '#contract/driver.ts';
import { realClock } from '#controller/clock.ts';

/** `data` is a directory that only OPC UA writes to; `over` replaces what a test needs otherwise. */
export function driverDeps(over: Partial<DriverDeps> = {}): DriverDeps {
  return {
    cell: CellId.parse('rig'),
    device: deviceId('rig'),
    data: 'no-such-directory',
    secret: (name) => `the secret ${name}`,
    clock: realClock(),
    random: () => 0,
    log: () => undefined,
    heartbeat: { alive: () => true },
    ...over,
  };
}

/** What a tag of these values is. */
export function typeOf(value: unknown): 'bool' | 'real' | 'string' {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'real';
}
