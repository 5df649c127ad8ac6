// The contract suite, its part on ends and failures: a stop at every moment, the n-th request failed.
import { expect, test } from 'vitest';
import { qualityOf } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import { pause, request } from './rig.ts';
import type { Bench, Fault, MakeBench } from './rig.ts';

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

/** A run that needs more requests than this does not end. */
const mostRequests = 80;

/** Fails the n-th request for n = 1, 2, ... until a run completes without meeting it; then for ever. */
export function describeFaultLoops(bench: MakeBench): void {
  const faults: Fault[] = ['cut', 'silence', 'garbage', 'half'];
  test.concurrent.for(faults)(
    'request n met by %s, for each n: all comes right, nothing wrong is given',
    async (fault) => {
      for (let n = 1; ; n += 1) {
        await using one = await bench();
        const context = `${fault} at request ${n}`;
        expect(n, context).toBeLessThan(mostRequests);
        const met = meet(one, fault, (k) => k === n);
        const initial = heldBy(one);
        await one.online();
        const { rig } = one;
        const results = one.driver.write?.(rig.outputs.map((o) => request(o, o.values[0])));
        for (const input of rig.inputs) rig.set(input.name, input.values[0]);
        const outcomes = ((await results) ?? []).map(({ outcome }) => outcome);
        const isRight = outcomes.every((o) => o === 'confirmed' || o === 'unknown');
        expect(isRight, context).toBe(true);
        await one.sink.until(`the outputs arrive, ${context}`, () =>
          rig.outputs.every((o) => rig.get(o.name) === o.values[0]),
        );
        await one.settled();
        expectNothingWrong(one, initial, { fault, context });
        if (!met()) return;
      }
    },
  );

  test.concurrent.for(faults)(
    'requests from the n-th on met by %s: it never looks alive, and can be stopped',
    async (fault) => {
      for (const n of [1, 2, 3, 5, 8, 13]) {
        await using one = await bench();
        const context = `${fault} from request ${n} on`;
        const met = meet(one, fault, (k) => k >= n);
        const initial = heldBy(one);
        await one.driver.setTags(one.tags);
        one.driver.start(one.sink);
        await one.sink.until(`it is there or fails, ${context}`, () =>
          one.sink.healths.some(({ error, state }) => error !== undefined || state === 'online'),
        );
        const deadline = milliseconds(100);
        const results = one.driver.write?.(
          one.rig.outputs.map((o) => request(o, o.values[0], { deadline })),
        );
        const outcomes = ((await results) ?? []).map(({ outcome }) => outcome);
        expect(outcomes).toHaveLength(results === undefined ? 0 : one.rig.outputs.length);
        const isRight = outcomes.every((o) => o === 'confirmed' || o === 'unknown');
        expect(isRight, context).toBe(true);
        // A busy machine's late answer is an error, too: that before the fault counts for nothing.
        await one.sink.until(`it is met, ${context}`, met);
        const since = one.sink.healths.length - 1;
        await one.sink.until(`it fails, ${context}`, () =>
          one.sink.healths.slice(since).some(({ error }) => error !== undefined),
        );
        await one.sink.until(`it is not online, ${context}`, () => one.sink.state !== 'online');
        one.sink.confirmed = [];
        const after = one.sink.healths.length;
        await pause(100);
        const alive = one.sink.confirmed
          .flatMap(({ group }) => group)
          .filter((tag) => one.sink.good(tag) !== undefined);
        expect(alive, context).toEqual([]);
        const states = one.sink.healths.slice(after).map(({ state }) => state);
        expect(states, context).not.toContain('online');
        expectNothingWrong(one, initial, { fault, context });
      }
    },
  );
}

/** Lets requests meet the fault; tells whether one did. */
function meet(one: Bench, fault: Fault, which: (k: number) => boolean): () => boolean {
  let met = false;
  one.rig.server.begin((k) => {
    if (!which(k)) return undefined;
    met = true;
    return fault;
  });
  return () => met;
}

type Held = ReadonlyMap<string, Value>;

const heldBy = ({ rig }: Bench): Held =>
  new Map([...rig.inputs, ...rig.outputs].map(({ name }) => [name, rig.get(name)]));

/**
 * A good value is one that the device held; a bad one is the last that was known, for people, and
 * only of a device that answered: nobody else makes a value bad.
 */
function expectNothingWrong(
  one: Bench,
  initial: Held,
  { fault, context }: { fault: Fault; context: string },
): void {
  const tags = [...one.rig.inputs, ...one.rig.outputs];
  const last = new Map<string, Value>();
  const wrong = one.sink.batches.flat().filter(({ tag, value, status }) => {
    if (qualityOf(status) !== 'good') {
      return fault !== 'garbage' || (value !== null && value !== last.get(tag));
    }
    last.set(tag, value);
    const values: readonly Value[] = tags.find(({ name }) => name === tag)?.values ?? [];
    return !values.includes(value) && value !== initial.get(tag);
  });
  expect(wrong, context).toEqual([]);
  const epochs = one.sink.healths.map(({ epoch }) => epoch);
  expect(epochs, context).toEqual(epochs.toSorted((a, b) => a - b));
}
