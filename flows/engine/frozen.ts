// A copy of what one step of a flow reads: its frame and the configuration before it. Screens and
// replay explain from it why a transition fired, or did not; it does not cross scans.
import type { Flow } from '#flows/program.ts';
import { copyConfiguration, newConfiguration, newFrame } from './engine.ts';
import type { Configuration, Frame } from './engine.ts';

export class Frozen {
  readonly frame: Frame;
  readonly configuration: Configuration;

  constructor(flow: Flow) {
    this.frame = newFrame(flow);
    this.configuration = newConfiguration(flow);
  }

  copy(frame: Frame, configuration: Configuration): void {
    const { values, good, own, ownGood, commands, params, signals, foreign, trips } = frame;
    this.frame.now = frame.now;
    this.frame.values.set(values);
    this.frame.good.set(good);
    this.frame.own.set(own);
    this.frame.ownGood.set(ownGood);
    this.frame.commands.set(commands);
    this.frame.params.set(params);
    this.frame.signals.set(signals);
    this.frame.foreign.set(foreign);
    this.frame.trips.set(trips);
    copyConfiguration(this.configuration, configuration);
  }
}
