// An approval's life: asked for, said yes to, used; ended by a no, by who asked, by time; after a restart.
import { expect, test } from 'vitest';
import { hashOf, isSigned } from '#controller/approval/evidence.ts';
import { Bench, ann, bob, carl, codeOf, principal, robot } from './rig.ts';

test('what one asks for and another says yes to may be done once', async () => {
  using bench = new Bench();
  const asked = await bench.ask(ann);
  expect(asked).toMatchObject({
    state: 'requested',
    request: { by: 'user:ann', cell: 'tending-1' },
  });
  const approved = await bench.yes(bob, asked);
  expect(approved.state).toBe('approved');
  expect(await bench.use(approved)).toBeUndefined();
  expect(bench.approvals.find(asked.request.id)).toMatchObject({ state: 'used', used: 1 });
  expect(bench.changes).toEqual(['requested', 'yes', 'approved', 'used']);
});

test('the record alone proves it: request, hash, key and signature stand in it', async () => {
  using bench = new Bench();
  await bench.use(await bench.approved());
  const [asked, said] = bench.events;
  const { request } = asked ?? {};
  const { yes } = said ?? {};
  if (request === undefined || yes === undefined) throw new Error('neither request nor yes');
  expect(hashOf(request)).toBe(asked?.hash);
  expect(isSigned(request, yes)).toBe(true);
  expect(yes.key).toBe(bench.people.get('user:bob')?.key);
  expect(isSigned({ ...request, reason: 'another' }, yes)).toBe(false);
});

test('what needs two has two, and is good for as many uses as was said', async () => {
  using bench = new Bench();
  const asked = await bench.ask(ann, { needs: 2, uses: 2 });
  expect((await bench.yes(bob, asked)).state).toBe('requested');
  expect(await bench.use(asked)).toBe('E_APPROVAL_WAITING');
  const approved = await bench.yes(carl, asked);
  expect([await bench.use(approved), await bench.use(approved)]).toEqual([undefined, undefined]);
  expect(await bench.use(approved)).toBe('E_APPROVAL_USED');
  expect(bench.events.flatMap(({ use }) => use ?? [])).toEqual([1, 2]);
});

test('uses that come at once are counted one after another', async () => {
  using bench = new Bench();
  const approved = await bench.approved({ uses: 3 });
  const codes = await Promise.all(Array.from({ length: 8 }, () => bench.use(approved)));
  expect(codes.filter((code) => code === undefined)).toHaveLength(3);
  expect(new Set(codes)).toEqual(new Set([undefined, 'E_APPROVAL_USED']));
});

test('one no ends it, also when it was approved', async () => {
  using bench = new Bench();
  const approved = await bench.approved();
  const denied = await bench.approvals.deny(carl, approved.request.id, 'the pump is in use');
  expect(denied).toMatchObject({
    state: 'denied',
    no: { by: 'user:carl', reason: 'the pump is in use' },
  });
  expect(await bench.use(approved)).toBe('E_APPROVAL_STATE');
  expect(bench.changes.at(-1)).toBe('denied');
});

test('who asked takes it back, and so does the owner of the agent that asked; nobody else', async () => {
  using bench = new Bench();
  const own = await bench.ask(ann);
  const agents = await bench.ask(robot);
  const { approvals } = bench;
  expect(await codeOf(approvals.withdraw(bob, own.request.id, 'no'))).toBe('E_NOT_ALLOWED');
  expect((await approvals.withdraw(ann, own.request.id, 'done')).state).toBe('withdrawn');
  expect((await approvals.withdraw(ann, agents.request.id, 'mine')).state).toBe('withdrawn');
  expect(await codeOf(bench.yes(bob, own))).toBe('E_APPROVAL_STATE');
});

test('what is over ends by itself, and the record says so', async () => {
  using bench = new Bench();
  const asked = await bench.ask(ann);
  const approved = await bench.approved();
  bench.clock.advance(600_000);
  await settled();
  const states = bench.approvals.list().map(({ state }) => state);
  expect(states).toEqual(['expired', 'expired']);
  expect(bench.changes.filter((change) => change === 'expired')).toHaveLength(2);
  expect(await codeOf(bench.yes(bob, asked))).toBe('E_APPROVAL_EXPIRED');
  expect(await bench.use(approved)).toBe('E_APPROVAL_EXPIRED');
});

test('all of it is there after a restart of station, and what ended meanwhile ends', async () => {
  using bench = new Bench();
  const asked = await bench.ask(ann, { needs: 2 });
  await bench.yes(bob, asked);
  const over = await bench.ask(carl);
  const used = await bench.approved();
  await bench.use(used);
  const before = bench.approvals.list();
  bench.again();
  expect(bench.approvals.list()).toEqual(before);
  await bench.yes(carl, asked);
  expect(await bench.use(used)).toBe('E_APPROVAL_USED');
  bench.approvals.close();
  bench.clock.advance(600_000);
  bench.again();
  await settled();
  expect(bench.approvals.find(over.request.id)?.state).toBe('expired');
  expect(bench.events.filter(({ change }) => change === 'expired').length).toBe(2);
});

test('nothing is given that the chronicle does not have', async () => {
  using bench = new Bench();
  const asked = await bench.ask(ann);
  bench.problem = 'E_CELL_NOT_RUNNING';
  expect(await codeOf(bench.ask(ann))).toBe('E_CELL_NOT_RUNNING');
  expect(await codeOf(bench.yes(bob, asked))).toBe('E_CELL_NOT_RUNNING');
  expect(bench.approvals.list().map(({ state }) => state)).toEqual(['requested']);
  bench.problem = undefined;
  const approved = await bench.yes(bob, asked);
  bench.problem = 'E_CHRONICLE_STALL';
  // It may be on disk or not: the use is spent, and its effect does not begin.
  expect(await bench.use(approved)).toBe('E_CHRONICLE_STALL');
  bench.problem = undefined;
  expect(await bench.use(approved)).toBe('E_APPROVAL_USED');
});

test('a no holds without the chronicle, and is told when it answers, after a restart too', async () => {
  using bench = new Bench();
  const approved = await bench.approved();
  bench.problem = 'E_CELL_NOT_RUNNING';
  await bench.approvals.deny(carl, approved.request.id, 'not now');
  expect(await bench.use(approved)).toBe('E_APPROVAL_STATE');
  bench.again();
  expect(await bench.use(approved)).toBe('E_APPROVAL_STATE');
  bench.clock.advance(5000);
  await settled();
  expect(bench.changes).not.toContain('denied');
  bench.problem = undefined;
  bench.clock.advance(5000);
  await settled();
  bench.clock.advance(10_000);
  await settled();
  expect(bench.changes.filter((change) => change === 'denied')).toHaveLength(1);
  bench.again();
  await settled();
  expect(bench.changes.filter((change) => change === 'denied')).toHaveLength(1);
});

test('so many wait of one, and so many of all', async () => {
  using bench = new Bench();
  const of = (name: string, count: number): Promise<unknown>[] =>
    Array.from({ length: count }, () => codeOf(bench.ask(principal(`user:${name}`))));
  const codes = await Promise.all(of('dora', 9));
  expect(codes.filter((code) => code === 'E_APPROVAL_MANY')).toHaveLength(1);
  const names = Array.from({ length: 7 }, (_, index) => `other${index}`);
  expect(await Promise.all(names.flatMap((name) => of(name, 8)))).not.toContain('E_APPROVAL_MANY');
  expect(await codeOf(bench.ask(principal('user:last')))).toBe('E_APPROVAL_MANY');
});

test('a listener hears each change once it holds', async () => {
  using bench = new Bench();
  const heard: string[] = [];
  const stop = bench.approvals.listen(({ state, used }) => void heard.push(`${state} ${used}`));
  await bench.use(await bench.approved({ uses: 2 }));
  stop();
  await bench.ask(ann);
  expect(heard).toEqual(['requested 0', 'approved 0', 'approved 1']);
});

/** What was begun and waits for no clock is done. */
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));
