// The demo's cell for tests of the page: its inputs may be ten times as old, its disk and its scans as late as they
// like, so that a busy machine that runs the tests does not stop the cell. How soon a cell sees such things is tested elsewhere.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestCell, until } from '#test/system/test-cell.ts';

export interface CalmCell extends AsyncDisposable {
  readonly cell: TestCell;
}

/** Neither a slow disk nor a slow scan ends anything, nor a device that answers late. */
const patient = (manifest: string): string =>
  manifest
    .replace('every: 50ms, timeout: 40ms', 'every: 500ms, timeout: 400ms')
    .replace(
      'scan: {period: 20ms}',
      'scan: {period: 20ms, watchdog: 1min}\nchronicle: {stall: 30s}',
    );

/** A cell that waits in Aborted. `hasty`: with the default watchdog. */
export async function startCalmCell(options: { hasty?: boolean } = {}): Promise<CalmCell> {
  const folder = mkdtempSync(join(tmpdir(), 'rebe-flow-'));
  const flow = join(folder, 'calm.flow.yaml');
  const cell = await TestCell.start({
    edit: (manifest) => {
      const file = /file: (\S+\.flow\.yaml)/.exec(manifest)?.[1] ?? '';
      const text = readFileSync(file, 'utf8');
      writeFileSync(flow, text.replaceAll(/stale: (\d+)(ms|s)\b/g, 'stale: $10$2'));
      const calm = manifest.replace(file, flow);
      return options.hasty === true ? calm : patient(calm);
    },
  });
  return {
    cell,
    [Symbol.asyncDispose]: async () => {
      await cell[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Brings it to make parts; once more when a busy machine got in between. */
export async function produce(cell: TestCell): Promise<void> {
  await cell.produce().catch(() => cell.produce());
}

/** A link that signs in once, as soon as there is a station that it leads to. */
export async function linkOf(cell: TestCell): Promise<string> {
  return until('station serves the page', 15_000, () => {
    const { code, stdout } = cell.rebe('link');
    return code === 0 ? stdout.trim() : undefined;
  });
}
