// One scenario, played: the function beneath `rebe test`, for programs that test flows among other things, such as vitest.
// docs/guides/scenarios.md shows how.
import { formatDiagnostic, placeOf, type Diagnostic } from '#contract/diagnostic.ts';
import { loadStage, type Edit, type Stage } from './load.ts';
import { play, type Played } from './play.ts';
import { Timeline, timelineText, type Happened } from './timeline.ts';

/** What became of one file. */
export interface Tested {
  readonly file: string;
  readonly scenario?: string;
  readonly ok: boolean;
  readonly seed?: number;
  /** Virtual time that it took. */
  readonly took_ms?: number;
  /** What is wrong in the files, or what was not as expected. */
  readonly problems: readonly {
    readonly code: string;
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly text: string;
    readonly suggestion?: string;
  }[];
  /** Of a failure: everything that had happened, and what the flow waited for. */
  readonly timeline?: readonly Happened[];
  readonly waited?: string;
}

export interface TestOptions {
  /** Of noise and latency, instead of the file's own. */
  readonly seed?: number;
  /** Changes the text of a file before it is read: a flow that is broken so must fail its scenario. */
  readonly edit?: Edit;
}

/** Plays one scenario; `text` says for people what became of it. Throws `E_FILE_READ`. */
export async function playScenario(
  file: string,
  { seed, edit }: TestOptions = {},
): Promise<{ readonly tested: Tested; readonly text: string }> {
  const stage = await loadStage(file, edit);
  const { scenario, world, plan, lines, never, diagnostics } = stage;
  if (scenario === undefined || world === undefined || plan === undefined) {
    const tested = { file, ok: false, problems: toldOf(stage, diagnostics) };
    const text = `FAILED  ${file}: it was not played\n\n${explained(stage, diagnostics)}\n`;
    return { tested, text };
  }
  const used = seed ?? scenario.seed;
  const timeline = new Timeline(plan);
  const made = world(used, (input, result) => timeline.scanned(input.now, result));
  const played = play(made, timeline, { lines, never });
  const base = { file, scenario: scenario.scenario, seed: used, took_ms: Math.round(played.took) };
  const span = `${(played.took / 1000).toFixed(1)} s`;
  if (played.failure === undefined) {
    const text = `ok      ${file}: ${scenario.scenario} (${span} of virtual time)`;
    return { tested: { ...base, ok: true, problems: [] }, text };
  }
  const { waited } = played.failure;
  const problem = problemOf(stage, played.failure);
  const text = [
    `FAILED  ${file}: ${scenario.scenario} (after ${span} of virtual time, seed ${used})`,
    explained(stage, [problem]),
    timelineText(played.timeline),
    `  then, what it waited for:\n${waited.replaceAll(/^/gm, '    ')}`,
  ].join('\n\n');
  const problems = toldOf(stage, [problem]);
  return { tested: { ...base, ok: false, problems, timeline: played.timeline, waited }, text };
}

/**
 * Plays one scenario and throws an error with all that is known when it fails: for a test of vitest or of any other
 * runner. What it gives says how long it took.
 */
export async function testScenario(file: string, options: TestOptions = {}): Promise<Tested> {
  const { tested, text } = await playScenario(file, options);
  if (!tested.ok) throw new Error(`\n${text}`);
  return tested;
}

function problemOf({ read }: Stage, failure: NonNullable<Played['failure']>): Diagnostic {
  const { file, path, text } = failure;
  const span = read.get(file)?.place(path) ?? { start: 0, end: 1 };
  return { code: 'E_SCENARIO_EXPECT', severity: 'error', file, span, text };
}

const toldOf = ({ texts }: Stage, all: readonly Diagnostic[]): Tested['problems'] =>
  all.map(({ span, code, text, file, suggestion }) => {
    const { line, column } = placeOf(texts.get(file) ?? '', span.start);
    return { code, file, line, column, text, ...(suggestion === undefined ? {} : { suggestion }) };
  });

const explained = ({ texts }: Stage, all: readonly Diagnostic[]): string =>
  all.map((one) => formatDiagnostic(one, texts.get(one.file) ?? '')).join('\n\n');
