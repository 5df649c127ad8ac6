// The hash of what a session started: right while there is room for it, and said to be left out where there is not.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Hashes, readPace } from '#controller/shell/jail/hashes.ts';
import { removeFolder } from '#test/folder.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

const sha = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const tooMuch = { unhashed: 'not hashed: too much' };

/** A program of the session's own, of so many bytes, while it runs. */
class Own implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rebe-hashes-'));
  readonly path = join(this.folder, 'mine');
  readonly #child: ReturnType<typeof spawn>;

  constructor(size: number) {
    copyFileSync('/usr/bin/sleep', this.path);
    truncateSync(this.path, size);
    this.#child = spawn(this.path, ['1000'], { stdio: 'ignore' });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
    removeFolder(this.folder);
  }
}

test('large programs started again and again are hashed at a pace, and the system’s all the same', async () => {
  const clock = new HandClock();
  const hashes = new Hashes(clock);
  await using own = new Own(readPace.rate * 3);
  const wanted = { hash: sha(own.path) };
  let read = 0;
  while ('hash' in (await hashes.of(own.pid, own.path))) {
    read += readPace.rate * 3;
    expect(read).toBeLessThanOrEqual(readPace.burst);
  }
  expect(read).toBeGreaterThan(readPace.burst / 2);
  expect(await hashes.of(own.pid, own.path)).toEqual(tooMuch);
  expect(await hashes.of(own.pid, '/usr/bin/true')).toEqual({ hash: sha('/usr/bin/true') });
  clock.advance(3_000);
  expect(await hashes.of(own.pid, own.path)).toEqual(wanted);
  expect(await hashes.of(own.pid, own.path)).toEqual(tooMuch);
});

test('a program that is too large to read is told as that, and so is one that is gone', async () => {
  const hashes = new Hashes(new HandClock());
  await using own = new Own(readPace.burst + 1);
  expect(await hashes.of(own.pid, own.path)).toEqual({ unhashed: 'not hashed: too large' });
  expect(await hashes.of(own.pid, '/tmp/other')).toEqual({
    unhashed: 'not hashed: it cannot be read',
  });
});

test('a way round the system’s folders leads to no file of the machine', async () => {
  const hashes = new Hashes(new HandClock());
  await using own = new Own(100_000);
  expect(await hashes.of(process.pid, `/usr/..${own.path}`)).toEqual({
    unhashed: 'not hashed: it cannot be read',
  });
});
