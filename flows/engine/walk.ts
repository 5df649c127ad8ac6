// Walks the tree of one expression, `let`s opened: for what must be known of a flow before it runs.
import type { Expr, Flow } from '#flows/program.ts';

/** Shows each part of the expression, itself first. */
export function walk(flow: Flow, expr: Expr, see: (part: Expr) => void): void {
  see(expr);
  for (const part of partsOf(flow, expr)) walk(flow, part, see);
}

/** How deep edges stand inside edges: 0 of a flow without any, 1 of `rise(x)`, 2 of `rise(!fall(x))`. */
export function edgeDepth(flow: Flow): number {
  const depths = new Map<number, number>();
  const depthOf = (memory: number): number => {
    const known = depths.get(memory);
    const of = flow.edges[memory];
    if (known !== undefined || of === undefined) return known ?? 0;
    let inner = 0;
    walk(flow, of, (part) => {
      if (part.kind === 'edge') inner = Math.max(inner, depthOf(part.memory));
    });
    depths.set(memory, inner + 1);
    return inner + 1;
  };
  return Math.max(0, ...flow.edges.map((_, memory) => depthOf(memory)));
}

function partsOf(flow: Flow, expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'let': {
      const declared = flow.lets[expr.let];
      return declared === undefined ? [] : [declared.expr];
    }
    case 'sure':
    case 'maybe':
    case 'edge':
    case 'not':
    case 'negate':
      return [expr.of];
    case 'binary':
      return [expr.left, expr.right];
    case 'choose':
      return [expr.test, expr.then, expr.otherwise];
    case 'call':
      return expr.of;
    case 'literal':
    case 'input':
    case 'command':
    case 'signal':
    case 'foreign':
    case 'ctx':
    case 'param':
    case 'output':
    case 'active':
    case 'good':
    case 'trip':
      return [];
  }
}
