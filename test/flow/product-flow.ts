// The product's own flows, compiled, and small flows written in a test.
import { readFileSync } from 'node:fs';
import { formatDiagnostic } from '#contract/diagnostic.ts';
import { compileFlow } from '#flows/language/compile.ts';
import type { Flow } from '#flows/program.ts';

/** `flows/NAME/NAME.flow.yaml`, as it is in the product. */
export function productFlow(name: string): Flow {
  const file = `flows/${name}/${name}.flow.yaml`;
  return flowOf(readFileSync(file, 'utf8'), file);
}

/** A flow from its text; throws what is wrong with it. */
export function flowOf(text: string, file = 'test.flow.yaml'): Flow {
  const { flow, diagnostics } = compileFlow(file, text);
  if (flow !== undefined) return flow;
  throw new Error(diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, text)).join('\n'));
}
