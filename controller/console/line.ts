// A line of the console, cut into words: spaces part them, '...' and "..." keep them together, a backslash takes
// what follows as it is. Nothing is expanded, joined or run: there is no shell behind it.
import { CellError } from '#contract/error.ts';
import { didYouMean, quoted } from '#contract/diagnostic.ts';
import { lineLimit } from '#contract/console.ts';
import { isWellFormed } from '#contract/unicode.ts';

/** One word, with where it stands in the line. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** It begins with a quote or a backslash: it is no option, whatever it says. */
  readonly quoted: boolean;
}

export interface Cut {
  readonly words: readonly Word[];
  /** The last word's quote is still open. */
  readonly open: '"' | "'" | '\\' | undefined;
}

/** What an option takes. */
export interface OptionPlan {
  readonly takes: 'text' | 'nothing';
  readonly help: string;
}
export type OptionPlans = Readonly<Record<string, OptionPlan>>;

/** Words and options of a line, after the verb. */
export interface ReadLine {
  readonly words: readonly string[];
  option(this: void, name: string): string | undefined;
  flag(this: void, name: string): boolean;
}

/** Cuts without judging: what is open or strange is for the caller to say. */
export function cutLine(line: string): Cut {
  const words: Word[] = [];
  let at = 0;
  let open: Cut['open'];
  while (at < line.length) {
    if (isSpace(line[at])) {
      at += 1;
      continue;
    }
    const start = at;
    const read = readWord(line, start);
    const isQuoted = `'"\\`.includes(line[start] ?? '');
    words.push({ text: read.text, start, end: read.end, quoted: isQuoted });
    at = read.end;
    open = read.open;
  }
  return { words, open };
}

const isSpace = (sign: string | undefined): boolean => sign === ' ' || sign === '\t';

function readWord(line: string, start: number): { text: string; end: number; open: Cut['open'] } {
  let text = '';
  let at = start;
  let quote: '"' | "'" | undefined;
  while (at < line.length) {
    const sign = line[at] ?? '';
    if (quote === undefined && isSpace(sign)) break;
    if (sign === '\\' && quote !== "'") {
      const next = line[at + 1];
      if (next === undefined) return { text, end: line.length, open: '\\' };
      text += next;
      at += 2;
      continue;
    }
    if (quote === undefined && (sign === '"' || sign === "'")) quote = sign;
    else if (sign === quote) quote = undefined;
    else text += sign;
    at += 1;
  }
  return { text, end: at, open: quote };
}

/** A word so that it is read back as it is. */
export function quoteWord(text: string): string {
  if (/^[\w.:/@+,=*-]+$/.test(text) && !text.startsWith('--')) return text;
  if (!text.includes("'")) return `'${text}'`;
  return `"${text.replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`;
}

/** The words of a whole line. Throws `E_CONSOLE_LINE` with the place. */
export function wordsOf(line: string): readonly Word[] {
  if (line.length > lineLimit) fail(`it is longer than ${lineLimit} characters`);
  const strange = /[\p{Cc}\u2028\u2029]/u.exec(line.replaceAll('\t', ' '));
  if (strange !== null) fail(`a control character stands at ${strange.index + 1}`);
  if (!isWellFormed(line)) fail('half a character stands in it');
  const { words, open } = cutLine(line);
  const last = words.at(-1);
  if (open === '\\') fail('a backslash stands at its end');
  if (open !== undefined)
    fail(`the ${open} of the word at ${(last?.start ?? 0) + 1} is not closed`);
  return words;
}

/** Parts words and options. Throws `E_USAGE`. */
export function readOptions(verb: string, all: readonly Word[], plans: OptionPlans): ReadLine {
  const words: string[] = [];
  const given = new Map<string, string>();
  for (let index = 0; index < all.length; index += 1) {
    const word = all[index];
    if (word === undefined) break;
    if (!isOption(word)) {
      words.push(word.text);
      continue;
    }
    const { name, value } = nameOf(word.text);
    const plan = Object.hasOwn(plans, name) ? plans[name] : undefined;
    if (plan === undefined) {
      const names = Object.keys(plans).map((one) => `--${one}`);
      const hint = didYouMean(`--${name}`, names) || `; it has ${names.join(', ')}`;
      throw new CellError('E_USAGE', `${verb} has no ${quoted(`--${name}`)}${hint}`);
    }
    if (given.has(name)) throw new CellError('E_USAGE', `--${name} is given twice`);
    if (plan.takes === 'nothing') {
      if (value !== undefined) throw new CellError('E_USAGE', `--${name} takes no value`);
      given.set(name, '');
      continue;
    }
    const next = value ?? valueAt(all, index + 1);
    if (next === undefined) throw new CellError('E_USAGE', `--${name} needs a value`);
    if (value === undefined) index += 1;
    given.set(name, next);
  }
  return { words, option: (name) => given.get(name), flag: (name) => given.has(name) };
}

/** A quoted word is never an option: `'--x'` is a value. */
export const isOption = ({ text, quoted: isQuoted }: Word): boolean =>
  text.startsWith('--') && text.length > 2 && !isQuoted;

/** `--name value`, or `--name=value` in one word. */
function nameOf(text: string): { name: string; value: string | undefined } {
  const at = text.indexOf('=');
  if (at === -1) return { name: text.slice(2), value: undefined };
  return { name: text.slice(2, at), value: text.slice(at + 1) };
}

function valueAt(all: readonly Word[], index: number): string | undefined {
  const word = all[index];
  return word === undefined || isOption(word) ? undefined : word.text;
}

function fail(text: string): never {
  throw new CellError('E_CONSOLE_LINE', `the line is not understood: ${text}`);
}
