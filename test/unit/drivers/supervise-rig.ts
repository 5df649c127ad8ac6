// A supervisor in virtual time, with links that a test opens, loses and looks at.
import { CellError } from '#contract/error.ts';
import type { DeviceHealth } from '#contract/driver.ts';
import { instant, milliseconds, utcMs } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { Supervisor } from '#drivers/supervise.ts';
import type { Connection, Outcome } from '#drivers/supervise.ts';
import { driverDeps } from '#test/driver/deps.ts';

/** Time that moves only when a test says so; promises are let run at each step. */
export class TestClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; run: () => void }>();
  readonly now = () => instant(this.#now);
  readonly time = () => utcMs(1_000_000 + this.#now);
  readonly after = (delay: number, run: () => void) => {
    const timer = { at: this.#now + delay, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };
  get timers(): number {
    return this.#timers.size;
  }
  /** The process stands still: time goes on, no timer runs. */
  stall(span: number): void {
    this.#now += span;
  }
  async advance(span: number): Promise<void> {
    const end = this.#now + span;
    await settle();
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ at }) => at <= end)
        .toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.run();
      await settle();
    }
    this.#now = end;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

export class TestLink implements Connection {
  destroyed = false;
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  #close: () => void = () => undefined;
  readonly lost: (error: CellError) => void;
  constructor(ready: Promise<void>, lost: (error: CellError) => void) {
    this.ready = ready;
    this.lost = lost;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }
  destroy(): void {
    this.destroyed = true;
    this.#close();
  }
}

export const never = (): Promise<never> => new Promise(() => undefined);
export const refuse = (): Promise<void> => Promise.reject(new CellError('E_DEVICE_CONNECT', 'no'));

export function setUp(ready: () => Promise<void> = () => Promise.resolve(), aftermath = 0) {
  const clock = new TestClock();
  const links: TestLink[] = [];
  const healths: DeviceHealth[] = [];
  const tries: number[] = [];
  let chance = 0;
  const deps = driverDeps({ clock, random: () => chance });
  const supervisor: Supervisor<TestLink> = new Supervisor<TestLink>(deps, {
    connectTimeout: milliseconds(1000),
    aftermath: milliseconds(aftermath),
    open: (lost) => {
      tries.push(clock.now());
      const link = new TestLink(ready(), lost);
      links.push(link);
      return link;
    },
    serve: async (link) => {
      while (supervisor.isCurrent(link)) await supervisor.rest(Infinity);
    },
  });
  const sink = {
    samples: () => undefined,
    seen: () => undefined,
    health: (health: DeviceHealth) => void healths.push(health),
  };
  const ask = (unit = 1): Promise<Outcome<string>> =>
    supervisor.request(unit, milliseconds(100), () => Promise.resolve('yes'));
  const askInVain = (unit = 1): Promise<Outcome<string>> =>
    supervisor.request(unit, milliseconds(100), never);
  const setChance = (value: number): void => {
    chance = value;
  };
  return { clock, links, healths, tries, supervisor, sink, ask, askInVain, setChance };
}
