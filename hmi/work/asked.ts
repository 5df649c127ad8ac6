// What somebody asks for, in words and in rows: nothing of the request is left out. Pure.
import type { ApprovalRequest } from '#contract/approval.ts';
import type { Scalar } from '#contract/described.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatSpan, formatValue } from '#hmi/parts/format.ts';

type Asked = Pick<ApprovalRequest, 'kind' | 'what'>;

/** One sentence; what it does not know it names. */
export function askedOf({ kind, what }: Asked): string {
  switch (kind) {
    case 'shell':
      return t('asked.shell', { tier: textOf(what['tier']), span: spanOf(what['for_ms']) });
    case 'agent-command':
      return t('asked.agent', { argv: argvOf(what['argv']) });
    case 'act':
      return actOf(textOf(what['verb']), argsOf(what['args']));
  }
}

function actOf(verb: string, args: Readonly<Record<string, unknown>>): string {
  const { tag, value, flow, name } = args;
  const words = {
    tag: textOf(tag),
    value: formatValue((value ?? null) as Scalar),
    flow: textOf(flow),
    name: textOf(name),
    span: spanOf(args['for_ms']),
  };
  if (verb === 'force') return t('asked.force', words);
  if (verb === 'unforce') return t('asked.unforce', words);
  if (verb === 'parameter') return t('asked.parameter', words);
  if (verb === 'command') return t('asked.command', words);
  return t('asked.other', { verb });
}

/** It asks for just this force. */
export function isForce(
  what: ApprovalRequest['what'],
  force: { readonly tag: string; readonly value: Scalar; readonly reason: string },
): boolean {
  const { tag, value, reason } = argsOf(what['args']);
  return (
    what['verb'] === 'force' &&
    tag === force.tag &&
    value === force.value &&
    reason === force.reason
  );
}

/** Every value by its path: `args.tag`. */
export function rowsOf(what: unknown, path = ''): (readonly [string, string])[] {
  const inner = argsOf(what);
  if (Array.isArray(what) || Object.keys(inner).length === 0) {
    return path === '' ? [] : [[path, typeof what === 'string' ? what : JSON.stringify(what)]];
  }
  return Object.entries(inner).flatMap(([name, value]) =>
    rowsOf(value, path === '' ? name : `${path}.${name}`),
  );
}

const argsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '?');
const spanOf = (value: unknown): string =>
  typeof value === 'number' ? formatSpan(value) : t('asked.longest');

/** As a shell would read it: each word that needs it in quotes. */
export const argvOf = (argv: unknown): string =>
  (Array.isArray(argv) ? argv.map(String) : [])
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
