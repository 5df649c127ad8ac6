// A scenario, format `scenario/1`: what is done to a cell and its machine in virtual time, and what must come of it.
// It reads the file and says what is wrong in it; `simulator/scenario/` plays it. No name in it is looked up here.
import * as z from 'zod';
import type { Diagnostic, Span } from '#contract/diagnostic.ts';
import { DurationText } from '#contract/time.ts';
import { readDocument, type Path } from './document.ts';
import { problemsOf, suggest, valueAt } from './schema-problems.ts';
import type { Problem } from './schema-problems.ts';

const word = z.string().min(1).max(128);
const Value = z.union([z.boolean(), z.number(), z.string()]);
const oneOrMore = <T extends z.ZodType>(one: T) => z.union([one, z.array(one).min(1).max(64)]);

/** A number between two, both inclusive. */
export const Band = z
  .strictObject({ min: z.number().optional(), max: z.number().optional() })
  .refine((band) => Object.keys(band).length > 0, 'a min, a max or both');
export type Band = z.infer<typeof Band>;

/** A value, or where a number must be: `{min: 5, max: 7}`. */
export const Wanted = z.union([Value, Band]);
export type Wanted = z.infer<typeof Wanted>;

/** What must hold, all of it at once. */
export const Expectation = z
  .strictObject({
    state: oneOrMore(word).optional().meta({
      description: 'active states by their path, such as unit.Execute; inside one counts',
    }),
    output: z.record(word, Wanted).optional().meta({ description: 'what the cell asks for' }),
    tag: z.record(word, Wanted).optional().meta({ description: 'values as the cell sees them' }),
    quality: z.record(word, z.enum(['good', 'uncertain', 'bad'])).optional(),
    ctx: z.record(word, Wanted).optional().meta({ description: "the flow's memory" }),
    param: z.record(word, Wanted).optional().meta({ description: "the flow's parameters" }),
    alarm: oneOrMore(word).optional().meta({ description: 'alarms that are raised, by their id' }),
    noAlarm: oneOrMore(word)
      .optional()
      .meta({ description: 'alarms that are not raised, by their id; `all`: none is' }),
    fired: oneOrMore(word).optional().meta({
      description: 'transitions that have fired since something was last done, by their id',
    }),
    machine: z.record(word, Wanted).optional().meta({
      description: 'where the simulated machine stands, as `rebe fault` without words says it',
    }),
    trips: z.int().nonnegative().optional().meta({ description: 'interlock trips so far' }),
    incidents: z.int().nonnegative().optional().meta({ description: 'damage done so far' }),
  })
  .refine((all) => Object.keys(all).length > 0, 'something to expect');
export type Expectation = z.infer<typeof Expectation>;

const flow = word.optional().meta({ description: 'where the cell has more than one' });

/** By the field that tells them apart. Time passes in `wait`, `hold`, `restart`, a command and an `expect` with a time. */
const steps = {
  wait: z.strictObject({ wait: DurationText }),
  command: z.strictObject({
    command: word,
    ignored: z
      .literal(true)
      .optional()
      .meta({ description: 'it must lead to nothing; without it, it must lead to something' }),
    flow,
  }),
  hold: z.strictObject({
    hold: word.meta({ description: 'a held command, as a hand on a key does' }),
    for: DurationText,
    flow,
  }),
  set: z.strictObject({ set: z.record(word, Value).meta({ description: 'parameters' }), flow }),
  force: z.strictObject({
    force: z.record(word, Value).meta({ description: 'tags, as `rebe force` does' }),
    for: DurationText,
  }),
  unforce: z.strictObject({ unforce: word }),
  acknowledge: z.strictObject({ acknowledge: word.meta({ description: 'an alarm, by its id' }) }),
  resume: z.strictObject({ resume: word.meta({ description: 'a flow that waits for a person' }) }),
  fault: z.strictObject({
    fault: z
      .string()
      .regex(/^\S+ \S+$/, 'a device or plant, and a kind: `io hang`')
      .meta({ description: 'as `rebe fault` takes it' }),
    for: DurationText.optional(),
  }),
  clear: z.strictObject({
    clear: word.meta({ description: 'ends the faults of a device, of the plant, or all' }),
  }),
  restart: z.strictObject({
    restart: DurationText.meta({ description: 'control dies and is back after so long' }),
    as: z
      .enum(['hot', 'ask', 'warm', 'cold'])
      .optional()
      .meta({ description: 'how flows are entered; hot unless said' }),
  }),
  expect: z
    .strictObject({
      expect: Expectation,
      within: DurationText.optional().meta({ description: 'until when; without it: now' }),
      notBefore: DurationText.optional().meta({ description: 'it does not hold sooner' }),
      for: DurationText.optional().meta({ description: 'how long it stays so' }),
      flow,
    })
    .refine(
      ({ within = 0, notBefore = 0 }) => notBefore === 0 || within > notBefore,
      '`within` is longer than `notBefore`',
    ),
} as const;
type Steps = typeof steps;

/** One line of a scenario. */
export const Step = z.union(Object.values(steps) as [Steps[keyof Steps], ...Steps[keyof Steps][]]);
export type Step = z.infer<typeof Step>;

export const Scenario = z.strictObject({
  scenario: z.string().min(1).max(200).meta({ description: 'what it shows, in a sentence' }),
  format: z.literal('scenario/1'),
  cell: z.string().min(1).default('cell.yaml').meta({ description: 'path, from this file' }),
  plant: z.string().min(1).meta({ description: 'path of the machine, from this file' }),
  seed: z.int().nonnegative().default(1).meta({ description: 'of noise and latency' }),
  first: z.string().min(1).optional().meta({
    description: 'path of a scenario of the same cell; its steps are played before these',
  }),
  never: oneOrMore(Expectation)
    .optional()
    .meta({ description: 'what may not hold at any time; of a list, each of them' }),
  steps: z.array(Step).min(1).max(1000),
});
export type Scenario = z.infer<typeof Scenario>;

export interface ScenarioRead {
  /** Absent when anything is wrong. */
  readonly scenario?: Scenario;
  readonly diagnostics: readonly Diagnostic[];
  /** Where a value stands in the text, and where its key does. */
  readonly place: (path: Path) => Span;
  readonly keyPlace: (path: Path) => Span;
}

/** Reads the text of a scenario; `file` is its name in what is said about it. */
export function readScenario(file: string, text: string): ScenarioRead {
  const document = readDocument(text);
  const places = {
    place: (path: Path) => document.place(path),
    keyPlace: (path: Path) => document.keyPlace(path),
  };
  const wrong = (code: string, span: Span, said: string, suggestion?: string): Diagnostic => ({
    code,
    severity: 'error',
    file,
    span,
    text: said,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
  if (document.problems.length > 0) {
    const diagnostics = document.problems.map((problem) =>
      wrong('E_SCENARIO_YAML', problem.span, problem.text, problem.suggestion),
    );
    return { diagnostics, ...places };
  }
  const { value } = document;
  const frame = problemsOf(
    Scenario.extend({ steps: z.array(z.unknown()).min(1).max(1000) }),
    value,
  );
  const lines = valueAt(value, ['steps']);
  const inside = (Array.isArray(lines) ? lines : []).flatMap(stepProblems);
  const diagnostics = [...frame, ...inside].map((problem) => {
    const span =
      problem.key === true ? document.keyPlace(problem.path) : document.place(problem.path);
    return wrong('E_SCENARIO_FIELD', span, problem.text, problem.suggestion);
  });
  if (diagnostics.length > 0) return { diagnostics, ...places };
  return { scenario: Scenario.parse(value), diagnostics, ...places };
}

/** What is wrong in one step, by the kind that it is. */
function stepProblems(line: unknown, index: number): Problem[] {
  const path = ['steps', index];
  const kinds = Object.keys(steps) as (keyof typeof steps)[];
  const fields = typeof line === 'object' && line !== null ? Object.keys(line) : [];
  const kind = kinds.find((one) => fields.includes(one));
  if (kind !== undefined) return problemsOf(steps[kind], line, path);
  const text = `a step has one of ${kinds.join(', ')}`;
  return [{ code: 'E_MANIFEST_FIELD', path, text, ...suggest(fields[0] ?? '', kinds, 'Steps') }];
}
