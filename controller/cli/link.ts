// `link`: another link to sign in with, at the cell's own console. Who can write in the data directory may.
import { resolve } from 'node:path';
import { makeLink } from '#controller/server/link.ts';
import { answer, exit } from './verb.ts';
import type { Verb } from './verb.ts';

export const linkVerbs: readonly Verb[] = [
  {
    name: 'link',
    usage: '',
    summary: 'Prints a link that signs one browser in; it is good once.',
    more: 'It may do everything as long as nobody is enrolled, and then only add and change people.',
    example: 'rebe link',
    words: [0, 0],
    run: async (invocation) => {
      const link = await makeLink(resolve(invocation.data));
      answer(invocation, { link }, () => link);
      return exit.good;
    },
  },
];
