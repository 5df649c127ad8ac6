// The page's connection: how old the picture is, how it comes back, and that nothing waits for it.
import { describe, expect, test } from 'vitest';
import type { FromBrowser, ToBrowser } from '#contract/live.ts';
import { Acts, newId } from '#hmi/feed/acts.ts';
import { Freshness } from '#hmi/feed/freshness.ts';
import { LiveSocket } from '#hmi/feed/socket.ts';
import type { WireEvents } from '#hmi/feed/socket.ts';
import { link } from './messages.ts';

describe('age', () => {
  test('is that of the last frame of control, however lively station is', () => {
    const fresh = new Freshness();
    fresh.hear(link({ time: 1_000_100, lastFrame: 1_000_000 }), 50);
    expect([fresh.age(50), fresh.live(50), fresh.live(1949), fresh.live(1950)]).toEqual([
      100,
      true,
      true,
      false,
    ]);
    fresh.hear(link({ time: 1_003_000, lastFrame: 1_000_000 }), 2950);
    expect([fresh.age(2950), fresh.live(2950)]).toEqual([3000, false]);
  });

  test('is infinite where control was never heard', () => {
    const fresh = new Freshness();
    expect([fresh.age(0), fresh.live(0)]).toEqual([Number.POSITIVE_INFINITY, false]);
    fresh.hear(link({ lastFrame: 0 }), 0);
    expect(fresh.live(0)).toBe(false);
  });

  test('the time of the cell runs while it is live and stands at its last frame when not', () => {
    const fresh = new Freshness();
    fresh.hear(link({ time: 1_000_100, lastFrame: 1_000_000 }), 0);
    expect([fresh.time(500), fresh.time(5000), fresh.time(9000)]).toEqual([
      1_000_600, 1_000_000, 1_000_000,
    ]);
  });
});

/** Wires that the test opens and closes, and timers that it lets run. */
function rig() {
  const wires: { events: WireEvents; sent: string[]; closed: boolean }[] = [];
  const timers: { delay: number; run: () => void }[] = [];
  const heard: ToBrowser[] = [];
  const marks: string[] = [];
  const socket = new LiveSocket(
    {
      open: (events) => {
        const wire = { events, sent: [] as string[], closed: false };
        wires.push(wire);
        return {
          send: (text) => void wire.sent.push(text),
          close: () => void (wire.closed = true),
        };
      },
      after: (delay, run) => {
        const timer = { delay, run };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
      random: () => 0.5,
    },
    {
      opened: () => void marks.push('opened'),
      message: (message) => void heard.push(message),
      closed: () => void marks.push('closed'),
    },
  );
  return { socket, wires, timers, heard, marks };
}

describe('the socket', () => {
  test('sends nothing before it is open and nothing after it is closed, and keeps nothing', () => {
    const { socket, wires, timers } = rig();
    const act: FromBrowser = { type: 'act', id: 'a'.repeat(8), verb: 'command', args: {} };
    socket.start();
    expect(socket.send(act)).toBe(false);
    wires[0]?.events.opened();
    expect(socket.send(act)).toBe(true);
    wires[0]?.events.closed();
    expect(socket.send(act)).toBe(false);
    timers.at(-1)?.run();
    wires[1]?.events.opened();
    expect(wires[1]?.sent.map((text) => (JSON.parse(text) as FromBrowser).type)).toEqual(['ping']);
  });

  test('comes back later and later, at most every 8 s, and soon again after a success', () => {
    const { socket, wires, timers } = rig();
    socket.start();
    const delays: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      wires.at(-1)?.events.closed();
      const timer = timers.pop();
      delays.push(timer?.delay ?? 0);
      timer?.run();
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
    wires.at(-1)?.events.opened();
    wires.at(-1)?.events.closed();
    expect(timers.at(-1)?.delay).toBe(500);
  });

  test('does not listen to a connection that it gave up', () => {
    const { socket, wires, timers, heard, marks } = rig();
    socket.start();
    wires[0]?.events.opened();
    wires[0]?.events.closed();
    timers.at(-1)?.run();
    wires[0]?.events.text(JSON.stringify(link()));
    wires[0]?.events.closed();
    wires[1]?.events.text(JSON.stringify(link()));
    expect([heard.length, marks]).toEqual([1, ['opened', 'closed']]);
  });
});

describe('acts', () => {
  test('are answered once each, by their id', () => {
    const sent: FromBrowser[] = [];
    const acts = new Acts((message) => sent.push(message) > 0);
    const heard: string[] = [];
    const act = { id: newId(), verb: 'command', args: { flow: 'press', name: 'stop' } } as const;
    acts.send(act, ({ type }) => void heard.push(type));
    acts.take({ type: 'receipt', id: 'another', result: 'accepted' });
    acts.take({ type: 'receipt', id: act.id, result: 'accepted' });
    acts.take({ type: 'done', id: act.id, seq: 4, outcome: 'fired E1' });
    acts.take({ type: 'done', id: act.id, seq: 4, outcome: 'fired E1' });
    expect([heard, sent]).toEqual([['receipt', 'done'], [{ type: 'act', ...act }]]);
  });

  test('without a connection are lost at once, and those on their way when it goes', () => {
    let up = false;
    const acts = new Acts(() => up);
    const heard: string[] = [];
    const act = { verb: 'command', args: {} } as const;
    acts.send({ ...act, id: newId() }, ({ type }) => void heard.push(type));
    expect(heard).toEqual(['lost']);
    up = true;
    acts.send({ ...act, id: newId() }, ({ type }) => void heard.push(type));
    acts.lost();
    acts.lost();
    expect(heard).toEqual(['lost', 'lost']);
  });

  test('have ids that are never the same', () => {
    const ids = new Set(Array.from({ length: 1000 }, newId));
    expect(ids.size).toBe(1000);
    expect([...ids].every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });
});
