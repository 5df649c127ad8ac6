// What happened in a play, in order: what was done, transitions, outputs, alarms, devices lost and back, trips and damage.
// It listens to a world and changes nothing.
import type { Value } from '#contract/sample.ts';
import type { ScanResult } from '#flows/engine/scan.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { World } from '#simulator/world.ts';

/** `failed` is the last of a play that failed. */
export type Kind =
  | 'did'
  | 'flow'
  | 'output'
  | 'device'
  | 'alarm'
  | 'trip'
  | 'damage'
  | 'as expected'
  | 'failed';

/** One thing that happened, at ms since the world's start. */
export interface Happened {
  readonly at: number;
  readonly kind: Kind;
  readonly text: string;
}

/** How much of a timeline people are shown. */
const shown = 60;

/** Of one world: give its `scanned` to the world, then the world to it. */
export class Timeline {
  readonly #plan: CellPlan;
  readonly #told: Happened[] = [];
  readonly #outputs = new Map<number, Value>();
  readonly #devices = new Map<string, Value>();

  constructor(plan: CellPlan) {
    this.#plan = plan;
  }

  tell(at: number, kind: Kind, text: string): void {
    this.#told.push({ at, kind, text });
  }

  /** After each scan at `now`: outputs that are asked to be otherwise, devices that are lost or back. */
  scanned(now: number, result: ScanResult): void {
    for (const { tag, value } of result.outputs) {
      const before = this.#outputs.get(tag);
      this.#outputs.set(tag, value);
      if (before === undefined || before === value) continue;
      this.tell(now, 'output', `${this.#plan.tags[tag]?.name ?? '?'} = ${String(value)}`);
    }
    for (const { tag, value } of result.record?.tags ?? []) {
      const name = this.#plan.tags[tag]?.name ?? '';
      const [, device] = /^sys\.device\.(.+)\.ok$/.exec(name) ?? [];
      if (device === undefined) continue;
      const before = this.#devices.get(device);
      this.#devices.set(device, value);
      if (before === undefined || before === value) continue;
      this.tell(now, 'device', `${device} ${value === true ? 'answers' : 'is lost'}`);
    }
  }

  /** Everything so far; of one instant what was done first, then what came of it. */
  of(world: World): Happened[] {
    const fired = world.fired.map(({ now, flow, id }): Happened => {
      const plan = this.#plan.flows[flow]?.flow;
      const taken = plan?.transitions.find((one) => one.id === id);
      const to = taken === undefined || taken.to < 0 ? '' : ` to ${plan?.states[taken.to]?.path}`;
      const why = typeof taken?.why === 'string' ? `: ${taken.why}` : '';
      return { at: now, kind: 'flow', text: `${id}${to}${why}` };
    });
    const alarms = world.alarms.map(({ now, id, change }): Happened => ({
      at: now,
      kind: 'alarm',
      text: `${id} ${change}`,
    }));
    const trips = world.trips.map(({ now, interlock }): Happened => ({
      at: now,
      kind: 'trip',
      text: `${interlock} holds`,
    }));
    const damage = world.plant.incidents.map(({ at, text }): Happened => ({
      at,
      kind: 'damage',
      text,
    }));
    const all = [...this.#told, ...fired, ...trips, ...alarms, ...damage];
    return all
      .map((one, index) => ({ one, index }))
      .toSorted(
        (a, b) =>
          Math.floor(a.one.at) - Math.floor(b.one.at) ||
          order(a.one) - order(b.one) ||
          a.index - b.index,
      )
      .map(({ one }) => one);
  }
}

/** Of one instant: what had come of the step before, what was done, what came of that. */
const kinds: readonly Kind[] = [
  'as expected',
  'did',
  'device',
  'flow',
  'output',
  'trip',
  'alarm',
  'damage',
  'failed',
];
const order = ({ kind }: Happened): number => kinds.indexOf(kind);

/** As people read it: the last of it, one thing a line. */
export function timelineText(all: readonly Happened[]): string {
  const last = all.slice(-shown);
  const left = all.length - last.length;
  const rows = last.map(
    ({ at, kind, text }) =>
      `  ${(at / 1000).toFixed(3).padStart(9)} s  ${kind.padEnd(11)}  ${text}`,
  );
  return [...(left > 0 ? [`  (${left} earlier)`] : []), ...rows].join('\n');
}
