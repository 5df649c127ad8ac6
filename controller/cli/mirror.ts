// `rebe mirror`: how far the broker follows the cell.
import { formatDuration, milliseconds } from '#contract/time.ts';
import type { MirrorFigures } from '#contract/wire.ts';
import { openConnection } from './connection.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

async function mirror(invocation: Invocation): Promise<number> {
  const connection = await openConnection(invocation.data);
  connection.close();
  const { hello, snapshot } = connection;
  const configured = hello.mirror !== undefined;
  const figures = snapshot.mirror;
  const value = { configured, ...figures };
  answer(invocation, value, () => {
    if (!configured) return 'the cell has no mirror: `mirror` in its manifest says none';
    return figures === undefined ? 'station has not yet said how the mirror does' : page(figures);
  });
  return configured && figures?.ok !== true ? exit.found : exit.good;
}

const stages: Readonly<Record<MirrorFigures['state'], string>> = {
  connecting: 'connecting',
  settling: 'connected, listening whether another cell has this name',
  mirroring: 'mirroring',
  waiting: 'AWAY from its broker',
  silent: 'SILENT: another cell has this name',
};

function page(figures: MirrorFigures): string {
  const { state, since, broker, topic, lag, rate, inflight, waiting, cursor, gaps, error } =
    figures;
  const [boot, seq] = cursor;
  const rows = [
    ['state', `${stages[state]}, since ${timeText(since)}`],
    ['broker', broker],
    ['topic', topic],
    ['events behind', `${lag.entries} entries, ${formatDuration(milliseconds(lag.ms))}`],
    ['place', `boot ${boot}, entry ${seq}`],
    ['rate', `${rate} messages/s, ${inflight} on their way, ${waiting} retained waiting`],
    ['gaps', `${gaps} since station began`],
    ...(error === undefined
      ? []
      : [['last error', `${timeText(error.at)} ${error.code} ${error.text}`]]),
  ];
  return table(rows);
}

const timeText = (time: number): string =>
  new Date(time).toISOString().replace('T', ' ').replace('Z', '');

export const mirrorVerbs: readonly Verb[] = [
  {
    name: 'mirror',
    usage: '',
    summary:
      'Says how the mirror follows: lag, rate, last error. Ends with 1 when it is not with its broker.',
    example: 'rebe mirror',
    words: [0, 0],
    run: mirror,
  },
];
