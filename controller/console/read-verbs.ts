// T0: the verbs that read. They show what station has heard and what stands in the record; nothing changes.
import { entryKinds } from '#contract/entry.ts';
import type { EntryKind } from '#contract/entry.ts';
import { didYouMean } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import { scalarText } from '#controller/cli/quantity.ts';
import { findTime } from '#controller/cli/when.ts';
import { countDefault, countLimit, kindsOf, showChronicle } from './show-chronicle.ts';
import {
  chooseFlows,
  clockText,
  showAlarms,
  showDevices,
  showFlows,
  showForces,
  showRead,
  showStatus,
  showTags,
  showWhys,
} from './show-cell.ts';
import type { ShownPicture } from './show-cell.ts';
import { showHistory, showLogged, windowOf } from './show-history.ts';
import type { Shown } from './shown.ts';
import type { Layer } from '#controller/shell/parts.ts';
import type { AskedLine, Candidate, ConsoleVerb } from './verb.ts';

const read = { tier: 'T0', needs: 'view', options: {} } as const;

/** Tags with their values. */
export const tagNames = ({ hello, snapshot }: ShownPicture): readonly Candidate[] =>
  hello.tags.map(({ name, unit = '' }) => {
    const value = snapshot.outputs[name]?.v ?? snapshot.tags[name]?.v ?? null;
    return { text: name, about: `${scalarText(value)} ${unit}`.trim() };
  });

/** Flows with their states. */
export const flowNames = ({ hello, snapshot }: ShownPicture): readonly Candidate[] =>
  hello.flows.map(({ name }) => {
    const regions = Object.values(snapshot.flows[name]?.regions ?? {});
    return { text: name, about: regions.map(({ state }) => state).join(' ') };
  });

export const readVerbs: readonly ConsoleVerb[] = [
  {
    ...read,
    name: 'status',
    usage: '',
    summary: 'What the cell does: flows, devices, alarms, scan and chronicle.',
    example: 'status',
    words: [0, 0],
    run: ({ cell }) => showStatus(cell),
  },
  {
    ...read,
    name: 'tags',
    usage: '[PATTERN]',
    summary: 'Tags with value, quality, age and device; PATTERN is a part of the name.',
    example: 'tags door',
    words: [0, 1],
    candidates: (words, cell) => (words.length === 0 ? tagNames(cell) : []),
    run: ({ cell, words }) => showTags(cell, words[0]),
  },
  {
    ...read,
    name: 'read',
    usage: 'TAG...',
    summary: 'The values of these tags.',
    example: 'read door.opened clamp.pressure',
    words: [1, 64],
    candidates: (words, cell) => tagNames(cell).filter(({ text }) => !words.includes(text)),
    run: ({ cell, words }) => showRead(cell, words),
  },
  {
    ...read,
    name: 'flows',
    usage: '[FLOW]',
    summary: 'Flows with their states, commands, parameters and memory.',
    example: 'flows tending',
    words: [0, 1],
    candidates: (words, cell) => (words.length === 0 ? flowNames(cell) : []),
    run: ({ cell, words }) => showFlows(cell, words[0]),
  },
  {
    ...read,
    name: 'why',
    usage: '[FLOW]',
    summary: 'What each flow waits for: every transition it could take, and what holds it.',
    example: 'why tending',
    words: [0, 1],
    candidates: (words, cell) => (words.length === 0 ? flowNames(cell) : []),
    run: async ({ cell, words, parts }) => {
      const chosen = chooseFlows(cell.hello, words[0]);
      return showWhys(await Promise.all(chosen.map(async ({ name }) => parts.why(name))));
    },
  },
  {
    ...read,
    name: 'devices',
    usage: '',
    summary: 'Devices: state, last answer, latency, requests lost, polls dropped.',
    example: 'devices',
    words: [0, 0],
    run: ({ cell }) => showDevices(cell),
  },
  {
    ...read,
    name: 'alarms',
    usage: '',
    summary: 'Alarms that stand or wait to be acknowledged.',
    example: 'alarms',
    words: [0, 0],
    run: ({ cell }) => showAlarms(cell),
  },
  {
    ...read,
    name: 'forces',
    usage: '',
    summary: 'What is forced: to which value, by whom, why, until when.',
    example: 'forces',
    words: [0, 0],
    run: ({ cell }) => showForces(cell),
  },
  {
    ...read,
    name: 'history',
    usage: '[TAG] [--from TIME] [--to TIME]',
    summary: 'How a logged tag went; without a tag, which are logged.',
    example: 'history coolant.flow --from -8h',
    words: [0, 1],
    options: {
      from: { takes: 'text', help: 'from this time in UTC, or so long ago: -8h (default -1h)' },
      to: { takes: 'text', help: 'up to this time (default now)' },
    },
    candidates: (words, cell) => (words.length === 0 ? tagNames(cell) : []),
    run: ({ words: [tag], option, parts }) => {
      const reader = parts.history();
      const now = Math.floor(parts.now());
      if (tag === undefined) return showLogged(reader);
      return showHistory(reader, { tag, ...windowOf({ option }, now) }, now);
    },
  },
  {
    ...read,
    name: 'chronicle',
    usage: 'tail|query',
    summary: 'The newest entries of the record; query chooses by time, kind, actor and text.',
    example: 'chronicle query --kind act,alarm --from -1h --text coolant',
    words: [1, 1],
    options: {
      count: { takes: 'text', help: `how many, at most ${countLimit} (default ${countDefault})` },
      kind: { takes: 'text', help: `only these: ${entryKinds.join(',')}` },
      from: { takes: 'text', help: 'query: from this time in UTC, or so long ago: -2h' },
      to: { takes: 'text', help: 'query: before this time' },
      actor: { takes: 'text', help: 'query: only of this actor: user:anna' },
      text: { takes: 'text', help: 'query: only lines with this text' },
    },
    candidates: (words) =>
      words.length > 0
        ? []
        : [
            { text: 'tail', about: 'the newest entries' },
            { text: 'query', about: 'by time, kind, actor and text' },
          ],
    run: (asked) => chronicle(asked),
  },
  {
    ...read,
    name: 'sessions',
    usage: '',
    summary: 'Shell sessions: who is in which, since when, and in what state it is.',
    example: 'sessions',
    words: [0, 0],
    run: ({ parts }) => showSessions(parts.shells()),
  },
  {
    ...read,
    name: 'layers',
    usage: '',
    summary: 'What this PC has to confine a shell, and why not where it has not.',
    example: 'layers',
    words: [0, 0],
    run: async ({ parts }) => showLayers(await parts.layers()),
  },
];

function chronicle({ words: [what = ''], option, parts, principal }: AskedLine): Shown {
  if (what !== 'tail' && what !== 'query') {
    const hint = didYouMean(what, ['tail', 'query']) || '; there are tail and query';
    throw new CellError('E_USAGE', `chronicle has no ${what}${hint}`);
  }
  const chosen = ['from', 'to', 'actor', 'text'].find((name) => option(name) !== undefined);
  if (what === 'tail' && chosen !== undefined)
    throw new CellError('E_USAGE', `--${chosen} is of \`chronicle query\``);
  const count = Number(option('count') ?? countDefault);
  if (!Number.isSafeInteger(count) || count < 1 || count > countLimit)
    throw new CellError('E_USAGE', `--count is a whole number from 1 to ${countLimit}`);
  const seen: readonly EntryKind[] = principal.permissions.has('audit')
    ? entryKinds
    : entryKinds.filter((kind) => kind !== 'session');
  const asked = kindsOf(option('kind')) ?? seen;
  if (asked.some((kind) => !seen.includes(kind)))
    throw new CellError('E_NOT_ALLOWED', 'entries of kind session need the permission audit');
  const since = timeOf(option('from'), parts.now());
  const until = timeOf(option('to'), parts.now());
  return showChronicle(parts.chronicle(), {
    count,
    kinds: asked,
    actor: option('actor'),
    text: option('text'),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  });
}

function timeOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const time = findTime(text, now);
  if (time !== undefined) return time;
  throw new CellError('E_USAGE', `${text} is no time: 2026-11-22T14:03, -2h or now`);
}

function showSessions(sessions: ReturnType<AskedLine['parts']['shells']>): Shown {
  const head = ['SESSION', 'TIER', 'STATE', 'BY', 'ASKED', 'WITH', 'REASON'];
  const rows = sessions.map((one) => [
    one.id,
    one.tier,
    one.state,
    one.by,
    clockText(one.asked),
    one.participants.map(({ actor, part }) => `${actor} ${part}`).join(', '),
    one.reason,
  ]);
  return { value: sessions, page: rows.length === 0 ? 'no shell sessions' : { head, rows } };
}

function showLayers(layers: readonly Layer[]): Shown {
  const head = ['LAYER', 'THERE', 'NEEDED', 'HOW OR WHY NOT'];
  const rows = layers.map(({ name, there, required, why = '' }) => [
    name,
    there ? 'yes' : 'NO',
    required ? 'by T2' : 'no',
    why,
  ]);
  return { value: layers, page: { head, rows } };
}
