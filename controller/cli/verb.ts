// What a verb of the command line is, how its words are read, and how its answer is printed.
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { didYouMean } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/** `sysexits`: what `rebe` ends with. `verify` also gives 2 and 3. */
export const exit = { good: 0, found: 1, usage: 64, internal: 70 } as const;

/** The words after a verb, read. */
export interface Invocation {
  readonly words: readonly string[];
  readonly json: boolean;
  /** The data directory of the running cell. */
  readonly data: string;
  /** The value of an option; undefined when it was not given. */
  option(name: string): string | undefined;
  /** Every value of an option that may be given more than once. */
  list(name: string): readonly string[];
  flag(name: string): boolean;
}

export interface Verb {
  readonly name: string;
  /** The words that follow it: `FLOW NAME`. */
  readonly usage: string;
  /** One sentence or two, at most 120 characters: all verbs stand in one list. */
  readonly summary: string;
  /** What its own help page says besides. */
  readonly more?: string;
  readonly example: string;
  /** How many words it takes. */
  readonly words: readonly [least: number, most: number];
  readonly options?: Readonly<Record<string, OptionPlan>>;
  /** Not shown by `rebe help`: a process of the product, not a verb for people. */
  readonly internal?: boolean;
  /** Resolves to the exit code. */
  run(invocation: Invocation): Promise<number>;
}

export interface OptionPlan {
  readonly type: 'string' | 'boolean';
  readonly help: string;
  /** It may be given more than once. */
  readonly multiple?: true;
}

const common: Readonly<Record<string, OptionPlan>> = {
  data: { type: 'string', help: 'the data directory of the cell (default ./data)' },
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', help: 'print this' },
};

/** Reads the words after `verb`. Throws `E_USAGE`. */
export function readInvocation(
  verb: Verb,
  argv: readonly string[],
): Invocation & { help: boolean } {
  const plans = { ...common, ...verb.options };
  const options: OptionsConfig = Object.fromEntries(
    Object.entries(plans).map(([name, { type, multiple = false }]) => [name, { type, multiple }]),
  );
  const read = parse(verb, [...argv], options);
  const [least, most] = verb.words;
  const help = read.values['help'] === true;
  if (!help && (read.positionals.length < least || read.positionals.length > most)) {
    const usage = `rebe ${verb.name} ${verb.usage}`.trim();
    throw new CellError('E_USAGE', `it is \`${usage}\`, such as \`${verb.example}\``);
  }
  const value = (name: string): unknown => read.values[name];
  return {
    help,
    words: read.positionals,
    json: value('json') === true,
    data: textOf(value('data')) ?? 'data',
    option: (name) => textOf(value(name)),
    list: (name) => [value(name) ?? []].flat().filter((one) => typeof one === 'string'),
    flag: (name) => value(name) === true,
  };
}

function parse(
  verb: Verb,
  args: string[],
  options: OptionsConfig,
): { values: Readonly<Record<string, unknown>>; positionals: string[] } {
  try {
    const hidden = args.map((word) => (/^-[\d.]/.test(word) ? `${mark}${word}` : word));
    const read = parseArgs({ args: hidden, options, allowPositionals: true, strict: true });
    const values = Object.entries(read.values).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((one) => shown(one)) : shown(value),
    ]);
    return { values: Object.fromEntries(values), positionals: read.positionals.map(unmarked) };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const unknown = /^Unknown option '([^']+)'/.exec(text)?.[1];
    const names = Object.keys(options).map((name) => `--${name}`);
    const told =
      unknown === undefined
        ? `: ${text}`
        : ` has no ${unknown}${didYouMean(unknown, names) || `; it has ${names.join(', ')}`}`;
    throw new CellError('E_USAGE', `rebe ${verb.name}${told}`, { cause });
  }
}

/** A negative number is a value (`rebe set tending offset -3`), not an option: it is marked while options are read. */
const mark = '\0';
const shown = (value: unknown): unknown => (typeof value === 'string' ? unmarked(value) : value);
const unmarked = (word: string): string => (word.startsWith(mark) ? word.slice(1) : word);

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** The help page of one verb. */
export function helpOf(verb: Verb): string {
  const lines = Object.entries({ ...verb.options, ...common }).map(([name, plan]) => {
    const word = `--${name}${plan.type === 'string' ? ' VALUE' : ''}`;
    return `  ${word.padEnd(22)} ${plan.help}`;
  });
  return [
    `rebe ${verb.name} ${verb.usage}`.trim(),
    '',
    verb.summary,
    ...(verb.more === undefined ? [] : ['', verb.more]),
    '',
    ...lines,
    '',
    `Example: ${verb.example}`,
  ].join('\n');
}

/** Writes an answer: JSON when that was asked for, else the text made for people. */
export function answer(invocation: Invocation, value: unknown, text: () => string): void {
  process.stdout.write(`${invocation.json ? JSON.stringify(value) : text()}\n`);
}

/** Rows as a table with aligned columns; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
