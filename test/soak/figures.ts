// Figures of a soak over time: bounded however long it lasts, and whether a process's memory is flat.
import { readFileSync } from 'node:fs';

/** Points that are kept of one figure; then each is of twice the time. */
const pointsKept = 720;

export interface Point {
  /** Seconds since the soak began. */
  readonly t: number;
  readonly v: number;
}

/** One figure over time: the greatest of each span. */
export class Series {
  #points: Point[] = [];
  #span = 1;

  get points(): readonly Point[] {
    return this.#points;
  }

  add(t: number, v: number): void {
    const last = this.#points.at(-1);
    if (last !== undefined && t - last.t < this.#span) {
      this.#points[this.#points.length - 1] = { t: last.t, v: Math.max(last.v, v) };
      return;
    }
    this.#points.push({ t, v });
    if (this.#points.length < pointsKept) return;
    this.#span *= 2;
    const kept: Point[] = [];
    for (const point of this.#points) {
      const before = kept.at(-1);
      if (before === undefined || point.t - before.t >= this.#span) kept.push(point);
      else kept[kept.length - 1] = { t: before.t, v: Math.max(before.v, point.v) };
    }
    this.#points = kept;
  }
}

/** A process needs so long until it has seen everything once, and what it holds is looked at for so long at least, s. */
const warming = { share: 0.25, most: 900 };
const looked = 40;
/** What memory may grow by: what a garbage collector leaves lying, and so much each hour, MB. */
const growth = { once: 64, hourly: 2 };

/** One life of a process: from its start to its end. */
export class Life {
  readonly role: string;
  readonly pid: number;
  readonly #samples = new Series();

  constructor(role: string, pid: number) {
    this.role = role;
    this.pid = pid;
  }

  add(t: number, mb: number): void {
    this.#samples.add(t, mb);
  }

  /** What it grew by after it was warm, and what it may have; undefined: it lived too briefly to tell. */
  get growth():
    | { readonly role: string; readonly hours: number; grown: number; limit: number }
    | undefined {
    const { points } = this.#samples;
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const warm = first.t + Math.min(warming.most, (last.t - first.t) * warming.share);
    const span = last.t - warm;
    if (span < looked) return undefined;
    const third = (from: number): number =>
      median(
        points
          .filter(({ t }) => t >= warm + (from * span) / 3 && t <= warm + ((from + 1) * span) / 3)
          .map(({ v }) => v),
      );
    const hours = span / 3600;
    const limit = growth.once + growth.hourly * hours;
    return { role: this.role, hours, grown: third(2) - third(0), limit };
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Resident memory of a process, MB; undefined when it is gone. */
export function memoryOf(pid: number): number | undefined {
  const status = readProc(`/proc/${pid}/status`);
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN);
  return Number.isNaN(kilobytes) ? undefined : kilobytes / 1024;
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
