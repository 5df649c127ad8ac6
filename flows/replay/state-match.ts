// Which state of a candidate a recorded state is: the one of its path, or one that holds its transitions
// under another name, or the state around it where the candidate keeps no smaller ones.
import type { Flow, StateDecl } from '#flows/program.ts';

export interface StateMatch {
  /** By recorded state: the candidate's; -1 for none. */
  readonly indices: Int32Array;
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  /** Leaves that are nowhere. */
  readonly gone: readonly string[];
}

export function matchStates(before: Flow, after: Flow): StateMatch {
  const paths = new Map(after.states.map(({ path }, index) => [path, index]));
  const indices = Int32Array.from(before.states, ({ path }) => paths.get(path) ?? -1);
  const taken = new Set(indices);
  const renamed: { from: string; to: string }[] = [];
  for (const [index, state] of before.states.entries()) {
    if (indices[index] !== -1) continue;
    const found = renamedTo(before, state, after, taken);
    if (found === -1) continue;
    indices[index] = found;
    taken.add(found);
    renamed.push({ from: state.path, to: after.states[found]?.path ?? '' });
  }
  const gone: string[] = [];
  for (const [index, state] of before.states.entries()) {
    if (indices[index] !== -1 || state.initial !== -1) continue;
    const around = indices[state.parent] ?? -1;
    if (around !== -1 && after.states[around]?.initial === -1) indices[index] = around;
    else gone.push(state.path);
  }
  return { indices, renamed, gone };
}

/** The one state that is not taken yet and holds most of its transitions; -1: none, or two as good. */
function renamedTo(
  before: Flow,
  state: StateDecl,
  after: Flow,
  taken: ReadonlySet<number>,
): number {
  const region = before.regions[state.region]?.name;
  const ids = new Set(state.go.map((transition) => before.transitions[transition]?.id));
  const shared = after.states.map((other, index) => {
    if (taken.has(index) || after.regions[other.region]?.name !== region) return 0;
    if ((other.initial === -1) !== (state.initial === -1)) return 0;
    return other.go.filter((transition) => ids.has(after.transitions[transition]?.id)).length;
  });
  const most = Math.max(0, ...shared);
  const best = shared.indexOf(most);
  return most > 0 && shared.lastIndexOf(most) === best ? best : -1;
}
