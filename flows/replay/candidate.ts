// A candidate beside the recorded cell: it is given what the record gives, and is put where the record is.
// What it decides is compared in comparison.ts.
import { assert, present } from '#contract/error.ts';
import { status } from '#contract/quality.ts';
import type { TagChange } from '#contract/record.ts';
import type { Cell } from '#flows/engine/cell.ts';
import { readSaved } from '#flows/engine/saved.ts';
import type { SavedCell } from '#flows/engine/saved.ts';
import type { ScanAct, ScanInput, ScanResult } from '#flows/engine/scan.ts';
import { numberOf, valueOf } from '#flows/engine/values.ts';
import type { CellFit } from './fit.ts';
import { FlowFollower } from './follow.ts';

/** A parameter that is another throughout, whatever the record sets it to. */
export interface FixedParameter {
  readonly flow: number;
  readonly param: number;
  readonly value: number;
}

export class Candidate {
  readonly cell: Cell;
  readonly fit: CellFit;
  /** What of the record could not be given to it, counted. */
  readonly ignored: Map<string, number>;
  readonly #recorded: Cell;
  readonly #fixed: readonly FixedParameter[];
  readonly #followers: readonly FlowFollower[];
  /** Flows or parameters are others: acts are translated. */
  readonly #other: boolean;

  constructor(
    recorded: Cell,
    cell: Cell,
    fit: CellFit,
    fixed: readonly FixedParameter[] = [],
    ignored = new Map<string, number>(),
  ) {
    this.#recorded = recorded;
    this.ignored = ignored;
    this.cell = cell;
    this.fit = fit;
    this.#fixed = fixed;
    this.#other = fixed.length > 0 || fit.flows.some(({ replaced }) => replaced);
    this.#followers = fit.flows.map((flow, index) => {
      const from = present(recorded.flows[index], 'the recorded flow');
      return new FlowFollower(flow, from, present(cell.flows[index], 'the candidate'));
    });
  }

  /** As it stands, beside another cell of the same plan that stands where the one before did. */
  beside(recorded: Cell): Candidate {
    assert(recorded.plan === this.#recorded.plan, 'a cell of the same plan');
    return new Candidate(recorded, this.cell, this.fit, this.#fixed, this.ignored);
  }

  /** Begins where the record is: between two scans. */
  begin(): void {
    const { cell } = this;
    const from = readSaved(this.#recorded.save());
    cell.enter(
      undefined,
      cell.plan.flows.map(() => 'cold'),
      from.now,
    );
    const blank = readSaved(cell.save());
    const { now, scan, forces, forceAlarms } = from;
    const image = this.#image(from);
    cell.restore({ ...blank, now, scan, forces, forceAlarms, image });
    for (const follower of this.#followers) {
      follower.begin(cell.now);
      cell.share(follower.to);
    }
    for (const { flow, param, value } of this.#fixed) cell.flows[flow]?.setParameter(param, value);
    assert(cell.now === this.#recorded.now, 'both stand at one time');
  }

  /** Puts one flow back where the record is, after a scan of both. */
  follow(flow: number): void {
    const follower = present(this.#followers[flow], 'a flow of the cell');
    follower.follow(this.cell.now);
    this.cell.share(follower.to);
  }

  /** The same scan as the recorded cell's. */
  step(input: ScanInput): ScanResult {
    const { tags, acts, held } = input;
    const plain = !this.#other || (acts.length === 0 && held.length === 0);
    if (plain && this.fit.sameTags) return this.cell.step(input);
    return this.cell.step({
      ...input,
      tags: this.fit.sameTags ? tags : tags.map((change) => this.#tag(change)),
      acts: acts.length === 0 ? acts : acts.flatMap((act) => this.#act(act) ?? []),
      held:
        held.length === 0
          ? held
          : held.flatMap(({ flow, command, down }) => {
              const own = this.#command(flow, command);
              return own === -1 ? [] : [{ flow, command: own, down }];
            }),
    });
  }

  #image(from: SavedCell): SavedCell['image'] {
    const { tagIndex } = this.#recorded.plan;
    return this.cell.plan.tags.map((plan) => {
      const kept = from.image[tagIndex.get(plan.name) ?? -1] ?? null;
      // It has been asked for and does not answer: the flow does not wait for it.
      return kept ?? (plan.recorded ? [null, status.BadNoCommunication, 0] : null);
    });
  }

  #tag(change: TagChange): TagChange {
    return { ...change, tag: this.fit.tags[change.tag] ?? -1 };
  }

  #command(flow: number, command: number): number {
    const own = this.fit.flows[flow]?.commands[command] ?? -1;
    if (own === -1) {
      const name = this.#recorded.plan.flows[flow]?.flow.commands[command]?.name ?? '';
      this.#ignore(`the command ${name}, which the candidate does not have`);
    }
    return own;
  }

  #act(act: ScanAct): ScanAct | undefined {
    switch (act.kind) {
      case 'command': {
        const command = this.#command(act.flow, act.command);
        return command === -1 ? undefined : { ...act, command };
      }
      case 'force':
      case 'unforce':
        return { ...act, tag: this.fit.tags[act.tag] ?? -1 };
      case 'parameter':
        return this.#parameter(act);
      case 'acknowledge':
      case 'resume':
        return act;
    }
  }

  #parameter(act: ScanAct & { kind: 'parameter' }): ScanAct | undefined {
    const { flow } = act;
    const param = this.fit.flows[flow]?.params[act.param] ?? -1;
    const before = present(this.#recorded.plan.flows[flow]?.flow.params[act.param], 'a parameter');
    const after = this.cell.plan.flows[flow]?.flow.params[param];
    if (this.#fixed.some((one) => one.flow === flow && one.param === param)) {
      this.#ignore(`a setting of ${before.name}, which --param fixes`);
      return undefined;
    }
    const value = after === undefined ? Number.NaN : numberOf(after, valueOf(before, act.value));
    if (!Number.isNaN(value)) return { ...act, param, value };
    const why = after === undefined ? 'does not have' : 'does not allow';
    this.#ignore(`a setting of ${before.name}, which the candidate ${why}`);
    return undefined;
  }

  #ignore(what: string): void {
    this.ignored.set(what, (this.ignored.get(what) ?? 0) + 1);
  }
}
