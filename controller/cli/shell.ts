// `rebe shell`: the console of a running cell in a terminal, or for a pipe. Lines go to station, which runs them; here
// are only the keyboard, the history of lines, and how answers are printed.
import { consoleRoutes } from '#contract/console-routes.ts';
import type { ConsoleAnswer } from '#contract/console.ts';
import { CellError } from '#contract/error.ts';
import { printed } from '#controller/console/shown.ts';
import { asAdministrator as asPerson } from './people-session.ts';
import type { Asker } from './people-session.ts';
import { attachOptions, attachShell } from './shell-attach.ts';
import { interact } from './shell-keys.ts';
import { farOptions } from './station-at.ts';
import { exit } from './verb.ts';
import type { Invocation, OptionPlan, Verb } from './verb.ts';

/** Runs a line and prints its answer; false when it was refused. */
type RunLine = (line: string) => Promise<boolean>;

async function shell(invocation: Invocation): Promise<number> {
  return asPerson(invocation, async (asker) => {
    const { json } = invocation;
    const run: RunLine = async (line) => tell(await askLine(asker, line, json));
    const [line, session] = invocation.words;
    if (line === 'attach' && session !== undefined) return attachShell(asker, session, invocation);
    if (session !== undefined)
      throw new CellError('E_USAGE', 'a line with blanks is one word: rebe shell "tags door"');
    if (line !== undefined) return (await run(line)) ? exit.good : exit.found;
    if (!process.stdin.isTTY || !process.stdout.isTTY) return runPiped(run);
    await interact({
      asker,
      run: async (typed) => askLine(asker, typed, json),
      tell: (answer) => void tell(answer),
    });
    return exit.good;
  });
}

const askLine = async (asker: Asker, line: string, json: boolean): Promise<ConsoleAnswer> => {
  const { method, path, answer } = consoleRoutes.line;
  return asker.ask(answer, { method, path, body: { line, json } });
};

/** Lines of a pipe, one after another; the first that is refused ends it, so that nothing is built on it. */
async function runPiped(run: RunLine): Promise<number> {
  for await (const line of linesOf(process.stdin)) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    // oxlint-disable-next-line no-await-in-loop -- one line after another
    if (!(await run(line))) return exit.found;
  }
  return exit.good;
}

/** Characters that a line of a pipe may hold; station takes less. */
const pipeLimit = 64 * 1024;

async function* linesOf(input: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    // A line without end is cut: it is too long for station anyway, and is refused there.
    rest = (lines.pop() ?? '').slice(0, pipeLimit);
    for (const line of lines) yield line.replace(/\r$/, '');
  }
  if (rest !== '') yield rest;
}

/** Prints an answer; false when it was a refusal. */
function tell(answer: ConsoleAnswer): boolean {
  const text = textOf(answer);
  const to = answer.ok || answer.kind === 'json' ? process.stdout : process.stderr;
  if (text !== '') to.write(`${text}\n`);
  return answer.ok;
}

/** What a terminal shows; JSON with all that could steer one written as \u. */
export function textOf(answer: ConsoleAnswer): string {
  switch (answer.kind) {
    case 'json':
      return JSON.stringify(answer.value).replaceAll(/[\u007f-\u009f]|\p{Cf}/gu, escapeOf);
    case 'text':
      return answer.code === undefined
        ? printed({ page: answer.text })
        : `${answer.code} ${printed({ page: answer.text })}`;
    case 'table':
      return printed({ page: answer });
  }
}

const escapeOf = (sign: string): string =>
  Array.from(
    { length: sign.length },
    (_, index) => `\\u${sign.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');

const consoleOption: OptionPlan = {
  type: 'boolean',
  help: "as the cell's own console, though somebody signed in at this terminal",
};

export const shellVerbs: readonly Verb[] = [
  {
    name: 'shell',
    usage: '[LINE] | attach SESSION',
    summary: 'The console of a running cell: reads and acts, with completion, history and help.',
    more:
      'Without LINE it is interactive in a terminal, and reads lines from a pipe otherwise; a refused line ends ' +
      'a pipe with 1. Tab completes, `help` lists verbs, `exit` or Ctrl-D leaves. It is station that runs each line.\n' +
      '`rebe shell attach SESSION` puts this terminal to a shell of T2 or T3 that has begun: ~. at the beginning ' +
      'of a line leaves it (it goes on for a while), ~~ types one ~. A drop is waited out; nothing is typed twice.',
    example: 'rebe shell "tags door"',
    words: [0, 2],
    options: { console: consoleOption, ...attachOptions, ...farOptions },
    run: shell,
  },
];
