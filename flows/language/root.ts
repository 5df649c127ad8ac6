// A flow's text as a tree: the reader's problems under the flow language's codes, and the words that
// other readers of YAML take for booleans. Knows no fields.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import type { Fault, Node, TextProblem } from '#flows/tree.ts';
import { readTree } from '#flows/tree.ts';
import type { FlowCode } from './codes.ts';
import { depthLimit, textLimit } from './limits.ts';
import type { Report } from './report.ts';

const codes: Readonly<Record<Fault, FlowCode>> = {
  bounds: 'CF0002',
  syntax: 'CF0001',
  twice: 'CF0003',
  extra: 'CF0004',
  cut: 'CF0005',
  tag: 'CF0005',
};
/** What other YAML readers take for booleans; some of them in capitals too. */
const booleanLike = /^(?:on|off|yes|no)$/i;

/** The root of the text; undefined when nothing can be read from it. */
export function readRoot(text: string, report: Report): Node | undefined {
  const bounds = { text: textLimit, depth: depthLimit };
  const { root, broken } = readTree(text, bounds, (problem) => tell(report, problem));
  if (broken) return undefined;
  if (root === undefined) {
    report.error('CF0102', { start: 0, end: Math.min(1, text.length) }, 'the file is empty');
    return undefined;
  }
  checkWords(root, report);
  return root;
}

function tell(report: Report, { fault, span, mark, text, suggestion }: TextProblem): void {
  const place = { start: mark ?? span.start, end: span.end };
  if (fault !== 'tag') {
    report.error(codes[fault], place, text, suggestion);
    return;
  }
  // Nobody means a tag: an expression that begins with `!` was not quoted.
  const told = 'a value that begins with `!` is a tag to YAML';
  report.error(codes.tag, place, told, 'Quote it: put the whole value in double quotes.');
}

/** Depth is bounded already. */
function checkWords(node: Node, report: Report): void {
  if (node.kind === 'scalar') {
    if (node.plain) checkWord(node.text, node.span, report);
    return;
  }
  if (node.kind === 'list') {
    for (const item of node.items) checkWords(item, report);
    return;
  }
  for (const { key, keySpan, value } of node.entries) {
    checkWord(key, keySpan, report);
    checkWords(value, report);
  }
}

function checkWord(text: string, span: Span, report: Report): void {
  if (!booleanLike.test(text)) return;
  const told = `${quoted(text)} is a boolean to other YAML readers`;
  const severity = text === text.toLowerCase() ? 'error' : 'warning';
  report[severity]('CF0006', span, told, 'Use true and false, or another word.');
}
