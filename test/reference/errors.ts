// docs/reference/errors.md: every code, what it means and what to do.
import { codes } from '#contract/error.ts';
import { flowCodes } from '#flows/language/codes.ts';
import { page, table } from './page.ts';

const titles: Readonly<Record<string, string>> = {
  USAGE: 'Command line and files',
  FILE: 'Command line and files',
  INTERNAL: 'Command line and files',
  MANIFEST: 'Manifest',
  CELL: 'Cell',
  DOOR: 'Doors',
  NOT: 'Doors',
  LINK: 'Doors',
  STATION: 'Doors',
  ACT: 'Acts',
  STALE: 'Acts',
  FLOW: 'Flows',
  DEVICE: 'Devices',
  CHRONICLE: 'Chronicle',
  REPLAY: 'Chronicle',
  PLANT: 'Simulator',
  SIMULATOR: 'Simulator',
};

export function errorsPage(): string {
  const sections = new Map<string, string[][]>();
  for (const [code, said] of Object.entries(codes)) {
    const title = titles[code.split('_')[1] ?? ''] ?? 'Others';
    const rows = sections.get(title) ?? [];
    rows.push([`\`${code}\``, said.meaning, said.action, said.retry === 'later' ? 'yes' : 'no']);
    sections.set(title, rows);
  }
  return page(
    '# Errors',
    'Generated from `contract/error.ts` and `flows/language/codes.ts`. Every error that a person sees carries one of these codes. A code is never used for something else later. "Again": the same may succeed later without a change.',
    ...[...sections].flatMap(([title, rows]) => [
      `## ${title}`,
      table(['code', 'means', 'what to do', 'again'], rows),
    ]),
    '## Flow language',
    table(
      ['code', 'means', 'what to do'],
      Object.entries(flowCodes).map(([code, said]) => [`\`${code}\``, said.meaning, said.action]),
    ),
  );
}
