// Control beside a confined shell that does its worst: scans go on as they did, and station tells what confines it.
// What a scan costs then is measured by bench/jail.mjs; a machine that runs tests has no time to measure.
import { expect, test } from 'vitest';
import { Jailed } from './jail/jailed.ts';
import { TestCell, until } from './test-cell.ts';

const limit = { timeout: 120_000 };
/** ms of a window, in which 100 scans are due. */
const span = 2_000;

interface Scans {
  readonly count: number;
  readonly missed: number;
}

/** Of the scans that were due in a window, the share that was missed, and how many were made. */
async function window(cell: TestCell): Promise<{ readonly share: number; readonly made: number }> {
  const scans = async (): Promise<Scans> =>
    until('control tells of its scans', 30_000, async () => {
      const status = await cell.now();
      return status === undefined ? undefined : (status.scan as Scans);
    });
  const before = await scans();
  await new Promise((done) => setTimeout(done, span));
  const after = await scans();
  const [made, missed] = [after.count - before.count, after.missed - before.missed];
  return { made, share: missed / Math.max(1, made + missed) };
}

// SOAK=1 alone: how fast a fork bomb grows in a fifth of a processor, and what a window of scans misses, is this machine's.
test.runIf(process.env['SOAK'] === '1')(
  'scans are missed no more while a shell forks, fills its memory and floods its terminal',
  limit,
  async () => {
    await using cell = await TestCell.start({ absent: true, calm: {} });
    await using jailed = await Jailed.open();
    const control = cell.pidOf('control');
    const before = await window(cell);
    jailed.type('yes "a flood that nobody asked for" &\n');
    jailed.type('(while :; do head -c 600M /dev/zero | tail; done) &\n');
    jailed.type(':(){ :|:& };:\n');
    await until('the attacks to grow', 60_000, () =>
      jailed.processes().length > 60 ? true : undefined,
    );
    const under = await window(cell);
    await jailed.kill();
    const slack = 0.2;
    const after = under.share > before.share + slack ? await window(cell) : before;

    expect(under.made).toBeGreaterThan(0);
    expect(cell.pidOf('control')).toBe(control);
    // A fifth of one processor is the most that the shell gets; what else runs here may cost scans at any time.
    expect(under.share).toBeLessThanOrEqual(Math.max(before.share, after.share) + slack);
    expect(jailed.output).toContain('a flood that nobody asked for');

    const told = await until('station tells of its layers', 60_000, () => {
      const ran = cell.rebe('shell', 'layers');
      return ran.code === 0 ? ran : undefined;
    });
    expect(told.stdout).toMatch(/^own-uid +yes +by T2/m);
    expect(told.stdout).toMatch(/^evidence +yes +no +by strace/m);
  },
);
