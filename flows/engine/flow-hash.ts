// One flow's part of the rolling hash. What moves with nearly every input (hold timers and edges)
// is hashed apart from what moves with transitions and acts, so that a noisy input costs little.
import type { Configuration, Frame } from './engine.ts';
import type { FlowAlarms } from './flow-alarms.ts';
import type { FlowOutputs } from './flow-outputs.ts';
import { Lanes } from './rolling.ts';
import { stages } from './stage.ts';
import type { Stage } from './stage.ts';

/** What of a flow crosses scans. */
export interface Crossing {
  readonly stage: Stage;
  /** What the flow's own time is counted from; while it is not stepped, that time itself. */
  readonly timeBase: number;
  readonly configuration: Configuration;
  /** Of a faulted flow, in place of its configuration. */
  readonly retained: Float64Array;
  readonly frame: Frame;
  readonly outputs: FlowOutputs;
  readonly alarms: FlowAlarms;
  readonly down: Uint8Array;
}

export class FlowHash {
  /** All that crosses scans of this flow, as of the last `update`. */
  readonly lanes = new Lanes();
  readonly #slow = new Lanes();
  readonly #run: Crossing;
  /** Something that crosses scans changed. */
  dirty = true;
  /** More than hold timers and edges changed. */
  #changed = true;

  constructor(run: Crossing) {
    this.#run = run;
  }

  changed(): void {
    this.dirty = true;
    this.#changed = true;
  }

  update(): void {
    this.dirty = false;
    if (this.#changed) this.#whole();
    const { lanes } = this;
    lanes.reset();
    lanes.word(this.#slow.high);
    lanes.word(this.#slow.low);
    if (this.#run.stage !== 'faulted') {
      const { holds, edges } = this.#run.configuration;
      lanes.numbers(holds);
      lanes.words(edges);
    }
  }

  #whole(): void {
    this.#changed = false;
    const { stage, configuration, retained, frame, outputs, alarms, down, timeBase } = this.#run;
    const lanes = this.#slow;
    lanes.reset();
    lanes.word(stages.indexOf(stage));
    lanes.number(timeBase);
    if (stage === 'faulted') lanes.numbers(retained);
    else {
      lanes.words(configuration.leaves);
      lanes.numbers(configuration.entered);
      lanes.numbers(configuration.ctx);
    }
    lanes.numbers(frame.params);
    lanes.numbers(frame.signals);
    lanes.numbers(outputs.decided);
    lanes.words(down);
    for (const hold of outputs.shield.holds) {
      lanes.word((hold.holds ? 1 : 0) + (hold.latched ? 2 : 0));
    }
    alarms.board.hash(lanes);
  }
}
