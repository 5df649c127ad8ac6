// Moments for a time axis: whole minutes, hours or days of the clock here, and what each is called.
import type { Window } from '#hmi/feed/history.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 14].map((count) => count * day),
];

export interface Ticks {
  readonly times: readonly number[];
  /** From one to the next, where no clock is set between them. */
  readonly step: number;
}

/** At most `most` moments in the window, as near to one another as that allows. */
export function ticksOf({ from, to }: Window, most: number): Ticks {
  const step = steps.find((each) => (to - from) / each <= most) ?? 14 * day;
  const times: number[] = [];
  const next = step < hour ? stepper(from, step) : hourStepper(from, step);
  for (let time = next(); time <= to; time = next()) if (time >= from) times.push(time);
  return { times, step };
}

/** Whole steps of the clock here. */
function stepper(from: number, step: number): () => number {
  const ahead = -new Date(from).getTimezoneOffset() * minute;
  let time = Math.ceil((from + ahead) / step) * step - ahead - step;
  return () => (time += step);
}

/** From midnight on; a day on which the clock is set has its hours where the clock says so. */
function hourStepper(from: number, step: number): () => number {
  const start = new Date(from);
  const hours = step / hour;
  let at = -hours;
  return () => {
    at += hours;
    return new Date(start.getFullYear(), start.getMonth(), start.getDate(), at).getTime();
  };
}

/** How a tick is written: a day at its beginning, else the time, with seconds where they matter. */
export function tickForm(time: number, step: number): 'day' | 'minute' | 'second' {
  if (step < minute) return 'second';
  const at = new Date(time);
  return at.getHours() === 0 && at.getMinutes() === 0 ? 'day' : 'minute';
}
