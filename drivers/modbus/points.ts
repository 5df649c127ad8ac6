// Tags of the manifest to points on the device, and what cannot be served as issues; pure.
import type { Issue } from '#contract/error.ts';
import type { DriverTag } from '#contract/driver.ts';
import type { Value } from '#contract/sample.ts';
import { servedTags } from '#drivers/served-tags.ts';
import { encode, formatOf, wordsOf } from './codec.ts';
import { ModbusAt, isRtuUnit, placeOf, pollClasses, rtuUnits } from './config.ts';
import type { ModbusConfig } from './config.ts';
import { isBits } from './plan.ts';
import type { Point } from './plan.ts';

/** Every tag that can be served, and an issue for every other. */
export function compile(
  tags: readonly DriverTag[],
  config: ModbusConfig,
): { readonly points: Point[]; readonly issues: Issue[] } {
  return servedTags(tags, (tag) => pointOf(tag, config));
}

/** The poll class of a tag: its own, else for an output the slowest, else the device's first. */
export function classOf(
  config: ModbusConfig,
  poll: string | undefined,
  direction: 'input' | 'output',
): { readonly name: string; readonly period: number } | undefined {
  const classes = pollClasses(config).map(([name, period]) => ({ name, period }));
  if (poll !== undefined) return classes.find((one) => one.name === poll);
  if (direction === 'input') return classes[0];
  return classes.reduce<(typeof classes)[number] | undefined>(
    (slowest, one) => (slowest === undefined || one.period > slowest.period ? one : slowest),
    undefined,
  );
}

/** The point, or why there is none. */
function pointOf(tag: DriverTag, config: ModbusConfig): Point | string {
  const parsed = ModbusAt.safeParse(tag.at);
  if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join('; ');
  const at = parsed.data;
  const { table, address } = placeOf(at);
  const start = address - config.base;
  if (tag.direction === 'output' && table !== 'coil' && table !== 'holding') {
    return `a ${table} cannot be written`;
  }
  const poll = classOf(config, tag.poll, tag.direction);
  if (poll === undefined) return `the device has no poll class \`${tag.poll}\``;
  // Text has no order of words; its bytes are swapped only where its own tag says so.
  const order = at.as?.startsWith('string') ? (at.order ?? 'ABCD') : (at.order ?? config.order);
  const format = isBits(table) ? undefined : formatOf(at.as ?? 'u16', order, at.bit);
  const count = format === undefined ? 1 : wordsOf(format);
  if (start < 0 || start + count > 65_536) return `address ${address} is outside the table`;
  if (count > config.limits.registers) return 'longer than the device gives in one answer';
  const unit = at.unit ?? config.unit;
  if (config.rtu !== undefined && !isRtuUnit(unit)) return rtuUnits;
  const key = JSON.stringify([tag.name, tag.direction, unit, table, start, format, poll.name]);
  return { tag: tag.name, unit, table, start, count, format, poll: poll.name, key };
}

/** Could this value be written there? */
export function fits(point: Point, value: Value): boolean {
  const { format } = point;
  if (format === undefined || format.kind === 'bit') return typeof value === 'boolean';
  return encode(value, format) !== undefined;
}

/** What a device refuses, in words: [Application Protocol 1.1b3, 7]. */
export function exceptionText(exception: number, where: string): string {
  const names: Readonly<Record<number, string>> = {
    1: 'illegal function',
    2: 'illegal address',
    3: 'illegal value',
    4: 'device failure',
    5: 'acknowledge',
    6: 'device busy',
    10: 'gateway path unavailable',
    11: 'gateway target does not respond',
  };
  return `${where}: exception ${exception}, ${names[exception] ?? 'of its own'}`;
}
