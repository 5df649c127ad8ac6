// An act as a person types it: the words after the verb become the verb and the arguments of control's door.
// One reading for the command line and the console; who may, and whether it is wise, is asked elsewhere.
import { CellError } from '#contract/error.ts';
import { parseDuration } from '#contract/time.ts';
import type { Verb } from '#contract/verbs.ts';
import { scalarOf } from '#controller/typed-value.ts';
import { flowOf, tagOf, unknownName } from './show-cell.ts';
import type { ShownPicture } from './show-cell.ts';

/** The verbs as people type them. */
export const typedVerbs = ['command', 'resume', 'set', 'force', 'unforce', 'ack'] as const;
export type TypedVerb = (typeof typedVerbs)[number];

/** The words that follow the verb. */
export interface Typed {
  readonly words: readonly string[];
  option(name: string): string | undefined;
}

export interface ReadAct {
  readonly verb: Verb;
  readonly args: Readonly<Record<string, string | number | boolean | null>>;
}

/** Throws for names that the cell does not have, and `E_USAGE` for what is missing. A held command is read as `keep`. */
export function readAct(verb: TypedVerb, typed: Typed, cell: ShownPicture): ReadAct {
  const act = readWords(verb, typed, cell);
  const reason = typed.option('reason');
  if (reason === undefined || act.verb === 'keep') return act;
  return { ...act, args: { ...act.args, reason } };
}

function readWords(verb: TypedVerb, typed: Typed, cell: ShownPicture): ReadAct {
  const [first = '', second = '', third = ''] = typed.words;
  const { hello } = cell;
  switch (verb) {
    case 'command': {
      const flow = flowOf(hello, first);
      const info = flow.commands.find((candidate) => candidate.name === second);
      if (info === undefined) throw unknownName('E_ACT_COMMAND', 'command', second, flow.commands);
      const args = { flow: flow.name, name: second };
      if (info.held_ms === undefined) return { verb: 'command', args };
      return { verb: 'keep', args: { ...args, down: true } };
    }
    case 'resume':
      return { verb: 'resume', args: { flow: flowOf(hello, first).name } };
    case 'set': {
      const flow = flowOf(hello, first);
      const parameter = flow.parameters.find((candidate) => candidate.name === second);
      if (parameter === undefined)
        throw unknownName('E_ACT_PARAMETER', 'parameter', second, flow.parameters);
      const value = scalarOf(parameter.type, third);
      return { verb: 'parameter', args: { flow: flow.name, name: second, value } };
    }
    case 'force':
      return { verb: 'force', args: forceArgs(typed, cell) };
    case 'unforce':
      return { verb: 'unforce', args: { tag: tagOf(hello, first).name } };
    case 'ack':
      return { verb: 'acknowledge', args: { alarm: alarmOf(cell, first) } };
  }
}

function forceArgs(typed: Typed, { hello }: ShownPicture): ReadAct['args'] {
  const { name: tag, type } = tagOf(hello, typed.words[0] ?? '');
  const asked = typed.option('for');
  const span = parseDuration(asked ?? '');
  const reason = typed.option('reason') ?? '';
  if (span === undefined || span <= 0) {
    const wrong = asked === undefined ? '' : `, not ${asked}`;
    throw new CellError('E_USAGE', `a force needs --for and a duration, 10min or 30s${wrong}`);
  }
  if (reason.trim() === '') {
    throw new CellError('E_USAGE', 'a force needs --reason TEXT; it is recorded');
  }
  return { tag, value: scalarOf(type, typed.words[1] ?? ''), for_ms: span, reason };
}

function alarmOf({ snapshot }: ShownPicture, alarm: string): string {
  const there = Object.entries(snapshot.alarms).flatMap(([name, state]) =>
    state === null ? [] : [{ name }],
  );
  if (there.some(({ name }) => name === alarm)) return alarm;
  throw unknownName('E_ACT_ALARM', 'alarm', alarm, there);
}
