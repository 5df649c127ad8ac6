// How a candidate fits the recorded cell: everything by name, made once into indices, so that a scan
// compares numbers. What has no counterpart is said in sentences. It judges nothing.
import { present } from '#contract/error.ts';
import { formatDuration } from '#contract/time.ts';
import { sameType, typeText } from '#flows/language/expression.ts';
import { formatExpr, formatValue } from '#flows/language/format.ts';
import type { CellPlan, FlowPlan } from '#flows/plan.ts';
import type { Flow, InputDecl, Ranged } from '#flows/program.ts';
import { matchStates } from './state-match.ts';

/** Places of one name on both sides; -1: that side has none. */
export interface Pair {
  readonly name: string;
  readonly recorded: number;
  readonly candidate: number;
}

/** A pair of values; `alike`: one number means the same on both sides. */
export interface ValuePair extends Pair {
  readonly alike: boolean;
}

/** Of one flow. Lists by index hold the candidate's index, -1 for none. */
export interface FlowFit {
  readonly name: string;
  /** It is another flow than the recorded one. */
  readonly replaced: boolean;
  /** Regions that both have. */
  readonly regions: readonly Pair[];
  readonly states: Int32Array;
  readonly commands: Int32Array;
  readonly params: Int32Array;
  readonly ctx: readonly ValuePair[];
  readonly signals: readonly ValuePair[];
  /** By the cell's tag; those that only one side drives too. */
  readonly outputs: readonly ValuePair[];
  /** By the candidate's hold timer: the recorded one of the same transition. */
  readonly holds: Int32Array;
  /** By the candidate's edge: the recorded one that watches the same. */
  readonly edges: Int32Array;
  /** By the candidate's interlock and output. */
  readonly shield: Int32Array;
}

export interface CellFit {
  /** By recorded tag. */
  readonly tags: Int32Array;
  /** Every tag has the same index on both sides. */
  readonly sameTags: boolean;
  /** Tags of the candidate that the record does not have. */
  readonly missing: readonly number[];
  readonly flows: readonly FlowFit[];
  /** What the record cannot say of the candidate. */
  readonly notes: readonly string[];
}

/** `replaced`: flows, by the manifest's key, that are another text. */
export function fitCells(
  recorded: CellPlan,
  candidate: CellPlan,
  replaced: ReadonlySet<string>,
): CellFit {
  const tags = Int32Array.from(recorded.tags, ({ name }) => candidate.tagIndex.get(name) ?? -1);
  const missing = candidate.tags.flatMap(({ name, kind }, index) => {
    const before = recorded.tags[recorded.tagIndex.get(name) ?? -1];
    const absent = before === undefined || !before.recorded;
    return kind === 'input' && absent ? [index] : [];
  });
  const notes: string[] = missing.map((tag) => {
    const name = candidate.tags[tag]?.name ?? '';
    return `${name} is not in the record: it is unknown throughout.`;
  });
  const flows = recorded.flows.map((plan, index) => {
    const other = present(candidate.flows[index], 'both cells have the same flows');
    const sides = { recorded, candidate, before: plan, after: other };
    if (replaced.has(plan.name)) notes.push(...notesOf(sides));
    return fitFlow(sides, replaced.has(plan.name), notes);
  });
  const sameTags = tags.every((tag, index) => tag === index);
  return { tags, sameTags, missing, flows, notes };
}

interface Sides {
  readonly recorded: CellPlan;
  readonly candidate: CellPlan;
  readonly before: FlowPlan;
  readonly after: FlowPlan;
}

function fitFlow(sides: Sides, replaced: boolean, notes: string[]): FlowFit {
  const { before, after } = sides;
  const [one, two] = [before.flow, after.flow];
  const states = matchStates(one, two);
  if (replaced) {
    for (const { from, to } of states.renamed) {
      notes.push(`${from} is taken to be the candidate’s ${to}, which holds its transitions.`);
    }
    for (const path of states.gone) {
      notes.push(
        `The candidate has no state ${path}: while the record is in it, its region is not judged.`,
      );
    }
  }
  return {
    name: before.name,
    replaced,
    regions: pairs(one.regions, two.regions).filter(both),
    states: states.indices,
    commands: places(one.commands, two.commands),
    params: places(one.params, two.params),
    ctx: valuePairs(one.ctx, two.ctx).filter(both),
    signals: valuePairs(one.signals, two.signals).filter(both),
    outputs: outputPairs(sides),
    holds: holdsOf(one, two),
    edges: edgesOf(one, two),
    shield: shieldOf(one, two),
  };
}

const both = ({ recorded, candidate }: Pair): boolean => recorded !== -1 && candidate !== -1;

type Named = { readonly name: string };

function pairs(before: readonly Named[], after: readonly Named[]): Pair[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    recorded: before.findIndex((one) => one.name === name),
    candidate: after.findIndex((one) => one.name === name),
  }));
}

function valuePairs(before: readonly (Named & Ranged)[], after: readonly (Named & Ranged)[]) {
  return pairs(before, after).map((pair): ValuePair => {
    const [one, two] = [before[pair.recorded], after[pair.candidate]];
    return {
      ...pair,
      alike: one !== undefined && two !== undefined && sameType(one.type, two.type),
    };
  });
}

const places = (before: readonly Named[], after: readonly Named[]): Int32Array =>
  Int32Array.from(before, ({ name }) => after.findIndex((one) => one.name === name));

/** Names may be bound otherwise: an output is the tag that it drives. */
const outputPairs = ({ recorded, candidate, before, after }: Sides): ValuePair[] =>
  valuePairs(outputsOf(recorded, before), outputsOf(candidate, after));

const outputsOf = (plan: CellPlan, { flow, outputs }: FlowPlan): (Named & Ranged)[] =>
  flow.outputs.map((output, index) => {
    return { ...output, name: plan.tags[outputs[index] ?? -1]?.name ?? output.name };
  });

function holdsOf(before: Flow, after: Flow): Int32Array {
  const ids = before.holds.map((transition) => before.transitions[transition]?.id);
  return Int32Array.from(after.holds, (transition) => {
    return ids.indexOf(after.transitions[transition]?.id);
  });
}

function edgesOf(before: Flow, after: Flow): Int32Array {
  const known = before.edges.map((edge) => formatExpr(before, edge));
  return Int32Array.from(after.edges, (edge) => known.indexOf(formatExpr(after, edge)));
}

function shieldOf(before: Flow, after: Flow): Int32Array {
  const known = shieldNames(before);
  return Int32Array.from(shieldNames(after), (name) => known.indexOf(name));
}

/** In the order of a shield's holds: by interlock, each with its outputs. */
const shieldNames = (flow: Flow): string[] =>
  flow.interlocks.flatMap((interlock) => {
    const outputs = interlock.kind === 'exclusive' ? interlock.outputs : [interlock.output];
    return outputs.map((output) => `${interlock.name} ${flow.outputs[output]?.name ?? ''}`);
  });

/** What differs in the declarations, and what the replay makes of it. */
function notesOf({ before, after }: Sides): string[] {
  const [one, two] = [before.flow, after.flow];
  return [
    ...two.inputs.flatMap((input) => {
      const other = one.inputs.find(({ name }) => name === input.name);
      return other === undefined ? [] : inputNotes(other, input);
    }),
    ...only(one.regions, two.regions).map(
      (name) => `The candidate has no region ${name}: it is not judged.`,
    ),
    ...only(two.regions, one.regions).map(
      (name) => `The region ${name} is new: it is not judged, only what follows from it.`,
    ),
    ...only(one.commands, two.commands).map(
      (name) => `The candidate has no command ${name}: it is given to nobody.`,
    ),
    ...only(two.ctx, one.ctx).map((name) => `ctx.${name} is new: it begins with its init.`),
    ...only(two.params, one.params).map((name) => `param.${name} is new: it has its init.`),
    ...two.params.flatMap((param) => {
      const other = one.params.find(({ name }) => name === param.name);
      if (other === undefined || other.init === param.init) return [];
      const init = formatValue(param.type, param.init);
      return [
        `param.${param.name} has another init; a cell keeps its parameters when a flow changes, ` +
          `so the recorded value stands. To try the new one: --param ${after.name}.${param.name}=${init.replaceAll("'", '')}`,
      ];
    }),
    ...only(two.outputs, one.outputs).map(
      (name) => `${name} is a new output: it is held against its safe value.`,
    ),
    ...only(one.outputs, two.outputs).map(
      (name) => `The candidate does not drive ${name}: its safe value is taken for it.`,
    ),
  ];
}

function inputNotes(before: InputDecl, after: InputDecl): string[] {
  const notes: string[] = [];
  const { name } = after;
  if (!sameType(before.type, after.type)) {
    notes.push(
      `${name} was recorded as ${typeText(before.type)}; as ${typeText(after.type)} most of it is unknown.`,
    );
  }
  if (before.stale !== after.stale && before.stale !== undefined) {
    notes.push(
      `The age of ${name} was judged with the recorded stale of ${formatDuration(before.stale)}.`,
    );
  }
  if (before.latch !== after.latch) notes.push(`${name} was recorded with the other latch.`);
  const wider =
    (before.min ?? -Infinity) > (after.min ?? -Infinity) ||
    (before.max ?? Infinity) < (after.max ?? Infinity);
  if (wider) notes.push(`Values of ${name} outside the recorded range were recorded as bad.`);
  return notes;
}

const only = (those: readonly Named[], without: readonly Named[]): string[] =>
  those.filter(({ name }) => !without.some((one) => one.name === name)).map(({ name }) => name);
