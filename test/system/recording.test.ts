// A process that records is killed with SIGKILL at random moments, and a disk is full: what was acknowledged is there,
// byte for byte, and can be read, listed and exported; the next session is recorded as if nothing had been.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { inspect } from '#controller/recording/inspect.ts';
import { recordingsFolder } from '#controller/recording/recordings.ts';
import { removeFolder } from '#test/folder.ts';
import { bytesOf, eventsOf, RecordingRig, typed } from '#test/unit/controller/recording/rig.ts';
import { SmallDisk } from './disk.ts';
import { rebe, root } from './test-cell.ts';

const seed = Number(process.env['REBE_SEED'] ?? 20_261_123);
const rounds = process.env['SOAK'] === '1' ? 60 : 4;
const out = join(root, 'dist', 'recording-loop');
let data: string;

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
        input: { 'recording-loop': join(root, 'test/system/recording-loop.ts') },
        output: { entryFileNames: '[name].js' },
      },
    },
  });
}, 180_000);
afterAll(() => removeFolder(out));
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'rebe-recording-'));
});
afterEach(() => removeFolder(data));

/** Records until it is killed; the last input that was acknowledged. */
async function killed(id: string, after: number): Promise<number> {
  const child = spawn(process.execPath, [join(out, 'recording-loop.js'), data, id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, after));
  child.kill('SIGKILL');
  await ended;
  return Number(text.trimEnd().split('\n').at(-1));
}

const idOf = (round: number): string => `sh-${String(round).padStart(16, '0')}`;

test(`killed at random moments: what was acknowledged is read, byte for byte (seed ${seed})`, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const label = `round ${round}`;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const acknowledged = await killed(idOf(round), (seed * (round + 7)) % 401);
    const folder = join(recordingsFolder(data), idOf(round));
    // oxlint-disable-next-line no-await-in-loop -- as above
    const found = await inspect(folder);
    expect(found.problems, label).toEqual([]);
    expect(found.ended, label).toBe(false);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const events = await eventsOf(folder);
    const numbers = bytesOf(events, 'input').toString().split(';').slice(0, -1).map(Number);
    expect(numbers.length, label).toBeGreaterThan(acknowledged);
    expect(numbers, label).toEqual(numbers.map((_, index) => index));
    // Output stands before the input that came after it.
    const lines = bytesOf(events, 'output').toString().split('\n').slice(0, -1);
    expect(lines.length, label).toBeGreaterThanOrEqual(numbers.length);
    const right = lines.every((line, index) => line === `${index}:${'.'.repeat(3000)}`);
    expect(right, label).toBe(true);
  }
  const run = (...words: readonly string[]): string =>
    execFileSync(process.execPath, [rebe, 'recordings', ...words, '--data', data], {
      encoding: 'utf8',
    });
  const listed = JSON.parse(run('--json')) as { session: string; state: string }[];
  expect(listed.map(({ state }) => state)).toEqual(Array(rounds).fill('cut'));
  const file = join(data, 'cut.cast');
  expect(run(idOf(0), '--asciicast', file)).toContain('asciicast v3');
  const [header, first] = readFileSync(file, 'utf8').split('\n');
  expect(JSON.parse(header ?? '')).toMatchObject({ version: 3, title: 'killed' });
  expect(JSON.parse(first ?? '')[1]).toBe('o');
  // How much there is depends on the disk: on a quick one tens of megabytes, which no pipe should hold.
  const text = join(data, 'cut.txt');
  const to = openSync(text, 'w');
  execFileSync(process.execPath, [rebe, 'recordings', idOf(0), '--text', '--data', data], {
    stdio: ['ignore', to, 'inherit'],
  });
  closeSync(to);
  expect(readFileSync(text, 'utf8')).toContain('  input   user:ann "0;');
  const found = JSON.parse(run('--find', 'ANN "0;', '--json')) as { found: { session: string }[] };
  const sessions = found.found.map(({ session }) => session);
  expect(sessions.toSorted()).toEqual(Array.from({ length: rounds }, (_, round) => idOf(round)));
  expect(run('--find', 'nobody typed this')).toContain(`Nothing has it in ${rounds} recordings.`);
}, 120_000);

test('a disk that is full: the reserve lets the end be written, and no further shell is recorded until there is room', async () => {
  const disk = new SmallDisk(data, '8m');
  try {
    const rig = new RecordingRig({ data });
    const recorder = await rig.open();
    await recorder.input(Buffer.from('before;'), typed);
    disk.fill();
    const refused: unknown[] = [];
    for (let round = 0; round < 400 && refused.length === 0; round += 1) {
      recorder.output(Buffer.alloc(4000, 97));
      // oxlint-disable-next-line no-await-in-loop -- as somebody types
      await recorder.input(Buffer.from('x'), typed).catch((error: unknown) => refused.push(error));
    }
    expect(refused).toMatchObject([{ code: 'E_RECORDING_DISK' }]);
    expect(rig.failures).toHaveLength(1);
    await expect(recorder.input(Buffer.from('y'), typed)).rejects.toThrow(/ENOSPC/);
    recorder.mark('state', { to: 'Killed' });
    await recorder.end();
    const events = await eventsOf(rig.folderOf());
    expect(events.at(-1)).toMatchObject({ kind: 'state', about: { to: 'Killed' } });
    expect((await inspect(rig.folderOf())).ended).toBe(true);
    disk.fill();
    const other = 'sh-00000000000000bb';
    await expect(rig.open(other)).rejects.toMatchObject({ code: 'E_RECORDING_RESERVE' });
    disk.empty();
    await (await rig.open(other)).end();
    await rig[Symbol.asyncDispose]();
  } finally {
    disk[Symbol.dispose]();
  }
});
