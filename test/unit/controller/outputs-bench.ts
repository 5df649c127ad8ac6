// Two outputs of one device, on a clock that the test moves and with a device that it answers for.
import { tagName } from '#contract/name.ts';
import type { Value } from '#contract/sample.ts';
import { Outputs } from '#controller/devices/outputs.ts';
import type { OutputPlan } from '#controller/devices/outputs.ts';
import { TestClock } from './chronicle/local-chronicle.ts';
import { DeviceDouble } from './device-double.ts';

export interface Bench {
  readonly clock: TestClock;
  readonly device: DeviceDouble;
  readonly outputs: Outputs;
  readonly ended: string[];
  /** Decides in the next scan. */
  readonly decide: (value: Value, cause: number, tag?: number) => void;
}

export function bench(
  durability: 'strict' | 'fast' = 'strict',
  more: Partial<OutputPlan> = {},
): Bench {
  const clock = new TestClock();
  const device = new DeviceDouble();
  const ended: string[] = [];
  const plans = ['valve', 'motor'].map((name, tag): OutputPlan => ({
    tag,
    name: tagName(name),
    device: 'io',
    safe: 0,
    driver: device,
    verify: 'readback',
    toWire: (value) => value,
    ...more,
  }));
  const outputs = new Outputs(
    clock,
    plans,
    { durability },
    {
      ended: ({ name }, value, { outcome }) =>
        void ended.push(`${name}=${String(value)} ${outcome}`),
    },
  );
  let scan = 0;
  const decide = (value: Value, cause: number, tag = 0): void => {
    scan += 1;
    outputs.decide([{ tag, value, safe: value === 0 }], scan, cause);
  };
  return { clock, device, outputs, ended, decide };
}
