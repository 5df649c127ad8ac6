// A process that writes a chronicle over its real thread and a real disk: killed with SIGKILL at random
// moments; on a disk that is full; on one that does not answer. The chain verifies every time, and
// nothing that was said to be on disk is missing. REBE_KILLS sets how often it is killed.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openReader } from '#controller/chronicle/reader.ts';
import { verifyChronicle } from '#controller/chronicle/verify.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const rounds = Number(process.env['REBE_KILLS'] ?? 8);
const root = new URL('../../', import.meta.url).pathname;
const out = join(root, 'dist', 'chronicle-loop');
let folder: string;
let path: string;

beforeAll(async () => {
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir: out,
      emptyOutDir: true,
      rollupOptions: {
        input: {
          'chronicle-loop': join(root, 'test/system/chronicle-loop.ts'),
          'chronicle-writer': join(root, 'controller/chronicle/writer-worker.ts'),
        },
        output: { entryFileNames: '[name].js' },
      },
    },
  });
}, 180_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chronicle-disk-'));
  path = join(folder, 'chronicle.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(['strict', 'fast'])(
  `killed at random moments, %s: nothing that was said to be on disk is missing (seed ${seed})`,
  async (durability) => {
    let before = 0;
    for (let round = 0; round < rounds; round += 1) {
      const writer = start([], durability, '60000');
      await writer.line(/^\d+$/);
      await new Promise((resolve) => setTimeout(resolve, (seed * (round + 7)) % 251));
      const acknowledged = await writer.kill();
      const last = checkEntries(before + 1);
      expect(last, `round ${round}`).toBeGreaterThanOrEqual(acknowledged);
      expect(last).toBeGreaterThan(before);
      before = last;
    }
    expectWhole(rounds);
  },
  120_000,
);

test('on a full disk it runs on; when there is room everything is written, and nothing was lost', async () => {
  // A file may not grow beyond 400 KiB: what a write then gets is what a full disk gives.
  const writer = start(['bash', '-c', 'ulimit -S -f 400; exec "$@"', 'bash'], 'strict', '1000');
  const stalled = await writer.line(/^stalled /);
  expect(stalled).toMatch(/^stalled E_CHRONICLE_STALL the disk does not answer: .*(full|I\/O)/);
  const full = writer.acknowledged();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(writer.acknowledged()).toBe(full);
  execFileSync('prlimit', ['--pid', String(writer.child.pid), '--fsize=unlimited']);
  expect(await writer.line(/^recovered /)).toBe('recovered 0');
  const acknowledged = await writer.kill();
  expect(acknowledged).toBeGreaterThan(full);
  expect(checkEntries(1)).toBeGreaterThanOrEqual(acknowledged);
  expectWhole(1);
}, 180_000);

test('on a disk that does not answer it runs on; when it answers everything is written', async () => {
  const writer = start([], 'strict', '300');
  await writer.line(/^\d+$/);
  const other = new Database(path, { timeout: 5000 });
  other.exec('BEGIN IMMEDIATE');
  expect(await writer.line(/^stalled /)).toContain('E_CHRONICLE_STALL');
  other.exec('ROLLBACK');
  other.close();
  expect(await writer.line(/^recovered /)).toBe('recovered 0');
  const acknowledged = await writer.kill();
  expect(checkEntries(1)).toBeGreaterThanOrEqual(acknowledged);
  expectWhole(1);
}, 180_000);

interface Writer {
  readonly child: ChildProcess;
  /** The next line that fits, or the first that did. */
  line(pattern: RegExp): Promise<string>;
  /** The newest entry that it said to be on disk. */
  acknowledged(): number;
  /** Ends it at once; the newest entry that it had said to be on disk. */
  kill(): Promise<number>;
}

function start(before: readonly string[], durability: string, stall: string): Writer {
  const loop = [process.execPath, join(out, 'chronicle-loop.js'), folder, durability, stall];
  const [command = '', ...rest] = [...before, ...loop];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const watchers: (() => void)[] = [];
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const lines = (): string[] => said.split('\n').slice(0, -1);
  const acknowledged = (): number => Number(lines().findLast((line) => /^\d+$/.test(line)) ?? 0);
  return {
    child,
    acknowledged,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = lines().find((line) => pattern.test(line));
          if (found !== undefined) resolve(found);
        };
        void ended.then(() => reject(new Error(`it ended without ${pattern.source}: ${said}`)));
        watchers.push(check);
        check();
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
      return acknowledged();
    },
  };
}

/** Every entry is the one that was written under its number; gives the newest. */
function checkEntries(from: number): number {
  const reader = openReader(path);
  for (const row of reader.entries({ from, kinds: ['fault'] })) {
    const body: unknown = JSON.parse(Buffer.from(row.body).toString());
    expect(body).toHaveProperty('text', `entry ${row.seq}`);
  }
  const { last } = reader.range();
  reader.close();
  return last;
}

function expectWhole(boots: number): void {
  const keys = join(folder, 'keys', 'cell.pub');
  expect(verifyChronicle(path, { keys })).toMatchObject({ exit: 0, findings: [], boots });
  expect(readdirSync(folder).filter((name) => name.includes('broken'))).toEqual([]);
}
