// `test` plays scenarios in virtual time. The simulator's program does it, started by path; its exit code is ours.
import { runSimulator } from './simulate.ts';
import type { Verb } from './verb.ts';

export const testVerbs: readonly Verb[] = [
  {
    name: 'test',
    usage: '[SCENARIO|DIR...]',
    summary:
      'Plays scenarios in virtual time against the simulated machine. Ends with 1 when one fails.',
    more: 'Files, patterns with *, or everything below a directory; without words below this one.',
    example: 'rebe test flows/cnc-tending',
    words: [0, 1000],
    options: { seed: { type: 'string', help: "of noise and latency, instead of the file's own" } },
    run: (invocation) => {
      const seed = invocation.option('seed');
      const more = seed === undefined ? [] : ['--seed', seed];
      if (invocation.json) more.push('--json');
      return runSimulator(['test', ...invocation.words, ...more]);
    },
  },
];
