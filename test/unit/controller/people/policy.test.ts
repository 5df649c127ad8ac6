// What the manifest says of signing in: a notice before it, and roles that need a second factor.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Manifest } from '#contract/cell.ts';
import { minutes } from '#contract/time.ts';
import { codeOf, stepOf } from '#controller/people/totp.ts';
import { fromBase32, person, secrets, Story } from './story.ts';
import type { Visitor } from './visitor.ts';

const notice = 'This machine is Lind Ltd’s.\nWhat is done here is recorded.';
let story: Story;
beforeEach(async () => {
  story = await Story.open({ notice, secondFactor: ['supervisor'] });
});
afterEach(async () => {
  await story[Symbol.asyncDispose]();
});

/** Sets a second factor up; the code of now. */
async function enrolFactor(visitor: Visitor): Promise<() => string> {
  const path = '/api/people/ben/second-factor';
  const { secret } = (await visitor.post(path, { password: secrets.ben })).body;
  story.made.push(String(secret));
  const key = fromBase32(String(secret));
  const code = (): string => codeOf(key, stepOf(story.doors.clock.time()));
  expect((await visitor.post(`${path}/confirm`, { code: code() })).status).toBe(200);
  return code;
}

test('the notice is told to whoever opens the page, before anybody signs in', async () => {
  expect(await story.visitor().me()).toMatchObject({ actor: null, notice });
});

test.each([
  ['a notice of nothing', { notice: '  ' }],
  ['a role that there is not', { secondFactor: ['boss'] }],
])('%s is no manifest', (_, people) => {
  expect(Manifest.shape.people.safeParse(people).success).toBe(false);
});

describe('a role that needs a second factor', () => {
  test('gives nothing until there is one, and all that it should at once then', async () => {
    const visitor = await story.ben(await story.ada(), ['supervisor', 'operator']);
    expect(await visitor.me()).toMatchObject({ mustFactor: true, permissions: [], commands: [] });
    expect(await visitor.code('GET', '/api/history')).not.toBeUndefined();
    expect(story.doors.people.approver('user:ben')).toBeUndefined();
    const page = await story.doors.page({ cookie: visitor.cookie });
    await page.hear('link');
    page.heard.length = 0;
    await enrolFactor(visitor);
    await page.hear('link', ({ actor }) => actor === 'user:ben');
    expect(await visitor.me()).toMatchObject({
      mustFactor: false,
      permissions: expect.arrayContaining(['shell.approve', 'command']),
    });
    expect(story.doors.people.approver('user:ben')?.permissions.has('act.approve')).toBe(true);
  });

  test('that is given or whose factor is taken away in an open session takes all rights at once', async () => {
    const by = await story.ada();
    const visitor = await story.ben(by, ['operator']);
    expect(await visitor.me()).toMatchObject({ mustFactor: false });
    await by.post('/api/people/ben', { roles: ['operator', 'supervisor'] });
    expect(await visitor.me()).toMatchObject({ mustFactor: true, permissions: [] });
    await enrolFactor(visitor);
    expect((await visitor.me()).permissions).toContain('command');
    const page = await story.doors.page({ cookie: visitor.cookie });
    await page.hear('link');
    page.heard.length = 0;
    await by.ask('DELETE', '/api/people/ben/second-factor');
    await page.hear('link');
    expect(await visitor.me()).toMatchObject({ mustFactor: true, permissions: [] });
    page.say({ type: 'act', id: 'a1234567', verb: 'resume', args: { flow: 'tending' } });
    expect(await page.hear('receipt')).toMatchObject({ code: 'E_NOT_ALLOWED' });
  });

  test('asks nobody else for one', async () => {
    const by = await story.ada();
    expect(await by.me()).toMatchObject({ mustFactor: false });
    expect((await by.me()).permissions).toContain('people');
  });
});

test('a full shell asks for a second factor, given lately, in the session that begins it', async () => {
  const by = await story.ada();
  await by.post('/api/people', person('ben', secrets.ben, ['maintenance']));
  const visitor = story.visitor();
  await visitor.signIn('ben', secrets.ben);
  const { people, clock } = story.doors;
  const proved = (): string => {
    const session = people.sessions.list().find(({ name }) => name === 'ben');
    const who = session === undefined ? null : people.principalOf(session);
    if (who === null) throw new Error('ben is signed in');
    try {
      people.provedByFactor(who, minutes(5));
      return 'proved';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(proved()).toBe('E_FACTOR_NONE');
  const code = await enrolFactor(visitor);
  // Password and code were given in this session; in another one, before, only the password was.
  expect(proved()).toBe('proved');
  people.sessions.unprove('ben', 'another');
  expect(proved()).toBe('E_PROOF_OLD');
  clock.advance(30_000);
  expect((await visitor.post('/api/prove', { password: secrets.ben, code: code() })).status).toBe(
    200,
  );
  expect(proved()).toBe('proved');
  clock.advance(minutes(4));
  await visitor.post('/api/touch', {});
  clock.advance(minutes(2));
  expect(proved()).toBe('E_PROOF_OLD');
});
