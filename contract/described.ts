// How control describes a cell before its feed begins: tags, flows, commands, parameters. What they are, never what they do.
import * as z from 'zod';

export const Scalar = z.union([z.boolean(), z.number(), z.string(), z.null()]);
export type Scalar = z.infer<typeof Scalar>;
/** A text for people: one string, or one for each language. */
export const Text = z.union([z.string(), z.record(z.string(), z.string())]);
export type Text = z.infer<typeof Text>;

/** A bound that a flow holds a number against: where its normal band ends. */
export const Limit = z.strictObject({
  side: z.enum(['low', 'high']),
  flow: z.string(),
  /** A constant, or the parameter of the flow whose value it is. */
  value: z.number().optional(),
  parameter: z.string().optional(),
  /** The alarm, interlock or transition that acts past it. */
  by: z.string(),
});
export type Limit = z.infer<typeof Limit>;

export const TagInfo = z.strictObject({
  name: z.string(),
  kind: z.enum(['input', 'output', 'system']),
  type: z.enum(['bool', 'int', 'real', 'enum', 'string']),
  device: z.string().optional(),
  /** Where it is on its device, for people: `input 20`. */
  place: z.string().optional(),
  unit: z.string().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  values: z.array(z.string()).optional(),
  title: Text.optional(),
  stale_ms: z.number().optional(),
  /** An output's safe value and the flow that drives it. */
  safe: Scalar.optional(),
  flow: z.string().optional(),
  /** Of a number. */
  limits: z.array(Limit).optional(),
  /** Kinds of note that it is written into, such as `part`: what a person wants to know of the work in hand. */
  noted: z.array(z.string()).optional(),
});
export type TagInfo = z.infer<typeof TagInfo>;

export const CommandInfo = z.strictObject({
  name: z.string(),
  title: Text,
  role: z.enum(['anyone', 'operator', 'maintenance', 'engineer']),
  class: z.enum(['stop', 'start', 'other']),
  held_ms: z.number().optional(),
});
export const ParameterInfo = z.strictObject({
  name: z.string(),
  type: z.enum(['bool', 'int', 'real', 'enum']),
  unit: z.string().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  values: z.array(z.string()).optional(),
  maxStep: z.number().optional(),
  every_ms: z.number().optional(),
});
export const FlowInfo = z.strictObject({
  /** The manifest's key. */
  name: z.string(),
  version: z.number(),
  hash: z.string(),
  file: z.string(),
  restart: z.string(),
  regions: z.array(
    z.strictObject({
      name: z.string(),
      states: z.array(
        z.strictObject({
          path: z.string(),
          title: Text,
          /** It may wait here for ever. */
          rest: z.boolean().optional(),
        }),
      ),
    }),
  ),
  commands: z.array(CommandInfo),
  parameters: z.array(ParameterInfo),
  ctx: z.array(z.string()),
  signals: z.array(z.string()),
});
export type FlowInfo = z.infer<typeof FlowInfo>;
