// The console: one line in, one answer out, executed in station for the terminal, the page and agents alike.
// Each verb asks for its own permission; what is refused is answered and recorded; no line reaches an os shell.
import { candidateLimit } from '#contract/console.ts';
import type { CompleteAsk, Completion, ConsoleAnswer, ConsoleAsk } from '#contract/console.ts';
import { didYouMean, quoted } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { Guest } from '#controller/server/routes.ts';
import { actVerbs } from './act-verbs.ts';
import { cutLine, isOption, quoteWord, readOptions, wordsOf } from './line.ts';
import type { OptionPlans, Word } from './line.ts';
import { readVerbs } from './read-verbs.ts';
import { answerOf, refusalOf } from './shown.ts';
import type { Shown } from './shown.ts';
import { pictureOf } from './verb.ts';
import type { Candidate, ConsoleParts, ConsoleVerb } from './verb.ts';

const json: OptionPlans = { json: { takes: 'nothing', help: 'answer in JSON' } };

const help: ConsoleVerb = {
  name: 'help',
  tier: 'T0',
  needs: 'view',
  usage: '[VERB]',
  summary: 'What can be asked here, or what a verb takes.',
  example: 'help set',
  words: [0, 1],
  options: {},
  candidates: (words) =>
    words.length > 0 ? [] : verbs.map(({ name, summary }) => ({ text: name, about: summary })),
  run: ({ words: [name], principal }) => (name === undefined ? list(principal) : page(find(name))),
};

const verbs: readonly ConsoleVerb[] = [...readVerbs, ...actVerbs, help];

export class Console {
  readonly #parts: ConsoleParts;
  readonly #refused: (principal: Principal, code: string, what: string) => void;

  /** `refused` hears of each line that whoever wrote it may not run. */
  constructor(
    parts: ConsoleParts,
    refused: (principal: Principal, code: string, what: string) => void,
  ) {
    this.#parts = parts;
    this.#refused = refused;
  }

  /** Answers every line; throws only when the product is at fault. */
  async run({ line, json: always }: ConsoleAsk, guest: Guest): Promise<ConsoleAnswer> {
    let asJson = always;
    try {
      const all = wordsOf(line);
      asJson ||= all.some((word) => isOption(word) && word.text === '--json');
      return answerOf(await this.#run(all, guest), asJson);
    } catch (error) {
      return answerOf(refusalOf(error), asJson);
    }
  }

  async #run([first, ...rest]: readonly Word[], guest: Guest): Promise<Shown> {
    const { principal } = guest;
    if (principal === null) throw new CellError('E_NOT_SIGNED_IN', 'the console needs a session');
    if (first === undefined) return { value: null, page: '' };
    const verb = find(first.text);
    if (!principal.permissions.has(verb.needs)) {
      this.#refused(principal, 'E_NOT_ALLOWED', `console: ${verb.name}`);
      throw new CellError('E_NOT_ALLOWED', `${verb.name} needs the permission ${verb.needs}`);
    }
    const read = readOptions(verb.name, rest, { ...verb.options, ...json });
    const [least, most] = verb.words;
    if (read.words.length < least || read.words.length > most) {
      const usage = `${verb.name} ${verb.usage}`.trim();
      throw new CellError('E_USAGE', `it is \`${usage}\`, such as \`${verb.example}\``);
    }
    const parts = this.#parts;
    return verb.run({
      ...read,
      guest,
      principal,
      parts,
      // Help and the past are there also while control was never heard.
      get cell() {
        return pictureOf(parts.cell());
      },
    });
  }

  /** What may stand at the caret. A line that is strange has no candidates. */
  complete({ line, at }: CompleteAsk, { principal }: Guest): Completion {
    const before = line.slice(0, at);
    const { words, open } = cutLine(before);
    const begun = open !== undefined || /[^ \t]$/.test(before) ? words.at(-1) : undefined;
    const whole = begun === undefined ? words : words.slice(0, -1);
    const from = begun?.start ?? before.length;
    const all = principal === null ? [] : this.#candidates(whole, begun, principal);
    const wanted = begun?.text ?? '';
    const fitting = all.filter(({ text }) => text.startsWith(wanted));
    return {
      from,
      candidates: fitting.slice(0, candidateLimit).map(({ text, about }) => ({
        text: text.startsWith('--') ? text : quoteWord(text),
        about,
      })),
      more: fitting.length > candidateLimit,
    };
  }

  #candidates(
    [first, ...rest]: readonly Word[],
    begun: Word | undefined,
    principal: Principal,
  ): readonly Candidate[] {
    const allowed = verbs.filter(({ needs }) => principal.permissions.has(needs));
    if (first === undefined)
      return allowed.map(({ name, summary }) => ({ text: name, about: summary }));
    const verb = allowed.find(({ name }) => name === first.text);
    if (verb === undefined) return [];
    const plans: OptionPlans = { ...verb.options, ...json };
    const last = rest.at(-1);
    // The value of an option is free; nobody can say what it may be.
    if (last !== undefined && isOption(last) && takesText(plans, last.text)) return [];
    if (begun?.text.startsWith('-') === true && !begun.quoted) return optionsOf(plans, rest);
    const { hello, snapshot } = this.#parts.cell();
    if (hello === undefined || snapshot === undefined) return [];
    const cell = { hello, snapshot };
    return verb.candidates?.(plainWords(plans, rest), cell) ?? [];
  }
}

const takesText = (plans: OptionPlans, text: string): boolean =>
  Object.hasOwn(plans, text.slice(2)) && plans[text.slice(2)]?.takes === 'text';

/** Words that are no options, nor the values of any. */
function plainWords(plans: OptionPlans, words: readonly Word[]): string[] {
  return words
    .filter((word, index) => {
      const before = words[index - 1];
      const isValue = before !== undefined && isOption(before) && takesText(plans, before.text);
      return !isOption(word) && !isValue;
    })
    .map(({ text }) => text);
}

function optionsOf(plans: OptionPlans, words: readonly Word[]): Candidate[] {
  const given = new Set(words.filter((word) => isOption(word)).map(({ text }) => text));
  return Object.entries(plans)
    .map(([name, { help: about }]) => ({ text: `--${name}`, about }))
    .filter(({ text }) => !given.has(text));
}

/** Throws `E_USAGE`. */
function find(name: string): ConsoleVerb {
  const verb = verbs.find((candidate) => candidate.name === name);
  if (verb !== undefined) return verb;
  const names = verbs.map((one) => one.name);
  const hint = didYouMean(name, names) || '; `help` lists them';
  throw new CellError('E_USAGE', `there is no verb ${quoted(name)}${hint}`);
}

/** Verbs, those that whoever asks may use first among their tier. */
function list(principal: Principal): Shown {
  const rows = verbs.map(({ name, usage, tier, needs, summary }) => [
    `${name} ${usage}`.trim(),
    tier,
    principal.permissions.has(needs) ? '' : `needs ${needs}`,
    summary,
  ]);
  const value = verbs.map(({ name, usage, tier, needs, summary, example, options }) => {
    return { name, usage, tier, needs, summary, example, options };
  });
  return {
    value,
    page: {
      head: ['VERB', 'TIER', '', 'WHAT'],
      rows,
      notes: [
        'Words with spaces stand in quotes: --reason "door sticks". --json answers in JSON; help VERB tells more.',
      ],
    },
  };
}

function page(verb: ConsoleVerb): Shown {
  const { name, usage, summary, example, tier, needs, options } = verb;
  const lines = Object.entries({ ...options, ...json }).map(([option, plan]) => {
    const word = `--${option}${plan.takes === 'text' ? ' VALUE' : ''}`;
    return `  ${word.padEnd(18)} ${plan.help}`;
  });
  return {
    value: { name, usage, summary, example, tier, needs, options },
    page: [
      `${name} ${usage}`.trim(),
      summary,
      `${tier}, needs the permission ${needs}`,
      '',
      ...lines,
      '',
      `Example: ${example}`,
    ].join('\n'),
  };
}
