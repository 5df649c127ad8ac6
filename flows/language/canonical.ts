// A flow's text without what carries no meaning: comments, layout, quotes, the order of fields. What
// is hashed is this text, so that a comment does not make another flow.
import { canonicalJson } from '#contract/canonical.ts';
import { sections } from './fields.ts';
import { Report } from './report.ts';
import type { Node } from '#flows/tree.ts';
import { readRoot } from './root.ts';

/** Their order is kept: it is the order of tables and of steps. Elsewhere keys are fields. */
const ordered: ReadonlySet<string> = new Set(sections);

/** One text for one meaning; undefined where the text is no YAML that a flow could be. */
export function canonicalFlow(text: string): string | undefined {
  const report = new Report('', text.length);
  const root = readRoot(text, report);
  return root === undefined || report.failed ? undefined : canonicalOf(root, { level: 0, key: '' });
}

/** Scalars as they are written, all as texts: `8.0` and `8` differ in an expression. */
function canonicalOf(node: Node, at: { level: number; key: string }): string {
  if (node.kind === 'scalar') return canonicalJson(node.text);
  if (node.kind === 'list') {
    const inside = { level: at.level + 1, key: '' };
    return `[${node.items.map((item) => canonicalOf(item, inside)).join(',')}]`;
  }
  const keep = (at.level === 1 && ordered.has(at.key)) || at.key === 'states';
  const entries = keep
    ? node.entries
    : node.entries.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const members = entries.map(({ key, value }) => {
    // Below a map of names the key is a name, and a state may be called as a field is.
    const inside = { level: at.level + 1, key: keep ? '' : key };
    return `${canonicalJson(key)}:${canonicalOf(value, inside)}`;
  });
  return `{${members.join(',')}}`;
}
