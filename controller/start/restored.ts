// What a restore leaves in a data directory: that its record ends before the machine last moved. The first start after it
// lets no flow go on by itself; from then on the record's own boots are newer, and the file says nothing any more.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { UtcMs } from '#contract/time.ts';
import type { SystemAlarms } from '#controller/scan/alarms.ts';
import type { Recorder } from '#controller/scan/recorder.ts';

export const restoredFile = 'restored.json';

const Restored = z.strictObject({
  /** The newest boot and entry of the backup, and when that was written, UTC ms. */
  boot: z.int(),
  seq: z.int(),
  at: z.int(),
  /** When the backup was made, and when it was restored, UTC ms. */
  made: z.int(),
  restored: z.int(),
});
export type Restored = z.infer<typeof Restored>;

/** What `restored.json` says; `unreadable` where it is there and says nothing. */
export type RestoredMark = Restored | 'unreadable';

/** Undefined where the directory was never restored, or has run since: `boot` is its record's newest. */
export function findRestored(data: string, boot: number): RestoredMark | undefined {
  let text: string;
  try {
    text = readFileSync(join(data, restoredFile), 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'unreadable';
  }
  try {
    const restored = Restored.parse(JSON.parse(text));
    return boot <= restored.boot ? restored : undefined;
  } catch {
    return 'unreadable';
  }
}

/** Tells people and the record. */
export function tellRestored(
  { alarms, recorder }: { readonly alarms: SystemAlarms; readonly recorder: Recorder },
  time: UtcMs,
  mark: RestoredMark,
): void {
  if (mark === 'unreadable') {
    const lost = `${restoredFile} cannot be read: how old the record is is not known`;
    recorder.fault('E_CELL_RESTORED', lost, {});
    alarms.raise('cell.restored', time, {
      priority: 1,
      text: `This cell was restored, and ${lost}`,
      response: `See where each part is; remove ${restoredFile} from the data directory; then resume`,
    });
    return;
  }
  const { made, seq, at } = mark;
  const since = new Date(at).toISOString();
  recorder.fault('E_CELL_RESTORED', `restored from a backup; nothing after ${since} is in it`, {
    made,
    seq,
  });
  alarms.raise('cell.restored', time, {
    priority: 1,
    text: `This cell was restored from a backup: nothing after ${since} is in its record`,
    response: 'See where each part is, and that parameters and counters are right; then resume',
  });
}
