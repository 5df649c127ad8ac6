// Which run speaks for which time: pure. Runs follow each other, with gaps in which nobody recorded; where
// the clock was set back they overlap, and what was recorded later stands.

/** A stretch of recording as it stands in the file, with its batches. */
export interface RunRow {
  readonly id: number;
  readonly began: number;
  readonly until: number;
  /** Why nobody recorded before it. */
  readonly why: string;
}

/** The part of a run that stands. */
export interface Segment {
  readonly run: number;
  readonly from: number;
  readonly to: number;
}

/** Those that touch the window, oldest first and not clipped to it. At most the newest `limit` runs are asked. */
export function segmentsOf(
  runs: readonly RunRow[],
  window: { readonly from: number; readonly to: number },
  limit: number,
): Segment[] {
  const touching = runs.filter(({ began, until }) => until >= window.from && began < window.to);
  const segments: Segment[] = [];
  for (const { id: run, began, until } of touching.slice(-limit).toReversed()) {
    let free = [{ run, from: began, to: until }];
    for (const taken of segments) free = free.flatMap((part) => outside(part, taken));
    segments.push(...free);
  }
  return segments
    .filter(({ from, to }) => to >= window.from && from < window.to)
    .toSorted((left, right) => left.from - right.from);
}

/** What is left of a part where a newer segment stands. */
function outside(part: Segment, { from, to }: Segment): Segment[] {
  if (to < part.from || from > part.to) return [part];
  return [
    ...(part.from < from ? [{ ...part, to: from }] : []),
    ...(part.to > to ? [{ ...part, from: to }] : []),
  ];
}
