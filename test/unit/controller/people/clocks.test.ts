// What of people lasts for a span, while somebody sets the wall clock, and over a start of station.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hours, minutes, seconds } from '#contract/time.ts';
import { freeTries } from '#controller/people/lockout.ts';
import { People } from '#controller/people/people.ts';
import { Sessions } from '#controller/people/sessions.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';
import { person, secrets, Story } from './story.ts';

const hour = 3_600_000;
let story: Story;
beforeEach(async () => {
  story = await Story.open();
});
afterEach(async () => {
  await story[Symbol.asyncDispose]();
});

describe.each([
  ['onwards', hour],
  ['back', -hour],
])('a wall clock that is set an hour %s', (_, by) => {
  test('signs nobody out and keeps nobody signed in', async () => {
    const visitor = await story.ben(await story.ada());
    story.doors.clock.setDate(by);
    expect((await visitor.me()).actor).toBe('user:ben');
    story.doors.clock.advance(minutes(5) - seconds(1));
    story.doors.clock.setDate(by);
    expect((await visitor.me()).actor).toBe('user:ben');
    story.doors.clock.advance(seconds(2));
    expect((await visitor.me()).actor).toBeNull();
    expect(story.events).toContainEqual(
      expect.objectContaining({ event: 'session-ended', code: 'idle' }),
    );
  });

  test('makes no proof older or younger', async () => {
    const by1 = await story.ada();
    story.doors.clock.setDate(by);
    const ben = person('ben', secrets.ben, ['operator']);
    expect((await by1.post('/api/people', ben)).status).toBe(200);
    for (let each = 0; each < 3; each += 1) {
      story.doors.clock.advance(minutes(4));
      // oxlint-disable-next-line no-await-in-loop -- time goes on between them
      await by1.post('/api/touch', {});
    }
    story.doors.clock.setDate(-by);
    expect(await by1.code('POST', '/api/people/ben', { title: 'Ben' })).toBe('E_PROOF_OLD');
    story.doors.clock.setDate(-12 * 60_000);
    expect(await by1.code('POST', '/api/people/ben', { title: 'Ben' })).toBe('E_PROOF_OLD');
  });

  test('ends no lock and makes none longer', async () => {
    await story.ben(await story.ada());
    for (let wrong = 0; wrong < freeTries.name; wrong += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await story.visitor().signIn('ben', 'wrong');
    story.doors.clock.setDate(by);
    expect((await story.visitor().signIn('ben', secrets.ben)).status).toBe(429);
    story.doors.clock.advance(seconds(1));
    expect((await story.visitor().signIn('ben', secrets.ben)).status).toBe(200);
  });
});

const again = (): People => {
  const { data, records, clock } = story.doors;
  return new People(clock, { data, records, log: () => undefined });
};

describe('a station that starts again', () => {
  test('has forgotten no wrong attempt, and keeps no name that was typed', async () => {
    await story.ada();
    const typed = 'mysecretword';
    for (let wrong = 0; wrong < freeTries.name; wrong += 1) {
      // oxlint-disable no-await-in-loop -- one after another
      await story.visitor().signIn('ada', 'wrong');
      await story.visitor().signIn(typed, 'wrong');
      // oxlint-enable no-await-in-loop
    }
    const people = again();
    for (const name of ['ada', typed]) {
      const attempt = { name, address: '127.0.0.1', place: 'panel' } as const;
      expect(people.lockout.take(attempt).wait).toBe(seconds(1));
    }
    expect(people.lockout.take({ name: 'ada', address: '10.0.0.9', place: 'network' }).wait).toBe(
      0,
    );
    people.close();
    const kept = ['station.db', 'station.db-wal']
      .map((file) => readFileSync(join(story.doors.data, file), 'latin1'))
      .join('');
    expect(kept).toContain('person');
    expect(kept).not.toContain(typed);
  });

  test.each([
    ['at the same date', 0, true],
    ['a little back', -30_000, true],
    ['an hour back, so that nobody knows how long it was', -hour, false],
    ['an hour onwards', hour, false],
  ])('%s knows who is signed in: %o', async (_, by, known) => {
    await story.ben(await story.ada());
    story.doors.people.sessions.close();
    // Another monotonic clock: this one begins at 0.
    const clock = new HandClock();
    clock.setDate(story.doors.clock.time() - clock.time() + by);
    const sessions = new Sessions(clock, story.doors.data, minutes(5), () => undefined);
    const found = sessions.list().filter(({ name }) => name === 'ben');
    expect(found.length > 0).toBe(known);
    for (const { used, ends } of found) {
      expect(used).toBeLessThanOrEqual(0);
      expect(ends).toBeLessThanOrEqual(hours(12));
    }
    clock.advance(minutes(5) + seconds(1));
    expect(sessions.list().filter(({ name }) => name === 'ben')).toEqual([]);
    sessions.close();
  });
});
