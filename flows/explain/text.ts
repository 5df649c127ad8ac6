// Why flows wait, as lines for people. What a line above has said already is not said again.
import type { Text } from '#contract/described.ts';
import type { Candidate, Term, Why } from '#contract/wire.ts';

export const textOf = (text: Text | undefined): string =>
  text === undefined
    ? ''
    : typeof text === 'string'
      ? text
      : (text['en'] ?? Object.values(text)[0] ?? '');

/** One flow: what it could do from here, in the order in which it is tried, the commands it takes, its way back. */
export function whyText(heard: Omit<Why, 'type' | 'frame'>): string {
  const ready = heard.commands.map((command) =>
    command.ready ? command.name : `${command.name} (lacks ${command.lacks.join(', ')})`,
  );
  return [
    heard.flow,
    ...heard.candidates.flatMap((candidate) => candidateText(candidate)),
    `  commands: ${ready.length === 0 ? 'none' : ready.join(', ')}`,
    ...(heard.back === undefined ? [] : ['  back to work:', ...heard.back.map(stepText)]),
  ].join('\n');
}

function stepText({ command, to, lacks }: NonNullable<Why['back']>[number], index: number): string {
  const needs = lacks.length === 0 ? '' : ` (lacks ${lacks.join(', ')})`;
  return `    ${index + 1} ${command ?? 'by itself'} -> ${to}${needs}`;
}

function candidateText(candidate: Candidate): string[] {
  const reason = textOf(candidate.why);
  return [
    `  ${candidate.transition} ${candidate.from} -> ${candidate.to ?? 'stays'}${reason === '' ? '' : `: ${reason}`}`,
    ...partsOf(candidate.term).flatMap((part) => termText(part, '    ')),
  ];
}

/** The whole condition of a transition is its parts, one under another. */
const partsOf = (term: Term): readonly Term[] =>
  term.kind === 'all' && term.of !== undefined ? term.of : [term];

function termText(term: Term, indent: string): string[] {
  const mark = { true: '+', false: '-', unknown: '?' }[term.truth];
  return [
    `${indent}${mark} ${term.text}${waitText(term)}`,
    ...newParts(term).flatMap((part) => termText(part, `${indent}  `)),
  ];
}

/** A single part that says the same, or for `unless` the opposite, adds nothing but its own parts. */
function newParts(term: Term): readonly Term[] {
  const parts = term.of ?? [];
  const [only] = parts;
  if (only === undefined || parts.length > 1) return parts;
  const same = only.text === term.text && only.truth === term.truth;
  const opposite = term.text === `unless ${only.text}` && only.truth !== 'unknown';
  return same || opposite ? newParts(only) : parts;
}

function waitText({ remaining_ms }: Term): string {
  if (remaining_ms === undefined) return '';
  return ` (${(remaining_ms / 1000).toFixed(1)} s to go)`;
}
