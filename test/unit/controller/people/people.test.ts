// Who is enrolled, changed and removed at station's port, and what programs are given there; nothing counts before the
// record has it, and the record holds no secret.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CellError, present } from '#contract/error.ts';
import { minutes } from '#contract/time.ts';
import { enrolledFile } from '#controller/enrolled.ts';
import { People } from '#controller/people/people.ts';
import { Tokens } from '#controller/people/tokens.ts';
import { person, secrets, Story } from './story.ts';
import type { Visitor } from './visitor.ts';

let story: Story;
beforeEach(async () => {
  story = await Story.open();
});
afterEach(async () => {
  await story[Symbol.asyncDispose]();
});

describe('the first administrator', () => {
  test('whoever came by a link may do everything until then, and afterwards only rule over people', async () => {
    const first = await story.visitor().link();
    expect(await first.me()).toMatchObject({ enrolled: false, permissions: expect.any(Array) });
    expect((await first.me()).permissions).toContain('force');
    const page = await story.doors.page({ cookie: first.cookie });
    expect(await first.code('POST', '/api/people', person('ben', secrets.ben, ['operator']))).toBe(
      'E_PERSON_LAST',
    );
    expect(existsSync(enrolledFile(story.doors.data))).toBe(false);
    const { status } = await first.post('/api/people', person('ada', secrets.ada, ['admin']));
    expect(status).toBe(200);
    expect(existsSync(enrolledFile(story.doors.data))).toBe(true);
    expect(await first.me()).toMatchObject({ enrolled: true, permissions: ['view', 'people'] });
    page.say({ type: 'act', id: 'a1234567', verb: 'resume', args: { flow: 'tending' } });
    const receipt = await page.hear('receipt');
    expect(receipt).toMatchObject({ result: 'refused', code: 'E_NOT_ALLOWED' });
    expect(story.count('enrolled')).toBe(1);
  });

  test('a cell whose people were lost is not anybody’s again', async () => {
    writeFileSync(enrolledFile(story.doors.data), '');
    const again = new People(story.doors.clock, {
      data: story.doors.data,
      records: story.doors.records,
      log: () => undefined,
    });
    expect(again.enrolled).toBe(true);
    again.close();
  });

  test('nobody is added whom the chronicle does not know', async () => {
    const first = await story.visitor().link();
    story.up.answers = 'refused';
    expect(await first.code('POST', '/api/people', person('ada', secrets.ada, ['admin']))).toBe(
      'E_CHRONICLE_LOST',
    );
    story.up.answers = 'done';
    expect(await first.me()).toMatchObject({ enrolled: false });
    expect(
      await story.visitor().code('POST', '/api/sign-in', {
        name: 'ada',
        password: secrets.ada,
      }),
    ).toBe('E_SIGN_IN');
  });

  test.each([
    ['administrator', 'ada-ada-ada-ada'],
    ['ada', 'adaadaadaada'],
    ['ada', 'password12345'],
    ['ada', 'aaaaaaaaaaaaaaaa'],
    ['ada', '1234567890123'],
    ['ada', 'qwertyuiopas'],
  ])('%s cannot have the password %s', async (name, password) => {
    const first = await story.visitor().link();
    expect(await first.code('POST', '/api/people', person(name, password, ['admin']))).toBe(
      'E_PASSWORD_WEAK',
    );
  });
});

describe('an administrator', () => {
  test('is always left', async () => {
    const by = await story.ada();
    expect(await by.code('DELETE', '/api/people/ada')).toBe('E_PERSON_LAST');
    expect(await by.code('POST', '/api/people/ada', { disabled: true })).toBe('E_PERSON_LAST');
    expect(await by.code('POST', '/api/people/ada', { roles: ['engineer'] })).toBe('E_PERSON_LAST');
    await story.ben(by, ['admin']);
    const both = await Promise.all([
      by.code('DELETE', '/api/people/ada'),
      by.code('DELETE', '/api/people/ben'),
    ]);
    expect(both.filter((code) => code === undefined)).toHaveLength(1);
    expect(story.doors.people.store.people()).toHaveLength(1);
  });

  test('who gives a new password ends what the old one opened, and the key that it signed with', async () => {
    const by = await story.ada();
    const visitor = await story.ben(by);
    await visitor.post('/api/me/pin', { password: secrets.ben, pin: secrets.pin });
    const before = story.doors.people.store.find('ben')?.key;
    await by.post('/api/people/ben', { password: secrets.next });
    expect((await visitor.me()).actor).toBeNull();
    expect(await visitor.code('POST', '/api/switch', { name: 'ben', pin: secrets.pin })).toBe(
      'E_PIN_NOT_HERE',
    );
    expect(story.doors.people.store.find('ben')?.key).not.toBe(before);
    const recorded = story.events.findLast(({ event }) => event === 'person-changed');
    expect(recorded).toMatchObject({
      subject: 'ben',
      change: { key: [before, expect.any(String)] },
    });
    expect((await visitor.signIn('ben', secrets.next)).body).toMatchObject({ mustChange: true });
  });

  test.each([
    ['POST', '/api/people/eve', {}, 'E_PERSON_NONE'],
    ['DELETE', '/api/people/eve', undefined, 'E_PERSON_NONE'],
    ['POST', '/api/people', person('ada', secrets.next, ['operator']), 'E_PERSON_EXISTS'],
    ['POST', '/api/people', person('Eve!', secrets.next, ['operator']), 'E_DOOR_FRAME'],
    ['POST', '/api/people', person('eve', secrets.next, ['king']), 'E_DOOR_FRAME'],
    ['POST', '/api/people', person('eve', 'short', ['operator']), 'E_DOOR_FRAME'],
    ['DELETE', '/api/tokens/0000000000000000', undefined, 'E_SESSION_NONE'],
    ['POST', '/api/tokens', { name: 'demo', scopes: ['view'], for_ms: 60_000 }, 'E_PERSON_EXISTS'],
    [
      'POST',
      '/api/tokens',
      { name: 'x', owner: 'eve', scopes: ['view'], for_ms: 60_000 },
      'E_PERSON_NONE',
    ],
    ['POST', '/api/tokens', { name: 'x', scopes: ['people'], for_ms: 60_000 }, 'E_DOOR_FRAME'],
  ])('%s %s %o: %s', async (method, path, body, code) => {
    expect(await (await story.ada()).code(method, path, body)).toBe(code);
  });
});

describe('a token', () => {
  const plan = { name: 'mes', scopes: ['view', 'command'], for_ms: minutes(60) };

  async function token(by: Visitor, more = {}): Promise<Visitor> {
    const { body } = await by.post('/api/tokens', { ...plan, ...more });
    story.made.push(String(body['secret']));
    return story.visitor(String(body['secret']));
  }

  test('may what its scopes say until it ends, and is told once', async () => {
    const by = await story.ada();
    const program = await token(by);
    expect(await program.me()).toMatchObject({
      actor: 'token:mes',
      permissions: plan.scopes,
      commands: ['anyone', 'operator'],
    });
    expect(await program.code('GET', '/api/people')).toBe('E_NOT_ALLOWED');
    expect(await program.code('POST', '/api/sign-out', {})).toBe('E_SESSION_NONE');
    const list = JSON.stringify((await by.ask('GET', '/api/tokens')).body);
    expect(list).not.toContain(story.made[0]);
    story.doors.clock.advance(minutes(61));
    expect((await program.me()).actor).toBeNull();
    expect((await story.visitor('x'.repeat(43)).me()).actor).toBeNull();
  });

  test('is not made by somebody whose role was taken away before their turn came', async () => {
    const by = await story.ada();
    const ben = await story.ben(by, ['admin']);
    const { people } = story.doors;
    const before = people.find(String((await ben.me())['session']));
    await by.post('/api/people/ben', { roles: ['operator'] });
    const late = new Tokens(people).add(present(before, 'Ben'), {
      ...plan,
      scopes: ['force'],
      commands: [],
      for_ms: 60_000,
    });
    await expect(late).rejects.toMatchObject({ code: 'E_NOT_ALLOWED' });
    expect(people.store.tokens()).toEqual([]);
  });

  test('lets its program in when the disk takes no word of its use', async () => {
    const by = await story.ada();
    const program = await token(by);
    vi.spyOn(story.doors.people.store, 'putToken').mockImplementation(() => {
      throw new CellError('E_PEOPLE_STORE', 'the disk is full');
    });
    expect((await program.me()).actor).toBe('token:mes');
  });

  test('that cannot be looked up ends no station: the socket is refused', async () => {
    const { cookie } = await story.ada();
    vi.spyOn(story.doors.people, 'bySession').mockImplementation(() => {
      throw new CellError('E_PEOPLE_STORE', 'the disk is gone');
    });
    await expect(story.doors.page({ cookie })).rejects.toThrow('503');
  });

  test('of an agent never carries its person’s role, and is nobody without that person', async () => {
    const by = await story.ada();
    await story.ben(by, ['engineer']);
    const agent = await token(by, { owner: 'ben', verbs: ['acknowledge'] });
    expect(await agent.me()).toMatchObject({ actor: 'agent:ben/mes', permissions: plan.scopes });
    const [found] = story.doors.people.store.tokens();
    expect(story.doors.people.find(`token-${found?.id}`)).toMatchObject({ owner: 'user:ben' });
    await by.post('/api/people/ben', { disabled: true });
    expect((await agent.me()).actor).toBeNull();
    await by.ask('DELETE', '/api/people/ben');
    expect(story.doors.people.store.tokens()).toEqual([]);
  });

  test('that ends by itself is told to whoever holds on to it', async () => {
    const by = await story.ada();
    await token(by);
    const heard: unknown[] = [];
    story.doors.people.onChanged((credential, principal) => heard.push([credential, principal]));
    const [{ id } = { id: '' }] = story.doors.people.store.tokens();
    const ofToken = (): unknown[] => heard.filter((one) => JSON.stringify(one).includes('token-'));
    story.doors.clock.advance(minutes(59));
    expect(ofToken()).toEqual([]);
    story.doors.clock.advance(minutes(2));
    expect(ofToken()).toEqual([[`token-${id}`, null]]);
  });

  test('that is ended is nobody’s at once', async () => {
    const by = await story.ada();
    const program = await token(by);
    const heard: unknown[] = [];
    story.doors.people.onChanged((credential, principal) => heard.push([credential, principal]));
    const [{ id } = { id: '' }] = story.doors.people.store.tokens();
    await by.ask('DELETE', `/api/tokens/${id}`);
    expect((await program.me()).actor).toBeNull();
    expect(heard).toEqual([[`token-${id}`, null]]);
  });
});

test('what of people is kept on disk is nobody else’s to read, and holds no secret', async () => {
  const visitor = await story.ben(await story.ada());
  await visitor.post('/api/me/pin', { password: secrets.ben, pin: secrets.pin });
  for (const name of ['station.db', 'station.db-wal', 'sessions.json', 'enrolled']) {
    const path = join(story.doors.data, name);
    expect(statSync(path).mode & 0o077).toBe(0);
    const text = readFileSync(path, 'latin1');
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
  }
});

test.each(['Ben\u001b[2J', 'Ben\nAda', 'Ben\u202eada', 'Ben\u0000', 'Ben\u2028Ada'])(
  'nobody is titled %j',
  async (title) => {
    const by = await story.ada();
    const body = { ...person('ben', secrets.ben, ['operator']), title };
    expect(await by.code('POST', '/api/people', body)).toBe('E_DOOR_FRAME');
  },
);
