// The contract suite: what contract.md sections 3 and 4 ask of a driver, sentence by sentence, over
// real sockets with short times. Waits are for conditions; their limits are generous.
import { describe, expect, test } from 'vitest';
import { describeFaultLoops, describeStop } from './describe-faults.ts';
import { describeValues } from './describe-values.ts';
import { describeNoOutputs, describeWrites, describeWritesUnderLoss } from './describe-writes.ts';
import { Bench, nth, pause } from './rig.ts';
import type { MakeBench, MakeRig } from './rig.ts';

export interface DriverOptions {
  /** False: a device that cannot be written. */
  readonly outputs?: boolean;
  /** What of the config is otherwise where connections or the order of requests count: a busy machine's late answers then cost none. */
  readonly patience?: Readonly<Record<string, unknown>>;
}

export function describeDriver(
  name: string,
  makeRig: MakeRig,
  { outputs = true, patience = {} }: DriverOptions = {},
): void {
  const bench = async (): Promise<Bench> => new Bench(await makeRig());
  const patient = async (): Promise<Bench> => new Bench(await makeRig(), patience);
  describe(`the ${name} driver`, { timeout: 60_000 }, () => {
    describeSamples(bench);
    describeValues(bench, makeRig);
    describeLoss(bench);
    describeHealth(bench);
    describeConnections(patient);
    if (outputs) {
      describeWrites(patient);
      describeWritesUnderLoss(bench);
    } else {
      describeNoOutputs(bench);
    }
    describeTags(patient);
    describeStop(bench);
    describeFaultLoops(bench);
  });
}

function describeSamples(bench: MakeBench): void {
  test('start returns before anything is called', async () => {
    await using one = await bench();
    await one.driver.setTags(one.tags);
    one.driver.start(one.sink);
    expect(one.sink.calls).toBe(0);
    await one.settled();
  });

  test('every tag is given exactly once after connecting', async () => {
    await using one = await bench();
    await one.online();
    await pause(100);
    const counts = one.sink.counts();
    expect([...counts.keys()].toSorted()).toEqual(one.tags.map((tag) => tag.name).toSorted());
    expect([...new Set(counts.values())]).toEqual([1]);
    expect(one.sink.epoch).toBe(1);
  });

  test('a poll that finds changes gives them in one call, and nothing else', async () => {
    await using one = await bench();
    await one.online();
    const [a, b] = [nth(one.rig.inputs, 0), nth(one.rig.inputs, 1)];
    one.sink.clear();
    // Set in one turn of the event loop: the device answers before or after, never between.
    one.rig.set(a.name, a.values[0]);
    one.rig.set(b.name, b.values[0]);
    await one.settled();
    await pause(60);
    expect(one.sink.batches).toHaveLength(1);
    expect(one.sink.batches[0]?.map((sample) => sample.tag).toSorted()).toEqual(
      [a.name, b.name].toSorted(),
    );
  });

  test('what did not change is confirmed, each group by one array that stays the same', async () => {
    await using one = await bench();
    await one.online();
    one.sink.clear();
    const wanted = one.tags.map((tag) => tag.name);
    await one.sink.until('all are confirmed thrice', () =>
      wanted.every((tag) => one.sink.confirmed.filter((c) => c.group.includes(tag)).length > 2),
    );
    expect(one.sink.batches).toEqual([]);
    const groups = new Map(one.sink.confirmed.map(({ group }) => [group, group.join()]));
    expect(new Set(groups.values()).size).toBe(groups.size);
    const received = one.sink.confirmed.map((c) => c.received);
    expect(received).toEqual(received.toSorted((a, b) => a - b));
  });

  test('a changed tag does not keep its unchanged neighbours from being confirmed', async () => {
    await using one = await bench();
    await one.online();
    const [a, b] = [nth(one.rig.inputs, 0), nth(one.rig.inputs, 1)];
    // With each request the device holds what the driver does not know yet.
    one.rig.server.begin(() => {
      one.rig.set(a.name, one.sink.good(a.name) === a.values[0] ? a.values[1] : a.values[0]);
      return undefined;
    });
    one.sink.clear();
    await one.sink.until('it changes often', () => (one.sink.counts().get(a.name) ?? 0) > 8);
    const times = one.sink.confirmed
      .filter(({ group }) => group.includes(b.tag.name))
      .map(({ received }) => received);
    expect(times.length).toBeGreaterThan(6);
  });

  test("a sample carries the device's own time, else that between request and answer", async () => {
    await using one = await bench();
    one.rig.server.delay = 60;
    const before = Date.now();
    await one.online();
    const { name } = nth(one.rig.inputs, 0);
    const sample = one.sink.latest(name);
    const own = one.rig.sourceTime?.(name);
    expect(sample?.time).toBeGreaterThanOrEqual(own ?? before + 20);
    expect(sample?.time).toBeLessThanOrEqual(own ?? Date.now() - 20);
    expect(Number.isInteger(sample?.time)).toBe(true);
  });
}

function describeLoss(bench: MakeBench): void {
  test('a device that is not there is a state, and it is found when it comes', async () => {
    await using one = await bench();
    await one.rig.server.close();
    await one.driver.setTags(one.tags);
    one.driver.start(one.sink);
    await one.sink.until('it waits for the next try', () => one.sink.state === 'backoff');
    const health = one.sink.healths.at(-1);
    expect(health?.error?.code).toBe('E_DEVICE_CONNECT');
    expect(health?.nextTry).toBeGreaterThan(health?.since ?? Infinity);
    expect(health?.epoch).toBe(0);
    expect(one.sink.batches).toEqual([]);
    await one.rig.server.listen();
    await one.settled();
    expect(one.sink.epoch).toBe(1);
  });

  test('a cut is told at once, and after it every tag is given once more', async () => {
    await using one = await bench();
    await one.online();
    one.sink.clear();
    one.rig.server.cut();
    await one.sink.until('the loss is told', () =>
      one.sink.healths.some((health) => health.state === 'backoff'),
    );
    await one.sink.until('it is back', () => one.sink.state === 'online');
    await one.settled();
    await pause(60);
    expect(one.sink.epoch).toBe(2);
    expect([...new Set(one.sink.counts().values())]).toEqual([1]);
    expect(one.sink.counts().size).toBe(one.tags.length);
  });

  test('a device that hangs never looks alive: no sample, nothing confirmed, not online', async () => {
    await using one = await bench();
    await one.online();
    one.rig.server.begin(() => 'silence');
    await one.sink.until('it is not online', () => one.sink.state !== 'online');
    one.sink.clear();
    await pause(one.rig.timeout * 5);
    expect(one.sink.batches).toEqual([]);
    expect(one.sink.confirmed).toEqual([]);
    expect(one.sink.healths.slice(1).map((health) => health.state)).not.toContain('online');
    expect(one.sink.healths.at(-1)?.stale).toBeGreaterThan(1);
    one.rig.server.begin(() => undefined);
    const released = performance.now();
    await one.settled();
    expect(performance.now() - released).toBeLessThan(3000 + 2000);
  });

  test('one lost answer disturbs nothing: the connection and the other polls go on', async () => {
    await using one = await bench();
    await one.online();
    one.rig.server.begin((n) => (n === 3 ? 'silence' : undefined));
    await one.sink.until('it was missed', () => (one.sink.healths.at(-1)?.stale ?? 0) > 0);
    one.sink.clear();
    await one.sink.until('polls go on', () => one.sink.confirmed.length > 10);
    expect(one.rig.server.connections).toBe(1);
    expect(one.sink.epoch).toBe(1);
  });
}

function describeHealth(bench: MakeBench): void {
  test('health counts requests and their latency, and tells it while nothing else happens', async () => {
    await using one = await bench();
    await one.online();
    await one.sink.until('figures come', () => (one.sink.healths.at(-1)?.requests ?? 0) > 20);
    const health = one.sink.healths.at(-1);
    expect(health?.latency.p99).toBeGreaterThanOrEqual(health?.latency.p50 ?? Infinity);
    expect(health?.latency.p50).toBeGreaterThan(0);
    await one.sink.until('it is online', () => one.sink.state === 'online');
    expect(health?.lastGood).toBeGreaterThan(Date.now() - 60_000);
  });

  test('figures alone are told at most once a second, and `since` is when the state began', async () => {
    await using one = await bench();
    await one.online();
    one.sink.clear();
    await pause(2500);
    // On a busy machine an answer may be late: a change of state is told at once, whatever the second says.
    const { healths } = one.sink;
    const pairs = healths.slice(1).map((health, i) => [nth(healths, i), health] as const);
    const figures = pairs.filter(([before, health]) => before.state === health.state);
    expect(figures.length).toBeGreaterThanOrEqual(1);
    expect(figures.length).toBeLessThanOrEqual(3);
    for (const [before, health] of figures) expect(health.since).toBe(before.since);
  });

  test('a loss is told at once, before any tag can be stale', async () => {
    await using one = await bench();
    await one.online();
    one.sink.clear();
    const cut = performance.now();
    one.rig.server.cut();
    // A busy machine's late answer may have shown it as degraded before: that is not yet the loss.
    await one.sink.until('it is told', () => (one.sink.healths.at(-1)?.failures ?? 0) > 0);
    expect(performance.now() - cut).toBeLessThan(one.rig.timeout + 1000);
    expect(one.sink.state).toBe('backoff');
    expect(one.sink.batches).toEqual([]);
    await one.settled();
  });
}

function describeConnections(bench: MakeBench): void {
  test('however often it is cut, there is one connection at a time, and `epoch` counts them', async () => {
    await using one = await bench();
    await one.online();
    for (let epoch = 2; epoch <= 4; epoch += 1) {
      one.rig.server.cut();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await one.sink.until('it is back', () => one.sink.epoch === epoch);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await one.settled();
    }
    expect(one.rig.server.connections).toBe(4);
    expect(one.rig.server.open).toBe(1);
    const epochs = one.sink.healths.map(({ epoch }) => epoch);
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
  });
}

function describeTags(bench: MakeBench): void {
  test('tags are replaced without reconnecting; what cannot be served comes back as an issue', async () => {
    await using one = await bench();
    const [a, b, c] = [0, 1, 2].map((i) => nth(one.rig.inputs, i));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three inputs');
    await one.driver.setTags([a.tag, b.tag]);
    one.driver.start(one.sink);
    await one.sink.until('both are given', () => one.sink.counts().size === 2);
    one.sink.clear();
    const issues = await one.driver.setTags([b.tag, c.tag, one.rig.badTag]);
    expect(issues.map(({ code, subject }) => ({ code, subject }))).toEqual([
      { code: 'E_DEVICE_TAG', subject: one.rig.badTag.name },
    ]);
    await one.sink.until('the new one is given', () => one.sink.counts().has(c.name));
    one.sink.clear();
    one.rig.set(a.name, a.values[0]);
    one.rig.set(b.name, b.values[0]);
    await one.sink.until('the kept one moves', () => one.sink.good(b.name) === b.values[0]);
    await pause(50);
    expect([...one.sink.counts().keys()]).toEqual([b.name]);
    expect(one.sink.confirmed.some(({ group }) => group.includes(a.tag.name))).toBe(false);
    expect(one.rig.server.connections).toBe(1);
  });

  test('tags that change all the time are served all the same', async () => {
    await using one = await bench();
    await one.online();
    for (let i = 0; i < 40; i += 1) {
      const some = one.tags.filter((_, k) => (k + i) % 3 !== 0);
      await one.driver.setTags(some);
      await pause(3);
    }
    await one.driver.setTags(one.tags);
    const [a] = one.rig.inputs;
    if (a !== undefined) one.rig.set(a.name, a.values[0]);
    await one.settled();
    expect(one.rig.server.connections).toBe(1);
  });

  test('tags that are set while the device is away are served when it is back', async () => {
    await using one = await bench();
    await one.online();
    await one.rig.server.close();
    await one.sink.until('the loss is told', () => one.sink.state === 'backoff');
    const kept = nth(one.rig.inputs, 1);
    expect(await one.driver.setTags([kept.tag])).toEqual([]);
    one.sink.clear();
    await one.rig.server.listen();
    await one.sink.until('it is given', () => one.sink.counts().has(kept.name));
    await pause(60);
    expect([...one.sink.counts().keys()]).toEqual([kept.name]);
  });

  test('without any tag it is asked nothing and says nothing; with one again it is served', async () => {
    await using one = await bench();
    await one.online();
    await one.driver.setTags([]);
    await pause(50);
    one.sink.clear();
    const input = nth(one.rig.inputs, 0);
    one.rig.set(input.name, input.values[0]);
    await pause(100);
    expect(one.sink.batches).toEqual([]);
    expect(one.sink.confirmed.flatMap(({ group }) => group)).toEqual([]);
    await one.driver.setTags([input.tag]);
    await one.sink.until('it is given', () => one.sink.good(input.name) === input.values[0]);
  });
}
