// Forces and held commands over real sockets, told by what reached the machine: a force on an input opens no
// interlock, a force ends when it was to end, a held command ends when the hand goes away.
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { ApprovalView } from '#contract/approval.ts';
import { present } from '#contract/error.ts';
import { askStation } from '#controller/server/client.ts';
import { enrolled, password } from './enrolled.ts';
import { RawClient } from './raw-client.ts';
import { entriesOf, receivedBy } from './record.ts';
import type { Received } from './record.ts';
import { TestCell, rebe, until } from './test-cell.ts';

/** What reached the machine for an output since `since` (UTC). */
const arrived = (data: string, output: string, since: number): Received[] =>
  receivedBy(data).filter((one) => one.output === output && one.t >= since);

/** Waits until a value of an output reached the machine after `since`. */
const arrives = (data: string, output: string, value: unknown, since: number): Promise<Received> =>
  until(`${output} = ${String(value)} reaches the machine`, 20_000, () =>
    arrived(data, output, since).find(({ means }) => means === value),
  );

/** What is recorded of held commands. */
const outcomes = (data: string): unknown[] =>
  entriesOf(data, 'act')
    .filter(({ body }) => body['verb'] === 'keep')
    .map(({ body }) => body['outcome']);

/** The same once so much is on disk, and none is held. */
const recorded = (data: string, count: number): Promise<unknown[]> =>
  until('held commands are recorded', 10_000, () => {
    const told = outcomes(data);
    return told.length < count || told.at(-1) === 'begun' ? undefined : told;
  });

const reason = 'a test of forces';

/** An output for more than 10 min: asked for by one, said yes to by another, given once with that. The approval. */
async function forcedByTwo(data: string): Promise<string> {
  const { sven, rita } = await enrolled(data);
  const say = async (cookie: string, line: string) => {
    const body = { line, json: true };
    const { body: told } = await askStation(data, {
      method: 'POST',
      path: '/api/console',
      body,
      cookie,
    });
    return told as { readonly ok: boolean; readonly code?: string; readonly value: unknown };
  };
  const line = `force coolant.pump true --for 20min --reason "${reason}"`;
  expect(await say(sven, line)).toMatchObject({ ok: false, code: 'E_ACT_APPROVAL' });
  const asked = ApprovalView.parse((await say(sven, `${line} --ask`)).value);
  const { id } = asked.request;
  const given = `${line} --approval ${id}`;
  expect(await say(sven, given)).toMatchObject({ ok: false, code: 'E_APPROVAL_WAITING' });
  await askStation(data, {
    method: 'POST',
    path: `/api/approvals/${id}/yes`,
    body: { hash: asked.hash, proof: { password } },
    cookie: rita,
  });
  const other = given.replace('20min', '21min');
  expect(await say(sven, other)).toMatchObject({ ok: false, code: 'E_APPROVAL_ALTERED' });
  expect(await say(sven, given)).toMatchObject({ ok: true });
  expect(await say(sven, given)).toMatchObject({ ok: false, code: 'E_APPROVAL_USED' });
  return id;
}

test('a force on an input opens no interlock', async () => {
  await using cell = await TestCell.start({ calm: {} });
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
  // Outputs are forced by hand only.
  cell.rebe('command', 'tending', 'manual');
  using client = await RawClient.greet(cell.data);
  const force = async (tag: string, value: unknown, for_ms = 60_000): Promise<void> => {
    const { id, receipt } = await client.act('force', { tag, value, for_ms, reason });
    expect([tag, receipt]).toEqual([tag, { result: 'accepted' }]);
    await client.outcomeOf(id);
  };
  const began = Date.now();
  // Interlock `robotDoor`: the robot works only through an open door. This one is shut.
  const shut = cell.tags().filter(({ tag }) => tag === 'door.closed' || tag === 'door.opened');
  expect(shut.map(({ tag, value }) => [tag, value])).toEqual([
    ['door.opened', false],
    ['door.closed', true],
  ]);
  await force('door.closed', false);
  await force('door.opened', true);
  await force('robot.job', 'load');
  // An output with no interlock arrives: forces do reach the machine.
  await force('coolant.pump', true, 1000);
  await arrives(cell.data, 'coolant.pump', true, began);
  const ended = await arrives(cell.data, 'coolant.pump', false, began);
  expect(ended.t - began).toBeGreaterThan(900);
  await new Promise((done) => setTimeout(done, 1000));
  expect(arrived(cell.data, 'robot.job', began).filter(({ means }) => means !== 'none')).toEqual(
    [],
  );
  using viewer = await RawClient.greet(cell.data, true);
  const shown = (await viewer.hears('a snapshot', 'snapshot', () => true)) as unknown as {
    readonly outputs: Readonly<Record<string, unknown>>;
    readonly forces: Readonly<Record<string, unknown>>;
  };
  expect(shown.outputs['robot.job']).toMatchObject({ v: 'none', by: 'interlock' });
  expect(shown.forces['robot.job']).toMatchObject({ actor: 'console:test', reason });
  const list = cell.rebe('forces', '--json');
  expect(list.code).toBe(1);
  expect(JSON.parse(list.stdout)).toContainEqual(
    expect.objectContaining({ tag: 'robot.job', value: 'load', actor: 'console:test', reason }),
  );
  const approval = await forcedByTwo(cell.data);
  // The end of a force is an act of the system, in the scan where it ends.
  const end = entriesOf(cell.data, 'act').find(
    ({ actor, body }) => actor === 'system' && body['verb'] === 'unforce',
  );
  expect(end?.body).toMatchObject({ args: { tag: 'coolant.pump' }, outcome: 'done' });
  const long = entriesOf(cell.data, 'act').find(({ body }) => body['approval'] === approval);
  expect(long).toMatchObject({
    actor: 'user:sven',
    body: { verb: 'force', args: { tag: 'coolant.pump', value: true }, result: 'accepted' },
  });
  await cell.stopCell();
  expect(cell.rebe('replay').stdout).toContain('identical at every scan');
  expect(JSON.parse(cell.rebe('verify', '--json').stdout)).toMatchObject({
    integrity: 'whole',
    findings: [],
    approvals: { total: 1, approved: 1, used: 1, unknown: 0 },
  });
}, 180_000);

/** A hand at the page's button, and when it sent what. */
interface Hand {
  readonly client: RawClient;
  readonly name: string;
  readonly data: string;
}

/** One keep-alive, taken by control; when it was sent and when that was known. */
async function keep({ client, name }: Hand, down: boolean): Promise<{ from: number; to: number }> {
  const from = Date.now();
  const { receipt } = await client.act('keep', { flow: 'tending', name, down });
  expect(receipt).toEqual({ result: 'accepted' });
  return { from, to: Date.now() };
}

/** Keeps for longer than one keep-alive lasts and goes away: how late the machine stops; undefined when the hand was not steady. */
async function lapse(hand: Hand, output: string): Promise<number | undefined> {
  const before = outcomes(hand.data).length;
  const began = Date.now();
  const kept: { from: number; to: number }[] = [];
  for (let count = 0; count < 12; count += 1) {
    // oxlint-disable no-await-in-loop -- a hand that stays
    kept.push(await keep(hand, true));
    if (count < 11) await new Promise((done) => setTimeout(done, 60));
    // oxlint-enable no-await-in-loop
  }
  const last = present(kept.at(-1), 'it was kept');
  const moved = await arrives(hand.data, output, true, began);
  const stopped = await arrives(hand.data, output, false, moved.t);
  const told = await recorded(hand.data, before + 2);
  const steady = kept.every(({ to }, index) => to - (kept[index - 1]?.from ?? to) < 250);
  if (!steady) {
    // It may be taken for gone more than once: until it is.
    await new Promise((done) => setTimeout(done, 1000));
    return undefined;
  }
  expect(told.slice(before)).toEqual(['begun', 'lapsed after 12 keep-alives']);
  // Never before its patience of 300 ms is over.
  expect(stopped.t - last.from).toBeGreaterThan(250);
  return stopped.t - last.to;
}

/** Is let go of: how late the machine stops. */
async function release(hand: Hand, output: string): Promise<number | undefined> {
  const before = outcomes(hand.data).length;
  const down = await keep(hand, true);
  await arrives(hand.data, output, true, down.from);
  const up = await keep(hand, false);
  const still = await arrives(hand.data, output, false, down.from);
  const told = await recorded(hand.data, before + 2);
  // A hand that came too late to let go: it had lapsed.
  if (up.to - down.from >= 250) return undefined;
  expect(told.slice(before)).toEqual(['begun', 'released after 1 keep-alives']);
  return still.t - up.from;
}

/** A busy machine makes some of them late, never all: one of them is soon enough. */
function soonOnce(most: number, measure: () => Promise<number | undefined>): Promise<number> {
  const took: (number | undefined)[] = [];
  return until(
    () => `one within ${most} ms, of ${took.map(String).join(', ')}`,
    60_000,
    async () => {
      const one = await measure();
      took.push(one);
      return one !== undefined && one < most ? one : undefined;
    },
  );
}

test('a held command moves the machine while it is kept, and lapses when the hand goes away', async () => {
  await using cell = await TestCell.start({ calm: {} });
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
  cell.rebe('command', 'tending', 'manual');
  using client = await RawClient.greet(cell.data);
  const open = cell.tags().find(({ tag }) => tag === 'door.opened')?.value === true;
  const [name, output] = open
    ? (['jog.close', 'door.close'] as const)
    : (['jog.open', 'door.open'] as const);
  const hand = { client, name, data: cell.data };
  // 300 ms of patience, a scan, and the way to the wire. Let go, it stops at once.
  await soonOnce(700, () => lapse(hand, output));
  await soonOnce(250, () => release(hand, output));
  await cell.stopCell();
  expect(cell.rebe('replay').stdout).toContain('identical at every scan');
}, 180_000);

/** A program that keeps, and is killed: how late the machine stops; undefined when it was not steady. */
async function orphan(data: string): Promise<number | undefined> {
  const before = outcomes(data).length;
  const began = Date.now();
  const words = ['command', 'tending', 'jog.open', '--data', data];
  const hand = spawn(process.execPath, [rebe, ...words]);
  let meanwhile: Received[];
  try {
    const moved = await arrives(data, 'door.open', true, began);
    // It stays for longer than one keep-alive lasts, and goes with the last.
    await new Promise((done) => setTimeout(done, 600));
    meanwhile = arrived(data, 'door.open', moved.t);
  } finally {
    hand.kill('SIGKILL');
  }
  const killed = Date.now();
  const told = await recorded(data, before + 2);
  if (meanwhile.some(({ means }) => means !== true)) return undefined;
  const stopped = await arrives(data, 'door.open', false, began);
  await new Promise((done) => setTimeout(done, 500));
  const later = arrived(data, 'door.open', stopped.t);
  expect(later.filter(({ means }) => means !== false)).toEqual([]);
  expect(told.at(-1)).toMatch(/^lapsed after \d+ keep-alives$/);
  return stopped.t - killed;
}

test('a held command dies with the program that keeps it', async () => {
  await using cell = await TestCell.start({ calm: {} });
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
  cell.rebe('command', 'tending', 'manual');
  expect(await soonOnce(700, () => orphan(cell.data))).toBeLessThan(700);
}, 180_000);
