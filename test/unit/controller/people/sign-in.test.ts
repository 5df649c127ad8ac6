// How people become sessions at station's port, and how sessions end: passwords, second factors, PINs, wrong attempts,
// time, and changes of whom they are of.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { minutes, seconds } from '#contract/time.ts';
import { freeTries } from '#controller/people/lockout.ts';
import { sessionLimitEach } from '#controller/people/sessions.ts';
import { codeOf, stepOf } from '#controller/people/totp.ts';
import { hello, snapshot } from '#test/unit/hmi/messages.ts';
import { fromBase32, person, secrets, Story } from './story.ts';

let story: Story;
beforeEach(async () => {
  story = await Story.open();
});
afterEach(async () => {
  await story[Symbol.asyncDispose]();
});

describe('signing in', () => {
  test('gives what the roles may, in a cookie that no script reads', async () => {
    const visitor = await story.ben(await story.ada(), ['operator', 'auditor']);
    const me = await visitor.me();
    expect(me).toMatchObject({ actor: 'user:ben', name: 'ben', roles: ['operator', 'auditor'] });
    expect(new Set(me.permissions)).toEqual(
      new Set(['view', 'acknowledge', 'command', 'recordings', 'audit']),
    );
    expect(await visitor.code('GET', '/api/people')).toBe('E_NOT_ALLOWED');
    await visitor.post('/api/sign-out', {});
    expect((await visitor.me()).actor).toBeNull();
    expect(story.count('signed-out')).toBe(1);
  });

  test('says the same of a wrong password and of a name that nobody has', async () => {
    await story.ada();
    const before = story.events.length;
    const wrong = await story.visitor().signIn('ada', secrets.next);
    const nobody = await story.visitor().signIn('eve', secrets.next);
    expect(wrong.status).toBe(401);
    expect(nobody).toEqual(wrong);
    expect(story.events.slice(before)).toEqual([
      expect.objectContaining({ event: 'refused', code: 'E_SIGN_IN', subject: 'ada' }),
      expect.not.objectContaining({ subject: expect.anything() }),
    ]);
  });

  test('is refused while the chronicle is away, and nobody is signed in', async () => {
    const visitor = await story.ada();
    await visitor.post('/api/sign-out', {});
    story.up.answers = 'refused';
    expect((await visitor.signIn('ada', secrets.ada)).body['code']).toBe('E_CHRONICLE_LOST');
    story.up.answers = 'done';
    expect((await visitor.me()).actor).toBeNull();
  });

  test('with a password that somebody else chose opens nothing but its change', async () => {
    const by = await story.ada();
    await by.post('/api/people', { ...person('ben', secrets.ben, ['engineer']), temporary: true });
    const visitor = story.visitor();
    const first = (await visitor.signIn('ben', secrets.ben)).body;
    expect(first).toMatchObject({ mustChange: true, permissions: [], commands: [] });
    const change = { old: secrets.ben, password: secrets.next };
    expect(await visitor.code('POST', '/api/me/password', { ...change, old: 'x' })).toBe(
      'E_SIGN_IN',
    );
    expect((await visitor.post('/api/me/password', change)).body).toMatchObject({
      mustChange: false,
      permissions: expect.arrayContaining(['force']),
    });
    expect((await story.visitor().signIn('ben', secrets.ben)).status).toBe(401);
    expect((await story.visitor().signIn('ben', secrets.next)).status).toBe(200);
  });

  test('locks a name after some wrong ones, for longer each time, and never a stop at the panel', async () => {
    const by = await story.ada();
    await story.ben(by);
    for (let wrong = 0; wrong < freeTries.name; wrong += 1)
      expect((await story.visitor().signIn('ben', 'wrong')).body['code']).toBe('E_SIGN_IN');
    expect(story.count('locked-out')).toBe(1);
    const locked = await story.visitor().signIn('ben', secrets.ben);
    expect(locked).toMatchObject({ status: 429, body: { code: 'E_SIGN_IN_LOCKED' } });
    const page = await story.doors.page();
    story.doors.live.take(hello());
    story.doors.live.take(snapshot(1));
    page.say({
      type: 'act',
      id: 'stop1234',
      verb: 'command',
      args: { flow: 'tending', name: 'stop' },
    });
    await page.settle();
    expect(story.doors.sent).toContainEqual(expect.objectContaining({ id: 'stop1234' }));
    story.doors.clock.advance(seconds(1));
    expect((await story.visitor().signIn('ben', 'wrong')).body['code']).toBe('E_SIGN_IN');
    story.doors.clock.advance(seconds(1));
    expect((await story.visitor().signIn('ben', secrets.ben)).status).toBe(429);
    story.doors.clock.advance(seconds(1));
    expect((await story.visitor().signIn('ben', secrets.ben)).status).toBe(200);
  });
});

test('a password that is guessed in somebody’s open session is counted as at the door', async () => {
  const visitor = await story.ben(await story.ada());
  const guess = { old: 'wrong', password: secrets.next };
  for (let wrong = 0; wrong < freeTries.name; wrong += 1)
    expect(await visitor.code('POST', '/api/me/password', guess)).toBe('E_SIGN_IN');
  expect(await visitor.code('POST', '/api/me/password', { ...guess, old: secrets.ben })).toBe(
    'E_SIGN_IN_LOCKED',
  );
  expect(story.count('locked-out')).toBe(1);
});

describe('a second factor', () => {
  test('is asked for once it is confirmed, and each code is good once', async () => {
    const visitor = await story.ben(await story.ada());
    const path = '/api/people/ben/second-factor';
    expect(
      await visitor.code('POST', '/api/people/ada/second-factor', { password: secrets.ada }),
    ).toBe('E_NOT_ALLOWED');
    expect(await visitor.code('POST', path, { password: 'x' })).toBe('E_SIGN_IN');
    const { uri, secret } = (await visitor.post(path, { password: secrets.ben })).body;
    story.made.push(String(secret));
    expect(uri).toContain(`secret=${String(secret)}`);
    expect((await story.visitor().signIn('ben', secrets.ben)).status).toBe(200);
    const code = (): string => codeOf(fromBase32(String(secret)), stepOf(story.doors.clock.time()));
    expect(await visitor.code('POST', `${path}/confirm`, { code: '000000' })).toBe('E_SIGN_IN');
    expect((await visitor.post(`${path}/confirm`, { code: code() })).body).toMatchObject({
      secondFactor: true,
    });
    const other = story.visitor();
    expect((await other.signIn('ben', secrets.ben)).body['code']).toBe('E_SIGN_IN_CODE');
    expect((await other.signIn('ben', secrets.ben, code())).body['code']).toBe('E_SIGN_IN');
    story.doors.clock.advance(30_000);
    expect((await other.signIn('ben', secrets.ben, code())).status).toBe(200);
    expect((await other.signIn('ben', secrets.ben, code())).body['code']).toBe('E_SIGN_IN');
  });

  test('guessed by whoever has the password locks like a wrong password', async () => {
    const visitor = await story.ben(await story.ada());
    const path = '/api/people/ben/second-factor';
    const { secret } = (await visitor.post(path, { password: secrets.ben })).body;
    const now = codeOf(fromBase32(String(secret)), stepOf(story.doors.clock.time()));
    await visitor.post(`${path}/confirm`, { code: now });
    const thief = story.visitor();
    const codes: unknown[] = [];
    for (let guess = 0; guess < freeTries.name; guess += 1) {
      await thief.signIn('ben', secrets.ben);
      codes.push((await thief.signIn('ben', secrets.ben, now)).body['code']);
    }
    expect(codes).toEqual(Array.from({ length: freeTries.name }, () => 'E_SIGN_IN'));
    expect((await thief.signIn('ben', secrets.ben)).body['code']).toBe('E_SIGN_IN_LOCKED');
  });

  test('that was lost an administrator removes', async () => {
    const by = await story.ada();
    const visitor = await story.ben(by);
    const path = '/api/people/ben/second-factor';
    const { secret } = (await visitor.post(path, { password: secrets.ben })).body;
    const now = codeOf(fromBase32(String(secret)), stepOf(story.doors.clock.time()));
    await visitor.post(`${path}/confirm`, { code: now });
    expect((await by.ask('DELETE', path)).status).toBe(200);
    expect((await story.visitor().signIn('ben', secrets.ben)).status).toBe(200);
  });
});

describe('a PIN', () => {
  test('brings back who used the password in this browser, for 12 hours, and nobody elsewhere', async () => {
    const by = await story.ada();
    const panel = await story.ben(by);
    const bare = { password: secrets.ben, pin: secrets.pin };
    expect(await panel.code('POST', '/api/me/pin', { ...bare, pin: '123456' })).toBe(
      'E_PASSWORD_WEAK',
    );
    expect((await panel.post('/api/me/pin', bare)).body).toMatchObject({ pin: true });
    await panel.post('/api/sign-out', {});
    expect((await panel.me()).switchable).toEqual([{ name: 'ben', title: 'ben' }]);
    const back = { name: 'ben', pin: secrets.pin };
    expect(await story.visitor().code('POST', '/api/switch', back)).toBe('E_PIN_NOT_HERE');
    expect(await by.code('POST', '/api/switch', back)).toBe('E_PIN_NOT_HERE');
    expect((await panel.post('/api/switch', back)).body).toMatchObject({ actor: 'user:ben' });
    story.doors.clock.advance(minutes(12 * 60 + 1));
    expect(await panel.code('POST', '/api/switch', back)).toBe('E_PIN_NOT_HERE');
  });

  test('ends the session of whoever was there', async () => {
    const by = await story.ada();
    const panel = await story.ben(by);
    await panel.post('/api/me/pin', { password: secrets.ben, pin: secrets.pin });
    await panel.signIn('ada', secrets.ada);
    expect(story.doors.people.sessions.list().map(({ actor }) => actor)).not.toContain('user:ben');
    await panel.post('/api/switch', { name: 'ben', pin: secrets.pin });
    expect((await panel.me()).actor).toBe('user:ben');
  });
});

describe('a session', () => {
  test('ends when nobody has a hand on the page, and its page is told', async () => {
    const visitor = await story.ben(await story.ada());
    story.doors.clock.advance(minutes(4));
    await visitor.post('/api/touch', {});
    story.doors.clock.advance(minutes(5) - seconds(1));
    const page = await story.doors.page({ cookie: visitor.cookie });
    expect((await page.hear('link')).actor).toBe('user:ben');
    story.doors.clock.advance(seconds(2));
    expect((await page.hear('link', ({ actor }) => actor === null)).panel).toBe(true);
    expect((await visitor.me()).actor).toBeNull();
    expect(story.events).toContainEqual(
      expect.objectContaining({ event: 'session-ended', code: 'idle' }),
    );
  });

  test('may less at once when a role is taken away, and nothing when its person is disabled', async () => {
    const by = await story.ada();
    const visitor = await story.ben(by, ['operator', 'maintenance']);
    const page = await story.doors.page({ cookie: visitor.cookie });
    await by.post('/api/people/ben', { roles: ['auditor'] });
    expect((await visitor.me()).permissions).not.toContain('force');
    page.say({ type: 'act', id: 'a1234567', verb: 'resume', args: { flow: 'tending' } });
    expect(await page.hear('receipt')).toMatchObject({ code: 'E_NOT_ALLOWED' });
    page.heard.length = 0;
    await by.post('/api/people/ben', { disabled: true });
    await page.hear('link', ({ actor }) => actor === null);
    expect((await visitor.me()).actor).toBeNull();
    expect((await visitor.signIn('ben', secrets.ben)).body['code']).toBe('E_SIGN_IN');
  });

  test('is ended by its own person, or by an administrator, and by nobody else', async () => {
    const by = await story.ada();
    const visitor = await story.ben(by);
    const rows = (await by.ask('GET', '/api/sessions')).body['sessions'] as {
      id: string;
      actor: string;
    }[];
    expect(rows.map(({ actor }) => actor)).toEqual(
      expect.arrayContaining(['user:ada', 'user:ben']),
    );
    const own = (await visitor.ask('GET', '/api/sessions')).body['sessions'] as unknown[];
    expect(own).toEqual([expect.objectContaining({ actor: 'user:ben', own: true })]);
    const idOf = (actor: string) => rows.find((row) => row.actor === actor)?.id ?? '';
    expect(await visitor.code('DELETE', `/api/sessions/${idOf('user:ada')}`)).toBe(
      'E_SESSION_NONE',
    );
    expect((await by.ask('DELETE', `/api/sessions/${idOf('user:ben')}`)).status).toBe(200);
    expect((await visitor.me()).actor).toBeNull();
  });

  test('begun by a link leaves the one before it in that browser behind for nobody', async () => {
    const visitor = await story.ben(await story.ada());
    await visitor.link();
    expect((await visitor.me()).actor).toMatch(/^console:/);
    expect(story.doors.people.sessions.list().map(({ actor }) => actor)).not.toContain('user:ben');
  });

  test('begun again and again ends one’s own first, and nobody else’s', async () => {
    await story.ada();
    const { sessions } = story.doors.people;
    const plan = { kind: 'page', panel: false, address: '10.0.0.9', by: 'password' } as const;
    const first = sessions.begin({ ...plan, actor: 'user:ben', name: 'ben' });
    for (let each = 0; each < 300; each += 1)
      sessions.begin({ ...plan, actor: 'user:ben', name: 'ben' });
    const actors = sessions.list().map(({ actor }) => actor);
    expect(actors.filter((actor) => actor === 'user:ben')).toHaveLength(sessionLimitEach);
    expect(actors).toContain('user:ada');
    expect(sessions.find(first.secret)).toBeUndefined();
  });

  test('that changes people must have proved itself lately, and by password', async () => {
    const by = await story.ada();
    story.doors.clock.advance(minutes(4));
    await by.post('/api/touch', {});
    story.doors.clock.advance(minutes(4));
    await by.post('/api/touch', {});
    story.doors.clock.advance(minutes(3));
    const add = person('ben', secrets.ben, ['operator']);
    expect(await by.code('POST', '/api/people', add)).toBe('E_PROOF_OLD');
    expect(await by.code('POST', '/api/prove', { password: 'x' })).toBe('E_SIGN_IN');
    expect(await by.code('POST', '/api/prove', {})).toBe('E_DOOR_FRAME');
    await by.post('/api/me/pin', { password: secrets.ada, pin: secrets.pin });
    expect(await by.code('POST', '/api/prove', { pin: '111213' })).toBe('E_SIGN_IN');
    expect((await by.post('/api/prove', { pin: secrets.pin })).status).toBe(200);
    expect(await by.code('POST', '/api/people', add)).toBe('E_PROOF_OLD');
    await by.post('/api/prove', { password: secrets.ada });
    expect((await by.post('/api/people', add)).status).toBe(200);
    // What is refused for who asks is told for the record, whoever refuses it.
    const told = story.doors.log.filter((line) => line.includes('refused E_PROOF_OLD'));
    expect(told).toHaveLength(2);
  });
});
