// What the history costs: control's thread for each change, the file for each sample, and a page's question.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import type { LoggedTag } from '#contract/history.ts';
import { utcMs } from '#contract/time.ts';
import { HistoryLog } from '#controller/history/log.ts';
import { HistoryReader } from '#controller/history/reader.ts';
import { localThread } from '#test/unit/controller/history/local-history.ts';
import { TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';

class DayClock extends TestClock {
  override time = () => utcMs(1_790_000_000_000 + this.now());
}

const tags: LoggedTag[] = Array.from({ length: 100 }, (_, at) => ({
  tag: `t${at}`,
  type: 'real' as const,
}));
const nobody = { failed: () => undefined, mended: () => undefined, aside: () => undefined };
const folder = mkdtempSync(join(tmpdir(), 'rebe-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A day of `changes` a second on one tag, each a value that `make` gives. */
function fill(name: string, make: (step: number) => number): string {
  const clock = new DayClock();
  const path = join(folder, `${name}.db`);
  const log = new HistoryLog(clock, { path, max: 2e9, tags: tags.slice(0, 1) }, nobody);
  log.begin(localThread(clock), 'bench');
  const samples = 20 * 3600 * 4;
  for (let step = 0; step < samples; step += 1) {
    log.sample(0, make(step), true);
    clock.pass(50);
  }
  clock.pass(600_000);
  const bytes = statSync(path).size;
  process.stdout.write(
    `${name}: ${samples} samples, ${(bytes / samples).toFixed(1)} bytes each, all tiers\n`,
  );
  return path;
}

describe('a change on control’s thread', () => {
  const clock = new DayClock();
  const log = new HistoryLog(clock, { path: '', max: 2e9, tags }, nobody);
  log.begin(() => ({ send: () => undefined, end: () => undefined }), 'bench');
  let step = 0;
  bench('one sample', () => {
    step += 1;
    log.sample(step % 100, step, true);
  });
});

describe('a question of a page', () => {
  fill('two decimals', (step) => Math.round(Math.sin(step / 400) * 1000) / 100);
  fill('a bool', (step) => Math.floor(step / 7) % 2);
  const path = fill('whole doubles', (step) => Math.sin(step / 400) * 40);
  const reader = new HistoryReader(path);
  const to = 1_790_000_000_000 + 4 * 3_600_000;
  for (const minutes of [1, 30, 240]) {
    bench(`${minutes} min in 1000 points`, () => {
      reader.history({ tag: 't0', from: to - minutes * 60_000, to, points: 1000 }, to);
    });
  }
});
