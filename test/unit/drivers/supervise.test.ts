// The life of a connection in virtual time: backoff, epochs, deadlines, circuits, health, the end.
import { describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import { instant, milliseconds } from '#contract/time.ts';
import { backoff } from '#drivers/supervise.ts';
import { never, refuse, setUp } from './supervise-rig.ts';

describe('backoff', () => {
  test.for([
    [0, 125, 250],
    [1, 250, 500],
    [2, 500, 1000],
    [3, 1000, 2000],
    [4, 1000, 2000],
    [60, 1000, 2000],
  ] as const)('after %i failures it waits %i to %i ms', ([failures, least, most]) => {
    expect(backoff(failures, 0)).toBe(least);
    expect(backoff(failures, 0.999999)).toBeCloseTo(most, 1);
  });

  test('a device that refuses is tried again with growing waits', async () => {
    const { clock, tries, supervisor, sink, healths } = setUp(refuse);
    supervisor.start(sink);
    await clock.advance(5000);
    const waits = tries.slice(1).map((at, i) => at - (tries[i] ?? 0));
    expect(waits).toEqual([125, 250, 500, 1000, 1000, 1000, 1000]);
    expect(healths.at(-1)).toMatchObject({ state: 'backoff', epoch: 0, failures: 8 });
    expect(healths.at(-1)?.error?.code).toBe('E_DEVICE_CONNECT');
  });

  test('ten seconds online begin the backoff anew, less do not', async () => {
    const { clock, links, tries, supervisor, sink, ask } = setUp();
    supervisor.start(sink);
    const waits: number[] = [];
    for (const online of [100, 100, 9000, 10_000, 100]) {
      await clock.advance(10);
      await ask();
      await clock.advance(online);
      const lostAt = clock.now();
      links.at(-1)?.lost(new CellError('E_DEVICE_CLOSED', 'gone'));
      await clock.advance(3000);
      waits.push((tries.at(-1) ?? 0) - lostAt);
    }
    expect(waits).toEqual([125, 250, 500, 125, 250]);
  });

  test('a connection that never comes is given up and its transport destroyed', async () => {
    const { clock, links, tries, supervisor, sink } = setUp(never);
    supervisor.start(sink);
    await clock.advance(1000);
    expect(links[0]?.destroyed).toBe(true);
    await clock.advance(125);
    expect(tries).toHaveLength(2);
  });
});

describe('health', () => {
  test('a device is online when it has answered, not when it is connected', async () => {
    const { clock, healths, supervisor, sink, ask } = setUp();
    supervisor.start(sink);
    await clock.advance(500);
    expect(healths.map(({ state }) => state)).toEqual(['connecting']);
    await ask();
    expect(healths.at(-1)).toMatchObject({ state: 'online', epoch: 1 });
  });

  test('a device that is lost changes its state once, however often it is tried', async () => {
    const { clock, links, healths, supervisor, sink, ask, askInVain } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    await ask();
    links[0]?.lost(new CellError('E_DEVICE_CLOSED', 'gone'));
    for (let i = 0; i < 20; i += 1) {
      void askInVain();
      await clock.advance(300);
    }
    expect(links.length).toBeGreaterThan(3);
    const states = healths.map(({ state }) => state);
    expect(states.filter((state, i) => state !== states[i - 1])).toEqual([
      'connecting',
      'online',
      'backoff',
    ]);
    const since = healths.filter(({ state }) => state === 'backoff').map((health) => health.since);
    expect(new Set(since).size).toBe(1);
    await clock.advance(2000);
    await ask();
    expect(healths.at(-1)?.state).toBe('online');
  });

  test('an answer that is not right does not make it online', async () => {
    const { clock, healths, supervisor, sink } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    await supervisor.request(
      1,
      milliseconds(100),
      () => Promise.resolve(1),
      () => false,
    );
    expect(healths.map(({ state }) => state)).toEqual(['connecting']);
  });

  test('a missed deadline shows as degraded, and a second of answers clears it', async () => {
    const { clock, healths, supervisor, sink, ask, askInVain } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    await ask();
    const vain = askInVain();
    await clock.advance(100);
    expect(await vain).toEqual({ kind: 'timeout' });
    expect(healths.at(-1)).toMatchObject({ state: 'degraded', stale: 1 });
    await clock.advance(500);
    await ask();
    expect(healths.at(-1)?.state).toBe('degraded');
    await clock.advance(600);
    await ask();
    expect(healths.at(-1)?.state).toBe('online');
    expect(healths.at(-1)?.error).toBeUndefined();
  });
});

describe('requests', () => {
  test('end with the connection, at once', async () => {
    const { clock, links, supervisor, sink, askInVain } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    const pending = [askInVain(), askInVain()];
    links[0]?.lost(new CellError('E_DEVICE_CLOSED', 'gone'));
    await clock.advance(0);
    expect(await Promise.all(pending)).toEqual([{ kind: 'closed' }, { kind: 'closed' }]);
    expect(await supervisor.request(1, milliseconds(1), () => Promise.resolve(1))).toEqual({
      kind: 'closed',
    });
  });

  test('deadlines missed for half a second end the connection; an answer between them does not', async () => {
    const { clock, links, supervisor, sink, ask, askInVain } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    for (const answered of [true, false]) {
      for (let missed = 1; missed <= 5; missed += 1) {
        expect(links[0]?.destroyed).toBe(false);
        void askInVain();
        await clock.advance(100);
        if (answered && missed === 3) await ask();
      }
      expect(links[0]?.destroyed).toBe(!answered);
      if (answered) await ask();
    }
  });

  test('probes of a unit that is known to be dead do not end the connection of the others', async () => {
    const { clock, links, supervisor, sink, ask, askInVain } = setUp();
    supervisor.breakers.setUnits([1, 2]);
    supervisor.start(sink);
    await clock.advance(1);
    for (let i = 0; i < 3; i += 1) {
      void askInVain(1);
      await clock.advance(100);
      await ask(2);
    }
    expect(supervisor.breakers.isOpen(1)).toBe(true);
    for (let i = 0; i < 4; i += 1) {
      void askInVain(1);
      await clock.advance(5000);
    }
    expect(links).toHaveLength(1);
    expect(links[0]?.destroyed).toBe(false);
    // When the other is silent too it is the line.
    for (let i = 0; i < 2; i += 1) {
      void askInVain(2);
      await clock.advance(100);
    }
    expect(links[0]?.destroyed).toBe(true);
  });

  test('an answer after its deadline goes nowhere', async () => {
    const { clock, supervisor, sink } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    let answer: ((value: string) => void) | undefined;
    const outcome = supervisor.request(1, milliseconds(100), () => {
      return new Promise<string>((resolve) => {
        answer = resolve;
      });
    });
    await clock.advance(100);
    answer?.('late');
    expect(await outcome).toEqual({ kind: 'timeout' });
  });

  test('an answer that lay in the socket while the process stood still is not taken for new', async () => {
    const { clock, healths, supervisor, sink } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    const outcome = supervisor.request(1, milliseconds(100), () => {
      clock.stall(101);
      return Promise.resolve('old');
    });
    await clock.advance(0);
    expect(await outcome).toEqual({ kind: 'timeout' });
    expect(healths.map(({ state }) => state)).toEqual(['connecting']);
  });

  test('one that the device may hold back is counted and shows that it is alive, and measures no latency', async () => {
    const { clock, healths, supervisor, sink } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    for (const [timed, took] of [
      [false, 90],
      [true, 10],
    ] as const) {
      const answer = (): Promise<number> =>
        new Promise((resolve) => void clock.after(milliseconds(took), () => resolve(1)));
      const outcome = supervisor.request(1, milliseconds(100), answer, undefined, timed);
      await clock.advance(took);
      expect(await outcome).toMatchObject({ kind: 'answer' });
    }
    await clock.advance(1000);
    expect(healths.at(-1)).toMatchObject({ state: 'online', requests: 2 });
    expect(healths.at(-1)?.latency).toEqual({ p50: 10, p99: 10 });
  });

  test('the time of an answer is the middle between request and answer', async () => {
    const { clock, supervisor, sink } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    const outcome = supervisor.request(1, milliseconds(100), () => {
      return new Promise<string>((resolve) => void clock.after(40, () => resolve('yes')));
    });
    await clock.advance(40);
    expect(await outcome).toMatchObject({ kind: 'answer', time: 1_000_021, received: 41 });
  });

  test('work that throws is a device that is down, not an exception', async () => {
    const { clock, healths, supervisor, sink } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    const outcome = supervisor.request(1, milliseconds(100), () =>
      Promise.reject(new TypeError('a mistake')),
    );
    await clock.advance(1);
    expect(await outcome).toEqual({ kind: 'closed' });
    expect(healths.at(-1)).toMatchObject({ state: 'backoff', error: { code: 'E_INTERNAL' } });
  });
});

describe('stop', () => {
  test('leaves no timer behind and says stopped last', async () => {
    const { clock, healths, links, supervisor, sink, ask, askInVain } = setUp();
    supervisor.start(sink);
    await clock.advance(1);
    await ask();
    void askInVain();
    const stopped = supervisor.stop(milliseconds(1000));
    await clock.advance(0);
    await stopped;
    expect(healths.at(-1)?.state).toBe('stopped');
    expect(links[0]?.destroyed).toBe(true);
    expect(clock.timers).toBe(0);
  });
});

test('a stop while it waits to connect again does not wait', async () => {
  const { clock, healths, supervisor, sink } = setUp(refuse);
  supervisor.start(sink);
  await clock.advance(3000);
  expect(healths.at(-1)?.state).toBe('backoff');
  const stopped = supervisor.stop(milliseconds(1000));
  await clock.advance(0);
  await stopped;
  expect(clock.timers).toBe(0);
  expect(healths.at(-1)).toMatchObject({ state: 'stopped' });
  expect(healths.at(-1)?.nextTry).toBeUndefined();
});

test('what a driver says after it was stopped reaches nobody', async () => {
  const { clock, supervisor, sink } = setUp();
  let calls = 0;
  const count = (): void => void (calls += 1);
  supervisor.start({ samples: count, seen: count, health: sink.health });
  await clock.advance(1);
  supervisor.samples([]);
  supervisor.seen([], instant(0));
  const stopped = supervisor.stop(milliseconds(1000));
  await clock.advance(0);
  await stopped;
  supervisor.samples([]);
  supervisor.seen([], instant(0));
  expect(calls).toBe(2);
});
