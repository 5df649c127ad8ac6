// The console, T0 and T1: one line in, one answer out, the same in the terminal, on the page and for agents.
// The language is station's (controller/console); here stand its shapes and its bounds.
import * as z from 'zod';
import { ApprovalId } from './approval.ts';
import { Scalar } from './described.ts';
import { Done, Receipt } from './wire.ts';
import { verbs } from './verbs.ts';

/** Characters of a line; rows of a table; candidates of one completion. */
export const lineLimit = 2000;
export const rowLimit = 1000;
export const candidateLimit = 100;

/** `id` of an act, as whoever asks writes it: a repeat within the hour gets the first answer. */
export const ActKey = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, {
  message: 'letters, digits, dot, dash, colon and _, at most 64',
});

export const ConsoleAsk = z.strictObject({
  line: z.string().max(lineLimit),
  /** As if the line ended with `--json`. */
  json: z.boolean().default(false),
});
export type ConsoleAsk = z.infer<typeof ConsoleAsk>;

const outcome = {
  /** False: refused, not understood, or what was asked for is not well (`read` of a bad value is answered, and true). */
  ok: z.boolean(),
  /** Why not. */
  code: z.string().optional(),
};

export const ConsoleAnswer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('table'),
    ...outcome,
    head: z.array(z.string()),
    rows: z.array(z.array(z.string())),
    /** Lines that follow the table. */
    notes: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal('text'), ...outcome, text: z.string() }),
  z.strictObject({ kind: z.literal('json'), ...outcome, value: z.json() }),
]);
export type ConsoleAnswer = z.infer<typeof ConsoleAnswer>;

export const CompleteAsk = z.strictObject({
  line: z.string().max(lineLimit),
  /** Where the caret is, in UTF-16 units from the line's beginning; what is behind it is not looked at. */
  at: z.int().min(0).max(lineLimit),
});
export type CompleteAsk = z.infer<typeof CompleteAsk>;

/** Each candidate replaces the line from `from` to the caret; it is quoted where that is needed. */
export const Completion = z.strictObject({
  from: z.int().nonnegative(),
  candidates: z.array(z.strictObject({ text: z.string(), about: z.string() })),
  /** There are more than are listed. */
  more: z.boolean(),
});
export type Completion = z.infer<typeof Completion>;

/** What an act would do, without doing it: the answer to `--dry-run --json`. */
export const ActPlan = z.strictObject({
  verb: z.enum(verbs),
  args: z.record(z.string(), z.json()),
  /** What changes from what to what; nothing where it would change nothing. */
  changes: z.array(z.strictObject({ what: z.string(), from: Scalar, to: Scalar })),
  /** What would have it refused, or do nothing, now. */
  holds: z.array(z.strictObject({ code: z.string(), text: z.string() })),
  /** How many others must say yes. */
  approvals: z.int().nonnegative(),
});
export type ActPlan = z.infer<typeof ActPlan>;

/** An act of whoever is signed in. */
export const ActAsk = z.strictObject({
  verb: z.enum(verbs),
  /** As docs/reference/wire.md lists them: no argument of any verb holds others. */
  args: z.record(z.string().max(64), Scalar),
  /** Stands in the record with the act. */
  reason: z.string().max(500).optional(),
  expect: z
    .strictObject({
      flow: z.string().max(128).optional(),
      seq: z.int().nonnegative().optional(),
    })
    .optional(),
  /** Of the second person's yes, where one is needed: `ap-...`. */
  approval: ApprovalId.optional(),
  id: ActKey.optional(),
});
export type ActAsk = z.infer<typeof ActAsk>;

/** `done` is null of what was refused, and of a held command's keep-alive. */
export const ActAnswer = z.strictObject({ receipt: Receipt, done: Done.nullable() });
export type ActAnswer = z.infer<typeof ActAnswer>;
