// Who is looked at next: places at the panel, and of those who were here before, are no stranger's.
import { expect, test } from 'vitest';
import { laneLimit, Queue, sourceLimit } from '#controller/people/queue.ts';
import type { Waiter } from '#controller/people/queue.ts';

const atOnce = 2;
const stranger = (source: string): Waiter => ({ lane: 'stranger', source });
const panel: Waiter = { lane: 'panel', source: '127.0.0.1' };

/** A queue, and in which order its guests were let in. */
function rig() {
  const queue = new Queue(atOnce);
  const order: string[] = [];
  const leave: (() => void)[] = [];
  const enter = async (who: Waiter): Promise<string> =>
    queue.enter(who).then(
      (left) => {
        order.push(who.source);
        leave.push(left);
        return 'in';
      },
      (error: { code: string }) => error.code,
    );
  /** Each is done when it is let in, until nobody waits. */
  const drain = async (): Promise<void> => {
    await new Promise((done) => setImmediate(done));
    for (let left = leave.shift(); left !== undefined; left = leave.shift()) {
      left();
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await new Promise((done) => setImmediate(done));
    }
  };
  return { enter, order, drain };
}

test('a thousand strangers leave the panel and those who were here before their places', async () => {
  const { enter, order, drain } = rig();
  const strangers = Array.from({ length: 1000 }, async (_, each) => enter(stranger(`s${each}`)));
  const known = enter({ lane: 'known', source: 'k' });
  const atPanel = enter(panel);
  await drain();
  expect(await Promise.all([known, atPanel])).toEqual(['in', 'in']);
  const told = await Promise.all(strangers);
  expect(told.filter((one) => one === 'in')).toHaveLength(atOnce + laneLimit);
  expect(new Set(told)).toEqual(new Set(['in', 'E_SIGN_IN_BUSY']));
  // Whoever is at the panel waits for one that is looked at, and no longer.
  expect(order.slice(0, 4)).toEqual(['s0', 's1', '127.0.0.1', 'k']);
});

test('one source has no more than its share, as a stranger or not, and gets it back', async () => {
  for (const lane of ['stranger', 'known'] as const) {
    const { enter, drain } = rig();
    const one = Array.from({ length: 50 }, async () => enter({ lane, source: 'one' }));
    const other = enter({ lane, source: 'other' });
    // oxlint-disable-next-line no-await-in-loop -- two stories
    await drain();
    // oxlint-disable-next-line no-await-in-loop -- two stories
    const told = await Promise.all(one);
    expect(told.filter((each) => each === 'in')).toHaveLength(sourceLimit);
    // oxlint-disable-next-line no-await-in-loop -- two stories
    expect([await other, await enter({ lane, source: 'one' })]).toEqual(['in', 'in']);
  }
});

test('neither strangers nor those who were here before wait for all of the others', async () => {
  const { enter, order, drain } = rig();
  void enter(panel);
  void enter(panel);
  for (let each = 0; each < 4; each += 1) {
    void enter({ lane: 'known', source: `k${each}` });
    void enter(stranger(`s${each}`));
  }
  await drain();
  expect(order.slice(2)).toEqual(['k0', 's0', 'k1', 's1', 'k2', 's2', 'k3', 's3']);
});
