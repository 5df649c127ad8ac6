// Differences as they are found, grouped and counted, with first and last; what is kept is bounded and
// what is left out is counted. It compares nothing.
import { comparisonLimits, differenceKinds } from '#contract/comparison.ts';
import type {
  BothTerms,
  DifferenceGroup,
  Moment,
  RegionDifference,
  ScanPlace,
  ValueDifference,
} from '#contract/comparison.ts';

type Counted = { -readonly [Key in keyof DifferenceGroup]: DifferenceGroup[Key] };
type Told = { -readonly [Key in keyof RegionDifference]: RegionDifference[Key] };
type Kind = Pick<DifferenceGroup, 'kind' | 'flow' | 'name' | 'recorded' | 'candidate'>;

/** A difference that stands: it ends when the two agree again. */
export interface Standing {
  readonly group: Counted | undefined;
  readonly since: number;
}

/** A transition that went otherwise; it is told until the record decides again. */
export interface Visit {
  readonly standing: Standing;
  readonly told: Told | undefined;
}

export class Tally {
  readonly moments: Moment[] = [];
  first: Moment | undefined;
  differences = 0;
  readonly #groups = new Map<string, Counted>();
  readonly #terms = new Map<string, number>();
  readonly leftOut = { groups: 0, moments: 0, terms: 0 };
  #termCount = 0;
  #moment: Moment | undefined;

  /** By kind, then the most first; of equals the earlier. */
  get groups(): readonly DifferenceGroup[] {
    return [...this.#groups.values()].toSorted(
      (one, two) =>
        orderOf(one) - orderOf(two) || two.count - one.count || one.first.time - two.first.time,
    );
  }

  /** The next differences are of another scan. */
  next(): void {
    this.#moment = undefined;
  }

  /** `terms` is asked only where they are kept. */
  transition(
    at: ScanPlace,
    difference: Omit<RegionDifference, 'terms'>,
    terms: () => BothTerms[],
  ): Visit {
    const { flow, region, recorded, candidate, after } = difference;
    const kind = {
      kind: 'transition' as const,
      flow,
      name: region,
      recorded: takenText(recorded?.transition, after.recorded),
      candidate: takenText(candidate?.transition, after.candidate),
    };
    const standing = this.#count(at, kind);
    const moment = this.#momentOf(at);
    if (moment === undefined) return { standing, told: undefined };
    const told: Told = { ...difference };
    if (this.#keepsTerms(keyOf(kind))) told.terms = terms();
    moment.transitions.push(told);
    return { standing, told };
  }

  value(at: ScanPlace, difference: ValueDifference): Standing {
    // Each pair of numbers would be a group of its own.
    const numeric = [difference.recorded, difference.candidate].some((text) => /^-?\d/.test(text));
    const grouped = numeric ? { recorded: 'one value', candidate: 'another' } : {};
    const standing = this.#count(at, { ...difference, ...grouped });
    this.#momentOf(at)?.values.push(difference);
    return standing;
  }

  /** The two agree again, at `time`. */
  end({ group, since }: Standing, time: number): void {
    if (group !== undefined) group.standing_ms += Math.max(0, time - since);
  }

  #count(at: ScanPlace, { kind, flow, name, recorded, candidate }: Kind): Standing {
    this.differences += 1;
    const of = { kind, flow, name, recorded, candidate };
    const key = keyOf(of);
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= comparisonLimits.groups) {
        this.leftOut.groups += 1;
        return { group: undefined, since: at.time };
      }
      group = { ...of, count: 0, standing_ms: 0, first: at, last: at };
      this.#groups.set(key, group);
    }
    group.count += 1;
    group.last = at;
    return { group, since: at.time };
  }

  #momentOf(at: ScanPlace): Moment | undefined {
    if (this.#moment !== undefined) return this.#moment;
    const moment: Moment = { ...at, transitions: [], values: [] };
    this.first ??= moment;
    if (this.moments.length >= comparisonLimits.moments) {
      this.leftOut.moments += 1;
      // What follows of this scan goes where nobody looks.
      this.#moment = moment;
      return undefined;
    }
    this.moments.push(moment);
    this.#moment = moment;
    return moment;
  }

  #keepsTerms(key: string): boolean {
    const count = this.#terms.get(key) ?? 0;
    const { terms, termsOfGroup } = comparisonLimits;
    if (count >= termsOfGroup || this.#termCount >= terms) {
      this.leftOut.terms += 1;
      return false;
    }
    this.#terms.set(key, count + 1);
    this.#termCount += 1;
    return true;
  }
}

const orderOf = ({ kind }: Kind): number => differenceKinds.indexOf(kind);

const keyOf = ({ kind, flow, name, recorded, candidate }: Kind): string =>
  [kind, flow, name, recorded, candidate].join('\n');

/** `E9 to unit.Execute.OpenLoad`; of none, where it stays. */
export const takenText = (transition: string | undefined, after: string): string =>
  transition === undefined ? `stays in ${after}` : `${transition} to ${after}`;
