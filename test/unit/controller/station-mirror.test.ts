// Station's mirror begins, changes and ends as control's greeting says, and a disk that refuses it is asked again.
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FromClient, Hello } from '#contract/wire.ts';
import { StationMirror } from '#controller/station-mirror.ts';
import { TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { until } from '#test/system/test-cell.ts';
import { removeFolder } from '#test/folder.ts';
import { greeting } from './mirror/rig.ts';

function station() {
  const data = mkdtempSync(join(tmpdir(), 'station-'));
  const clock = new TestClock();
  const sent: FromClient[] = [];
  const log: string[] = [];
  const mirror = new StationMirror(
    {
      clock,
      random: () => 0.5,
      log: (_, text) => log.push(text),
      send: (message) => {
        sent.push(message);
        return true;
      },
    },
    data,
  );
  return {
    data,
    clock,
    sent,
    log,
    mirror,
    /** What it tells control of its mirror, the newest. */
    told: () => sent.flatMap((one) => (one.type === 'health' ? [one.mirror] : [])).at(-1),
    [Symbol.asyncDispose]: async () => {
      const ended = mirror.close();
      clock.pass(1000);
      await ended;
      removeFolder(data);
    },
  };
}

/** Nobody listens there: port 1 is never given away. */
const asked = (topic: string): Hello => ({
  ...greeting(1, []),
  mirror: { topic, to: { url: 'mqtt://127.0.0.1:1', commands: false } },
});

test('without a mirror in the manifest nothing is begun, and nothing said of one', async () => {
  await using cell = station();
  cell.mirror.take(greeting(1, []));
  await new Promise((resolve) => setImmediate(resolve));
  cell.clock.pass(5000);
  // What control goes on to say is for pages, however much it is: no new picture is asked for.
  for (let boot = 1; boot < 200; boot += 1) cell.mirror.take(greeting(1, []));
  expect(cell.sent).toEqual([]);
  expect(cell.log).toEqual([]);
});

test('a greeting begins it, the same greeting again leaves it, another changes it, one without ends it', async () => {
  await using cell = station();
  cell.mirror.take(asked('acme/one'));
  const first = await until('it says how it does', 20_000, () => {
    cell.clock.pass(100);
    return cell.told();
  });
  expect(first).toMatchObject({ ok: false, topic: 'acme/one', broker: 'mqtt://127.0.0.1:1' });
  cell.mirror.lost();
  cell.mirror.take(asked('acme/one'));
  cell.mirror.take(asked('acme/two'));
  await until('it has changed', 20_000, () => {
    cell.clock.pass(100);
    return cell.told()?.topic === 'acme/two' ? true : undefined;
  });
  cell.mirror.take(greeting(2, []));
  await until('it says no more', 20_000, () => {
    const { length } = cell.sent;
    cell.clock.pass(3000);
    return cell.sent.length === length ? true : undefined;
  });
}, 60_000);

test('a data directory in which its place cannot be kept is said, and asked again', async () => {
  await using cell = station();
  const place = join(cell.data, 'station.db');
  mkdirSync(place);
  cell.mirror.take(asked('acme/one'));
  await until('it is said', 20_000, () => cell.log.find((line) => line.startsWith('no mirror: ')));
  expect(cell.told()).toBeUndefined();
  rmdirSync(place);
  await until('it has begun', 20_000, () => {
    cell.clock.pass(1000);
    return cell.told();
  });
  expect(cell.sent.some(({ type }) => type === 'resync')).toBe(true);
}, 60_000);
