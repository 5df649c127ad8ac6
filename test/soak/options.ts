// What a soak is asked for.
import type { Report } from './report.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Between two troubles at most, ms. */
  readonly pause: number;
  readonly commit: string;
  /** The end is asked for: it comes in order, with the report. */
  readonly interrupted: () => boolean;
  /** Called each minute, and at the end. */
  readonly report: (report: Report) => void;
  readonly say: (text: string) => void;
}
