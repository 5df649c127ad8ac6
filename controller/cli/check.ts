// `check`: static checks of flows and manifests. A manifest is checked with all its flows and devices.
import { formatDiagnostic } from '#contract/diagnostic.ts';
import type { Diagnostic } from '#contract/diagnostic.ts';
import { placeOf } from '#contract/diagnostic.ts';
import { loadCell, readText } from '#controller/config.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { answer, exit } from './verb.ts';
import type { Verb } from './verb.ts';

async function checkFile(
  file: string,
): Promise<{ diagnostics: readonly Diagnostic[]; texts: ReadonlyMap<string, string> }> {
  if (!file.endsWith('.flow.yaml')) return loadCell(file);
  const text = readText(file);
  return { diagnostics: compileFlow(file, text).diagnostics, texts: new Map([[file, text]]) };
}

export const checkVerbs: readonly Verb[] = [
  {
    name: 'check',
    usage: 'FILE...',
    summary:
      'Checks flows (*.flow.yaml) and cell manifests with all that they name. Ends with 1 on an error.',
    example: 'rebe check flows/cnc-tending/cell.yaml',
    words: [1, 256],
    run: async (invocation) => {
      const checked = [];
      for (const file of invocation.words) {
        // oxlint-disable-next-line no-await-in-loop -- files are reported in the order given
        checked.push({ file, ...(await checkFile(file)) });
      }
      const all = checked.flatMap(({ diagnostics, texts }) =>
        diagnostics.map((diagnostic) => ({ diagnostic, text: texts.get(diagnostic.file) ?? '' })),
      );
      const rows = all.map(({ diagnostic, text }) => {
        const { span, ...rest } = diagnostic;
        return { ...rest, ...placeOf(text, span.start) };
      });
      const errors = rows.filter(({ severity }) => severity === 'error').length;
      answer(invocation, rows, () =>
        [
          ...all.map(({ diagnostic, text }) => `${formatDiagnostic(diagnostic, text)}\n`),
          `${checked.length} files, ${errors} errors, ${rows.length - errors} warnings`,
        ].join('\n'),
      );
      return errors === 0 ? exit.good : exit.found;
    },
  },
];
