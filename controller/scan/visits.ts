// How long the states of each flow usually last: the last 200 visits of every leaf, counted as its scans
// end them. Kept in a file beside the chronicle, which is never asked for it: losing it costs no more
// than these figures.
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { present } from '#contract/error.ts';
import type { Usual } from '#contract/wire.ts';
import type { Cell } from '#flows/engine/cell.ts';

/** Visits of one state that count; each displaces the oldest. */
export const visitLimit = 200;
const fileName = 'visits.json';
/** Of the file; a larger one is not ours. */
const fileLimit = 32 * 1024 * 1024;

const VisitsFile = z.strictObject({
  /** Every visit up to this boot and the scan time in it is counted. */
  boot: z.int(),
  now: z.number(),
  /** By flow, by path of the leaf: how long each visit lasted, in ms, the oldest first. */
  flows: z.record(z.string(), z.record(z.string(), z.array(z.int().nonnegative()).max(visitLimit))),
});
type VisitsFile = z.infer<typeof VisitsFile>;

/** A visit that ended. */
export interface Visit {
  readonly flow: string;
  readonly state: string;
  readonly lasted: number;
}

/** Transitions that fired in a scan, as `ScanRecord` has them. */
type Fired = readonly { readonly flow: number; readonly transition: number }[];

/** The visits that a scan's transitions ended; to be called before the cell's next scan. */
export function* visitsEnded(cell: Cell, fired: Fired): Generator<Visit> {
  for (const { flow: index, transition } of fired) {
    const { flow, plan, frozen, configuration, clock } = present(cell.flows[index], 'a flow');
    const { to, region } = present(flow.transitions[transition], 'a transition of the flow');
    if (to < 0) continue;
    const leaf = frozen.configuration.leaves[region] ?? -1;
    const entered = frozen.configuration.entered[leaf] ?? -1;
    // Its own domain may leave an inner state alone: only a leaf that was left or entered anew has ended.
    const stays = configuration.leaves[region] === leaf && configuration.entered[leaf] === entered;
    const state = flow.states[leaf]?.path;
    if (stays || entered < 0 || state === undefined) continue;
    yield { flow: plan.name, state, lasted: clock - entered };
  }
}

/** When a visit ended: the boot, and the scan time in it. */
interface At {
  readonly boot: number;
  readonly now: number;
}

/** One for each control. */
export class Visits {
  readonly #data: string;
  /** By flow and path. */
  readonly #lasted = new Map<string, Ring>();
  /** What the file had as this control began. */
  readonly #kept: At;
  #until: At;
  #waits = false;
  #writing: Promise<void> | undefined;

  /** Takes what an earlier control left in the data directory. */
  constructor(data: string) {
    this.#data = data;
    const { boot, now, flows } = readKept(data) ?? { boot: -1, now: -1, flows: {} };
    this.#kept = { boot, now };
    this.#until = this.#kept;
    for (const [flow, states] of Object.entries(flows)) {
      for (const [state, all] of Object.entries(states))
        for (const lasted of all) this.add({ flow, state, lasted }, this.#kept);
    }
  }

  /** A visit that the record tells of: counted unless the file had it. */
  recall(visit: Visit, at: At): void {
    const { boot, now } = this.#kept;
    if (at.boot > boot || (at.boot === boot && at.now > now)) this.add(visit, at);
  }

  add({ flow, state, lasted }: Visit, at: At): void {
    const place = placeOf(flow, state);
    const ring = this.#lasted.get(place);
    if (ring === undefined) this.#lasted.set(place, new Ring(lasted));
    else ring.add(lasted);
    this.#until = at;
  }

  /** Undefined until the state was left once. */
  usual(flow: string, state: string): Usual | undefined {
    return this.#lasted.get(placeOf(flow, state))?.usual;
  }

  /** Writes all of it, by rename. Resolves when what was counted until now is written, or cannot be. */
  keep(): Promise<void> {
    this.#waits = true;
    this.#writing ??= this.#write();
    return this.#writing;
  }

  async #write(): Promise<void> {
    const path = join(this.#data, fileName);
    while (this.#waits) {
      this.#waits = false;
      const file: VisitsFile = { ...this.#until, flows: this.#flows() };
      try {
        // oxlint-disable-next-line no-await-in-loop -- one write after another
        await writeFile(`${path}.new`, JSON.stringify(file), { mode: 0o600 });
        // oxlint-disable-next-line no-await-in-loop -- and its rename after it
        await rename(`${path}.new`, path);
      } catch {
        // Figures for people: the next time that they are kept tries again.
      }
    }
    this.#writing = undefined;
  }

  #flows(): VisitsFile['flows'] {
    const flows: VisitsFile['flows'] = {};
    for (const [place, ring] of this.#lasted) {
      const [flow = '', state = ''] = place.split(' ');
      const states = (flows[flow] ??= {});
      states[state] = ring.all();
    }
    return flows;
  }
}

/** Names and paths have no blanks. */
const placeOf = (flow: string, state: string): string => `${flow} ${state}`;

/** The last visits of one state, and what they come to. */
class Ring {
  readonly #values: number[];
  #next = 1;
  #usual: Usual | undefined;

  constructor(first: number) {
    this.#values = [first];
  }

  add(lasted: number): void {
    this.#values[this.#next % visitLimit] = lasted;
    this.#next += 1;
    this.#usual = undefined;
  }

  /** The oldest first. */
  all(): number[] {
    const first = this.#next > visitLimit ? this.#next % visitLimit : 0;
    return [...this.#values.slice(first), ...this.#values.slice(0, first)];
  }

  /** Nearest-rank percentiles, made once for each visit that was asked after. */
  get usual(): Usual {
    if (this.#usual !== undefined) return this.#usual;
    const sorted = this.#values.toSorted((left, right) => left - right);
    const visits = sorted.length;
    const rank = (part: number): number => sorted[Math.ceil(part * visits) - 1] ?? 0;
    this.#usual = { median_ms: rank(0.5), p95_ms: rank(0.95), visits };
    return this.#usual;
  }
}

/** Nothing where the file is absent, broken or of another version. */
function readKept(data: string): VisitsFile | undefined {
  try {
    const text = readFileSync(join(data, fileName), 'utf8');
    if (text.length > fileLimit) return undefined;
    return VisitsFile.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
