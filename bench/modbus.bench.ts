// From a Modbus input to the Modbus output: the driver, with nothing above it, beside a bare loop of
// modbus-serial on the same device in the same run. One sample is one reaction; ratios count, not ms.
import { Worker } from 'node:worker_threads';
import modbusSerial from 'modbus-serial';
import { bench, describe } from 'vitest';
import type { Driver, DriverTag } from '#contract/driver.ts';
import { tagName } from '#contract/name.ts';
import { milliseconds } from '#contract/time.ts';
import { modbus } from '#drivers/modbus/driver.ts';
import { driverDeps } from '#test/driver/deps.ts';

const worker = new Worker(new URL('modbus-server.mjs', import.meta.url));
const port = await new Promise<number>((resolve) => worker.once('message', resolve));
worker.unref();

const input: DriverTag = tag('in', { discrete: 0 }, 'input', 'fast');
const output: DriverTag = tag('out', { coil: 0 }, 'output', 'slow');

function tag(name: string, at: unknown, direction: 'input' | 'output', poll: string): DriverTag {
  return { name: tagName(name), at, direction, type: 'real', poll, options: {} };
}

/** The driver, writing to the output whatever it reads from the input; counts its reactions. */
class Reactor {
  readonly driver: Driver;
  #reacted: () => void = () => undefined;

  constructor(poll: string) {
    const config = { tcp: `127.0.0.1:${port}`, poll: { fast: poll, slow: '1s' } };
    this.driver = modbus.create(driverDeps(), modbus.config.parse(config));
  }

  async start(more: readonly DriverTag[] = []): Promise<void> {
    await this.driver.setTags([input, output, ...more]);
    this.driver.start({
      samples: (batch) => {
        for (const sample of batch) if (sample.tag === input.name) void this.#react(sample.value);
      },
      seen: () => undefined,
      health: () => undefined,
    });
    await this.reaction();
  }

  /** Resolves at the next one. */
  reaction(): Promise<void> {
    return new Promise((resolve) => {
      this.#reacted = resolve;
    });
  }

  async #react(value: boolean | number | bigint | string | null): Promise<void> {
    const deadline = milliseconds(1000);
    const request = {
      id: 'w',
      tag: output.name,
      value,
      deadline,
      verify: 'echo',
      safe: false,
    } as const;
    await this.driver.write?.([request]);
    this.#reacted();
  }
}

async function bare(): Promise<InstanceType<typeof modbusSerial.default>> {
  const client = new modbusSerial.default();
  await client.connectTCP('127.0.0.1', { port });
  client.setID(1);
  return client;
}

const client = await bare();
/** The input has always changed since the last reaction: one read, one write. */
async function bareReaction(): Promise<void> {
  const { data } = await client.readDiscreteInputs(0, 1);
  await client.writeCoil(0, data[0] === true);
}
const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
const options = { time: 2000, warmupTime: 500 };

/** Each case has the device to itself: the driver runs from the setup to the teardown of its bench. */
function driverCase(name: string, poll: string, more: readonly DriverTag[] = []): void {
  let reactor: Reactor | undefined;
  bench(name, () => reactor?.reaction(), {
    ...options,
    setup: async () => {
      reactor = new Reactor(poll);
      await reactor.start(more);
    },
    teardown: async () => {
      await reactor?.driver.stop(milliseconds(1000));
    },
  });
}

describe('reaction, polling as fast as the device answers', () => {
  bench('bare modbus-serial', () => bareReaction(), options);
  driverCase('driver', '0ms');
  const thousand = Array.from({ length: 1000 }, (_, i) =>
    tag(`t${i}`, { holding: i }, 'input', 'slow'),
  );
  driverCase('driver, with 1,000 more tags at 1 s', '0ms', thousand);
  driverCase(
    'driver, with 1,000 more tags as fast as they come',
    '0ms',
    thousand.map((one) => ({ ...one, poll: 'fast' })),
  );
});

describe('reaction at a 1 ms poll', () => {
  bench('bare modbus-serial, setTimeout of 1 ms', () => tick().then(bareReaction), options);
  driverCase('driver', '1ms');
});
