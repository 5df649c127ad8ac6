// `replay`: re-executes the record, or runs a changed flow or parameter beside it. Reads a chronicle, of a
// running cell too; writes nothing but the page that was asked for.
import { writeFileSync } from 'node:fs';
import { CellError } from '#contract/error.ts';
import type { ComparisonReport } from '#contract/comparison.ts';
import { openReader } from '#controller/chronicle/reader.ts';
import type { Reader } from '#controller/chronicle/reader.ts';
import { compareChronicle } from '#controller/replay/comparison.ts';
import type { Change } from '#controller/replay/comparison.ts';
import { readText } from '#controller/config.ts';
import { replaySessions } from '#controller/replay/replay-sessions.ts';
import type { SessionReplay } from '#controller/replay/replay-sessions.ts';
import { replayChronicle } from '#controller/replay/replay.ts';
import type { SegmentReplay } from '#controller/replay/replay.ts';
import { differenceText } from '#flows/replay/difference.ts';
import { comparisonText } from './comparison-text.ts';
import { comparisonPage } from './comparison-page.ts';
import { progress } from './progress.ts';
import { countOf } from './quantity.ts';
import { chronicleOf } from './record.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';
import { readWhen } from './when.ts';

async function replay(invocation: Invocation): Promise<number> {
  const path = chronicleOf(invocation, invocation.words[0]);
  const change = changeOf(invocation);
  const asked = change.flows.length + change.parameters.length > 0;
  const sessions = invocation.flag('sessions');
  if (sessions && asked)
    throw new CellError(
      'E_USAGE',
      '--sessions re-executes shells; --flow and --param change a cell',
    );
  if (asked && invocation.flag('xstate'))
    throw new CellError('E_USAGE', '--xstate re-executes the record; a change is run on the table');
  if (!asked && invocation.option('page') !== undefined)
    throw new CellError('E_USAGE', '--page shows a change: give --flow or --param too');
  const reader = openReader(path);
  const shown = progress(asked ? 'compare' : 'replay');
  try {
    const { last } = reader.range();
    const span = spanOf(invocation, reader);
    const report = (seq: number): void =>
      shown.show(seq - (span.from ?? 0), last - (span.from ?? 0));
    if (sessions) return await reexecuteSessions(invocation, { path, reader, span, report, shown });
    if (!asked) return await reexecute(invocation, { path, reader, span, report, shown });
    const lanes = invocation.option('page') !== undefined;
    const found = await compareChronicle(reader, change, { ...span, lanes, progress: report });
    shown.end();
    return tell(invocation, { file: path, ...found });
  } finally {
    shown.end();
    reader.close();
  }
}

function tell(invocation: Invocation, found: ComparisonReport): number {
  const page = invocation.option('page');
  if (page !== undefined) writePage(page, found);
  const { lanes: _lanes, ...report } = found;
  answer(invocation, report, () => {
    const text = comparisonText(report);
    return page === undefined ? text : `${text}\n\nThe page is ${page}`;
  });
  return found.same ? exit.good : exit.found;
}

function writePage(path: string, found: ComparisonReport): void {
  const text = comparisonPage(found);
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new CellError('E_FILE_WRITE', `${path} cannot be written`, { cause });
  }
}

function changeOf(invocation: Invocation): Change {
  return {
    flows: invocation.list('flow').map((word) => {
      const named = /^([a-z][A-Za-z0-9-]{0,62})=(.+)$/.exec(word);
      const file = named?.[2] ?? word;
      const text = readText(file);
      return named?.[1] === undefined ? { file, text } : { name: named[1], file, text };
    }),
    parameters: invocation.list('param').map((word) => {
      const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(word) ?? [];
      if (name === undefined || value === undefined)
        throw new CellError('E_USAGE', `--param is name=value or flow.name=value, not ${word}`);
      return { name, value };
    }),
  };
}

interface Span {
  readonly from?: number;
  readonly to?: number;
  readonly since?: number;
  readonly until?: number;
}

/** A time begins with the segment that was open then. */
function spanOf(invocation: Invocation, reader: Reader): Span {
  const end = reader.entry(reader.range().last)?.at ?? 0;
  const [from, to] = (['from', 'to'] as const).map((name) => {
    const text = invocation.option(name);
    return text === undefined ? undefined : readWhen(name, text, end);
  });
  const opened = (time: number): number | undefined =>
    reader.readTail(1, { kinds: ['segment'], until: time + 1 })[0]?.seq;
  return {
    ...(from === undefined ? {} : 'seq' in from ? { from: from.seq } : sinceOf(from, opened)),
    ...(to === undefined
      ? {}
      : 'seq' in to
        ? { to: to.seq }
        : { to: opened(to.time) ?? 0, until: to.time }),
  };
}

function sinceOf({ time }: { time: number }, opened: (time: number) => number | undefined): Span {
  const seq = opened(time);
  return { since: time, ...(seq === undefined ? {} : { from: seq }) };
}

interface Reexecution {
  readonly path: string;
  readonly reader: Reader;
  readonly span: Span;
  readonly report: (seq: number) => void;
  readonly shown: { end(): void };
}

async function reexecute(invocation: Invocation, of: Reexecution): Promise<number> {
  const { path, reader, span, report, shown } = of;
  const segments: SegmentReplay[] = [];
  const options = {
    from: span.from,
    to: span.to,
    engines: invocation.flag('xstate') ? ('both' as const) : ('table' as const),
    progress: report,
  };
  for await (const segment of replayChronicle(reader, options)) segments.push(segment);
  shown.end();
  // Of nothing it would be true that every scan is identical.
  if (segments.length === 0) throw new CellError('E_REPLAY_NOTHING', `${path}: no segment opens`);
  const differing = segments.filter(({ difference }) => difference !== undefined);
  const plain = segments.map(({ body: _body, cell: _cell, ...segment }) => segment);
  answer(invocation, { file: path, same: differing.length === 0, segments: plain }, () =>
    replayText(path, segments),
  );
  return differing.length === 0 ? exit.good : exit.found;
}

async function reexecuteSessions(
  invocation: Invocation,
  { path, reader, span, report, shown }: Reexecution,
): Promise<number> {
  const { from, to } = span;
  const shadowed = invocation.flag('xstate');
  const sessions = await replaySessions(reader, { from, to, shadowed, progress: report });
  shown.end();
  const differing = sessions.filter(({ difference }) => difference !== undefined);
  const same = differing.length === 0;
  answer(invocation, { file: path, same, sessions }, () => sessionsText(path, sessions));
  return same ? exit.good : exit.found;
}

function sessionsText(path: string, sessions: readonly SessionReplay[]): string {
  if (sessions.length === 0) return `${path}: no shell was asked for`;
  const steps = sessions.reduce((sum, session) => sum + session.steps, 0);
  const differing = sessions.flatMap(({ session, difference }) =>
    difference === undefined ? [] : [{ session, ...difference }],
  );
  const verdict = differing.length === 0 ? 'identical at every step' : 'NOT IDENTICAL';
  return [
    `${path}: ${countOf(steps, 'step')} of ${countOf(sessions.length, 'shell')} re-executed: ${verdict}`,
    table([
      ['ENTRY', 'SHELL', 'STEPS', 'STATE', 'RESULT'],
      ...sessions.map(({ seq, session, steps: count, state, lost, difference }) => [
        String(seq),
        session,
        String(count),
        lost ? `${state}, then lost` : state,
        difference === undefined ? 'identical' : `differs at step ${difference.n}`,
      ]),
    ]),
    ...differing.map(
      ({ session, seq, n, what, recorded, replayed }) =>
        `${session}, entry ${seq}, step ${n}: ${what}\n  recorded ${recorded}\n  replayed ${replayed}`,
    ),
  ].join('\n');
}

function replayText(path: string, segments: readonly SegmentReplay[]): string {
  const scans = segments.reduce((sum, segment) => sum + segment.scans, 0);
  const recorded = segments.reduce((sum, segment) => sum + segment.recorded, 0);
  const differing = segments.flatMap(({ difference }) =>
    difference === undefined ? [] : [difference],
  );
  const verdict = differing.length === 0 ? 'identical at every scan' : 'NOT IDENTICAL';
  return [
    `${path}: ${countOf(scans, 'scan')} re-executed in ${countOf(segments.length, 'segment')}, ` +
      `${recorded} of them recorded: ${verdict}`,
    table([
      ['ENTRY', 'BOOT', 'OPENED BY', 'SCANS', 'RECORDED', 'RESULT'],
      ...segments.map(({ seq, boot, why, scans: count, recorded: kept, difference }) => [
        String(seq),
        String(boot),
        why,
        String(count),
        String(kept),
        difference === undefined ? 'identical' : `differs at scan ${difference.scan}`,
      ]),
    ]),
    ...differing.map((difference) => differenceText(difference)),
  ].join('\n');
}

export const replayVerbs: readonly Verb[] = [
  {
    name: 'replay',
    usage: '[CHRONICLE]',
    summary:
      'Re-executes the record and compares every scan, or runs a changed flow beside it. Ends with 1 when they differ.',
    more: [
      'With --flow or --param the recorded inputs are run through the change beside what was recorded: the',
      'first scan that would have gone otherwise, with the terms of both sides, then all differences, grouped',
      'and counted. From the first on the plant would have reacted differently: what follows is indicative.',
      '',
      'T is a time in UTC (2026-11-22T14:03), a span before the end of the record (2h), or the number of an',
      'entry: then the segments that open between the two are taken.',
    ].join('\n'),
    example: 'rebe replay data/chronicle.db --flow tending.flow.yaml --from 8h --page change.html',
    words: [0, 1],
    options: {
      flow: {
        type: 'string',
        multiple: true,
        help: 'a flow file for the place of the recorded flow of its name, or NAME=FILE; may be repeated',
      },
      param: {
        type: 'string',
        multiple: true,
        help: 'name=value or flow.name=value: a parameter that is another throughout; may be repeated',
      },
      from: { type: 'string', help: 'begin at T' },
      to: { type: 'string', help: 'end at T' },
      page: { type: 'string', help: 'write a page with a timeline to this file' },
      sessions: { type: 'boolean', help: 're-execute the shells instead of the cell' },
      xstate: { type: 'boolean', help: 'execute with XState too, as control does; much slower' },
    },
    run: replay,
  },
];
