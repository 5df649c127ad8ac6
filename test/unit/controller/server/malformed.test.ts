// What of requests that are none is in the record: each at a person's pace, a flood as its beginning and a count; no agent
// is locked out for it, and it hides no other refusal.
import { expect, test } from 'vitest';
import { instant } from '#contract/time.ts';
import { openSpoken, quickClock } from '#test/unit/controller/console/spoken-station.ts';
import type { Asked, SpokenStation } from '#test/unit/controller/console/spoken-station.ts';

/** Time that the test moves; timers that station set run with it. */
function movedClock() {
  let now = 1;
  const due: { at: number; run: () => void }[] = [];
  const real = quickClock();
  return {
    clock: {
      ...real,
      now: () => instant(now),
      after: (delay: number, run: () => void) => {
        const timer = { at: now + delay, run };
        if (delay >= 10_000) due.push(timer);
        const cancel = real.after(delay as never, run);
        return () => {
          cancel();
          const place = due.indexOf(timer);
          if (place >= 0) due.splice(place, 1);
        };
      },
    },
    move: (span: number) => {
      now += span;
      for (const { run } of due.filter(({ at }) => at <= now)) run();
    },
  };
}

const told = ({ recorded }: SpokenStation): string[] =>
  recorded.flatMap(({ body }) => (body.event === 'refused' ? [`${body.code} ${body.text}`] : []));

const post = (
  body: string,
  origin: string,
  headers: Readonly<Record<string, string>> = {},
): Asked => ({
  method: 'POST',
  body,
  headers: { host: origin.slice(7), origin, 'content-type': 'application/json', ...headers },
});

test('each kind is recorded with its code, where it went, and from where, without its question', async () => {
  await using station = await openSpoken();
  const { origin, send } = station;
  const path = '/api/console';
  const cookie = await station.signIn();
  const kinds: readonly (readonly [string, Asked | undefined, string])[] = [
    [path, post('{"line":', origin, { cookie }), 'E_DOOR_FRAME POST /api/console'],
    [path, post('{"lane":"x"}', origin, { cookie }), 'E_DOOR_FRAME POST /api/console'],
    [
      path,
      post('line=x', origin, { cookie, 'content-type': 'text/plain' }),
      'E_DOOR_TYPE POST /api/console',
    ],
    [path, post(`"${'x'.repeat(70_000)}"`, origin, { cookie }), 'E_DOOR_SIZE POST /api/console'],
    ['/api/none?key=secret', undefined, 'E_DOOR_ROUTE GET /api/none'],
    [`/api/me?${'x'.repeat(5000)}`, undefined, 'E_DOOR_SIZE GET /api/me'],
    ['/api/%ff', undefined, 'E_DOOR_FRAME GET /api/%ff'],
  ];
  for (const [where, asked, text] of kinds) {
    const [code, ...what] = text.split(' ');
    const before = told(station).length;
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await send(where, asked);
    const whole = `${code} refused ${code}: ${what.join(' ')} from 127.0.0.1`;
    // oxlint-disable-next-line no-await-in-loop -- the record hears of it a moment later
    await expect.poll(() => told(station).slice(before)).toEqual([whole]);
  }
  const actors = station.recorded.filter(({ body }) => body.event === 'refused');
  expect(actors[0]?.actor).toMatch(/^console:/);
  await send('/favicon.ico');
  await send('/api/none');
  await expect.poll(() => told(station).at(-1)).toContain('/api/none');
  expect(told(station).join()).not.toMatch(/favicon|secret/);
});

test('a flood leaves its beginning and a count, and hides no other refusal', async () => {
  const { clock, move } = movedClock();
  await using station = await openSpoken({}, clock);
  for (let count = 0; count < 150; count += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await station.send(`/api/none${count}`);
  }
  await expect.poll(() => told(station).length).toBe(20);
  await station.send('/api/people');
  await expect.poll(() => told(station).at(-1)).toContain('E_NOT_SIGNED_IN');
  move(10_000);
  await expect
    .poll(() => told(station).at(-1))
    .toBe('E_DOOR_FLOOD 130 malformed requests are not recorded one by one');
  expect(told(station)).toHaveLength(22);
});
