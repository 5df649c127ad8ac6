// Which part of the record the page shows, and from time to place on the screen and back.

/** Shorter than this nothing more is seen, ms. */
const shortest = 20;

export interface View {
  /** UTC ms. */
  readonly from: number;
  readonly to: number;
}

/** The whole record, with a little room at its ends. */
export function wholeOf(from: number, to: number): View {
  const room = Math.max((to - from) * 0.01, shortest);
  return { from: from - room, to: to + room };
}

/** `factor` below 1 shows less; what is at `at` stays where it is. */
export function zoomed(view: View, whole: View, factor: number, at: number): View {
  const span = Math.min(whole.to - whole.from, Math.max(shortest, (view.to - view.from) * factor));
  const share = (at - view.from) / (view.to - view.from);
  return kept({ from: at - share * span, to: at + (1 - share) * span }, whole);
}

/** Moved by a share of what is shown. */
export function moved(view: View, whole: View, share: number): View {
  const by = (view.to - view.from) * share;
  return kept({ from: view.from + by, to: view.to + by }, whole);
}

/** As wide as it is, with `at` in the middle unless it is well inside already. */
export function showing(view: View, whole: View, at: number): View {
  const span = view.to - view.from;
  if (at > view.from + span * 0.1 && at < view.to - span * 0.1) return view;
  return kept({ from: at - span / 2, to: at + span / 2 }, whole);
}

function kept(view: View, whole: View): View {
  const span = view.to - view.from;
  const from = Math.max(whole.from, Math.min(view.from, whole.to - span));
  return { from, to: from + span };
}

/** Round times in the view, at most so many. */
export function ticksOf({ from, to }: View, most: number): readonly number[] {
  const least = (to - from) / most;
  const step = steps.find((one) => one >= least) ?? 86_400_000;
  const first = Math.ceil(from / step) * step;
  const count = Math.max(0, Math.floor((to - first) / step) + 1);
  return Array.from({ length: count }, (_, index) => first + index * step);
}

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000,
  300_000, 600_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000,
];

/** UTC, as in the record; milliseconds where they can be seen. */
export function clockText(time: number, span: number): string {
  const text = new Date(time).toISOString();
  return span < 20_000 ? text.slice(11, 23) : text.slice(11, 19);
}

export const timeText = (time: number): string =>
  new Date(time).toISOString().replace('T', ' ').replace('Z', '');
