// How long a change goes on to matter to a flow's edges: an edge of an edge sees it a scan later.
import type { Flow } from '#flows/program.ts';
import { walkThrough } from '#flows/walk.ts';

/** How deep edges stand inside edges: 0 of a flow without any, 1 of `rise(x)`, 2 of `rise(!fall(x))`. */
export function edgeDepth(flow: Flow): number {
  const depths = new Map<number, number>();
  const depthOf = (memory: number): number => {
    const known = depths.get(memory);
    const of = flow.edges[memory];
    if (known !== undefined || of === undefined) return known ?? 0;
    let inner = 0;
    walkThrough(flow, of, (part) => {
      if (part.kind === 'edge') inner = Math.max(inner, depthOf(part.memory));
    });
    depths.set(memory, inner + 1);
    return inner + 1;
  };
  return Math.max(0, ...flow.edges.map((_, memory) => depthOf(memory)));
}
