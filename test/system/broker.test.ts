// The embedded broker as a process of the product: it never keeps control from its work, comes back by itself
// on the same port, and nothing of it is left.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { findBrokerAddress } from '#controller/broker/address.ts';
import { Subscriber } from './mosquitto.ts';
import { answers, family, living } from './processes.ts';
import { TestCell, until } from './test-cell.ts';

const tagTopic = /\/tag\//;

test('a port that is taken is said once; then the broker comes, comes back when it is killed, and goes', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const listen = `127.0.0.1:${port}`;
  const mirror = `{broker: embedded, listen: '${listen}'}`;
  await using cell = await TestCell.start({ absent: true, mirror });
  const control = cell.pidOf('control');
  await until('the broker says why it does not come', 10_000, () =>
    cell.output.includes('E_BROKER_PORT') ? true : undefined,
  );
  await new Promise((resolve) => {
    other.close(resolve);
  });
  await until('its address is printed', 20_000, () =>
    cell.output.includes(`mqtt://${listen}\n`) ? true : undefined,
  );
  const lines = cell.output.split('\n').filter((line) => line.startsWith('broker is started'));
  expect(lines).toEqual([
    `broker is started again until it runs: E_BROKER_PORT ${listen} is taken. Give another: ` +
      '`mirror: {broker: embedded, listen: 127.0.0.1:1884}` in the manifest.',
  ]);

  const first = await findBrokerAddress(cell.data);
  process.kill(cell.pidOf('broker'), 'SIGKILL');
  const second = await until('another broker has another secret', 20_000, async () => {
    const address = await findBrokerAddress(cell.data);
    return address?.secret === first?.secret ? undefined : address;
  });
  expect(second.url).toBe(`mqtt://${listen}`);
  // It knows nothing, and is told everything again.
  await using plant = new Subscriber(port);
  await until('the mirror told the new broker everything', 20_000, () => {
    const tags = new Set(plant.heard.map(({ topic }) => topic).filter((one) => tagTopic.test(one)));
    const [meta] = plant.on('/meta') as { message: { tags: object } }[];
    return meta !== undefined && tags.size === Object.keys(meta.message.tags).length
      ? true
      : undefined;
  });
  expect(await answers(port)).toBe(true);
  expect(cell.pidOf('control')).toBe(control);
  expect((await cell.now())?.boot).toBe(1);

  const parts = cell.supervisor === undefined ? [] : family(cell.supervisor);
  expect(parts.map(({ words }) => words.split(' ')[1])).toContain('broker');
  await cell.stopCell();
  expect(living(parts)).toEqual([]);
  // The broker went last: the mirror's goodbye was heard.
  expect(plant.on('/health').at(-1)?.message).toMatchObject({ state: 'offline' });
  expect(await answers(port)).toBe(false);
}, 180_000);
