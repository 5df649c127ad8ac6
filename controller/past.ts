// What a start of control finds of the run before: the state in which each flow may go on, and the acts
// that must not be done twice. The state is found by re-executing the last segment of the record.
import type { Json } from '#contract/canonical.ts';
import type { Receipt } from '#contract/wire.ts';
import type { RestartClass } from '#flows/engine/restart.ts';
import type { LoadedCell } from './config.ts';

/** How this boot enters its flows. */
export interface Past {
  readonly state: Json | undefined;
  /** By flow. */
  readonly ways: readonly RestartClass[];
  /** Flows that go on by themselves once their outputs are confirmed safe. */
  readonly hot: ReadonlySet<number>;
  /** Acts of the last 60 s. */
  readonly acts: readonly { readonly id: string; readonly receipt: Receipt }[];
}

export async function readPast(_data: string, loaded: LoadedCell, _engine: string): Promise<Past> {
  return {
    state: undefined,
    ways: loaded.plan.flows.map(({ restart }) => restart),
    hot: new Set(),
    acts: [],
  };
}
