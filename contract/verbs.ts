// The verbs of control's door and their arguments: everything that anybody can ask a running cell to do.
import * as z from 'zod';
import { Scalar } from './described.ts';

export const verbs = [
  'command',
  'keep',
  'force',
  'unforce',
  'parameter',
  'acknowledge',
  'resume',
] as const;
export type Verb = (typeof verbs)[number];
const name = z.string().min(1).max(128);
/** Stands in the record with the act. */
const reason = z.string().max(500).optional();
/** The arguments of each verb. */
export const verbArgs = {
  command: z.strictObject({ flow: name, name, reason }),
  keep: z.strictObject({ flow: name, name, down: z.boolean() }),
  force: z.strictObject({
    tag: name,
    value: Scalar,
    for_ms: z.int().positive(),
    reason: z.string().max(500),
  }),
  unforce: z.strictObject({ tag: name, reason }),
  parameter: z.strictObject({ flow: name, name, value: Scalar, reason }),
  acknowledge: z.strictObject({ alarm: name, reason }),
  resume: z.strictObject({ flow: name, reason }),
} as const satisfies Readonly<Record<Verb, z.ZodType>>;
