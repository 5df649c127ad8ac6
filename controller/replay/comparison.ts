// Runs changed flows and parameters over a chronicle, beside the flows that it was recorded with. Reads the
// record and the candidates' texts; what differs is judged in flows/replay.
import { comparisonRule } from '#contract/comparison.ts';
import type { ComparisonReport } from '#contract/comparison.ts';
import { CellError, present } from '#contract/error.ts';
import { toJsonValue } from '#contract/sample.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { TableModule } from '#flows/engine/table.ts';
import { valueOf } from '#flows/engine/values.ts';
import { canonicalFlow } from '#flows/language/canonical.ts';
import type { CellPlan } from '#flows/plan.ts';
import { Candidate } from '#flows/replay/candidate.ts';
import type { FixedParameter } from '#flows/replay/candidate.ts';
import { Comparison } from '#flows/replay/comparison.ts';
import { differenceText } from '#flows/replay/difference.ts';
import { fitCells } from '#flows/replay/fit.ts';
import type { CellFit } from '#flows/replay/fit.ts';
import { Lanes } from '#flows/replay/lanes.ts';
import { Tally } from '#flows/replay/tally.ts';
import { fixedParameter, placeFlows, planWith } from './candidate-texts.ts';
import type { CandidateText, ParameterText } from './candidate-texts.ts';
import type { Reader } from '#controller/chronicle/reader.ts';
import { sha256 } from '#controller/config.ts';
import { importTables, replayChronicle } from './replay.ts';
import type { OpenedSegment, SegmentReplay, SegmentSources, SegmentWatch } from './replay.ts';

export interface Change {
  readonly flows: readonly CandidateText[];
  readonly parameters: readonly ParameterText[];
}

export interface CompareOptions {
  /** Entries: segments that open between the two. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** UTC ms: scans between the two are compared. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Keep the recorded states too. */
  readonly lanes: boolean;
  readonly progress?: (seq: number) => void;
}

/** Throws `E_REPLAY_CANDIDATE`, `E_REPLAY_PARAMETER` when the change fits nothing, `E_REPLAY_NOTHING` without a scan. */
export async function compareChronicle(
  reader: Reader,
  change: Change,
  options: CompareOptions,
): Promise<Omit<ComparisonReport, 'file'>> {
  const comparing = new Comparing(change, options);
  for await (const segment of replayChronicle(reader, {
    from: options.from,
    to: options.to,
    engines: 'table',
    ...(options.progress === undefined ? {} : { progress: options.progress }),
    watch: (opened) => comparing.open(opened),
  })) {
    comparing.close(segment);
  }
  return comparing.report();
}

/** A change, made ready for segments of one manifest and the same flows. */
interface Prepared {
  readonly plan: CellPlan;
  readonly modules: readonly TableModule[];
  readonly fit: CellFit;
  readonly fixed: readonly FixedParameter[];
}

class Comparing {
  readonly #change: Change;
  readonly #options: CompareOptions;
  readonly #tally = new Tally();
  readonly #lanes: Lanes | undefined;
  readonly #notes = new Set<string>();
  readonly #segments: ComparisonReport['segments'] = [];
  readonly #prepared = new Map<SegmentSources, Prepared | CellError>();
  readonly #flows = new Map<string, ComparisonReport['flows'][number]>();
  readonly #parameters = new Map<string, ComparisonReport['parameters'][number]>();
  readonly #ignored = new Map<string, number>();
  #current: { readonly candidate: Candidate; readonly comparison: Comparison } | undefined;
  #before = 0;
  #refused: CellError | undefined;
  #scans = 0;
  #recorded = 0;
  #from: number | undefined;
  #to = 0;

  constructor(change: Change, options: CompareOptions) {
    this.#change = change;
    this.#options = options;
    this.#lanes = options.lanes ? new Lanes() : undefined;
  }

  /** Goes along with one segment; undefined when the change does not fit it. */
  async open(opened: OpenedSegment): Promise<SegmentWatch | undefined> {
    const { sources, cell, joined, boot } = opened;
    const prepared = await this.#prepare(sources);
    this.#before = this.#tally.differences;
    if (prepared instanceof CellError) {
      this.#refused ??= prepared;
      this.#notes.add(`Segments from entry ${opened.seq} on: ${prepared.message.split('\n')[0]}`);
      this.#finish();
      return undefined;
    }
    const last = this.#current;
    const goesOn =
      joined &&
      last !== undefined &&
      last.candidate.fit === prepared.fit &&
      last.candidate.cell.now === opened.body.now;
    if (goesOn) {
      const candidate = last.candidate.beside(cell);
      last.comparison.goOn(cell, candidate);
      this.#current = { candidate, comparison: last.comparison };
    } else {
      this.#finish();
      const engines = prepared.modules.map((module) => ({ table: module.createTable() }));
      const other = new Cell(prepared.plan, engines);
      const candidate = new Candidate(cell, other, prepared.fit, prepared.fixed);
      const comparison = new Comparison(cell, candidate, this.#tally, this.#lanes);
      this.#current = { candidate, comparison };
    }
    const { comparison } = this.#current;
    comparison.boot = boot;
    return this.#watch(comparison, !goesOn);
  }

  close({ seq, boot, why, scans, difference }: SegmentReplay): void {
    // Without a comparison the change has no place in it, and a note says so.
    if (this.#current === undefined) return;
    const found = this.#tally.differences - this.#before;
    const broken = difference === undefined ? {} : { broken: differenceText(difference) };
    this.#segments.push({ seq, boot, why, scans, differences: found, ...broken });
    if (difference !== undefined) this.#finish();
  }

  report(): Omit<ComparisonReport, 'file'> {
    this.#finish();
    if (this.#scans === 0) {
      throw (
        this.#refused ?? new CellError('E_REPLAY_NOTHING', 'no scan lies in what was asked for')
      );
    }
    const tally = this.#tally;
    const ignored = [...this.#ignored].map(([what, count]) => `Left out ${count} times: ${what}.`);
    return {
      same: tally.differences === 0,
      rule: comparisonRule.join(' '),
      flows: [...this.#flows.values()],
      parameters: [...this.#parameters.values()],
      from: this.#from ?? 0,
      to: this.#to,
      segments: this.#segments,
      scans: this.#scans,
      recorded: this.#recorded,
      differences: tally.differences,
      notes: [...this.#notes, ...ignored],
      first: tally.first ?? null,
      groups: [...tally.groups],
      moments: tally.moments,
      ...(this.#lanes === undefined ? {} : { lanes: [...this.#lanes.lanes] }),
      leftOut: { ...tally.leftOut, moves: this.#lanes?.leftOut ?? 0 },
    };
  }

  /** Scans before `since` move the recorded cell alone; the first one after it is where the candidate begins. */
  #watch(comparison: Comparison, begins: boolean): SegmentWatch {
    const { since = -Infinity, until = Infinity } = this.#options;
    let waits = begins;
    const start = (now: number): void => {
      if (!waits || comparison.offset + now < since) return;
      waits = false;
      this.#from ??= comparison.offset + now;
      comparison.begin();
    };
    return {
      begin: (offset) => {
        comparison.offset = offset;
        start(comparison.now);
      },
      entry: (seq, offset) => {
        comparison.offset = offset;
        comparison.seq = seq;
      },
      seen: (input, result) => {
        const time = comparison.offset + input.now;
        if (time > until) return;
        if (waits) {
          start(input.now);
          return;
        }
        comparison.take(input, result);
        this.#to = time;
      },
    };
  }

  /** What one comparison came to; the next one begins anew. */
  #finish(): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    current.comparison.end();
    this.#scans += current.comparison.scans;
    this.#recorded += current.comparison.recordedScans;
    for (const [what, count] of current.candidate.ignored) {
      this.#ignored.set(what, (this.#ignored.get(what) ?? 0) + count);
    }
  }

  async #prepare(sources: SegmentSources): Promise<Prepared | CellError> {
    const known = this.#prepared.get(sources);
    if (known !== undefined) return known;
    let made: Prepared | CellError;
    try {
      made = await this.#make(sources);
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      made = error;
    }
    this.#prepared.set(sources, made);
    return made;
  }

  async #make(sources: SegmentSources): Promise<Prepared> {
    const placed = placeFlows(sources, this.#change.flows);
    const plan = placed.size === 0 ? sources.plan : planWith(sources, placed);
    const fixed = this.#change.parameters.map((text) => this.#fix(plan, text));
    const fit = fitCells(sources.plan, plan, new Set(placed.keys()));
    for (const note of fit.notes) this.#notes.add(note);
    for (const [flow, { file, text }] of placed) {
      const hash = sha256(canonicalFlow(text) ?? text);
      this.#flows.set(`${flow} ${file}`, { flow, file, hash });
      if (canonicalFlow(sources.texts.get(flow)?.text ?? '') === canonicalFlow(text)) {
        this.#notes.add(`${file} is the flow that was recorded, but for comments and layout.`);
      }
    }
    return { plan, modules: await importTables(plan), fit, fixed };
  }

  #fix(plan: CellPlan, text: ParameterText): FixedParameter {
    const fixed = fixedParameter(plan, text);
    const { name, flow } = present(plan.flows[fixed.flow], 'the flow of a parameter');
    const decl = present(flow.params[fixed.param], 'a parameter');
    const value = toJsonValue(valueOf(decl, fixed.value));
    this.#parameters.set(`${name}.${decl.name}`, { flow: name, name: decl.name, value });
    return fixed;
  }
}
