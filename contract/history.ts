// What station answers to a page that asks about the past: the points of one logged tag
// (GET /api/history), which tags are logged (GET /api/history/tags), and the journal of states, alarms
// and gaps (GET /api/journal). Times are UTC milliseconds. How it is kept is control's affair.
import * as z from 'zod';
import { Text } from './described.ts';
import {
  journalDefault,
  journalLimit,
  outerDepth,
  pointsDefault,
  pointsLimit,
} from './history-limits.ts';
import { TagName } from './name.ts';

/** From every change on to one point an hour. */
export const tiers = ['raw', '1s', '1min', '1h'] as const;
export const Tier = z.enum(tiers);
export type Tier = z.infer<typeof Tier>;

/** A tag that is logged, as its definition stands now. */
export const LoggedTag = z.strictObject({
  tag: z.string(),
  title: Text.optional(),
  unit: z.string().optional(),
  type: z.enum(['bool', 'int', 'real', 'enum']),
  /** Of an enum: a point's numbers are indices into it. */
  values: z.array(z.string()).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
});
export type LoggedTag = z.infer<typeof LoggedTag>;

/**
 * `[time, min, max, last]`, or `[time, null]`: from here on no good value, because its quality was bad
 * or nobody recorded. Either holds until the next point, `last` of a point as well. A bool is 0 or 1,
 * an enum its index. `time` is that of the change in tier `raw`; else the bucket's start, or where
 * within it the value became good.
 */
export const Point = z.union([
  z.tuple([z.number(), z.number(), z.number(), z.number()]),
  z.tuple([z.number(), z.null()]),
]);
export type Point = z.infer<typeof Point>;

/** The points of a tag, oldest first; the first is what held at `from`, and may be older. */
export const History = z.strictObject({
  ...LoggedTag.shape,
  from: z.number(),
  to: z.number(),
  /** Where the points come from: the finest that is still kept and not too much to read. */
  tier: Tier,
  points: z.array(Point),
  /** The oldest moment that is kept of this tag. */
  since: z.number().nullable(),
});
export type History = z.infer<typeof History>;

export const LoggedTags = z.strictObject({ tags: z.array(LoggedTag) });
export type LoggedTags = z.infer<typeof LoggedTags>;

/** A state that a region of a flow was in; `to` is null while it is. */
export const StateVisit = z.strictObject({
  flow: z.string(),
  region: z.string(),
  /** Path of the leaf, or of the outer state; null: several, each shorter than `least_ms`. */
  state: z.string().nullable(),
  from: z.number(),
  to: z.number().nullable(),
});
export type StateVisit = z.infer<typeof StateVisit>;

/** An alarm from being raised on; what ended with its run of control counts as cleared then. */
export const PastAlarm = z.strictObject({
  id: z.string(),
  priority: z.int().min(1).max(4),
  text: Text,
  /** What to do. */
  response: Text.optional(),
  flow: z.string().optional(),
  raised: z.number(),
  cleared: z.number().nullable(),
  acknowledged: z.number().nullable(),
  /** Who acknowledged it. */
  by: z.string().optional(),
});
export type PastAlarm = z.infer<typeof PastAlarm>;

/** Nobody recorded; `why` is a sentence for people. `to` before `from`: the clock was set back. */
export const HistoryGap = z.strictObject({ from: z.number(), to: z.number(), why: z.string() });
export type HistoryGap = z.infer<typeof HistoryGap>;

/** What touches the window, oldest first; `more`: the newest rows up to the limit, not all. */
export const Journal = z.strictObject({
  states: z.array(StateVisit),
  alarms: z.array(PastAlarm),
  gaps: z.array(HistoryGap),
  more: z.boolean(),
});
export type Journal = z.infer<typeof Journal>;

/** A UTC time in a query's text; a year that people can read. */
const Time = z.coerce.number().int().min(0).max(32_503_680_000_000);

export const HistoryQuery = z.strictObject({
  tag: TagName,
  from: Time,
  to: Time,
  points: z.coerce.number().int().min(2).max(pointsLimit).default(pointsDefault),
});
export type HistoryQuery = z.infer<typeof HistoryQuery>;

/** All points of the finest tier of which a page could show them; CSV, as `rebe history --csv`. */
export const CsvQuery = HistoryQuery.omit({ points: true });
export type CsvQuery = z.infer<typeof CsvQuery>;

/** `flow`, `region`, `depth` and `least_ms` choose among states; alarms and gaps are all told. */
export const JournalQuery = z.strictObject({
  from: Time,
  to: Time,
  flow: z.string().max(128).optional(),
  region: z.string().max(128).optional(),
  /** 2: outer states, `unit.Execute` however it goes on within it. Else leaves. */
  depth: z.coerce.number().pipe(z.literal(outerDepth)).optional(),
  /**
   * To draw the states of one flow's region: those that are shorter are told together where they follow each
   * other. At least a part in `limit` of the window, so that all of it is told.
   */
  least_ms: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(journalLimit).default(journalDefault),
});
export type JournalQuery = z.infer<typeof JournalQuery>;
