// Where a replay came to another result than the record, in words: what was recorded, what came out,
// and the terms of the transitions that decided it.
import type { TripChange } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import type { Json } from '#contract/canonical.ts';
import type { Term } from '#contract/wire.ts';
import type { CellPlan } from '#flows/plan.ts';

export interface Difference {
  /** The scan in which it first shows, its time (ms since boot), and its entry where it has one. */
  readonly scan: number;
  readonly now: number;
  readonly seq?: number;
  readonly what:
    | 'scans'
    | 'stepped'
    | 'transitions'
    | 'outputs'
    | 'trips'
    | 'alarms'
    | 'forces'
    | 'rolling'
    | 'state';
  readonly recorded: string;
  readonly replayed: string;
  /** What decided it, a term a line, where a transition is to blame. */
  readonly terms: readonly string[];
}

/** The report that a person reads. */
export function differenceText(difference: Difference): string {
  const { scan, now, seq, what, recorded, replayed, terms } = difference;
  const entry = seq === undefined ? '' : `, entry ${seq}`;
  return [
    `E_REPLAY_DIFFERS the replay differs at scan ${scan} (${now} ms${entry}): ${what}`,
    `  recorded: ${recorded}`,
    `  replayed: ${replayed}`,
    ...terms.map((line) => `  ${line}`),
  ].join('\n');
}

/** How a list reads; both lists of a comparison read alike when they are alike. */
export class Names {
  readonly #plan: CellPlan;

  constructor(plan: CellPlan) {
    this.#plan = plan;
  }

  readonly fired = (
    list: readonly { readonly flow: number; readonly transition: number }[],
  ): string => {
    return joined(
      list.map(({ flow, transition }) => {
        const plan = this.#plan.flows[flow];
        return `${plan?.name}.${plan?.flow.transitions[transition]?.id ?? transition}`;
      }),
    );
  };

  readonly stepped = (
    list: readonly { readonly flow: number; readonly stepped: boolean }[],
  ): string => {
    return joined(
      list.map(({ flow, stepped }) => {
        return `${this.#plan.flows[flow]?.name} ${stepped ? 'is' : 'is not'} stepped`;
      }),
    );
  };

  readonly outputs = (list: readonly { readonly tag: number; readonly value: Value }[]): string => {
    return joined(list.map(({ tag, value }) => `${this.#tag(tag)} = ${valueText(value)}`));
  };

  readonly trips = (list: readonly TripChange[]): string => {
    return joined(
      list.map(({ flow, interlock, tag, holds, latched }) => {
        const plan = this.#plan.flows[flow];
        const name = `${plan?.name}.${plan?.flow.interlocks[interlock]?.name ?? interlock}`;
        const how = `${holds ? 'holds' : 'lets go of'} ${this.#tag(tag)}`;
        return `${name} ${how}${latched ? ', latched' : ''}`;
      }),
    );
  };

  readonly tags = (list: readonly number[]): string => {
    return joined(list.map((tag) => this.#tag(tag)));
  };

  #tag(tag: number): string {
    return this.#plan.tags[tag]?.name ?? `tag ${tag}`;
  }
}

/** A term and its parts, one a line, each deeper by two blanks. */
export function termLines(term: Term, depth = 0): string[] {
  const tags = (term.tags ?? []).length === 0 ? '' : ` (${term.tags?.join(', ')})`;
  const line = `${'  '.repeat(depth)}${term.truth}: ${term.text}${tags}`;
  return [line, ...(term.of ?? []).flatMap((part) => termLines(part, depth + 1))];
}

/** The first place in which two JSON values differ, with both; undefined when they are alike. */
export function firstDifference(
  recorded: Json | undefined,
  replayed: Json | undefined,
  path = '',
): { readonly recorded: string; readonly replayed: string } | undefined {
  if (isMap(recorded) && isMap(replayed)) {
    const keys = [...new Set([...Object.keys(recorded), ...Object.keys(replayed)])];
    for (const key of keys.toSorted()) {
      const inner = firstDifference(recorded[key], replayed[key], `${path}/${key}`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  if (recorded === replayed) return undefined;
  const said = (value: Json | undefined) => `${path} = ${JSON.stringify(value) ?? 'absent'}`;
  return { recorded: said(recorded), replayed: said(replayed) };
}

/** Lists count as maps of their indices. */
function isMap(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null;
}

const joined = (list: readonly string[]): string =>
  list.length === 0 ? 'nothing' : list.join('; ');

const valueText = (value: Value): string =>
  typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
