// The system's own tags, as a scan sees them: told when they change, what is quick once a second.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Value } from '#contract/sample.ts';
import { SystemTags } from '#controller/scan/system-tags.ts';
import { Image } from '#flows/engine/image.ts';
import { cellOf, tending } from '#test/unit/flows/cell-fixture.ts';
import { makeFolder, TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { settled } from '#test/unit/controller/device-double.ts';

const plan = cellOf(tending);
let folder: ReturnType<typeof makeFolder>;
let clock: TestClock;
let image: Image;
let tags: SystemTags;
let now: number;

beforeEach(() => {
  folder = makeFolder();
  clock = new TestClock();
  image = new Image(plan.tags);
  tags = new SystemTags(clock, plan, image, folder.path);
  now = 0;
});
afterEach(() => folder.remove());

/** One scan, `span` later: the tags that it sees changed. */
function scan(span = 20, worst = 0): Record<string, Value> {
  clock.pass(span);
  now += span;
  tags.before(now, () => worst);
  const changes = image.judge(now, []);
  tags.scanned();
  return Object.fromEntries(changes.map(({ tag, value }) => [plan.tags[tag]?.name, value]));
}

test('all have a value in the first scan, and devices are away', async () => {
  await tags.start();
  const seen = scan();
  expect(Object.keys(seen).toSorted()).toEqual(
    plan.tags.flatMap(({ name, kind }) => (kind === 'system' ? [name] : [])).toSorted(),
  );
  expect(seen).toMatchObject({
    'sys.chronicle.ok': true,
    'sys.mirror.ok': true,
    'sys.scan.late': 0,
    'sys.device.io.ok': false,
    'sys.device.io.returned': false,
  });
  const free = seen['sys.disk.free'];
  expect(free).toBeGreaterThan(0);
  expect(Number(free) % 100).toBe(0);
});

test('they start no scan off the grid', async () => {
  await tags.start();
  tags.chronicle(false);
  tags.device('io', true, true);
  expect(image.changedRead).toBe(false);
});

test('what changed is seen by the next scan, once', async () => {
  await tags.start();
  scan();
  tags.chronicle(false);
  expect(scan()).toEqual({ 'sys.chronicle.ok': false });
  tags.chronicle(false);
  expect(scan()).toEqual({});
  tags.chronicle(true);
  expect(scan()).toEqual({ 'sys.chronicle.ok': true });
});

test('a device that came back is told so for one scan', async () => {
  await tags.start();
  scan();
  tags.device('io', true, true);
  expect(scan()).toEqual({ 'sys.device.io.ok': true, 'sys.device.io.returned': true });
  expect(scan()).toEqual({ 'sys.device.io.returned': false });
  tags.device('io', false, false);
  expect(scan()).toEqual({ 'sys.device.io.ok': false });
  expect(scan()).toEqual({});
});

test('one that came back again before its scan is told once', async () => {
  await tags.start();
  scan();
  tags.device('io', true, true);
  tags.device('io', false, false);
  tags.device('io', true, true);
  expect(scan()).toEqual({ 'sys.device.io.ok': true, 'sys.device.io.returned': true });
  expect(scan()).toEqual({ 'sys.device.io.returned': false });
});

test('lateness is told once a second, the worst of it', async () => {
  await tags.start();
  scan(20, 3);
  const told = Array.from({ length: 100 }, (_, index) => scan(20, index)).flatMap(
    (seen) => seen['sys.scan.late'] ?? [],
  );
  expect(told).toEqual([49, 99]);
});

test('a tag that is not the cell’s is left alone', async () => {
  await tags.start();
  scan();
  tags.device('none', true, true);
  expect(scan()).toEqual({});
});

test('the size of the record is looked at, and a disk that cannot be measured has nothing free', async () => {
  const file = join(folder.path, 'chronicle.db');
  writeFileSync(file, 'x'.repeat(5000));
  await tags.start();
  expect(tags.recordBytes).toBe(statSync(file).size);
  scan();
  folder.remove();
  scan(1000);
  for (let turn = 0; turn < 200 && scan(1000)['sys.disk.free'] !== 0; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the disk answers in its own time
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await settled();
  expect(scan(1000)).toEqual({});
});
