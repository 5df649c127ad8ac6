// Which tags a driver can serve: each is made a point, or an issue that says why it cannot be one.
import type { DriverTag } from '#contract/driver.ts';
import type { Issue } from '#contract/error.ts';

/** Every tag that can be served, and an issue for every other; `pointOf` gives a point, or what is wrong. */
export function servedTags<Point extends object>(
  tags: readonly DriverTag[],
  pointOf: (tag: DriverTag) => Point | string,
): { readonly points: Point[]; readonly issues: Issue[] } {
  const points: Point[] = [];
  const issues: Issue[] = [];
  const names = new Set<string>();
  for (const tag of tags) {
    const point = names.has(tag.name) ? 'the tag is given twice' : pointOf(tag);
    names.add(tag.name);
    if (typeof point !== 'string') points.push(point);
    else issues.push({ code: 'E_DEVICE_TAG', subject: tag.name, text: point });
  }
  return { points, issues };
}
