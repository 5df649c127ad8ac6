// What every simulated machine is to the devices that serve it and to the people at it. Physics only:
// no clock, no sockets, no flow; time is what `tick` is given and chance is passed in.
import type { Duration } from '#contract/time.ts';

/** A value at a terminal of the machine: a switch, a measurement, a choice by name, a code. */
export type PlantValue = boolean | number | string;

/**
 * Everything that can be done to the machine from outside, by name: what a person at it does, and what breaks.
 * Each says what has begun, and what has ended where it lasts; the others happen once.
 */
export const plantActs = {
  'take-part': { begun: 'part taken out' },
  estop: { begun: 'E-stop pressed', ended: 'E-stop released' },
  'gate-open': { begun: 'gate opened', ended: 'gate closed' },
  'door-jam': { begun: 'the door jams', ended: 'the door is free' },
  'coolant-loss': { begun: 'the coolant is lost', ended: 'the coolant is back' },
  'part-lost': { begun: 'the part fell' },
  'pressure-leak': { begun: 'the clamp leaks', ended: 'the clamp is tight' },
} as const satisfies Record<string, { readonly begun: string; readonly ended?: string }>;
export type PlantAct = keyof typeof plantActs;
export const plantActNames = Object.keys(plantActs) as readonly PlantAct[];

/** What became of it, for people. */
export function plantActText(act: PlantAct, on: boolean): string {
  const texts: { begun: string; ended?: string } = plantActs[act];
  return on ? texts.begun : (texts.ended ?? `${act} is over`);
}

/** Something that would have broken a part, a tool, the machine or a person. */
export interface Incident {
  /** Milliseconds since the machine was switched on. */
  readonly at: number;
  readonly kind: string;
  readonly text: string;
}

/** A terminal that reads the machine. */
export type Sensor = () => PlantValue;
/** A terminal that moves it. */
export type Actuator = (value: PlantValue) => void;

export interface Plant {
  /** By tag name: what can be read. */
  readonly sensors: ReadonlyMap<string, Sensor>;
  /** By tag name: what can be driven. */
  readonly actuators: ReadonlyMap<string, Actuator>;
  readonly incidents: readonly Incident[];
  tick(span: Duration): void;
  /** Does it, or says why it cannot be done now. `on` begins or ends an act that lasts. */
  act(act: PlantAct, on: boolean): string | undefined;
  /** Is an act that lasts going on? */
  acting(act: PlantAct): boolean;
  /** For people: where everything stands, and what was made. */
  figures(): Readonly<Record<string, PlantValue>>;
}

/** Incidents kept; more of them say nothing new. */
const incidentLimit = 1000;

/** Collects incidents; one that lasts is recorded once, when it begins. */
export class Incidents {
  readonly list: Incident[] = [];
  readonly #lasting = new Set<string>();
  now = 0;

  /** Call in every tick with the condition: recorded on its rise. */
  watch(kind: string, happens: boolean, text: string): void {
    if (!happens) {
      if (this.#lasting.size > 0) this.#lasting.delete(kind);
    } else if (!this.#lasting.has(kind)) {
      this.#lasting.add(kind);
      this.add(kind, text);
    }
  }

  add(kind: string, text: string): void {
    if (this.list.length < incidentLimit) this.list.push({ at: this.now, kind, text });
  }
}
