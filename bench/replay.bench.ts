// Replay of a chronicle on disk by the built product, from the exec of `rebe replay` to its exit: rows are
// read and decoded, every scan is executed and compared. The record is production in virtual time,
// written by control's own chronicle. scan.bench.ts has the same without process and disk.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import { present } from '#contract/error.ts';
import { milliseconds, seconds } from '#contract/time.ts';
import { Chronicle, threadAt } from '#controller/chronicle/chronicle.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import { realClock } from '#controller/clock.ts';
import { loadCell } from '#controller/config.ts';
import { Recorder } from '#controller/scan/recorder.ts';
import { loadCell as loadWorld, demoFiles } from '#test/sim/demo.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-replay-'));
const writer = new URL('../dist/controller/chronicle-writer.js', import.meta.url);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const loaded = present(
  (await loadCell('flows/cnc-tending/cell.yaml')).cell,
  'the demo cell is good',
);
const demo = await loadWorld(demoFiles);
const clock = realClock();

interface Recorded {
  readonly file: string;
  readonly scans: number;
  readonly entries: number;
}

/** Lets the cell produce for so many seconds and writes what control would have written. */
async function record(span: number): Promise<Recorded> {
  const file = join(folder, `${span}.db`);
  const chronicle = await openChronicle(file);
  const recorder = new Recorder(clock, chronicle, loaded.plan);
  let scan = 0;
  const world = demo.tended(1, {
    onScan: ({ now, missed, offGrid, tags, acts, held }, result) => {
      scan += 1;
      const taken = { acts, held, begun: [], ended: [], expired: [] };
      recorder.scanned({ scan, due: { now, missed, offGrid }, tags, taken, result }, () => {});
    },
  });
  const { opening } = present(world.boots[0], 'the world began');
  const { now, state: saved } = opening;
  recorder.segment('boot', loaded, { scan: opening.scan, now, saved, engine: 'bench' });
  for (let passed = 0; passed < span; passed += 1) {
    world.run(seconds(1));
    // The thread writes meanwhile; nothing that waits may be dropped.
    // oxlint-disable-next-line no-await-in-loop -- time passes second by second
    await new Promise((resolve) => setTimeout(resolve));
  }
  if (!(await chronicle.close(seconds(60)))) throw new Error('not all was written');
  const reader = openReader(file);
  const { last } = reader.range();
  reader.close();
  return { file, scans: world.scans, entries: last };
}

function openChronicle(path: string): Promise<Chronicle> {
  const options = {
    path,
    keys: join(folder, 'keys'),
    cell: 'bench',
    durability: 'fast',
    stall: milliseconds(60_000),
    backlog: 64_000_000,
    max: 8_000_000_000,
  } as const;
  const listener = { durable: () => {}, stalled: () => {}, recovered: () => {} };
  return Chronicle.open(clock, threadAt(writer), options, listener);
}

/** What `rebe replay --json` prints; it ends with 0 only when every scan is identical. */
interface Report {
  readonly segments: readonly { readonly scans: number }[];
}

function replay({ file, scans }: Recorded, ...words: readonly string[]): void {
  const argv = ['dist/controller/main.js', 'replay', file, '--json', ...words];
  const report = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' })) as Report;
  const done = report.segments.reduce((sum, segment) => sum + segment.scans, 0);
  // Those after the last recorded one have nothing to be compared with.
  if (done < scans - 500) throw new Error(`only ${done} of ${scans} scans`);
}

const hour = await record(3600);
const second = await record(1);
const options = { time: 6000, iterations: 5, warmupTime: 0, warmupIterations: 1 };

describe(`replay from disk of an hour, ${hour.scans} scans in ${hour.entries} entries`, () => {
  bench('table engine (bar: 1 M scans/s)', () => replay(hour), options);
  bench('both engines', () => replay(hour, '--xstate'), options);
  bench('table engine, one second of it: start and compilation', () => replay(second), options);
});
