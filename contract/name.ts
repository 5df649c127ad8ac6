// Names of things in a cell, as branded strings with their one spelling rule each.
import * as z from 'zod';
import type { Brand } from './brand.ts';

export type CellId = Brand<string, 'CellId'>;
export type DeviceId = Brand<string, 'DeviceId'>;
export type TagName = Brand<string, 'TagName'>;
export type FlowName = Brand<string, 'FlowName'>;

const dashed = /^[a-z][a-z0-9-]{0,62}$/;
const dotted = /^[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*){0,7}$/;

/** Lower case, digits, dashes: used in topics, paths, on every screen. */
export const CellId = z
  .string()
  .regex(dashed, 'lower case letters, digits and dashes, a letter first')
  .transform((text) => text as CellId);
/** A device's key in the manifest. */
export const DeviceId = z
  .string()
  .regex(dashed, 'lower case letters, digits and dashes, a letter first')
  .transform((text) => text as DeviceId);
/** Dotted words: `door.opened`, `clamp.pressure`. */
export const TagName = z
  .string()
  .max(128)
  .regex(dotted, 'words of letters and digits joined by dots, each with a small letter first')
  .transform((text) => text as TagName);
/** A flow's key in the manifest: its name in commands, topics and `flow.NAME`. */
export const FlowName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9-]{0,62}$/, 'letters, digits and dashes, a small letter first')
  .transform((text) => text as FlowName);

/** First words that belong to the flow language and cannot begin a tag's name. */
export const reservedWords = ['cmd', 'sig', 'ctx', 'param', 'out', 'meter', 'flow', 'sys'] as const;

export const tagName = (text: string): TagName => text as TagName;
export const deviceId = (text: string): DeviceId => text as DeviceId;
export const flowName = (text: string): FlowName => text as FlowName;
