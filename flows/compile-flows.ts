// Compiles the flows of one cell together, so that each knows the types of the others' signals.
import type { Diagnostic } from '#contract/diagnostic.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { readDocument } from './document.ts';
import type { FlowSource } from './link-report.ts';
import type { FlowType } from './program.ts';
import { valueAt } from './schema-problems.ts';

/** A flow's text and the file that its places refer to. */
export type FlowText = Pick<FlowSource, 'file' | 'text'>;

export interface CompiledFlows {
  /** Those without an error, by the manifest's key, in the order given. */
  readonly flows: ReadonlyMap<string, FlowSource>;
  readonly diagnostics: readonly Diagnostic[];
}

/** By the manifest's key. */
export function compileFlows(texts: ReadonlyMap<string, FlowText>): CompiledFlows {
  const flows = new Map<string, FlowSource>();
  const diagnostics: Diagnostic[] = [];
  const signals = new Map<string, unknown>();
  for (const [name, { text }] of texts)
    signals.set(name, valueAt(readDocument(text).value, ['signals']));
  const foreign = (flow: string, signal: string): FlowType | undefined =>
    declaredType(valueAt(signals.get(flow), [signal]));
  for (const [name, { file, text }] of texts) {
    const compiled = compileFlow(file, text, { foreign });
    diagnostics.push(...compiled.diagnostics);
    if (compiled.flow !== undefined) flows.set(name, { flow: compiled.flow, file, text });
  }
  return { flows, diagnostics };
}

/** A signal's type before its flow is checked; what is wrong in it, its own flow reports. */
function declaredType(declared: unknown): FlowType | undefined {
  const type = valueAt(declared, ['type']);
  if (type === 'bool' || type === 'int' || type === 'real') return { kind: type };
  const values = valueAt(declared, ['values']);
  const names = Array.isArray(values) && values.every((name) => typeof name === 'string');
  return type === 'enum' && names ? { kind: 'enum', values } : undefined;
}
