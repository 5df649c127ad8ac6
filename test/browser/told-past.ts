// A past to tell the page of, by the contract of contract/history.ts: the same for every question, made from the time
// alone. Values swing, one spikes, one has gaps; states go round; alarms come alone and in bursts.
import type {
  History,
  Journal,
  LoggedTag,
  PastAlarm,
  Point,
  StateVisit,
  Tier,
} from '#contract/history.ts';
import { journalDefault, pointsDefault } from '#contract/history-limits.ts';
import { told } from './told-cell.ts';

/** What station would answer. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}
/** Answers `/api/...`. */
export type Past = (path: string, query: URLSearchParams) => Answer;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const buckets: Readonly<Record<Tier, number>> = {
  raw: 500,
  '1s': second,
  '1min': minute,
  '1h': hour,
};

const ovenMode: LoggedTag = { tag: 'oven.mode', type: 'enum', values: ['cold', 'heating', 'hot'] };
/** All that the cell has but strings, and one that it has no more. */
export const loggedTags: readonly LoggedTag[] = [
  ...told.tags.flatMap(({ name, type, title, unit, min, max }): LoggedTag[] =>
    type === 'string' || type === 'enum'
      ? []
      : [
          {
            tag: name,
            type,
            ...(title === undefined ? {} : { title }),
            ...(unit === undefined ? {} : { unit }),
            ...(min === undefined ? {} : { min }),
            ...(max === undefined ? {} : { max }),
          },
        ],
  ),
  ovenMode,
];

/** No tag is logged and nothing happened. */
export const emptyPast: Past = (path, query) =>
  path === 'history/tags'
    ? { status: 200, body: { tags: [] } }
    : path === 'journal'
      ? { status: 200, body: { states: [], alarms: [], gaps: [], more: false } }
      : refused(query);

/** A station whose history is broken. */
export const brokenPast: Past = (_path, query) => refused(query);

export const richPast: Past = (path, query) => {
  const [from, to] = [Number(query.get('from')), Number(query.get('to'))];
  if (path === 'history/tags') return { status: 200, body: { tags: loggedTags } };
  if (path === 'journal') {
    const limit = Number(query.get('limit') ?? journalDefault);
    return { status: 200, body: journalOf(from, to, limit) };
  }
  const info = loggedTags.find(({ tag }) => tag === query.get('tag'));
  if (info === undefined) return refused(query);
  const count = Number(query.get('points') ?? pointsDefault);
  return { status: 200, body: historyOf(info, { from, to, count }) };
};

const refused = (query: URLSearchParams): Answer => ({
  status: 400,
  body: { code: 'E_HISTORY_TAG', message: `no such tag ${query.get('tag')}` },
});

interface Asked {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

function historyOf(info: LoggedTag, { from, to, count }: Asked): History {
  const tiers: readonly Tier[] = ['raw', '1s', '1min', '1h'];
  const tier = tiers.find((each) => (to - from) / buckets[each] <= count) ?? '1h';
  const bucket = buckets[tier];
  const points: Point[] = [];
  const until = Math.min(to, Date.now());
  for (let time = Math.floor(from / bucket) * bucket; time < until; time += bucket) {
    const point = pointOf(info, time, tier === 'raw' ? 0 : bucket);
    if (points.at(-1)?.[1] !== null || point[1] !== null) points.push(point);
  }
  return { ...info, from, to, tier, points, since: 0 };
}

/** Every 20 minutes, for two, the second axis is not known. */
const isGap = (tag: string, time: number): boolean =>
  tag === 'axis1.force' && time % (20 * minute) >= 18 * minute;

function pointOf({ tag, type }: LoggedTag, time: number, bucket: number): Point {
  if (isGap(tag, time)) return [time, null];
  const value = valueOf(tag, type, time);
  if (bucket <= second || type === 'bool' || type === 'enum') return [time, value, value, value];
  // The least and the greatest of a bucket: what the swing has in it.
  const all = Array.from({ length: 12 }, (_, at) => valueOf(tag, type, time + (at * bucket) / 12));
  return [time, Math.min(...all), Math.max(...all), all.at(-1) ?? value];
}

function valueOf(tag: string, type: LoggedTag['type'], time: number): number {
  const turn = time / minute;
  const own = Number(/\d+/.exec(tag)?.[0] ?? 0);
  if (type === 'bool') return Math.floor(turn + own) % 3 === 0 ? 0 : 1;
  if (type === 'enum') return Math.floor(turn / 4) % 3;
  const spike = own === 0 && time % (9 * minute) < 2 * second ? 6 : 0;
  const fine = Math.sin(turn * 37 + own) * 0.3;
  return 5 + own + 3 * Math.sin(turn / (2 + own)) + fine + spike;
}

const round = 40 * minute;
/** Where in a round each state ends. */
const legs = [
  ['unit.Execute.Pressing', 24],
  ['unit.Held', 28],
  ['unit.Execute', 36],
  ['unit.Idle', 40],
] as const;

function journalOf(from: number, to: number, limit: number): Journal {
  const now = Date.now();
  const states: StateVisit[] = [];
  const alarms: PastAlarm[] = [];
  for (let start = Math.floor(from / round) * round; start < to; start += round) {
    let at = start;
    for (const [state, end] of legs) {
      const next = start + end * minute;
      states.push({
        flow: 'pressing',
        region: 'unit',
        state,
        from: at,
        to: next > now ? null : next,
      });
      at = next;
    }
    alarms.push(...burst(start + 24 * minute), alone(start + 33 * minute));
  }
  const touch = states.filter((each) => each.from < Math.min(to, now) && (each.to ?? to) > from);
  const raised = alarms
    .filter((each) => each.raised < Math.min(to, now) && (each.cleared ?? to) > from)
    .toSorted((one, other) => one.raised - other.raised);
  return {
    states: touch.slice(-limit),
    alarms: raised.slice(-limit),
    gaps: [],
    more: touch.length > limit || raised.length > limit,
  };
}

/** One thing fails and takes others with it; a person answers. */
const burst = (raised: number): PastAlarm[] =>
  (
    [
      ['pressing.overload', 2, { en: 'Ram overloaded', de: 'Stößel überlastet' }],
      ['pressing.valve', 3, { en: 'Ram valve did not close', de: 'Stößelventil schloss nicht' }],
      ['d7.lost', 4, { en: 'Device d7 does not answer', de: 'Gerät d7 antwortet nicht' }],
    ] as const
  ).map(([id, priority, text], index) => ({
    id,
    priority,
    text,
    response: { en: `Look at ${id}`, de: `${id} ansehen` },
    ...(id.startsWith('pressing') ? { flow: 'pressing' } : {}),
    raised: raised + index * 700,
    cleared: raised + 3 * minute,
    acknowledged: raised + minute,
    by: 'console:ada',
  }));

/** Nobody answered it. */
const alone = (raised: number): PastAlarm => ({
  id: 'pressing.curtain',
  priority: 1,
  text: { en: 'Light curtain cut while pressing', de: 'Lichtgitter beim Pressen unterbrochen' },
  flow: 'pressing',
  raised,
  cleared: raised + 20 * second,
  acknowledged: null,
});
