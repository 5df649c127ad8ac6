// What is refused, each with its code: altered, replayed, expired, self-given, given twice, by nobody in particular.
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Actor } from '#contract/actor.ts';
import type { ApprovalAsk } from '#contract/approval.ts';
import type { Principal } from '#contract/people.ts';
import { Bench, ann, bob, carl, codeOf, force, principal, robot } from './rig.ts';

const hour = 3_600_000;

test.each<[string, Partial<ApprovalAsk> | ((now: number) => Partial<ApprovalAsk>), string]>([
  ['a window that is over', (now) => ({ notBefore: now - 2, notAfter: now - 1 }), '_WINDOW'],
  [
    'a window that ends before it begins',
    (now) => ({ notBefore: now + 2, notAfter: now + 1 }),
    '_WINDOW',
  ],
  ['more than a day', (now) => ({ notAfter: now + 25 * hour }), '_WINDOW'],
  [
    'a day next month',
    (now) => ({ notBefore: now + 700 * hour, notAfter: now + 701 * hour }),
    '_WINDOW',
  ],
  ['no time at all', { notAfter: Number.NaN }, '_WINDOW'],
  ['an argument of 5000 letters', { what: { verb: 'x'.repeat(5000) } }, '_SIZE'],
  ['half a letter', { what: { verb: '\uD800' } }, '_SIZE'],
])('nobody may ask for %s', async (_name, more, code) => {
  using bench = new Bench();
  const given = typeof more === 'function' ? more(bench.clock.time()) : more;
  expect(await codeOf(bench.ask(ann, given))).toBe(`E_APPROVAL${code}`);
  expect(bench.changes).toEqual([]);
});

test('a program asks for no yes: whoever holds its token could give it', async () => {
  using bench = new Bench();
  expect(await codeOf(bench.ask(principal('token:line')))).toBe('E_APPROVAL_TOKEN');
  expect(bench.changes).toEqual([]);
});

test.each<[string, Principal, string]>([
  ['whoever asked', ann, 'E_APPROVAL_SELF'],
  ['whoever asked, in another session', { ...ann, credential: 'other' }, 'E_APPROVAL_SELF'],
  [
    'another in the session it was asked in',
    { ...bob, credential: ann.credential },
    'E_APPROVAL_TWICE',
  ],
  [
    'who may not approve acts',
    { ...bob, permissions: new Set(['view', 'force']) },
    'E_NOT_ALLOWED',
  ],
  ['an agent', principal('agent:bob/helper', { owner: 'user:bob' }), 'E_APPROVAL_PERSON'],
  ['a program', principal('token:line'), 'E_APPROVAL_PERSON'],
  ['the console', principal('console:root'), 'E_APPROVAL_PERSON'],
])('%s does not say yes', async (_name, by, code) => {
  using bench = new Bench();
  const asked = await bench.ask(ann);
  expect(await codeOf(bench.yes(by, asked))).toBe(code);
  expect(bench.approvals.find(asked.request.id)?.yes).toEqual([]);
  expect(bench.refusals).toEqual([code]);
});

test.each<[string, Principal, string]>([
  ['its owner', ann, 'E_APPROVAL_OWNER'],
  ['itself', robot, 'E_APPROVAL_SELF'],
  [
    'another agent of its owner',
    principal('agent:ann/other', { owner: 'user:ann' }),
    'E_APPROVAL_PERSON',
  ],
])('what an agent asked for is not approved by %s', async (_name, by, code) => {
  using bench = new Bench();
  const asked = await bench.ask(robot);
  expect(await codeOf(bench.yes(by, asked))).toBe(code);
});

test('nobody is two: not as the same person, not in the same session', async () => {
  using bench = new Bench();
  const asked = await bench.ask(ann, { needs: 2 });
  await bench.yes(bob, asked);
  expect(await codeOf(bench.yes(bob, asked))).toBe('E_APPROVAL_TWICE');
  expect(await codeOf(bench.yes({ ...bob, credential: 'new' }, asked))).toBe('E_APPROVAL_TWICE');
  const same = { ...carl, credential: bob.credential };
  expect(await codeOf(bench.yes(same, asked))).toBe('E_APPROVAL_TWICE');
  expect(bench.approvals.find(asked.request.id)?.state).toBe('requested');
});

test('two yes of one person that come at once are one', async () => {
  using bench = new Bench();
  const asked = await bench.ask(ann, { needs: 2 });
  const both = [bob, { ...bob, credential: 'new' }].map((by) => codeOf(bench.yes(by, asked)));
  expect(await Promise.all(both)).toEqual([undefined, 'E_APPROVAL_TWICE']);
});

test('a yes is for the text that was read', async () => {
  using bench = new Bench();
  const { request } = await bench.ask(ann);
  const other = { hash: '0'.repeat(64), proof: { pin: 'pin of user:bob' } };
  expect(await codeOf(bench.approvals.yes(bob, request.id, other))).toBe('E_APPROVAL_ALTERED');
});

test('a wrong proof signs nothing', async () => {
  using bench = new Bench();
  const { request, hash } = await bench.ask(ann);
  const wrong = { hash, proof: { pin: 'pin of user:carl' } };
  expect(await codeOf(bench.approvals.yes(bob, request.id, wrong))).toBe('E_NOT_ALLOWED');
  expect(bench.changes).toEqual(['requested']);
});

test.each<[string, object]>([
  ['another value', { what: { ...force, args: { ...force.args, value: false } } }],
  ['an argument more', { what: { ...force, args: { ...force.args, more: 1 } } }],
  ['another verb', { what: { ...force, verb: 'unforce' } }],
  ['another kind', { kind: 'shell' }],
  ['somebody else', { by: 'user:carl' satisfies Actor }],
])('what is approved is not good for %s', async (_name, more) => {
  using bench = new Bench();
  const approved = await bench.approved();
  expect(await bench.use(approved, more)).toBe('E_APPROVAL_ALTERED');
  expect(bench.refusals).toEqual(['E_APPROVAL_ALTERED']);
  expect(await bench.use(approved)).toBeUndefined();
});

test('the order of arguments is no difference', async () => {
  using bench = new Bench();
  const { tag, value, for_ms } = force.args;
  const approved = await bench.approved({ what: { args: { for_ms, value, tag }, verb: 'force' } });
  expect(await bench.use(approved)).toBeUndefined();
});

test('it is good neither before its time nor for a policy that asks for more', async () => {
  using bench = new Bench();
  const now = bench.clock.time();
  const later = await bench.approved({ notBefore: now + 60_000 });
  expect(await bench.use(later)).toBe('E_APPROVAL_EARLY');
  bench.clock.advance(60_000);
  expect(await bench.use(later, { needs: 2 })).toBe('E_APPROVAL_FEW');
  expect(await bench.use(later)).toBeUndefined();
  expect(await bench.use(later)).toBe('E_APPROVAL_USED');
  expect(
    await bench.approvals.use('ap-0123456789abcdef', { kind: 'act', what: force, by: 'user:ann' }),
  ).toBe('E_APPROVAL_NONE');
});

test.each<[string, (bench: Bench) => void]>([
  ['is no longer enrolled', ({ people }) => void people.delete('user:bob')],
  [
    'may no longer approve',
    (bench) => {
      const person = bench.people.get('user:bob');
      if (person !== undefined) person.permissions = new Set(['view']);
    },
  ],
  ['was enrolled anew', (bench) => bench.enrol('user:bob', bob.permissions)],
])('a yes is worth nothing once who gave it %s', async (_name, change) => {
  using bench = new Bench();
  const approved = await bench.approved();
  change(bench);
  expect(await bench.use(approved)).toBe('E_APPROVAL_PERSON');
});

test.each<[string, string]>([
  ['what', `json_set(view, '$.request.what.args.value', json('false'))`],
  ['the hash with it', `json_set(view, '$.request.uses', 1000, '$.hash', '${'0'.repeat(64)}')`],
  ['who asked', `json_set(view, '$.request.by', 'user:bob')`],
  ['the signature', `json_set(view, '$.yes[0].signature', '${'A'.repeat(86)}==')`],
  ['who said yes', `json_set(view, '$.yes[0].by', 'user:carl')`],
  ['a yes that nobody gave', `json_set(view, '$.yes', json('[]'))`],
  ['a second yes by the first', `json_insert(view, '$.yes[#]', json_extract(view, '$.yes[0]'))`],
])('a store in which %s was altered approves nothing', async (_name, change) => {
  using bench = new Bench();
  const approved = await bench.approved();
  bench.approvals.close();
  const database = new Database(bench.path);
  database.exec(`UPDATE approval SET view = ${change}`);
  database.close();
  bench.again();
  for (const what of [force, { ...force, args: { ...force.args, value: false } }]) {
    // oxlint-disable-next-line no-await-in-loop -- one use after another
    expect(await bench.use(approved, { what })).toMatch(/^E_APPROVAL_(ALTERED|PERSON)$/);
  }
});
