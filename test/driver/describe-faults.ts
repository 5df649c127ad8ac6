// The contract suite, its part on ends and failures: a stop at every moment, the n-th request failed.
import { expect, test } from 'vitest';
import { qualityOf } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import { pause, request } from './rig.ts';
import type { Bench, MakeBench } from './rig.ts';
import type { Fault } from './rig-server.ts';

export function describeStop(bench: MakeBench): void {
  const moments: { name: string; prepare: (one: Bench) => Promise<void> }[] = [
    { name: 'before it was started', prepare: async () => undefined },
    {
      name: 'while it connects',
      prepare: async (one) => one.driver.start(one.sink),
    },
    { name: 'while it polls', prepare: async (one) => void (await one.online()) },
    {
      name: 'while the device hangs',
      prepare: async (one) => {
        await one.online();
        one.rig.server.begin(() => 'silence');
        await pause(20);
      },
    },
    {
      name: 'while it waits to connect again',
      prepare: async (one) => {
        await one.online();
        await one.rig.server.close();
        await one.sink.until('it waits', () => one.sink.state === 'backoff');
      },
    },
  ];
  test.for(moments)('stopped $name, nothing is called afterwards', async ({ prepare }) => {
    await using one = await bench();
    await prepare(one);
    const pending = one.driver.write?.(one.rig.outputs.map((o) => request(o, o.values[0])));
    const began = performance.now();
    await one.driver.stop(milliseconds(1000));
    expect(performance.now() - began).toBeLessThan(1000 + 500);
    const calls = one.sink.calls;
    const logged = one.log.length;
    await pending;
    await pause(one.rig.timeout * 2);
    expect(one.sink.calls).toBe(calls);
    expect(one.log.length).toBe(logged);
    expect(one.sink.state ?? 'stopped').toBe('stopped');
    expect(one.rig.server.open).toBe(0);
    await one.driver.stop(milliseconds(1000));
    expect(one.sink.calls).toBe(calls);
  });
}

/** Fails the n-th request for n = 1, 2, ..., once and then for ever. */
export function describeFaultLoops(bench: MakeBench): void {
  const faults: Fault[] = ['cut', 'silence', 'garbage', 'half'];
  test.concurrent.for(faults)(
    'request n met by %s, for each n: all comes right, nothing wrong is given',
    async (fault) => {
      for (let n = 1; n <= 12; n += 1) {
        await using one = await bench();
        const { rig } = one;
        rig.server.begin((k) => (k === n ? fault : undefined));
        await one.online();
        const results = one.driver.write?.(rig.outputs.map((o) => request(o, o.values[0])));
        for (const input of rig.inputs) rig.set(input.name, input.values[0]);
        const outcomes = ((await results) ?? []).map(({ outcome }) => outcome);
        const context = `${fault} at request ${n}`;
        expect(
          outcomes.every((o) => o === 'confirmed' || o === 'unknown'),
          context,
        ).toBe(true);
        await one.sink.until(`the outputs arrive, ${context}`, () =>
          rig.outputs.every((o) => rig.get(o.name) === o.values[0]),
        );
        await one.settled();
        expectNothingWrong(one, context);
      }
    },
  );

  test.concurrent.for(faults)(
    'requests from the n-th on met by %s: it never looks alive, and can be stopped',
    async (fault) => {
      for (const n of [1, 2, 5]) {
        await using one = await bench();
        one.rig.server.begin((k) => (k >= n ? fault : undefined));
        await one.driver.setTags(one.tags);
        one.driver.start(one.sink);
        await one.sink.until('it fails', () =>
          one.sink.healths.some(({ error }) => error !== undefined),
        );
        const results = one.driver.write?.(
          one.rig.outputs.map((o) => request(o, o.values[0], { deadline: milliseconds(100) })),
        );
        const outcomes = ((await results) ?? []).map(({ outcome }) => outcome);
        expect(outcomes).toEqual(one.rig.outputs.map(() => 'unknown'));
        expect(one.sink.state).not.toBe('online');
        expectNothingWrong(one, `${fault} from request ${n} on`);
      }
    },
  );
}

/** A good value is one that the device held, and no call came before the device was connected. */
function expectNothingWrong(one: Bench, context: string): void {
  const tags = [...one.rig.inputs, ...one.rig.outputs];
  for (const sample of one.sink.batches.flat()) {
    if (qualityOf(sample.status) !== 'good') continue;
    const tag = tags.find(({ name }) => name === sample.tag);
    const held: Value[] = [...(tag?.values ?? []), false, 0];
    expect(held, `${sample.tag} ${context}`).toContain(sample.value);
  }
  const epochs = one.sink.healths.map(({ epoch }) => epoch);
  expect(epochs, context).toEqual(epochs.toSorted((a, b) => a - b));
}
