// What screens conclude from the feed: which flow is the cell's face, what a state is called, what matters first.
// Pure; draws nothing and keeps nothing.
import type { FlowInfo, Scalar } from '#contract/described.ts';
import type { AlarmState, Candidate, FlowState, Hello, Term, Why } from '#contract/wire.ts';
import { textOf } from '#hmi/i18n/text.ts';

/** The flow whose unit the header shows: the first with a region `unit`, else the first. */
export const faceOf = (hello: Hello | undefined): FlowInfo | undefined =>
  hello?.flows.find(({ regions }) => regions.some(({ name }) => name === 'unit')) ??
  hello?.flows[0];

/** The region whose state is the flow's own: `unit`, else the first. */
export const mainRegion = (flow: FlowInfo): string =>
  flow.regions.find(({ name }) => name === 'unit')?.name ?? flow.regions[0]?.name ?? '';

/** The title of a state by its path; the last word of the path where the flow names none. */
export function stateTitle(flow: FlowInfo | undefined, path: string): string {
  for (const region of flow?.regions ?? []) {
    const state = region.states.find((candidate) => candidate.path === path);
    if (state !== undefined) return textOf(state.title);
  }
  return path.split('.').at(-1) ?? path;
}

/** Titles from the state below the region down to the leaf: `['Execute', 'Loading']`. */
export function stateTitles(flow: FlowInfo | undefined, path: string): string[] {
  const words = path.split('.');
  return words.slice(1).map((_, index) => stateTitle(flow, words.slice(0, index + 2).join('.')));
}

/** PackML's state: the one directly in the region. */
export const outerState = (path: string): string => path.split('.').slice(0, 2).join('.');

export interface Waiting {
  /** What the active state itself waits for, in the flow's order. */
  readonly next: readonly Candidate[];
  /** Where time alone leads. */
  readonly deadlines: readonly Candidate[];
  /** What must stay as it is, here and around: `unless`, and what encloses it. Commands are buttons. */
  readonly watches: readonly Candidate[];
}

/** Sorts the candidates of one region by what a reader needs first. */
export function sortCandidates(candidates: readonly Candidate[], leaf: string): Waiting {
  const own = candidates.filter(({ from, term }) => from === leaf && !isWatch(term));
  const timed = own.filter(({ term }) => isTimed(term));
  const waits = own.filter((candidate) => !timed.includes(candidate));
  return {
    next: [...waits.filter(({ term }) => !asks(term)), ...waits.filter(({ term }) => asks(term))],
    deadlines: timed,
    watches: candidates.filter(
      ({ from, term }) => isWatch(term) || (from !== leaf && !isCommand(term)),
    ),
  };
}

/** True when nothing is waited for: it fires only when something is lost that now surely holds. */
const isWatch = (term: Term): boolean => {
  const parts = (term.of ?? [term]).filter(({ kind }) => kind !== 'after' && kind !== 'for');
  return parts.length > 0 && parts.every(({ kind, text }) => kind === 'not' && isUnless(text));
};
const isUnless = (text: string): boolean => text.startsWith('unless ');

/**
 * True when the state accepts a command: what it lacks, if anything, is not another state, nor that something fails
 * which now holds.
 */
export function isAccepted(
  command: Why['commands'][number],
  candidates: readonly Candidate[],
): boolean {
  if (command.ready) return true;
  if (command.lacks.some((lack) => /^!?active\(/.test(lack))) return false;
  const ways = candidates.filter(({ term }) => mentions(term, `cmd.${command.name}`));
  return ways.length === 0 || ways.some(({ term }) => !(term.of ?? []).some(isContrary));
}

/** `!healthy` where all is healthy. */
const isContrary = ({ kind, truth, of }: Term): boolean =>
  kind === 'not' && truth === 'false' && of?.[0]?.of !== undefined;

/** True when time since entry is one of the things it waits for. */
const isTimed = (term: Term): boolean =>
  term.kind === 'after' ||
  (term.kind === 'all' && (term.of ?? []).some(({ kind }) => kind === 'after'));

/** True when a command is all that it waits for. */
const isCommand = (term: Term): boolean =>
  term.kind === 'command' ||
  (term.kind === 'all' && term.of?.length === 1 && term.of.every((part) => isCommand(part)));

/** True when it also needs a command. */
const asks = (term: Term): boolean =>
  term.kind === 'command' || (term.kind === 'all' && (term.of ?? []).some((part) => asks(part)));

/** What a deadline needs beside its time. */
export const besideTime = (term: Term): Term => ({
  ...term,
  of: (term.of ?? []).filter(({ kind }) => kind !== 'after'),
});

/** The part of a deadline that counts down. */
export function remainingOf(term: Term): number | undefined {
  if (term.remaining_ms !== undefined) return term.remaining_ms;
  return (term.of ?? []).map((part) => remainingOf(part)).find((span) => span !== undefined);
}

export interface NamedAlarm extends AlarmState {
  readonly id: string;
}

/** Those that wait for an answer first, then by priority, then the newest. */
export function sortAlarms(
  alarms: Readonly<Record<string, AlarmState | null>> | undefined,
): NamedAlarm[] {
  return Object.entries(alarms ?? {})
    .flatMap(([id, alarm]) => (alarm === null ? [] : [{ id, ...alarm }]))
    .toSorted(
      (left, right) =>
        rank(left) - rank(right) || left.priority - right.priority || right.raised - left.raised,
    );
}

export const isUnanswered = (alarm: AlarmState): boolean => alarm.state !== 'acknowledged';
const rank = ({ state }: AlarmState): number =>
  state === 'unacknowledged' ? 0 : state === 'returned' ? 1 : 2;

/** The part counter, where the flow counts parts. */
export function partsOf(
  state: FlowState | undefined,
): { parts: number; batch?: number } | undefined {
  const parts = state?.ctx['parts'];
  const batch = state?.parameters['batch'];
  if (typeof parts !== 'number') return undefined;
  return typeof batch === 'number' ? { parts, batch } : { parts };
}

/** The leaves that made a condition true, and nothing else. */
export function decisiveTerms(term: Term): readonly Term[] {
  const parts = term.of ?? [];
  if (term.kind === 'not') return parts.flatMap((part) => culprits(part));
  if (parts.length === 0) return [term];
  const taken = term.kind === 'any' ? parts.filter(({ truth }) => truth === 'true') : parts;
  return taken.flatMap((part) => decisiveTerms(part));
}

/** The leaves for which a condition is not true. */
function culprits(term: Term): readonly Term[] {
  const parts = term.of ?? [];
  if (term.kind === 'not') return parts.flatMap((part) => decisiveTerms(part));
  if (parts.length === 0) return [term];
  return parts.filter(({ truth }) => truth !== 'true').flatMap((part) => culprits(part));
}

/** What leads the main region on: not stops, not jogs, and not what moves only other regions. */
export function waysBack(flow: FlowInfo, why: Why | undefined): readonly Way[] {
  const main = mainRegion(flow);
  const regionsOf = (name: string): string[] =>
    (why?.candidates ?? [])
      .filter(({ term }) => mentions(term, `cmd.${name}`))
      .map(({ region }) => region);
  return flow.commands.flatMap((command) => {
    const state = why?.commands.find(({ name }) => name === command.name);
    const regions = regionsOf(command.name);
    const elsewhere = regions.length > 0 && !regions.includes(main);
    const leads = command.class !== 'stop' && command.held_ms === undefined && !elsewhere;
    return leads && state !== undefined && isAccepted(state, why?.candidates ?? [])
      ? [{ command, ...state }]
      : [];
  });
}

/** A step of the way back that a person takes, and what the flow then does by itself. */
export interface BackStep {
  /** Undefined where the way begins with what the flow does by itself. */
  readonly command: string | undefined;
  readonly lacks: readonly string[];
  readonly after: readonly { readonly to: string; readonly lacks: readonly string[] }[];
}

/** The way back by what a person does: what follows by itself belongs to the step before it. */
export function stepsBack(back: NonNullable<Why['back']>): readonly BackStep[] {
  const steps: {
    command: string | undefined;
    lacks: readonly string[];
    after: BackStep['after'];
  }[] = [];
  for (const { command, to, lacks } of back) {
    const last = steps.at(-1);
    if (command !== undefined) steps.push({ command, lacks, after: [] });
    else if (last === undefined) steps.push({ command, lacks: [], after: [{ to, lacks }] });
    else last.after = [...last.after, { to, lacks }];
  }
  return steps;
}

export interface Way {
  readonly command: FlowInfo['commands'][number];
  readonly ready: boolean;
  readonly lacks: readonly string[];
}

const mentions = (term: Term, text: string): boolean =>
  (term.kind === 'command' && term.text === text) ||
  (term.of ?? []).some((part) => mentions(part, text));

/** Conditions first, then the commands that a person gives when they hold. */
export const sortLacks = (lacks: readonly string[]): string[] =>
  lacks.toSorted(
    (left, right) => Number(left.startsWith('cmd.')) - Number(right.startsWith('cmd.')),
  );

/** Memory, parameters and signals of the flow that a condition names: `ctx.parts`. */
export function flowValues(
  condition: string,
  state: FlowState | undefined,
): readonly { readonly name: string; readonly value: Scalar }[] {
  const names = new Set(condition.match(/\b(?:ctx|param|sig)(?:\.[A-Za-z]\w*)+/g));
  const sources = { ctx: state?.ctx, param: state?.parameters, sig: state?.signals };
  return [...names].flatMap((name) => {
    const [kind, ...rest] = name.split('.');
    const value = sources[kind as keyof typeof sources]?.[rest.join('.')];
    return value === undefined ? [] : [{ name, value }];
  });
}

/** A condition as a person says it: titles for tags, `not` for `!`. Longer ones stay as the flow writes them. */
export function phraseOf(
  text: string,
  title: (name: string) => string | undefined,
): {
  text: string;
  negated: boolean;
} {
  const negated = /^!\s*[a-z][\w.]*$/.test(text);
  const name = negated ? text.replace(/^!\s*/, '') : text;
  return { text: title(name) ?? name.replace(/^(?:ctx|param|sig)\.(?=[\w.]+$)/, ''), negated };
}

/** A command's title, or its name with a capital. */
export function commandTitle(command: FlowInfo['commands'][number]): string {
  const title = textOf(command.title);
  if (title !== command.name) return title;
  return title.slice(0, 1).toUpperCase() + title.slice(1).replaceAll('.', ' ');
}
