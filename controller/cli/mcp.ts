// `rebe mcp`: a cell for an agent, over the Model Context Protocol on standard input and output. The token comes from the
// environment; the words of a command can be read by every process of the machine.
import type * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { realClock } from '#controller/clock.ts';
import { askStation } from '#controller/server/client.ts';
import type { StationAsk } from '#controller/server/client.ts';
import { farOptions, stationOf } from './station-at.ts';
import { exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

async function mcp(invocation: Invocation): Promise<number> {
  const at = stationOf(invocation);
  const token = process.env['REBE_TOKEN'] ?? '';
  if (token === '')
    throw new CellError(
      'E_NOT_SIGNED_IN',
      'put the agent’s token into REBE_TOKEN: `rebe people token add`',
    );
  // Nothing that is started from here needs it.
  delete process.env['REBE_TOKEN'];
  const { serveStdio } = await import('#controller/mcp/server.ts');
  const station = {
    ask: async <T extends z.ZodType>(answer: T, ask: Omit<StationAsk, 'cookie' | 'token'>) => {
      const { body } = await askStation(at, { ...ask, token });
      const read = answer.safeParse(body);
      if (read.success) return read.data;
      throw new CellError('E_CELL_NOT_RUNNING', 'station is of another version');
    },
  };
  await serveStdio(realClock(), station);
  return exit.good;
}

export const mcpVerbs: readonly Verb[] = [
  {
    name: 'mcp',
    usage: '',
    summary:
      'Serves this cell to an agent, over the Model Context Protocol on standard input and output.',
    more: [
      'The agent is whoever the token in the environment variable REBE_TOKEN belongs to; it may what the token may.',
      'A token: `rebe people token add NAME --agent-of PERSON --scope view,command,shell.open --for 8h`.',
    ].join('\n'),
    example: 'REBE_TOKEN=... rebe mcp --data /var/lib/rebe',
    words: [0, 0],
    options: farOptions,
    run: mcp,
  },
];
