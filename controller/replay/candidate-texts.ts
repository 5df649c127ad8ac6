// What a person names for a replay, found in what a segment was recorded with: which flow a candidate
// takes the place of, and which parameter is meant. Runs nothing.
import { formatDiagnostic, nearest } from '#contract/diagnostic.ts';
import type { Diagnostic } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import { compileFlows } from '#flows/compile-flows.ts';
import type { FlowText } from '#flows/compile-flows.ts';
import { readDocument } from '#flows/document.ts';
import { numberOf } from '#flows/engine/values.ts';
import { compileFlow } from '#flows/language/compile.ts';
import type { CellPlan } from '#flows/plan.ts';
import { linkCandidate } from '#flows/replay/candidate-plan.ts';
import type { FixedParameter } from '#flows/replay/candidate.ts';
import { valueAt } from '#flows/schema-problems.ts';
import { rangeText } from '#controller/door/act-checks.ts';
import type { SegmentSources } from './replay.ts';
import { scalarOf } from '#controller/typed-value.ts';

/** A flow for the place of one; `name`: the manifest's key, else the one of the same own name is meant. */
export interface CandidateText extends FlowText {
  readonly name?: string;
}

/** A parameter as a person gives it: `clamp.min`, or `tending.clamp.min` with its flow. */
export interface ParameterText {
  readonly name: string;
  readonly value: string;
}

/** By the manifest's key: the candidate that stands there. Throws `E_REPLAY_CANDIDATE`. */
export function placeFlows(
  { plan }: SegmentSources,
  candidates: readonly CandidateText[],
): ReadonlyMap<string, FlowText> {
  const placed = new Map<string, FlowText>();
  for (const { name, file, text } of candidates) {
    const own = valueAt(readDocument(text).value, ['flow']);
    // Nothing that could be a flow: its own problems say more than its name.
    if (typeof own !== 'string') {
      const { diagnostics } = compileFlow(file, text);
      throw refused(diagnostics, new Map([[file, { file, text }]]));
    }
    const called = plan.flows.filter(({ flow }) => flow.name === own);
    const meant = plan.flows.filter((flow) => flow.name === (name ?? own));
    const found = name === undefined && called.length > 0 ? called : meant;
    if (found.length === 0) {
      const has = plan.flows.map((flow) =>
        flow.name === flow.flow.name ? flow.name : `${flow.name} (${flow.flow.name})`,
      );
      const says = name === undefined ? `${file} is the flow ${own}` : `${name}=${file}`;
      throw new CellError(
        'E_REPLAY_CANDIDATE',
        `${says}, and the record has ${has.join(', ')}; \`--flow NAME=FILE\` says whose place it takes`,
      );
    }
    for (const flow of found) {
      const before = placed.get(flow.name);
      if (before !== undefined) {
        throw new CellError(
          'E_REPLAY_CANDIDATE',
          `${before.file} and ${file} are both for the flow ${flow.name}`,
        );
      }
      placed.set(flow.name, { file, text });
    }
  }
  return placed;
}

/** The cell with the candidates in it. Throws `E_REPLAY_CANDIDATE` with every problem and its place. */
export function planWith(
  { manifest, texts }: SegmentSources,
  placed: ReadonlyMap<string, FlowText>,
): CellPlan {
  const all = new Map([...texts].map(([name, text]) => [name, placed.get(name) ?? text] as const));
  const compiled = compileFlows(all);
  const errors = compiled.diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw refused(errors, all);
  const { plan, diagnostics } = linkCandidate(manifest, compiled.flows, new Set(placed.keys()));
  if (plan === undefined) throw refused(diagnostics, all);
  return plan;
}

/** As `rebe check` shows them. */
function refused(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, FlowText>,
): CellError {
  const textOf = (file: string): string =>
    [...texts.values()].find((one) => one.file === file)?.text ?? '';
  const shown = diagnostics.map((one) => formatDiagnostic(one, textOf(one.file)));
  const [first, ...others] = diagnostics;
  const count = others.length === 0 ? 'an error' : `${others.length + 1} errors`;
  return new CellError(
    'E_REPLAY_CANDIDATE',
    `${first?.file ?? 'the candidate'} has ${count}\n\n${shown.join('\n\n')}\n`,
  );
}

/** Throws `E_REPLAY_PARAMETER` with the names or the limits that there are. */
export function fixedParameter(plan: CellPlan, text: ParameterText): FixedParameter {
  const all = plan.flows.flatMap(({ name, flow }, index) =>
    flow.params.map((decl, param) => ({ index, param, decl, whole: `${name}.${decl.name}` })),
  );
  const asked = text.name;
  const meant = all.filter(({ decl, whole }) => decl.name === asked || whole === asked);
  const [found, another] = meant;
  if (found === undefined) {
    const names = all.map(({ decl }) => decl.name);
    const near = nearest(asked, [...names, ...all.map(({ whole }) => whole)]);
    const there = names.length === 0 ? 'there is none' : `there is ${names.join(', ')}`;
    return fail(`no parameter ${asked}; ${near === undefined ? there : `did you mean ${near}?`}`);
  }
  if (another !== undefined) {
    return fail(`${asked} may be ${meant.map(({ whole }) => whole).join(' or ')}`);
  }
  const { index, param, decl } = found;
  const value = numberOf(decl, scalarOf(decl.type.kind, text.value));
  if (Number.isNaN(value)) return fail(`${asked} takes ${rangeText(decl)}, not ${text.value}`);
  return { flow: index, param, value };
}

function fail(why: string): never {
  throw new CellError('E_REPLAY_PARAMETER', why);
}
