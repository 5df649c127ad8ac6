// `onReturn: safe`: the outputs of a device that was away stay safe, whenever it comes back, until every
// flow that drives it has been at rest. Nothing moves because a cable was plugged in.
import { deviceId } from '#contract/name.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { FlowRun } from '#flows/engine/flow-run.ts';
import type { Devices } from './devices.ts';
import type { Outputs } from './outputs.ts';

export class Withholding {
  readonly #cell: Cell;
  readonly #outputs: Outputs;
  readonly #devices: Devices;
  /** Devices that were away and are not followed again yet. */
  readonly #withheld = new Set<string>();

  constructor(cell: Cell, outputs: Outputs, devices: Devices) {
    this.#cell = cell;
    this.#outputs = outputs;
    this.#devices = devices;
  }

  lost(device: string): void {
    if (this.#cell.plan.manifest.devices[deviceId(device)]?.onReturn !== 'safe') return;
    this.#withheld.add(device);
    this.#outputs.withhold(this.#outputsOf(device));
  }

  /** Devices that are back, and whose flows are all at rest, follow them again. */
  release(): void {
    for (const device of this.#withheld) {
      if (this.#devices.stateOf(device) !== 'online') continue;
      const outputs = new Set(this.#outputsOf(device));
      const flows = this.#cell.flows.filter((run) =>
        run.plan.outputs.some((tag) => outputs.has(tag)),
      );
      if (!flows.every((run) => atRest(run))) continue;
      this.#withheld.delete(device);
      this.#outputs.release(outputs);
    }
  }

  #outputsOf(device: string): number[] {
    return this.#cell.plan.tags.flatMap((tag, index) =>
      tag.kind === 'output' && tag.device === device ? [index] : [],
    );
  }
}

/** Every region is in a state that may wait for ever. */
const atRest = ({ flow, configuration }: FlowRun): boolean =>
  [...configuration.leaves].every((leaf) => flow.states[leaf]?.rest === true);
