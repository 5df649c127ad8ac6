// Hostile and clumsy clients at control's socket: each gets a coded refusal that is recorded, and nothing
// else is disturbed. One cell stands all of it; a client that watches, and control's own figures, tell.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { chance, soak, testSeed } from './chance.ts';
import { RawClient, frameOf, newId } from './raw-client.ts';
import { entriesOf } from './record.ts';
import type { PlainEntry } from './record.ts';
import { TestCell, until } from './test-cell.ts';

let cell: TestCell;
let watcher: RawClient;
let pid: number;

beforeAll(async () => {
  cell = await TestCell.start({ calm: { hasty: true } });
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
  watcher = await RawClient.greet(cell.data, true);
  pid = cell.pidOf('control');
}, 180_000);

afterAll(async () => {
  watcher[Symbol.dispose]();
  await cell[Symbol.asyncDispose]();
}, 180_000);

/** The newest figures that the watching client was sent. */
function figures(): { count: number; late: { p99: number } } {
  const found = watcher.heard.findLast((message) => message['scan'] !== undefined);
  return found?.['scan'] as { count: number; late: { p99: number } };
}

/** The time of the last scan that it was told of. */
const lastScan = (): number => Number(watcher.heard.at(-1)?.['now'] ?? 0);

/**
 * Later than a client may make scans. One of a hundred may meet a busy moment of the machine that runs the tests; one
 * that is later than the watchdog ends the process, and it must be the same at the end.
 */
const disturbed = 250;

async function undisturbed(): Promise<void> {
  const now = lastScan();
  await until('scans go on', 3_000, () => (lastScan() > now ? true : undefined));
  expect(figures().late.p99).toBeLessThan(disturbed);
  expect(watcher.closed).toBe(false);
  expect(cell.pidOf('control')).toBe(pid);
}

afterEach(async () => {
  if (cell.supervisor !== undefined) await undisturbed();
});

const refusalOf = (id: string): PlainEntry | undefined =>
  entriesOf(cell.data, 'act').find(({ body }) => body['id'] === id && body['result'] === 'refused');

/** A refused act stands in the chronicle with its code. */
async function recorded(id: string): Promise<PlainEntry> {
  return until(`act ${id} is recorded as refused`, 3_000, () => refusalOf(id));
}

const hello = JSON.stringify({ type: 'hello', protocol: 1, client: 'cli', feed: false });
const greeting = frameOf(hello);
const tooLong = Buffer.from([0x7f, 0xff, 0xff, 0xff]);
const act = { type: 'act', id: newId(), actor: 'console:test', verb: 'command', args: {} };

test.each([
  ['JSON that does not parse', [greeting, frameOf('{"type": "act"')], 'E_DOOR_FRAME'],
  ['bytes that are not UTF-8', [greeting, frameOf(Buffer.from([0xc3, 0x28]))], 'E_DOOR_FRAME'],
  ['a length beyond the limit', [greeting, tooLong], 'E_DOOR_SIZE'],
  ['a length just beyond it', [greeting, Buffer.from([0, 0x10, 0, 1])], 'E_DOOR_SIZE'],
  [
    'another protocol',
    [frameOf('{"type": "hello", "protocol": 2, "client": "cli", "feed": true}')],
    'E_DOOR_PROTOCOL',
  ],
  ['no hello', [frameOf(JSON.stringify(act))], 'E_DOOR_FRAME'],
  ['two hellos', [greeting, greeting], 'E_DOOR_FRAME'],
  ['an unknown message', [greeting, frameOf('{"type": "reboot"}')], 'E_DOOR_FRAME'],
  ['a message that is no object', [greeting, frameOf('[1, 2, 3]')], 'E_DOOR_FRAME'],
  ['an empty frame', [greeting, frameOf('')], 'E_DOOR_FRAME'],
  [
    'a field that nobody knows',
    [greeting, frameOf(JSON.stringify({ ...act, sudo: true }))],
    'E_DOOR_FRAME',
  ],
  [
    'an id that is too short to be one',
    [greeting, frameOf(JSON.stringify({ ...act, id: '1' }))],
    'E_DOOR_FRAME',
  ],
])('%s: a coded goodbye, the connection closed, recorded', async (_name, frames, code) => {
  const before = entriesOf(cell.data, 'fault').length;
  using client = await RawClient.connect(cell.data);
  for (const frame of frames) client.sendBytes(frame);
  const bye = await client.hears('goodbye', 'bye', () => true);
  expect(bye['code']).toBe(code);
  await client.closes();
  const entry = await until('the refusal is recorded', 3_000, () =>
    entriesOf(cell.data, 'fault').at(before),
  );
  expect(entry.body).toMatchObject({ code, context: { door: 'control.sock' } });
});

const force = { tag: 'coolant.pump', value: true, for_ms: 1000, reason: 'a test' };
const hour = 3_600_000;

test.each<[string, string, Readonly<Record<string, unknown>>, string]>([
  ['an unknown verb', 'reboot', {}, 'E_ACT_VERB'],
  ['a verb without its arguments', 'command', { flow: 'tending' }, 'E_ACT_VERB'],
  ['an argument too many', 'resume', { flow: 'tending', now: true }, 'E_ACT_VERB'],
  ['an unknown flow', 'command', { flow: 'tendin', name: 'stop' }, 'E_ACT_FLOW'],
  ['an unknown command', 'command', { flow: 'tending', name: 'stopp' }, 'E_ACT_COMMAND'],
  ['a name of every object', 'command', { flow: 'constructor', name: 'stop' }, 'E_ACT_FLOW'],
  [
    'a held command given as another',
    'command',
    { flow: 'tending', name: 'jog.open' },
    'E_ACT_VERB',
  ],
  [
    'a command kept that is not held',
    'keep',
    { flow: 'tending', name: 'start', down: true },
    'E_ACT_VERB',
  ],
  ['a resume of what runs', 'resume', { flow: 'tending' }, 'E_FLOW_RUNNING'],
  [
    'an unknown parameter',
    'parameter',
    { flow: 'tending', name: 'speed', value: 1 },
    'E_ACT_PARAMETER',
  ],
  [
    'a parameter outside its envelope',
    'parameter',
    { flow: 'tending', name: 'batch', value: 0 },
    'E_ACT_VALUE',
  ],
  [
    'a parameter in too large a step',
    'parameter',
    { flow: 'tending', name: 'flow.min', value: 9 },
    'E_ACT_STEP',
  ],
  ['an unknown alarm', 'acknowledge', { alarm: 'tending.nothing' }, 'E_ACT_ALARM'],
  ['a force of an unknown tag', 'force', { ...force, tag: 'coolant' }, 'E_ACT_TAG'],
  ['a force of a system tag', 'force', { ...force, tag: 'sys.chronicle.ok' }, 'E_ACT_TAG'],
  ['a force without a reason', 'force', { ...force, reason: ' ' }, 'E_ACT_FORCE'],
  ['a force over eight hours', 'force', { ...force, for_ms: 8 * hour + 1 }, 'E_ACT_FORCE'],
  [
    'a force without an end',
    'force',
    { tag: 'coolant.pump', value: true, reason: 'x' },
    'E_ACT_VERB',
  ],
  ['a force of another type', 'force', { ...force, value: 'on' }, 'E_ACT_VALUE'],
  [
    'a force outside its range',
    'force',
    { ...force, tag: 'clamp.pressure', value: 99 },
    'E_ACT_VALUE',
  ],
  ['an end to no force', 'unforce', { tag: 'coolant.pump' }, 'E_ACT_TAG'],
])('%s is refused and recorded', async (_name, verb, args, code) => {
  using client = await RawClient.greet(cell.data);
  const { id, receipt } = await client.act(verb, args);
  expect(receipt).toMatchObject({ result: 'refused', code });
  const entry = await recorded(id);
  expect(entry).toMatchObject({ actor: 'console:test', body: { verb, code } });
  expect(client.closed).toBe(false);
});

const reset = { flow: 'tending', name: 'reset' };

test.each([
  ['user:mallory', 'E_ACT_ACTOR'],
  ['agent:acme/tuner', 'E_ACT_ACTOR'],
  ['root', 'E_ACT_ACTOR'],
  ['console:a; drop table entry', 'E_ACT_ACTOR'],
  ['system', 'E_ACT_ACTOR'],
  ['console:panel', 'E_NOT_SIGNED_IN'],
])('the actor %s may not; the record says who tried', async (actor, code) => {
  using client = await RawClient.greet(cell.data);
  const { id, receipt } = await client.act('command', reset, { actor });
  expect(receipt).toMatchObject({ result: 'refused', code });
  const entry = await recorded(id);
  expect(`${entry.actor} ${String(entry.body['reason'])}`).toContain(actor);
});

test('an id is good once: a repeat gets the first receipt again, and nothing happens twice', async () => {
  using client = await RawClient.greet(cell.data);
  const id = newId();
  const clear = { flow: 'tending', name: 'abort' };
  const first = await client.act('command', clear, { id });
  expect(first.receipt).toEqual({ result: 'accepted' });
  const done = await client.outcomeOf(id);
  expect(done.outcome).toBe('fired U1');
  // The same id again, from another client, and for something else.
  using other = await RawClient.greet(cell.data);
  const again = await other.act('command', reset, { id });
  expect(again.receipt).toEqual(first.receipt);
  expect(await other.outcomeOf(id)).toEqual(done);
  // Many at once, from one client.
  const many = newId();
  const message = { type: 'act', id: many, actor: 'console:test', verb: 'command', args: clear };
  other.sendBytes(
    Buffer.concat(Array.from({ length: 50 }, () => frameOf(JSON.stringify(message)))),
  );
  await other.outcomeOf(many);
  const entries = entriesOf(cell.data, 'act');
  expect(entries.filter(({ body }) => body['id'] === id)).toHaveLength(1);
  expect(entries.filter(({ body }) => body['id'] === many)).toHaveLength(1);
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
});

test('a command that waited longer than its time to live enters no scan', async () => {
  using client = await RawClient.greet(cell.data);
  const ids = Array.from({ length: 15 }, newId);
  const frames = ids.map((id) => {
    const one = { type: 'act', id, actor: 'console:ttl', verb: 'command', args: reset, ttl_ms: 1 };
    return frameOf(JSON.stringify(one));
  });
  client.sendBytes(Buffer.concat(frames));
  const expired = await client.hears(
    'one of them expired',
    'done',
    (message) => message['outcome'] === 'expired',
  );
  const entry = await recorded(String(expired['id']));
  expect(entry.body).toMatchObject({ code: 'E_ACT_EXPIRED', verb: 'command', args: reset });
});

test('what was decided on a view that is past is refused, but never a stop', async () => {
  using client = await RawClient.greet(cell.data);
  const expected = { expect: { flow: 'tending', seq: 1 } };
  const { id, receipt } = await client.act('command', reset, expected);
  expect(receipt).toMatchObject({ result: 'refused', code: 'E_STALE_VIEW' });
  expect((await recorded(id)).body).toMatchObject({ code: 'E_STALE_VIEW' });
  // The flow of the act is meant when no other is named.
  const implied = await client.act('command', reset, { expect: { seq: 1 } });
  expect(implied.receipt).toMatchObject({ result: 'refused', code: 'E_STALE_VIEW' });
  const seq = cell.status()?.seq ?? 0;
  const fresh = await client.act('command', reset, { expect: { flow: 'tending', seq } });
  expect(fresh.receipt).toEqual({ result: 'accepted' });
  for (const name of ['stop', 'hold', 'abort']) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const stop = await client.act('command', { flow: 'tending', name }, expected);
    expect([name, stop.receipt]).toEqual([name, { result: 'accepted' }]);
  }
  await cell.command('clear', 'unit.Aborted', 'unit.Stopped');
});

function floodOf(name: string): { id: string; frame: Buffer } {
  const id = newId();
  const args = { flow: 'tending', name };
  const message = { type: 'act', id, actor: 'console:flood', verb: 'command', args };
  return { id, frame: frameOf(JSON.stringify(message)) };
}

test('too many acts in a second are refused and recorded, but never a stop', async () => {
  using client = await RawClient.greet(cell.data);
  const flood = Array.from({ length: 60 }, () => floodOf('reset'));
  const stop = floodOf('hold');
  client.sendBytes(Buffer.concat([...flood, stop].map(({ frame }) => frame)));
  expect((await client.receiptOf(stop.id)).receipt).toEqual({ result: 'accepted' });
  const answers = await Promise.all(flood.map(({ id }) => client.receiptOf(id)));
  const refused = answers.filter(({ receipt }) => receipt.result === 'refused');
  expect(refused.length).toBeGreaterThanOrEqual(20);
  for (const { receipt } of refused) expect(receipt.code).toBe('E_ACT_RATE');
  expect((await recorded(refused[0]?.id ?? '')).body).toMatchObject({ code: 'E_ACT_RATE' });
  // Whoever else acts is not held back by it.
  using other = await RawClient.greet(cell.data);
  expect((await other.act('command', reset)).receipt).toEqual({ result: 'accepted' });
});

test('a client that asks for everything again and again, and never reads, holds nobody up', async () => {
  using client = await RawClient.greet(cell.data, true);
  client.stopReading();
  const resync = frameOf(JSON.stringify({ type: 'resync' }));
  const watch = frameOf(JSON.stringify({ type: 'watch', flows: ['tending'] }));
  const many = Buffer.concat(Array.from({ length: 2000 }, () => [resync, watch]).flat());
  client.sendBytes(many);
  const { count } = figures();
  await until('two seconds pass', 4_000, () => (figures().count > count + 100 ? true : undefined));
  // It gets one snapshot, not two thousand, when it reads at last.
  client.keepReading();
  await until('it is shown the present', 3_000, () =>
    Number(client.heard.at(-1)?.['frame']) >= Number(watcher.heard.at(-1)?.['frame']) - 2
      ? true
      : undefined,
  );
  const snapshots = client.heard.filter(({ type }) => type === 'snapshot').length;
  expect(snapshots).toBeGreaterThan(1);
  expect(snapshots).toBeLessThan(200);
}, 20_000);

test('a client that never reads its answers is disconnected, and the record says why', async () => {
  using client = await RawClient.greet(cell.data);
  client.stopReading();
  const args = { flow: 'tending', name: 'nothing' };
  const message = { type: 'act', id: newId(), actor: 'console:test', verb: 'command', args };
  const frame = frameOf(JSON.stringify(message));
  const many = Buffer.concat(Array.from({ length: 500 }, () => frame));
  await until('control has closed it', 30_000, () => {
    client.sendBytes(many);
    return entriesOf(cell.data, 'fault').find(({ body }) => body['code'] === 'E_DOOR_SLOW');
  });
  client.keepReading();
  await client.closes();
  expect(client.closed).toBe(true);
}, 40_000);

test('clients beyond the limit are refused, and there is room again when one leaves', async () => {
  const clients: RawClient[] = [];
  try {
    for (let index = 0; index < 40; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      clients.push(await RawClient.connect(cell.data));
    }
    const last = clients.at(-1);
    expect((await last?.hears('goodbye', 'bye', () => true))?.['code']).toBe('E_DOOR_FULL');
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
  await until('there is room again', 5_000, async () => {
    using client = await RawClient.connect(cell.data);
    client.sendBytes(greeting);
    const first = await until('an answer', 5_000, () => client.heard[0]);
    return first.type === 'hello' ? first : undefined;
  });
}, 180_000);

/** A frame that a broken or spiteful program might send. */
function strangeFrame(random: () => number): Buffer {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const junk = Buffer.from(Array.from({ length: 1 + random() * 200 }, () => random() * 256));
  const value = (): unknown =>
    pick([null, -1, 1e308, 'x'.repeat(300), true, [], {}, '__proto__', 'tending', { down: 1 }]);
  const message = {
    type: pick(['act', 'hello', 'watch', 'resync', 'bye', value()]),
    id: pick([newId(), value()]),
    actor: pick(['console:fuzz', value()]),
    verb: pick(['command', 'keep', 'force', 'parameter', 'resume', 'toString', value()]),
    args: pick([{ flow: 'tending', name: value(), value: value(), tag: value() }, value()]),
    flows: value(),
    ...(random() < 0.5 ? { ttl_ms: value() } : {}),
  };
  const whole = frameOf(JSON.stringify(message));
  const flipped = Buffer.from(whole);
  const at = Math.floor(random() * flipped.length);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return pick([junk, frameOf(junk), whole, flipped, whole.subarray(0, at)]) ?? junk;
}

test(`strange frames from many clients disturb nobody (SEED=${testSeed})`, async () => {
  const random = chance(testSeed);
  for (let round = 0; round < (soak ? 2000 : 200); round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one client after the other
    using client = await RawClient.connect(cell.data);
    if (random() < 0.7) client.sendBytes(greeting);
    for (let count = random() * 8; count > 0; count -= 1) client.sendBytes(strangeFrame(random));
    // oxlint-disable-next-line no-await-in-loop -- one client after the other
    await new Promise((done) => setTimeout(done, 2));
  }
  using client = await RawClient.greet(cell.data);
  expect((await client.act('command', reset)).receipt).toEqual({ result: 'accepted' });
}, 120_000);

test('after all of it the record is whole and re-executes identically', async () => {
  expect(cell.status()?.boot).toBe(1);
  await cell.stopCell();
  expect(cell.rebe('verify', '--keys', join(cell.data, 'keys', 'cell.pub'))).toMatchObject({
    code: 0,
  });
  expect(cell.rebe('replay').stdout).toContain('identical at every scan');
}, 180_000);
