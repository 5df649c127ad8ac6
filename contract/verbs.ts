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
/** The arguments of each verb. */
export const verbArgs = {
  command: z.strictObject({ flow: name, name, reason: z.string().max(500).optional() }),
  keep: z.strictObject({ flow: name, name, down: z.boolean() }),
  force: z.strictObject({
    tag: name,
    value: Scalar,
    for_ms: z.int().positive(),
    reason: z.string().max(500),
  }),
  unforce: z.strictObject({ tag: name }),
  parameter: z.strictObject({ flow: name, name, value: Scalar }),
  acknowledge: z.strictObject({ alarm: name }),
  resume: z.strictObject({ flow: name }),
} as const satisfies Readonly<Record<Verb, z.ZodType>>;
