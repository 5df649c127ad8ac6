// Tags of the manifest to points on nodes, and what cannot be served as issues; pure.
import type { Issue } from '#contract/error.ts';
import type { DriverTag } from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import { OpcuaAt } from './config.ts';
import type { Point } from './monitor.ts';

/** Every tag that can be served, and an issue for every other. A point that stays is the same object. */
export function compile(
  tags: readonly DriverTag[],
  before: ReadonlyMap<TagName, Point>,
): { readonly points: ReadonlyMap<TagName, Point>; readonly issues: readonly Issue[] } {
  const points = new Map<TagName, Point>();
  const issues: Issue[] = [];
  for (const tag of tags) {
    const refuse = (text: string): void =>
      void issues.push({ code: 'E_DEVICE_TAG', subject: tag.name, text });
    const at = OpcuaAt.safeParse(tag.at);
    if (points.has(tag.name)) refuse('the tag is given twice');
    else if (tag.poll !== undefined) refuse('a subscription has no poll classes');
    else if (!at.success) refuse(at.error.issues.map((issue) => issue.message).join('; '));
    else {
      const { node } = at.data;
      const key = JSON.stringify([node, tag.type, tag.direction]);
      const known = before.get(tag.name);
      const point = { tag: tag.name, node, type: tag.type, key };
      points.set(tag.name, known?.key === key ? known : point);
    }
  }
  return { points, issues };
}
