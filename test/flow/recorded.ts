// A cell from the text of its flows whose scans are kept as a chronicle would keep them.
import type { ScanResult } from '#flows/engine/scan.ts';
import type { ReplayEntry, SegmentStart } from '#flows/replay/replay.ts';
import type { Rig, Taking } from './cell-rig.ts';

/** A rig whose scans are kept as a chronicle would keep them. */
export class Recorded {
  readonly rig: Rig;
  readonly entries: ReplayEntry[] = [];
  readonly start: SegmentStart;

  constructor(rig: Rig) {
    this.rig = rig;
    this.start = this.open();
  }

  open(): SegmentStart {
    const { cell } = this.rig;
    return { scan: cell.scan, now: cell.now, period: 20, state: cell.openSegment() };
  }

  scan(taking: Taking = {}): ScanResult {
    const input = this.rig.input(taking);
    const result = this.rig.cell.step(input);
    const { scan } = this.rig.cell;
    const put = (entry: object) =>
      this.entries.push({ seq: this.entries.length + 1, scan, ...entry } as ReplayEntry);
    for (const act of [...input.acts, ...result.ended]) put({ kind: 'act', act });
    if (result.record !== undefined) put({ kind: 'scan', record: result.record });
    for (const { id, change } of result.alarms) put({ kind: 'alarm', id, change });
    return result;
  }
}
