// `test`: plays scenarios in virtual time and says what was not as expected, where it stands and what had happened
// before. Files are played in the order given; one that cannot be read does not keep the others.
import { formatDiagnostic, placeOf, type Diagnostic } from '#contract/diagnostic.ts';
import { loadStage } from './world-load.ts';
import { play, type Happened, type Played } from './world-scenario.ts';

/** How much of a timeline people are shown. */
const shown = 40;

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
  }[];
  /** Of a failure: everything that had happened. */
  readonly timeline?: readonly Happened[];
}

interface Outcome {
  readonly tested: Tested;
  readonly text: string;
}

/** Plays one scenario; `seed` stands for the file's own. */
export async function testScenario(file: string, seed?: number): Promise<Outcome> {
  const { read, scenario, world, diagnostics, texts } = await loadStage(file);
  const told = (all: readonly Diagnostic[]): Tested['problems'] =>
    all.map(({ span, code, text, file: where }) => {
      const { line, column } = placeOf(texts.get(where) ?? '', span.start);
      return { code, file: where, line, column, text };
    });
  const explained = (all: readonly Diagnostic[]): string =>
    all.map((one) => formatDiagnostic(one, texts.get(one.file) ?? '')).join('\n\n');
  if (scenario === undefined || world === undefined) {
    const problems = told(diagnostics);
    return { tested: { file, ok: false, problems }, text: explained(diagnostics) };
  }
  const used = seed ?? scenario.seed;
  const played = play(world(used), scenario);
  const { failure, took, timeline } = played;
  const base = { file, scenario: scenario.scenario, seed: used, took_ms: took };
  const span = `${(took / 1000).toFixed(1)} s`;
  if (failure === undefined) {
    const text = `ok      ${file}: ${scenario.scenario} (${span} of virtual time)`;
    return { tested: { ...base, ok: true, problems: [] }, text };
  }
  const problem: Diagnostic = {
    code: 'E_SCENARIO_EXPECT',
    severity: 'error',
    file,
    span: read.step(failure.step),
    text: failure.text,
  };
  const lines = [
    `FAILED  ${file}: ${scenario.scenario} (after ${span} of virtual time, seed ${used})`,
    explained([problem]),
    tableOf(played),
  ];
  const tested = { ...base, ok: false, problems: told([problem]), timeline };
  return { tested, text: lines.join('\n\n') };
}

/** The last of what happened, as people read it. */
function tableOf({ timeline }: Played): string {
  const last = timeline.slice(-shown);
  const left = timeline.length - last.length;
  const rows = last.map(({ at, text }) => `  ${(at / 1000).toFixed(3).padStart(9)} s  ${text}`);
  return [...(left > 0 ? [`  (${left} earlier)`] : []), ...rows].join('\n');
}

/** Plays all of them; the number that failed. */
export async function testAll(
  files: readonly string[],
  options: { readonly seed?: number; readonly json: boolean },
  print: (text: string) => void,
): Promise<number> {
  const all: Tested[] = [];
  for (const file of files) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, told as each ends
    const { tested, text } = await testScenario(file, options.seed);
    all.push(tested);
    if (!options.json) print(text);
  }
  const failed = all.filter(({ ok }) => !ok).length;
  print(
    options.json
      ? JSON.stringify(all)
      : `${all.length} scenario${all.length === 1 ? '' : 's'}, ${failed} failed`,
  );
  return failed;
}
