// Verbs that ask a running cell: status, tags, read, flows, devices, alarms, forces, why.
// What they answer is made in console/show-cell.ts, for the console too.
import { resolve } from 'node:path';
import { readStation } from '#controller/server/link.ts';
import * as shows from '#controller/console/show-cell.ts';
import { printed } from '#controller/console/shown.ts';
import type { Shown } from '#controller/console/shown.ts';
import { openConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

type Show = (
  connection: Connection,
  words: readonly string[],
  data: string,
) => Shown | Promise<Shown>;

/** Where the page is, besides, and by which certificate it is known. */
async function withStation(shown: Shown, data: string): Promise<Shown> {
  const found = await readStation(resolve(data)).catch(() => undefined);
  if (found === undefined) return shown;
  const { url, fingerprint } = found;
  const known = fingerprint === undefined ? '' : `, certificate SHA-256 ${fingerprint}`;
  return {
    ...shown,
    value: { ...(shown.value as Readonly<Record<string, unknown>>), station: found },
    page: `${printed(shown)}\npage ${url}${known}`,
  };
}

/** A verb that shows what it is asked for, and ends with 1 when that is not well. */
function asking(plan: Omit<Verb, 'run'>, show: Show): Verb {
  const run = async (invocation: Invocation): Promise<number> => {
    const connection = await openConnection(invocation.data);
    try {
      const shown = await show(connection, invocation.words, invocation.data);
      answer(invocation, shown.value, () => printed(shown));
      return shown.unwell === true ? exit.found : exit.good;
    } finally {
      connection.close();
    }
  };
  return { ...plan, run };
}

export const askVerbs: readonly Verb[] = [
  asking(
    {
      name: 'status',
      usage: '',
      summary: 'Says what the cell does: flows, devices, alarms, scan and chronicle.',
      example: 'rebe status',
      words: [0, 0],
    },
    async (cell, _words, data) => withStation(shows.showStatus(cell), data),
  ),
  asking(
    {
      name: 'tags',
      usage: '[PATTERN]',
      summary: 'Lists tags with value, quality, age and device; PATTERN is a part of the name.',
      example: 'rebe tags door',
      words: [0, 1],
    },
    (cell, [part]) => shows.showTags(cell, part),
  ),
  asking(
    {
      name: 'read',
      usage: 'TAG...',
      summary: 'Reads the values of tags; ends with 1 when one of them is not good.',
      example: 'rebe read door.opened clamp.pressure',
      words: [1, 64],
    },
    (cell, names) => shows.showRead(cell, names),
  ),
  asking(
    {
      name: 'flows',
      usage: '[FLOW]',
      summary: 'Lists flows with their states, commands, parameters and memory.',
      example: 'rebe flows tending',
      words: [0, 1],
    },
    (cell, [name]) => shows.showFlows(cell, name),
  ),
  asking(
    {
      name: 'devices',
      usage: '',
      summary:
        'Lists devices: state, last answer, latency, requests lost, polls dropped. Ends with 1 when one is not online.',
      example: 'rebe devices',
      words: [0, 0],
    },
    (cell) => shows.showDevices(cell),
  ),
  asking(
    {
      name: 'alarms',
      usage: '',
      summary:
        'Lists alarms that stand or wait to be acknowledged. Ends with 1 when there are any.',
      example: 'rebe alarms',
      words: [0, 0],
    },
    (cell) => shows.showAlarms(cell),
  ),
  asking(
    {
      name: 'forces',
      usage: '',
      summary:
        'Lists what is forced: to which value, by whom, why, until when. Ends with 1 when anything is.',
      example: 'rebe forces',
      words: [0, 0],
    },
    (cell) => shows.showForces(cell),
  ),
  asking(
    {
      name: 'why',
      usage: '[FLOW]',
      summary:
        'Says what each flow waits for: every transition it could take, and which terms are false or unknown.',
      example: 'rebe why tending',
      words: [0, 1],
    },
    async (connection, [name]) => {
      const chosen = shows.chooseFlows(connection.hello, name).map((info) => info.name);
      return shows.showWhys(chosen.length === 0 ? [] : await connection.watch(chosen));
    },
  ),
];
