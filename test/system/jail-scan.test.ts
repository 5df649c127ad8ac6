// Control beside a confined shell that does its worst: it lives, its scans go on, and none is missed for the shell's
// sake. What a scan costs then is measured by bench/jail.mjs; a machine that runs tests has no time to measure.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { Jailed } from './jail/jailed.ts';
import { TestCell, until } from './test-cell.ts';

const limit = { timeout: 120_000 };
const patience = 60_000;
/** ms of a window, in which 50 scans are due. */
const span = 1_000;
/** Of the scans that are due in a window; one that is late on a busy machine is no finding. */
const slack = 0.1;

interface Scans {
  readonly count: number;
  readonly missed: number;
}

/** Of the scans that were due in a window, the share that was missed, and how many were made. */
async function window(cell: TestCell): Promise<{ readonly share: number; readonly made: number }> {
  const scans = async (): Promise<Scans> =>
    until('control tells of its scans', patience, async () => {
      const status = await cell.now();
      return status === undefined ? undefined : (status.scan as Scans);
    });
  const before = await scans();
  await new Promise((done) => setTimeout(done, span));
  const after = await scans();
  const [made, missed] = [after.count - before.count, after.missed - before.missed];
  return { made, share: missed / Math.max(1, made + missed) };
}

/** How often the kernel held a session to its processes and to its memory, by either version of control groups. */
function heldBack({ jail }: Jailed): { readonly pids: number; readonly memory: number } {
  const folders = jail.launch.args.filter((word) => word.endsWith('/cgroup.procs')).map(dirname);
  const count = (file: string, name: string): number => {
    const texts = folders.map((folder) => {
      try {
        return readFileSync(join(folder, file), 'utf8');
      } catch {
        return '';
      }
    });
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(texts.join('\n'))?.[1] ?? 0);
  };
  return {
    pids: count('pids.events', 'max'),
    memory: count('memory.events', 'oom_kill') + count('memory.oom_control', 'oom_kill'),
  };
}

/** In one line, so that no later one waits for a prompt that the flood holds up. */
const attacks = [
  'yes "a flood that nobody asked for" &',
  '(while :; do head -c 600M /dev/zero | tail >/dev/null; done) &',
  ':(){ :|:& };:',
].join(' ');

test(
  'no scan is missed for a shell that forks, fills its memory and floods its terminal',
  limit,
  async () => {
    await using cell = await TestCell.start({ absent: true, calm: {} });
    await using jailed = await Jailed.open();
    const control = cell.pidOf('control');
    jailed.type(`${attacks}\n`);
    await until(
      () => `each attack to meet its limit: ${JSON.stringify(heldBack(jailed))}`,
      patience,
      () => {
        const { pids, memory } = heldBack(jailed);
        return pids > 0 && memory > 0 && jailed.output.includes('nobody asked for\r\n')
          ? true
          : undefined;
      },
    );

    // What else runs here may cost scans at any time: only beside the same cell while the shell stands still can be said
    // what it costs.
    await until('a window in which the shell costs no scans', patience, async () => {
      const under = await window(cell);
      expect(under.made).toBeGreaterThan(0);
      if (under.share <= slack) return true;
      await jailed.jail.freeze();
      const without = await window(cell);
      await jailed.jail.thaw();
      return under.share <= without.share + slack ? true : undefined;
    });
    expect(cell.pidOf('control')).toBe(control);
    await jailed.kill();

    const told = await until('station tells of its layers', patience, () => {
      const ran = cell.rebe('shell', 'layers');
      return ran.code === 0 ? ran : undefined;
    });
    expect(told.stdout).toMatch(/^own-uid +yes +by T2/m);
    expect(told.stdout).toMatch(/^evidence +yes +no +by strace/m);
  },
);
