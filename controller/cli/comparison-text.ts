// What a comparison came to, as text for people.
import type {
  BothTerms,
  ComparisonReport,
  DifferenceGroup,
  Moment,
  RegionDifference,
  ScanPlace,
  ValueDifference,
} from '#contract/comparison.ts';
import type { Text } from '#contract/described.ts';
import { comparisonRule } from '#contract/comparison.ts';
import { termLines } from '#flows/replay/both-terms.ts';
import { countOf } from './quantity.ts';
import { table } from './verb.ts';

export function comparisonText(report: ComparisonReport): string {
  return [
    headText(report),
    ...(report.first === null ? [] : ['', firstText(report.first)]),
    ...(report.groups.length === 0 ? [] : ['', groupsText(report)]),
    ...leftOutText(report),
    ...(report.same ? [] : ['', ...comparisonRule]),
    ...(report.notes.length === 0 ? [] : ['', 'What the record cannot say:']),
    ...report.notes.map((note) => `  ${note}`),
  ].join('\n');
}

function headText(report: ComparisonReport): string {
  const changes = [
    ...report.flows.map(({ flow, file, hash }) => `flow ${flow}: ${file} (${hash.slice(0, 12)})`),
    ...report.parameters.map(({ flow, name, value }) => `${flow}.${name} = ${String(value)}`),
  ];
  const verdict = report.same
    ? 'nothing differs'
    : `${countOf(report.differences, 'difference')} in ${countOf(report.groups.length, 'group')}`;
  const broken = report.segments.filter((segment) => segment.broken !== undefined);
  return [
    `${report.file}: ${report.scans} scans compared in ${countOf(report.segments.length, 'segment')}, ` +
      `${report.recorded} of them recorded: ${verdict}`,
    ...changes.map((change) => `  ${change}`),
    `  ${timeText(report.from)} to ${timeText(report.to)}`,
    ...broken.map(
      ({ seq, broken: why }) =>
        `  The segment of entry ${seq} could not be re-executed as it was recorded, and was compared up to there only:\n  ${why?.split('\n')[0] ?? ''}`,
    ),
  ].join('\n');
}

function firstText(moment: Moment): string {
  return [
    `First difference: ${placeText(moment)}`,
    ...moment.transitions.flatMap((one) => ['', ...regionText(one)]),
    ...(moment.values.length === 0 ? [] : ['']),
    ...moment.values.map((one) => `  ${valueText(one)}`),
  ].join('\n');
}

const placeText = ({ time, boot, scan, seq }: ScanPlace): string =>
  `${timeText(time)}, scan ${scan} of boot ${boot}${seq === undefined ? '' : `, entry ${seq}`}`;

function regionText(one: RegionDifference): string[] {
  return [
    `  ${one.flow}, region ${one.region}, in ${one.state}`,
    `    recorded:  ${takenText(one.recorded, one.after.recorded)}`,
    `    candidate: ${takenText(one.candidate, one.after.candidate)}`,
    ...(one.terms ?? []).flatMap((both) => termText(both)),
  ];
}

function takenText(taken: RegionDifference['recorded'], after: string): string {
  if (taken === null) return `stays in ${after}`;
  const why = taken.why === undefined ? '' : ` (${plain(taken.why)})`;
  return `${taken.transition} to ${after}${why}`;
}

const plain = (text: Text): string =>
  typeof text === 'string' ? text : (text['en'] ?? Object.values(text)[0] ?? '');

function termText(both: BothTerms): string[] {
  const rows = termLines(both).map(({ text, depth, recorded, candidate }) => [
    recorded ?? '-',
    candidate ?? '-',
    `${'  '.repeat(depth)}${text}`,
  ]);
  const lines = table([['RECORDED', 'CANDIDATE', both.transition], ...rows]).split('\n');
  return lines.map((line) => `    ${line}`);
}

const valueText = ({ kind, flow, name, recorded, candidate }: ValueDifference): string =>
  `${nameOf({ kind, flow, name })}: recorded ${recorded}, candidate ${candidate}`;

/** What differs, as people call it. */
export function nameOf({
  kind,
  flow,
  name,
}: Pick<DifferenceGroup, 'kind' | 'flow' | 'name'>): string {
  switch (kind) {
    case 'transition':
    case 'state':
      return `${flow} ${name}`;
    case 'memory':
      return `${flow} ctx.${name}`;
    case 'signal':
      return `${flow} sig.${name}`;
    case 'stepped':
      return flow;
    case 'output':
    case 'alarm':
      return name;
  }
}

function groupsText({ groups }: ComparisonReport): string {
  return table([
    ['COUNT', 'WHAT', 'WHERE', 'RECORDED', 'CANDIDATE', 'STOOD', 'FIRST', 'LAST'],
    ...groups.map((group) => [
      String(group.count),
      group.kind,
      nameOf(group),
      group.recorded,
      group.candidate,
      `${(group.standing_ms / 1000).toFixed(1)} s`,
      timeText(group.first.time),
      timeText(group.last.time),
    ]),
  ]);
}

function leftOutText({ leftOut }: ComparisonReport): string[] {
  return leftOut.groups === 0
    ? []
    : [`${leftOut.groups} more differences are of groups beyond those that are kept`];
}

/** UTC, as everywhere in the record. */
const timeText = (time: number): string =>
  new Date(time).toISOString().replace('T', ' ').replace('Z', '');
