// The keyboard of `rebe shell`: a prompt, completion by Tab, lines of before, Ctrl-C that leaves a line and never the
// console. What a line means is station's to say.
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import * as z from 'zod';
import { lineLimit } from '#contract/console.ts';
import type { ConsoleAnswer } from '#contract/console.ts';
import { consoleRoutes } from '#contract/console-routes.ts';
import { printable } from '#contract/diagnostic.ts';
import { CellError, codes } from '#contract/error.ts';
import { getMe } from '#contract/people-routes.ts';
import type { Asker } from './people-session.ts';

/** Lines that are kept. */
const historyLimit = 1000;
const leaving = new Set(['exit', 'quit']);

/** What the keyboard speaks to. */
export interface Talk {
  readonly asker: Asker;
  readonly run: (line: string) => Promise<ConsoleAnswer>;
  readonly tell: (answer: ConsoleAnswer) => void;
}

/** Until whoever is there leaves. */
export async function interact(talk: Talk): Promise<void> {
  const { asker } = talk;
  const keys = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: true,
    historySize: historyLimit,
    history: readHistory().toReversed(),
    removeHistoryDuplicates: true,
    completer: async (line: string) => complete(asker, line),
  });
  // Ctrl-D while a line runs: its answer is shown, and then it is over.
  let over = false;
  keys.once('close', () => (over = true));
  /** Leaves the line that runs: what became of it is not waited for. */
  let waiting: (() => void) | undefined;
  keys.on('SIGINT', () => {
    if (waiting !== undefined) {
      waiting();
      return;
    }
    // As a shell does: the line is left, a new one begins.
    keys.write(null, { ctrl: true, name: 'e' });
    keys.write(null, { ctrl: true, name: 'u' });
    process.stdout.write('^C  (exit or Ctrl-D leaves)\n');
    keys.prompt();
  });
  const prompt = await greet(talk);
  keys.setPrompt(prompt);
  keys.prompt();
  for await (const line of keys) {
    const typed = line.trim();
    if (leaving.has(typed)) break;
    if (typed !== '') {
      keepLine(typed);
      // oxlint-disable-next-line no-await-in-loop -- one line after another
      await answered(talk, line, (leave) => (waiting = leave));
      waiting = undefined;
    }
    if (over) break;
    keys.prompt();
  }
  keys.close();
}

/** Runs one line. Ctrl-C waits no longer; what was sent is done all the same, and the record says what. */
async function answered(
  { run, tell }: Talk,
  line: string,
  interrupts: (leave: () => void) => void,
): Promise<void> {
  const left = new Promise<undefined>((resolve) => {
    interrupts(() => resolve(undefined));
  });
  try {
    const answer = await Promise.race([run(line), left]);
    if (answer === undefined) process.stderr.write('^C  not waited for; `chronicle tail` knows\n');
    else tell(answer);
  } catch (error) {
    report(error);
  }
}

const Named = z.looseObject({ cell: z.string() });

/** Says who one is and where; gives the prompt. */
async function greet({ asker }: Talk): Promise<string> {
  const { method, path, answer } = getMe;
  const { actor } = await asker.ask(answer, { method, path });
  const status = await asker.ask(consoleRoutes.line.answer, {
    method: 'POST',
    path: consoleRoutes.line.path,
    body: { line: 'status', json: true },
  });
  const named = Named.safeParse(status.kind === 'json' ? status.value : null);
  const cell = printable(named.data?.cell ?? 'rebe');
  const who = printable(actor ?? 'nobody');
  process.stdout.write(`${cell}, as ${who}. Tab completes, help lists verbs, exit leaves.\n`);
  return `${cell}> `;
}

async function complete(asker: Asker, line: string): Promise<[string[], string]> {
  if (line.length > lineLimit) return [[], line];
  try {
    const { method, path, answer } = consoleRoutes.complete;
    const body = { line, at: line.length };
    const { from, candidates } = await asker.ask(answer, { method, path, body });
    const texts = candidates.map(({ text }) => text);
    // The only one is taken whole; what follows it is another word.
    return [texts.length === 1 ? texts.map((text) => `${text} `) : texts, line.slice(from)];
  } catch {
    return [[], line];
  }
}

/** What could not be asked is said, and the console goes on: station may come back. */
function report(error: unknown): void {
  if (!(error instanceof CellError)) throw error;
  process.stderr.write(
    `${error.code} ${printable(error.message)}\n  ${codes[error.code].action}\n`,
  );
}

const historyFile = (): string => join(homedir(), '.rebe', 'shell-history');

/** Oldest first. What cannot be read is no reason to stay out. */
function readHistory(): string[] {
  try {
    return readFileSync(historyFile(), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .slice(-historyLimit)
      .map((line) => printable(line));
  } catch {
    return [];
  }
}

/** Kept at once, so that two consoles keep each other's lines, and whoever is cut off has theirs. */
function keepLine(line: string): void {
  const file = historyFile();
  const lines = [...readHistory().filter((known) => known !== line), printable(line)];
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const text = `${lines.slice(-historyLimit).join('\n')}\n`;
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    chmodSync(`${file}.new`, 0o600);
    renameSync(`${file}.new`, file);
  } catch {
    // A home that cannot be written has no history.
  }
}
