// What pages list besides the cell: that it is otherwise goes with the pulse, and what it is is asked.
import { expect, test } from 'vitest';
import { heartbeat_ms } from '#contract/pace.ts';
import { hello, snapshot } from '#test/unit/hmi/messages.ts';
import { openDoors } from './rig.ts';

test('a page hears within half a second that lists it shows are otherwise, and nothing while they are not', async () => {
  await using doors = await openDoors();
  doors.live.take(hello());
  doors.live.take(snapshot(1));
  const page = await doors.page();
  const { news } = await page.hear('link');
  doors.clock.advance(1000);
  await page.hear('link', (told) => told.time > doors.clock.time() - 100);
  expect(page.heard.filter((told) => told.type === 'link' && told.news !== news)).toEqual([]);
  doors.live.news();
  doors.clock.advance(heartbeat_ms);
  expect((await page.hear('link', (told) => told.news !== news)).news).toBe(news + 1);
});
