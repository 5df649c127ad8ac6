// A flood through a real terminal and a real socket, cut thirty times: the bytes are those that were written. Ctrl-C in its
// midst ends it, with no more output on the way than the window allows.
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { shellWindow } from '#contract/shell-frames.ts';
import { removeFolder } from '#test/folder.ts';
import { bash, rig } from './socket-rig.ts';
import { until } from './until.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const megabytes = 64;
const length = megabytes * 1_000_000;
const folder = mkdtempSync(join(tmpdir(), 'rebe-flood-'));
afterAll(() => removeFolder(folder));

/** Every byte that there is, from a seed: also what is no text in any encoding. */
const file = join(folder, 'flood');
// That it is ready, the program says first: what is typed before would be echoed.
const ready = 'r';
const whole = createHash('sha256').update(ready);
{
  const descriptor = openSync(file, 'w');
  let key = createHash('sha256').update(`${seed}`).digest();
  for (let at = 0; at < length; at += 65_536) {
    const block = Buffer.alloc(Math.min(65_536, length - at));
    for (let from = 0; from < block.length; from += 32) {
      if (from % 1024 === 0) key = createHash('sha256').update(key).digest();
      key.copy(block, from);
    }
    whole.update(block);
    writeSync(descriptor, block);
  }
  closeSync(descriptor);
}
const sha = whole.digest('hex');

test(
  `${megabytes} MB arrive byte for byte through thirty drops`,
  { timeout: 240_000 },
  async () => {
    await using it = await rig(
      bash(`stty raw -echo; printf ${ready}; read -n 1; cat "$1"; exit 0`, [file]),
    );
    const driver = it.viewer('ann', 'driver');
    await driver.connect();
    const quick = it.viewer('bob', 'observer');
    await quick.connect();
    await until(() => driver.loop.bytes === ready.length, 60_000);
    driver.type('g');
    for (let nth = 1; nth <= 30; nth += 1) {
      const mark = (length * nth) / 31;
      // oxlint-disable-next-line no-await-in-loop -- one drop after the other
      await until(() => driver.loop.bytes >= mark, 60_000, 1);
      driver.cut();
      // oxlint-disable-next-line no-await-in-loop -- one drop after the other
      await driver.connect();
    }
    await until(() => driver.loop.code !== undefined, 60_000);
    const { bytes, sha: arrived, snapshots, code } = driver.loop;
    expect({ bytes, sha: arrived, snapshots, code }).toEqual({
      bytes: ready.length + length,
      sha,
      snapshots: 0,
      code: 0,
    });
    await until(() => quick.loop.code === 0, 60_000);
  },
);

test('Ctrl-C in a flood brings the prompt back, after no more output than its window', async () => {
  const launch = {
    ...bash(''),
    args: ['--norc', '--noprofile', '--noediting', '-i'],
    env: { PATH: '/usr/bin:/bin', TERM: 'dumb', PS1: 'prompt:' },
  };
  await using it = await rig(launch);
  const driver = it.viewer('ann', 'driver');
  await driver.connect();
  await until(() => driver.loop.text.endsWith('prompt:'));
  driver.type(`while :; do cat ${file}; done\n`);
  await until(() => it.session.stream.offset > 2_000_000);
  const at = it.session.stream.offset;
  driver.type('\u0003');
  await until(() => driver.loop.text.endsWith('prompt:'));
  // What the kernel, the terminal and the window held, and what came until the key arrived.
  expect(it.session.stream.offset - at).toBeLessThan(64 * shellWindow.high);
});
