// What `rebe replay --flow` and `--param` answer: where a changed flow would have decided otherwise than
// the record, over the recorded inputs. The rule by which it is judged is `comparisonRule`.
import * as z from 'zod';
import { Scalar, Text } from './described.ts';
import { Term } from './wire.ts';

/** How the two are held against each other; every report says it. */
export const comparisonRule = [
  'Both flows are given the recorded inputs, scan by scan.',
  'Up to the first difference the candidate runs on by itself: it is what would have happened.',
  'From there on the plant would have reacted differently, so what follows is indicative.',
  'After each scan in which the candidate went elsewhere it is put back where the record is,',
  'so that each difference is judged by itself, from the recorded situation.',
  'The same other decision counts once for each visit of the recorded state.',
] as const;

/** What a report keeps at most; what is beyond is counted, and the report says so. */
export const comparisonLimits = {
  /** Scans with a difference that are told one by one. */
  moments: 1000,
  /** Kinds of differences. */
  groups: 500,
  /** Differences of one group, and of all, that are told with their terms. */
  termsOfGroup: 3,
  terms: 200,
  /** Changes of state that a page draws. */
  moves: 20_000,
} as const;

/** A scan: UTC ms, start of control, number, ms since the boot, and its entry where it has one. */
export const ScanPlace = z.strictObject({
  time: z.number(),
  boot: z.number(),
  scan: z.number(),
  now: z.number(),
  seq: z.number().optional(),
});
export type ScanPlace = z.infer<typeof ScanPlace>;

/** A transition that was taken, or would have been. */
export const Taken = z.strictObject({ transition: z.string(), why: Text.optional() });
export type Taken = z.infer<typeof Taken>;

/** One transition's condition on both sides; null: that side does not have it. */
export const BothTerms = z.strictObject({
  transition: z.string(),
  recorded: Term.nullable(),
  candidate: Term.nullable(),
});
export type BothTerms = z.infer<typeof BothTerms>;

/** A region that went otherwise. */
export const RegionDifference = z.strictObject({
  flow: z.string(),
  region: z.string(),
  /** The recorded state before the scan. */
  state: z.string(),
  /** Null: it stayed. */
  recorded: Taken.nullable(),
  candidate: Taken.nullable(),
  /** The state after the scan. */
  after: z.strictObject({ recorded: z.string(), candidate: z.string() }),
  /** UTC ms: until the record decided again in this region. */
  until: z.number().optional(),
  /** Absent: more were found than are kept. */
  terms: z.array(BothTerms).optional(),
});
export type RegionDifference = z.infer<typeof RegionDifference>;

/** In the order in which they matter to people; `state`: the candidate does not have it. */
export const differenceKinds = [
  'stepped',
  'state',
  'transition',
  'output',
  'alarm',
  'signal',
  'memory',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/** Anything else that was otherwise from this scan on; `memory` is a ctx variable. */
export const ValueDifference = z.strictObject({
  kind: z.enum(differenceKinds).exclude(['transition']),
  flow: z.string(),
  name: z.string(),
  recorded: z.string(),
  candidate: z.string(),
});
export type ValueDifference = z.infer<typeof ValueDifference>;

/** One scan in which differences began. */
export const Moment = ScanPlace.extend({
  transitions: z.array(RegionDifference),
  values: z.array(ValueDifference),
});
export type Moment = z.infer<typeof Moment>;

/** Differences of one kind at one place. */
export const DifferenceGroup = z.strictObject({
  kind: z.enum(differenceKinds),
  flow: z.string(),
  /** The region, output, signal, alarm or variable. */
  name: z.string(),
  recorded: z.string(),
  candidate: z.string(),
  count: z.number(),
  /** How long they stood, summed. */
  standing_ms: z.number(),
  first: ScanPlace,
  last: ScanPlace,
});
export type DifferenceGroup = z.infer<typeof DifferenceGroup>;

/** The recorded states of one region: when each began, and its place in `states`; -1: not stepped. */
export const Lane = z.strictObject({
  flow: z.string(),
  region: z.string(),
  states: z.array(z.string()),
  moves: z.array(z.tuple([z.number(), z.number()])),
});
export type Lane = z.infer<typeof Lane>;

/** What was compared and what came of it. */
export const ComparisonReport = z.strictObject({
  file: z.string(),
  /** Nothing differs. */
  same: z.boolean(),
  rule: z.string(),
  /** What replaced what; `hash` of the candidate's canonical text. */
  flows: z.array(z.strictObject({ flow: z.string(), file: z.string(), hash: z.string() })),
  parameters: z.array(z.strictObject({ flow: z.string(), name: z.string(), value: Scalar })),
  /** UTC ms of the first and last scan that were compared. */
  from: z.number(),
  to: z.number(),
  segments: z.array(
    z.strictObject({
      seq: z.number(),
      boot: z.number(),
      why: z.string(),
      scans: z.number(),
      differences: z.number(),
      /** The record itself could not be re-executed from here on. */
      broken: z.string().optional(),
    }),
  ),
  /** Scans that were compared, those of them with an entry, and differences that were counted. */
  scans: z.number(),
  recorded: z.number(),
  differences: z.number(),
  /** What the record cannot say of the candidate, in sentences. */
  notes: z.array(z.string()),
  first: Moment.nullable(),
  groups: z.array(DifferenceGroup),
  moments: z.array(Moment),
  /** The recorded states by region; for a page only. */
  lanes: z.array(Lane).optional(),
  /** What the limits left out. */
  leftOut: z.strictObject({
    groups: z.number(),
    moments: z.number(),
    terms: z.number(),
    moves: z.number(),
  }),
});
export type ComparisonReport = z.infer<typeof ComparisonReport>;
