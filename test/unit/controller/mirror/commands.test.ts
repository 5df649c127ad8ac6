// Commands from the broker: what reaches control, and what is refused with which words.
import { describe, expect, test, vi } from 'vitest';
import { ReceiptMessage } from '#contract/mirror.ts';
import type { CommandMessage } from '#contract/mirror.ts';
import type { ActMessage } from '#contract/wire.ts';
import { Rig, base } from './rig.ts';

// Virtual time, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const topic = `${base}/command/tending/start`;

async function cell(): Promise<Rig> {
  const rig = new Rig({ commands: true }).start();
  rig.clock.pass(1000);
  return Promise.resolve(rig);
}

const command = (rig: Rig, more: Partial<CommandMessage> = {}): CommandMessage => ({
  id: 'order-0001',
  by: 'mes',
  issued: rig.clock.time(),
  expires: rig.clock.time() + 10_000,
  reason: 'order 4711',
  ...more,
});

const acts = (rig: Rig): ActMessage[] =>
  rig.sent.flatMap((message) => (message.type === 'act' ? [message] : []));

const receipts = (rig: Rig, id = 'order-0001'): ReceiptMessage[] =>
  rig.broker.on(`${base}/receipt/${id}`).map(({ payload, retain }) => {
    expect(retain).toBe(false);
    return ReceiptMessage.parse(JSON.parse(payload));
  });

test('a command becomes an act of its actor, and its receipts come back', async () => {
  await using rig = await cell();
  rig.broker.publish(topic, JSON.stringify(command(rig)));
  expect(acts(rig)).toEqual([
    {
      type: 'act',
      id: 'order-0001',
      actor: 'token:mqtt-mes',
      verb: 'command',
      args: { flow: 'tending', name: 'start', reason: 'order 4711' },
      ttl_ms: 2000,
    },
  ]);
  rig.mirror.take({ type: 'receipt', id: 'order-0001', result: 'accepted' });
  rig.mirror.take({ type: 'done', id: 'order-0001', seq: 12, outcome: 'fired E1' });
  // Answers to others' acts are not for the broker.
  rig.mirror.take({ type: 'receipt', id: 'of-a-page-1', result: 'accepted' });
  rig.clock.pass(100);
  expect(receipts(rig)).toMatchObject([
    { result: 'accepted' },
    { result: 'done', outcome: 'fired E1', n: [1, 12] },
  ]);
  expect(receipts(rig, 'of-a-page-1')).toEqual([]);
});

test('without `commands: true` nothing is subscribed to, and nothing reaches control', async () => {
  await using rig = new Rig().start();
  rig.clock.pass(1000);
  rig.broker.publish(topic, JSON.stringify(command(rig)));
  rig.clock.pass(100);
  expect(acts(rig)).toEqual([]);
});

describe('refused, and answered', () => {
  test.each<[string, (rig: Rig) => Partial<CommandMessage>, string]>([
    ['expired', (rig) => ({ expires: rig.clock.time() }), 'E_ACT_EXPIRED'],
    [
      'issued in the future',
      (rig) => ({ issued: rig.clock.time() + 5001, expires: rig.clock.time() + 9000 }),
      'E_MIRROR_COMMAND',
    ],
    ['of too long a life', (rig) => ({ expires: rig.clock.time() + 50_001 }), 'E_MIRROR_COMMAND'],
  ])('what is %s', async (_, make, code) => {
    await using rig = await cell();
    rig.broker.publish(topic, JSON.stringify(command(rig, make(rig))));
    rig.clock.pass(100);
    expect(acts(rig)).toEqual([]);
    expect(receipts(rig)).toMatchObject([{ result: 'refused', code }]);
    expect(rig.log.at(-1)).toContain(`refused token:mqtt-mes: ${code}`);
  });

  test('what is retained, when the broker gives it at a connect', async () => {
    await using rig = new Rig({ commands: true });
    rig.broker.publish(topic, JSON.stringify(command(rig)), true);
    rig.start();
    rig.clock.pass(1000);
    expect(acts(rig)).toEqual([]);
    expect(rig.log.join('\n')).toContain('it is retained');
  });

  test('while control is away', async () => {
    await using rig = await cell();
    rig.mirror.controlLost();
    rig.broker.publish(topic, JSON.stringify(command(rig)));
    rig.clock.pass(100);
    expect(receipts(rig)).toMatchObject([{ result: 'refused', code: 'E_CELL_NOT_RUNNING' }]);
  });
});

describe('refused, with nobody to answer', () => {
  test.each<[string, (rig: Rig) => string | Uint8Array]>([
    ['no JSON', () => '{'],
    ['no UTF-8', () => new Uint8Array([0xff, 0xfe, 0x7b])],
    ['a list', () => '[]'],
    ['a field too many', (rig) => JSON.stringify({ ...command(rig), cell: 'tending-2' })],
    ['no reason', (rig) => JSON.stringify(command(rig, { reason: '' }))],
    ['half a letter', (rig) => JSON.stringify(command(rig, { reason: '\ud800' }))],
    [
      'an id with a dot, which not every broker takes in a topic',
      (rig) => JSON.stringify(command(rig, { id: 'order.0001' })),
    ],
    ['an id that is a topic', (rig) => JSON.stringify(command(rig, { id: 'a/b/#/cdefg' }))],
    ['a name that is no actor', (rig) => JSON.stringify(command(rig, { by: 'console:root' }))],
    [
      'a time that is none',
      (rig) => JSON.stringify(command(rig)).replace(/"issued":\d+/, '"issued":1e999'),
    ],
    ['17 KiB', (rig) => JSON.stringify({ ...command(rig), reason: 'x'.repeat(17 * 1024) })],
    ['a megabyte', () => 'x'.repeat(1024 * 1024)],
  ])('%s', async (_, make) => {
    await using rig = await cell();
    rig.broker.publish(topic, make(rig));
    rig.clock.pass(100);
    expect(acts(rig)).toEqual([]);
    expect(rig.broker.taken.some((message) => message.topic.includes('/receipt/'))).toBe(false);
    expect(rig.log.at(-1)).toMatch(/^refused a command from the broker: E_MIRROR_COMMAND: /);
    expect(rig.log.at(-1)?.length).toBeLessThan(500);
  });
});

test.each([
  ['another cell’s', 'acme/north/machining/line-1/tending-2/command/tending/start'],
  ['one without a name', `${base}/command/tending`],
  ['one with too many levels', `${base}/command/tending/start/now`],
  ['one without a flow', `${base}/command//start`],
  ['one of a megabyte', `${base}/command/tending/${'x'.repeat(1024 * 1024)}`],
])('a topic, %s, is no command of this cell', async (_, other) => {
  await using rig = await cell();
  rig.broker.publish(other, JSON.stringify(command(rig)));
  rig.clock.pass(100);
  expect(acts(rig)).toEqual([]);
});

test('a flood is cut at its pace, but for stops', async () => {
  await using rig = await cell();
  for (let count = 0; count < 300; count += 1)
    rig.broker.publish(topic, JSON.stringify(command(rig, { id: `start-${1000 + count}` })));
  expect(acts(rig)).toHaveLength(50);
  for (let count = 0; count < 100; count += 1) {
    const id = `abort-${1000 + count}`;
    rig.broker.publish(`${base}/command/tending/abort`, JSON.stringify(command(rig, { id })));
  }
  expect(acts(rig)).toHaveLength(150);
});
