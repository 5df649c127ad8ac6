// What recording costs: a keystroke beside a bare write and fdatasync of the same bytes, a megabyte of output beside a
// bare append, and what a session's record is packed to. A file of its own; the reserve is made before.
import { mkdtempSync, rmSync, statSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import { realClock } from '#controller/clock.ts';
import { inspect } from '#controller/recording/inspect.ts';
import { SessionRecordings, recordingsFolder } from '#controller/recording/recordings.ts';
import type { Recorder } from '#controller/shell/parts.ts';

const data = mkdtempSync(join(tmpdir(), 'bench-recording-'));
const nothing = (): undefined => undefined;
const recordings = new SessionRecordings(
  { clock: realClock(), log: nothing, keep: async () => Promise.resolve(undefined) },
  data,
  { max: 1e11, secrets: 'hash' },
);
let sessions = 0;
const begin = async (): Promise<{ id: string; recorder: Recorder }> => {
  sessions += 1;
  const id = `sh-${String(sessions).padStart(16, '0')}`;
  const about = { title: 'bench', size: { cols: 80, rows: 24 }, by: 'user:ann' };
  const events = { segment: nothing, failed: nothing, full: nothing, drained: nothing };
  return { id, recorder: await recordings.open(id, about, events) };
};

const typed = { actor: 'user:ann', auto: false, secret: false };
const key = Buffer.from('x');
const { recorder } = await begin();
const bare = await open(join(data, 'bare'), 'a');

/** Coloured lines of a log, as a build prints them, in parts as a terminal gives them. */
const line = (index: number): string =>
  `\u001B[32m${index}\u001B[0m compiling module-${(index * 7919) % 1000} in ${index % 97} ms\r\n`;
const text = Buffer.from(Array.from({ length: 20_000 }, (_, index) => line(index)).join(''));
const megabyte = text.subarray(0, 1_000_000);
const parts = Array.from({ length: 245 }, (_, index) =>
  megabyte.subarray(index * 4096, (index + 1) * 4096),
);

describe('a keystroke is on disk', () => {
  bench('bare write and fdatasync of a byte', async () => {
    await bare.write(key);
    await bare.datasync();
  });
  bench('recorded', async () => recorder.input(key, typed));
  bench('recorded, 20 keys at once', async () => {
    await Promise.all(Array.from({ length: 20 }, async () => recorder.input(key, typed)));
  });
});

describe('a megabyte of output is on disk', () => {
  bench('bare append in 4 KiB, one fdatasync', async () => {
    for (const part of parts) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await bare.write(part);
    }
    await bare.datasync();
  });
  bench('recorded', async () => {
    for (const part of parts) recorder.output(part);
    await recorder.flush();
  });
});

/** The middle one and the 99th of a hundred, ms. */
function quantiles(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)}`;
}

/** One after the other, so that both meet the same machine. */
async function keystrokes(): Promise<string[]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < 1000; round += 1) {
    const began = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- as somebody types
    await bare.write(key);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await bare.datasync();
    const between = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- as above
    await recorder.input(key, typed);
    times[0].push(between - began);
    times[1].push(performance.now() - between);
  }
  const [bareTimes, recorded] = times;
  return [`keystroke, bare: ${quantiles(bareTimes)}`, `recorded: ${quantiles(recorded)}`];
}

afterAll(async () => {
  const keys = await keystrokes();
  const { id, recorder: packed } = await begin();
  const cpu = process.cpuUsage();
  for (let round = 0; round < 64; round += 1) {
    for (const part of parts) packed.output(part);
    // oxlint-disable-next-line no-await-in-loop -- as a program writes
    await packed.flush();
  }
  const { user, system } = process.cpuUsage(cpu);
  const before = performance.now();
  await packed.end();
  await recordings.tidied();
  const took = performance.now() - before;
  const folder = join(recordingsFolder(data), id);
  const bytes = readdirSync(folder).reduce(
    (sum, name) => sum + statSync(join(folder, name)).size,
    0,
  );
  const reading = performance.now();
  await inspect(folder);
  const read = performance.now() - reading;
  const figures = [
    ...keys,
    `recorded: ${((user + system) / 64_000).toFixed(1)} ms of CPU a MB`,
    `packed: ${(took / 64).toFixed(1)} ms a MB, to a ${(64e6 / bytes).toFixed(0)}th`,
    `read and verified: ${(read / 64).toFixed(1)} ms a MB`,
  ];
  process.stdout.write(`${figures.join('\n')}\n`);
  await recordings.close();
  await bare.close();
  rmSync(data, { recursive: true, force: true });
}, 120_000);
