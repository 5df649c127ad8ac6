// Asks for secrets: at a terminal without showing them, else a line of standard input each. They never stand among the
// words of a command, where every process of the machine could read them.
import { CellError } from '#contract/error.ts';

const lineLimit = 4096;

/** One for each run of a verb. */
export class SecretInput {
  #lines: string[] | undefined;

  /** The next secret. Throws `E_USAGE` when there is none. */
  async ask(what: string): Promise<string> {
    const given = process.stdin.isTTY ? await typed(`${what}: `) : await this.#line();
    if (given === undefined || given === '') throw new CellError('E_USAGE', `no ${what} was given`);
    return given;
  }

  /** Asked twice at a terminal, so that what nobody saw is not mistyped. */
  async askNew(what: string): Promise<string> {
    const given = await this.ask(`new ${what}`);
    if (process.stdin.isTTY && (await this.ask(`new ${what} again`)) !== given)
      throw new CellError('E_USAGE', 'the two are not the same');
    return given;
  }

  async #line(): Promise<string | undefined> {
    this.#lines ??= (await readAll()).split(/\r?\n/);
    return this.#lines.shift();
  }
}

async function readAll(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const part of process.stdin) {
    text += String(part);
    if (text.length > lineLimit) throw new CellError('E_USAGE', 'standard input is too long');
  }
  return text;
}

async function typed(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = '';
      const hear = (part: string): void => {
        for (const sign of part) {
          if (sign === '\r' || sign === '\n' || sign === '\u0004') return done(() => resolve(text));
          if (sign === '\u0003')
            return done(() => reject(new CellError('E_USAGE', 'nothing was given')));
          if (sign === '\u007f' || sign === '\b') text = text.slice(0, -1);
          else if (text.length < lineLimit) text += sign;
        }
      };
      const done = (end: () => void): void => {
        stdin.off('data', hear);
        end();
      };
      stdin.on('data', hear);
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
