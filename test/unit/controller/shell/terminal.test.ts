// Real terminals with real programs: every byte that a program writes arrives, however it ends; nothing of station
// or of another terminal is in its hands; and a password's line is known by its terminal.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { realClock } from '#controller/clock.ts';
import type { Launch, Terminal } from '#controller/shell/parts.ts';
import { loadTerminals } from '#controller/shell/terminal.ts';
import { until } from './until.ts';

const clock = realClock();
const open = await loadTerminals(clock);
const size = { cols: 80, rows: 24 };
const soak = process.env['SOAK'] === '1';
const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const bash = (script: string): Launch => ({
  file: '/bin/bash',
  args: ['--norc', '--noprofile', '-c', script],
  env: { PATH: '/usr/bin:/bin', TERM: 'xterm-256color' },
  cwd: '/',
});

interface Run extends AsyncDisposable {
  readonly terminal: Terminal;
  text(): string;
  bytes(): Buffer;
  readonly exited: Promise<number>;
}

function run(launch: Launch, using: typeof open = open): Run {
  const chunks: Buffer[] = [];
  let terminal: Terminal | undefined;
  const exited = new Promise<number>((resolve) => {
    terminal = using(launch, size, { output: (bytes) => void chunks.push(bytes), exited: resolve });
  });
  if (terminal === undefined) throw new Error('a promise runs at once');
  const opened = terminal;
  const bytes = (): Buffer => Buffer.concat(chunks);
  return {
    terminal: opened,
    bytes,
    text: () => bytes().toString('latin1'),
    exited,
    [Symbol.asyncDispose]: async () => {
      opened.close();
      try {
        process.kill(opened.pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    },
  };
}

describe('what a program writes', () => {
  test('arrives whole when it exits at once', async () => {
    const script = 'stty -opost; head -c 30000 /dev/zero | tr "\\0" x; printf the-end; exit 7';
    const expected = sha(Buffer.from(`${'x'.repeat(30_000)}the-end`));
    const runs = soak ? 1000 : 100;
    for (let nth = 0; nth < runs; nth += 10) {
      const batch = Array.from({ length: 10 }, async () => {
        await using it = run(bash(script));
        const code = await it.exited;
        return { code, sha: sha(it.bytes()) };
      });
      for (const each of await Promise.all(batch)) {
        expect(each).toEqual({ code: 7, sha: expected });
      }
    }
  });

  test('arrives whole when it exits while nobody reads', async () => {
    await using it = run(bash('stty -opost; head -c 3000 /dev/zero | tr "\\0" y; exit 3'));
    it.terminal.hold();
    expect(await it.exited).toBe(3);
    expect(it.bytes().equals(Buffer.alloc(3000, 'y'))).toBe(true);
  });

  test('arrives whole when station itself stands still for longer than the end is waited for', async () => {
    const stalled = await loadTerminals({
      now: () => clock.now(),
      time: () => clock.time(),
      after: (delay, then) => {
        const still = new Int32Array(new SharedArrayBuffer(4));
        if (delay === 1000) Atomics.wait(still, 0, 0, 1100);
        return clock.after(delay === 1000 ? milliseconds(0) : delay, then);
      },
    });
    await using it = run(bash('stty -opost; head -c 3000 /dev/zero | tr "\\0" y; exit 3'), stalled);
    it.terminal.hold();
    expect(await it.exited).toBe(3);
    expect(it.bytes().length).toBe(3000);
  });

  test('arrives as it was written: NUL, invalid UTF-8, a line of 10 MB', async () => {
    const length = 10_000_000;
    const script = `stty -opost; printf 'a\\0b\\xff\\xfe\\xc3(\\n'; head -c ${length} /dev/zero | tr '\\0' z`;
    await using it = run(bash(script));
    await it.exited;
    const head = Buffer.from('610062fffec3280a', 'hex');
    expect(it.bytes().subarray(0, head.length)).toEqual(head);
    expect(sha(it.bytes().subarray(head.length))).toBe(sha(Buffer.alloc(length, 'z')));
  });

  test('waits in the kernel while it is held', async () => {
    await using it = run(bash('stty -opost; printf ready; read; yes | head -c 5000000; sleep 60'));
    await until(() => it.text().endsWith('ready'));
    it.terminal.hold();
    await it.terminal.write(Buffer.from('\n'));
    const before = it.bytes().length;
    // It goes on for a little that was on its way, and then stands, whenever it is looked at.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(it.bytes().length - before).toBeLessThan(256 * 1024);
    it.terminal.release();
    await until(() => it.bytes().length >= 5_000_000);
  });

  test('ends with the program, though something that it left behind goes on writing', async () => {
    await using it = run(bash('printf begun; (trap "" HUP; while echo on; do :; done) & exit 5'));
    expect(await it.exited).toBe(5);
    const { length } = it.bytes();
    expect(it.text().startsWith('begun')).toBe(true);
    expect(it.text()).not.toMatch(/\d{5}/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(it.bytes().length).toBe(length);
  });

  test('ends where its line was stopped', async () => {
    await using it = run(bash('printf begun; read; exit 0'));
    await until(() => it.text() === 'begun');
    await it.terminal.write(Buffer.from('\u0013'));
    process.kill(it.terminal.pid, 'SIGKILL');
    expect(await it.exited).toBe(128 + 9);
    expect(it.text()).toMatch(/^begun(?:\^S)?$/);
  });
});

describe('a program at a terminal', () => {
  test('has the environment that it was given, and nothing else', async () => {
    await using it = run({ file: '/usr/bin/env', args: [], env: { A: '1', B: 'x y=z' }, cwd: '/' });
    expect(await it.exited).toBe(0);
    expect(it.text()).toBe('A=1\r\nB=x y=z\r\n');
  });

  test('holds no descriptor but its own three, whatever else station has open', async () => {
    await using other = run(bash('sleep 60'));
    await using it = run({ file: '/bin/ls', args: ['/proc/self/fd'], env: {}, cwd: '/' });
    expect(await it.exited).toBe(0);
    expect(other.terminal.pid).not.toBe(it.terminal.pid);
    // The fourth is the folder that is listed.
    expect(it.text().split(/\s+/).filter(Boolean)).toEqual(['0', '1', '2', '3']);
  });

  test('that does not exist ends with 127', async () => {
    await using it = run({ file: '/no/such/program', args: [], env: {}, cwd: '/' });
    expect(await it.exited).toBe(127);
  });

  test('has job control, its size, and Ctrl-C', async () => {
    const script = 'trap "echo stopped; exit 9" INT; stty size; while :; do sleep 0.01; done';
    await using it = run(bash(script));
    await until(() => it.text().includes('24 80'));
    await it.terminal.write(Buffer.from('\u0003'));
    expect(await it.exited).toBe(9);
  });

  test('is told when its size changes', async () => {
    await using it = run(
      bash('trap "stty size; exit" WINCH; echo up; while :; do sleep 0.01; done'),
    );
    await until(() => it.text().includes('up'));
    it.terminal.resize({ cols: 132, rows: 43 });
    await it.exited;
    expect(it.text()).toContain('43 132');
  });

  test('that does not read is waited for, and loses nothing', async () => {
    const script = 'stty raw -echo; echo up; sleep 0.3; head -c 200000 | sha256sum; exit';
    await using it = run(bash(script));
    await until(() => it.text().includes('up'));
    const typed = Buffer.alloc(200_000, 'k');
    await it.terminal.write(typed);
    await it.exited;
    expect(it.text()).toContain(sha(typed));
  });
});

describe('echo', () => {
  test.each([
    ['a line is read and shown', 'read', true],
    ['a password is read', 'read -s', false],
    ['the echo was turned off', 'stty -echo; printf pw:; head -n 1', false],
    ['keys are read one by one, as by a shell', 'stty raw -echo; printf raw; head -c 1', true],
  ])('when %s', async (_what, script, shown) => {
    await using it = run(bash(`printf go; ${script}; sleep 60`));
    await until(() => it.text().includes('go'));
    // A busy machine may answer late, and what is not known counts as hidden: asked until it is so.
    const asked = { timeout: 10_000, interval: 20 };
    await expect.poll(() => it.terminal.echoes(), asked).toBe(shown);
  });

  test('is asked again after the end of a line', async () => {
    await using it = run(bash('read; read -s; printf second; read; sleep 60'));
    await until(async () => it.terminal.echoes(), 10_000, 20);
    await it.terminal.write(Buffer.from('one\n'));
    await until(async () => !(await it.terminal.echoes()), 5000, 20);
    await it.terminal.write(Buffer.from('two\n'));
    await until(async () => it.terminal.echoes(), 5000, 20);
    expect(it.text()).not.toContain('two');
  });
});

test('a closed terminal takes nothing more and tells nothing more', async () => {
  await using it = run(bash('trap "" HUP; echo up; while echo on; do sleep 0.01; done'));
  await until(() => it.text().includes('up'));
  it.terminal.close();
  const { length } = it.bytes();
  await it.terminal.write(Buffer.from('x'));
  expect(await it.terminal.echoes()).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(it.bytes().length).toBe(length);
});
