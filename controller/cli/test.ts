// `test` plays scenarios in virtual time. The simulator's program does it, started by path; its exit code is ours.
import { runSimulator } from './simulate.ts';
import type { Verb } from './verb.ts';

export const testVerbs: readonly Verb[] = [
  {
    name: 'test',
    usage: 'SCENARIO...',
    summary:
      'Plays scenarios in virtual time against the simulated machine. Ends with 1 when one fails.',
    example: 'rebe test flows/lamp/lamp.scenario.yaml',
    words: [1, 1000],
    options: { seed: { type: 'string', help: "of noise and latency, instead of the file's own" } },
    run: (invocation) => {
      const seed = invocation.option('seed');
      const more = seed === undefined ? [] : ['--seed', seed];
      if (invocation.json) more.push('--json');
      return runSimulator(['test', ...invocation.words, ...more]);
    },
  },
];
