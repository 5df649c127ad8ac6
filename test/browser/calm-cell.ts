// The demo's cell for tests of the page, at calm times: a busy machine that runs the tests does not stop it. How soon a
// cell sees what is late is tested elsewhere.
import { TestCell, until } from '#test/system/test-cell.ts';

export interface CalmCell extends AsyncDisposable {
  readonly cell: TestCell;
}

/** A cell that waits in Aborted. `hasty`: with the default watchdog. */
export async function startCalmCell(options: { hasty?: boolean } = {}): Promise<CalmCell> {
  const cell = await TestCell.start({ calm: options });
  return { cell, [Symbol.asyncDispose]: () => cell[Symbol.asyncDispose]() };
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
