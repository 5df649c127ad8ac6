// What one scan makes, collected while it runs. A scan that makes nothing allocates nothing.
import type { TripChange } from '#contract/record.ts';
import type {
  AlarmChange,
  FlowFault,
  NoteMade,
  OutputDecision,
  ScanAct,
  ScanResult,
} from './scan.ts';

export class Made {
  readonly stepped: { flow: number; stepped: boolean }[] = [];
  readonly fired: { flow: number; transition: number }[] = [];
  readonly outputs: OutputDecision[] = [];
  readonly trips: TripChange[] = [];
  readonly notes: NoteMade[] = [];
  readonly alarms: AlarmChange[] = [];
  readonly faults: FlowFault[] = [];
  readonly outcomes: { id: string; outcome: string }[] = [];
  readonly ended: ScanAct[] = [];
  followUp = false;
}

/** Made at the first thing that a scan makes. */
export class Making {
  #made: Made | undefined;

  get made(): Made {
    this.#made ??= new Made();
    return this.#made;
  }

  take(): Made | undefined {
    const made = this.#made;
    this.#made = undefined;
    return made;
  }
}

/** The result of a scan that took nothing and made nothing. */
export const quiet: ScanResult = Object.freeze({
  record: undefined,
  followUp: false,
  outputs: [],
  outcomes: [],
  ended: [],
  notes: [],
  alarms: [],
  faults: [],
});
