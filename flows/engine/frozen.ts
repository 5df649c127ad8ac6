// What the last step of a flow read: its frame and the configuration before it. Screens and replay
// explain from it why a transition fired, or did not. It does not cross scans, and is read between them.
import type { Flow } from '#flows/program.ts';
import { newConfiguration } from './engine.ts';
import type { Configuration, Frame } from './engine.ts';

export class Frozen {
  /** Inputs, commands and parameters are those of the flow itself: they stay until the next scan. */
  readonly frame: Frame;
  readonly configuration: Configuration;

  constructor(flow: Flow, frame: Frame) {
    this.frame = {
      ...frame,
      signals: frame.signals.slice(),
      foreign: frame.foreign.slice(),
      trips: frame.trips.slice(),
    };
    this.configuration = newConfiguration(flow);
  }

  /** Before a step. `moved`: a transition fired since the last copy, or the flow was put elsewhere. */
  copy(frame: Frame, before: Configuration, moved: boolean): void {
    this.frame.signals.set(frame.signals);
    this.frame.foreign.set(frame.foreign);
    this.frame.trips.set(frame.trips);
    this.configuration.holds.set(before.holds);
    this.configuration.edges.set(before.edges);
    if (!moved) return;
    this.configuration.leaves.set(before.leaves);
    this.configuration.entered.set(before.entered);
    this.configuration.ctx.set(before.ctx);
  }
}
