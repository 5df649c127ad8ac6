// What a manifest says of a device's driver that virtual time needs: deadlines, beats and poll classes. The rest of a
// driver's fields is the driver's business, and no driver is imported here.
import type { DeviceFrame } from '#contract/cell.ts';
import { parseDuration } from '#contract/time.ts';

export interface DriverTiming {
  /** For one answer, ms. */
  readonly timeout: number;
  /** Between two beats, ms; undefined without a heartbeat. */
  readonly heartbeat: number | undefined;
  /** Poll classes by name, ms; the first is the default. */
  readonly classes: readonly (readonly [name: string, period: number])[];
}

/** As the drivers' own defaults are. */
const usual = { timeout: 300, heartbeat: 100, period: 100 };

export function timingOf(frame: DeviceFrame): DriverTiming {
  const { heartbeat, timeout, poll } = frame;
  const every = isObject(heartbeat) ? (spanOf(heartbeat['every']) ?? usual.heartbeat) : undefined;
  const classes = isObject(poll)
    ? Object.entries(poll).map(([name, span]) => [name, spanOf(span) ?? usual.period] as const)
    : [['default', usual.period] as const];
  return { timeout: spanOf(timeout) ?? usual.timeout, heartbeat: every, classes };
}

function spanOf(text: unknown): number | undefined {
  return typeof text === 'string' ? parseDuration(text) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
