// Tags of the manifest to what is read from a frame, and what cannot be served as issues; pure.
import type { Buffer } from 'node:buffer';
import type { DriverTag, TagGroup } from '#contract/driver.ts';
import type { Issue } from '#contract/error.ts';
import type { TagName } from '#contract/name.ts';
import type { TagType, Value } from '#contract/sample.ts';
import { servedTags } from '#drivers/served-tags.ts';
import { bytesOf, parseText, readAt } from './codec.ts';
import { SerialAt, SerialTagOptions } from './config.ts';
import type { SerialConfig } from './config.ts';
import { patternOf } from './pattern.ts';
import type { Pattern } from './pattern.ts';

/** How an output is set: the command, and its answer. */
export interface Setting {
  readonly send: string;
  readonly expect: Pattern;
}

/** A tag as this driver reads it. */
export interface Point {
  readonly tag: TagName;
  readonly type: TagType;
  readonly read: (frame: Received) => Found;
  readonly setting: Setting | undefined;
  /** The tag alone: a pushed frame confirms what it says, and nothing else. */
  readonly group: TagGroup;
  /** Equal for the same tag read in the same way. */
  readonly key: string;
}

/** A frame as it came; its text is undefined where it is none. */
export interface Received {
  readonly bytes: Buffer;
  readonly text: string | undefined;
}

/** Is the tag in the frame, and has it a value there? */
export type Found =
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: Value }
  /** It is there, and is none. */
  | { readonly kind: 'unreadable' };

const absent: Found = { kind: 'absent' };

/** Every tag that can be served, and an issue for every other. */
export function compile(
  tags: readonly DriverTag[],
  config: SerialConfig,
): { readonly points: Point[]; readonly issues: Issue[] } {
  return servedTags(tags, (tag) => pointOf(tag, config));
}

/** The point, or why there is none. */
function pointOf(tag: DriverTag, config: SerialConfig): Point | string {
  const at = SerialAt.safeParse(tag.at);
  const options = SerialTagOptions.safeParse(tag.options);
  const errors = [...(at.error?.issues ?? []), ...(options.error?.issues ?? [])];
  if (!at.success || !options.success) return errors.map(({ message }) => message).join('; ');
  const { match, write } = options.data;
  if ((match === undefined) === (at.data === undefined)) return 'either match or at';
  if (tag.poll !== undefined) return 'the device has no poll classes';
  if (tag.direction === 'output' && config.ask === undefined) {
    return 'a device that is not asked has no outputs';
  }
  if (tag.direction === 'output' && write === undefined) return 'an output needs `write`';
  const read =
    at.data === undefined ? reader(match ?? '', tag.type) : placed(at.data, config.frame.length);
  if (typeof read === 'string') return read;
  const expect = write === undefined ? undefined : patternOf(write.expect);
  if (typeof expect === 'string') return expect;
  return {
    tag: tag.name,
    type: tag.type,
    read,
    setting: write === undefined || expect === undefined ? undefined : { send: write.send, expect },
    group: [tag.name],
    key: JSON.stringify([tag.name, tag.direction, tag.type, at.data, options.data]),
  };
}

function reader(match: string, type: TagType): Point['read'] | string {
  const pattern = patternOf(match);
  if (typeof pattern === 'string') return pattern;
  return ({ text }) => {
    const found = text === undefined ? undefined : pattern.match(text);
    if (found === undefined) return absent;
    const value = found.group === undefined ? undefined : parseText(found.group, type);
    return value === undefined ? { kind: 'unreadable' } : { kind: 'value', value };
  };
}

function placed(at: NonNullable<SerialAt>, length: number | undefined): Point['read'] | string {
  if (length === undefined) return '`at` needs frames of a fixed length';
  if (at.offset + bytesOf(at) > length) return `byte ${at.offset} and on is outside the frame`;
  return ({ bytes }) => {
    const value = readAt(bytes, at);
    return value === undefined ? { kind: 'unreadable' } : { kind: 'value', value };
  };
}
