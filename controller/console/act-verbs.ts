// T1: the verbs that act. Each is read as the command line reads it, given at station's desk, and shown with what
// became of it; with --dry-run it is told and not given.
import { ActKey } from '#contract/console.ts';
import type { ActAsk, ActPlan } from '#contract/console.ts';
import { ApprovalId } from '#contract/approval.ts';
import { CellError, codes } from '#contract/error.ts';
import { wasDone } from '#contract/outcome.ts';
import { permissionOf } from '#contract/people.ts';
import { scalarText } from '#controller/cli/quantity.ts';
import { commandOf, may } from '#controller/server/acts.ts';
import { textOf } from '#flows/explain/text.ts';
import { planAct, showPlan } from './plan.ts';
import { readAct } from './read-act.ts';
import type { ReadAct, TypedVerb } from './read-act.ts';
import { flowNames, tagNames } from './read-verbs.ts';
import { clockText } from './show-cell.ts';
import type { ShownPicture } from './show-cell.ts';
import type { Shown } from './shown.ts';
import type { AskedLine, Candidate, ConsoleVerb } from './verb.ts';

const options = {
  reason: { takes: 'text', help: 'why; it is recorded' },
  'dry-run': { takes: 'nothing', help: 'say what would change, and do nothing' },
  id: { takes: 'text', help: 'a key of your own: a repeat within the hour gets the first answer' },
  ask: { takes: 'nothing', help: 'ask another person for their yes, where one is needed' },
  approval: { takes: 'text', help: 'what another person said yes to: ap-...' },
} as const;

type Plan = Omit<ConsoleVerb, 'run' | 'tier' | 'options'> & {
  readonly name: TypedVerb;
  readonly options?: ConsoleVerb['options'];
};

const plans: readonly Plan[] = [
  {
    name: 'command',
    needs: permissionOf.command,
    usage: 'FLOW NAME --reason TEXT',
    summary: 'Gives a flow a command; a stop needs no reason.',
    example: 'command tending reset --reason "coolant filled up"',
    words: [2, 2],
    candidates: (words, cell) => (words.length === 0 ? flowNames(cell) : commands(words, cell)),
  },
  {
    name: 'resume',
    needs: permissionOf.resume,
    usage: 'FLOW --reason TEXT',
    summary: 'Lets a flow run on that waits for a person after a restart or a fault.',
    example: 'resume tending --reason "looked: nothing in the machine"',
    words: [1, 1],
    candidates: (words, cell) =>
      words.length > 0
        ? []
        : flowNames(cell).filter(({ text }) => cell.snapshot.flows[text]?.stepped === false),
  },
  {
    name: 'set',
    needs: permissionOf.parameter,
    usage: 'FLOW PARAMETER VALUE --reason TEXT',
    summary: 'Sets a parameter of a flow, inside its envelope.',
    example: 'set tending batch 50 --reason "order 1207"',
    words: [3, 3],
    candidates: (words, cell) => (words.length === 0 ? flowNames(cell) : parameters(words, cell)),
  },
  {
    name: 'force',
    needs: permissionOf.force,
    usage: 'TAG VALUE --for DURATION --reason TEXT',
    summary: 'Overrides a tag until a time, at most 8 h. It never opens an interlock.',
    example: 'force coolant.flow 12 --for 10min --reason "meter is out for calibration"',
    words: [2, 2],
    options: { for: { takes: 'text', help: 'how long: 30s, 10min, 2h; at most 8h' } },
    candidates: (words, cell) => forced(words, cell),
  },
  {
    name: 'unforce',
    needs: permissionOf.unforce,
    usage: 'TAG',
    summary: 'Ends a force.',
    example: 'unforce coolant.flow',
    words: [1, 1],
    candidates: (words, { snapshot }) =>
      words.length > 0
        ? []
        : Object.entries(snapshot.forces).flatMap(([text, force]) =>
            force === null ? [] : [{ text, about: `${scalarText(force.value)}: ${force.reason}` }],
          ),
  },
  {
    name: 'ack',
    needs: permissionOf.acknowledge,
    usage: 'ALARM',
    summary: 'Acknowledges an alarm.',
    example: 'ack tending.coolant',
    words: [1, 1],
    candidates: (words, { snapshot }) =>
      words.length > 0
        ? []
        : Object.entries(snapshot.alarms).flatMap(([text, alarm]) =>
            alarm === null || alarm.state === 'acknowledged'
              ? []
              : [{ text, about: textOf(alarm.text) }],
          ),
  },
];

export const actVerbs: readonly ConsoleVerb[] = plans.map((plan) => ({
  ...plan,
  tier: 'T1' as const,
  options: { ...plan.options, ...options },
  run: async (asked: AskedLine) => act(plan.name, asked),
}));

async function act(name: TypedVerb, asked: AskedLine): Promise<Shown> {
  const { words, option, flag, cell, guest, parts } = asked;
  const read = readAct(name, { words, option }, cell);
  if (read.verb === 'keep') {
    const held = String(read.args['name']);
    throw new CellError(
      'E_ACT_VERB',
      `${held} is held down: a button of the page, or \`rebe command\``,
    );
  }
  const id = keyOf(option('id'));
  const approval = approvalOf(option('approval'));
  if (flag('dry-run')) return dryRun(read, asked);
  if (flag('ask')) return askOthers(read, asked);
  const { receipt, done } = await parts.desk.give(guest, {
    verb: read.verb,
    args: { ...read.args },
    ...(id === undefined ? {} : { id }),
    ...(approval === undefined ? {} : { approval }),
  });
  const value = { ...receipt, done };
  if (receipt.result === 'refused') {
    const needs = parts.desk.needs(read.verb, { ...read.args });
    // Whoever prints it says the code, too.
    const page = `refused: ${receipt.reason ?? ''}`.trimEnd();
    return { code: receipt.code ?? 'E_ACT_VERB', value: { ...value, needs }, page };
  }
  if (done === null) return { value, page: 'accepted' };
  const page = `${done.outcome} (${done.code ?? `entry ${done.seq}`})`;
  // What was ignored or came too late is no success, though it was recorded.
  return { value, page, code: wasDone(done.outcome) ? undefined : 'E_ACT_IGNORED' };
}

async function askOthers(read: ReadAct, { principal, parts }: AskedLine): Promise<Shown> {
  const asked = { verb: read.verb, args: { ...read.args } };
  const view = await parts.desk.askOthers(principal, asked, Math.floor(parts.now()));
  const { id, needs, notAfter } = view.request;
  const others = `${needs} other${needs === 1 ? '' : 's'}`;
  return {
    value: view,
    page:
      `${id} waits for the yes of ${others}, until ${clockText(notAfter)} UTC.\n` +
      `Then give the same line with --approval ${id}.`,
  };
}

async function dryRun(read: ReadAct, asked: AskedLine): Promise<Shown> {
  const { cell, parts } = asked;
  const needs = parts.desk.needs(read.verb, { ...read.args });
  const plan = await planAct(read, cell, {
    needs,
    refusals: refusals(read, asked, needs.reason !== 'nobody'),
    why: async (flow) => parts.why(flow),
  });
  return showPlan(plan, needs.because);
}

const hold = (code: 'E_NOT_ALLOWED' | 'E_ACT_REASON' | 'E_CELL_NOT_RUNNING') => ({
  code,
  text: codes[code].meaning,
});

function refusals(
  { verb, args }: ReadAct,
  { principal, cell, parts }: AskedLine,
  needsReason: boolean,
): ActPlan['holds'] {
  const command = commandOf({ verb, args: { ...args } }, cell.hello);
  return [
    ...(may(principal, verb, command) ? [] : [hold('E_NOT_ALLOWED')]),
    ...(needsReason && String(args['reason'] ?? '').trim() === '' ? [hold('E_ACT_REASON')] : []),
    ...(parts.cell().up ? [] : [hold('E_CELL_NOT_RUNNING')]),
  ];
}

function keyOf(text: string | undefined): ActAsk['id'] {
  const key = ActKey.optional().safeParse(text);
  if (key.success) return key.data;
  throw new CellError('E_USAGE', `--id is ${key.error.issues[0]?.message ?? 'another key'}`);
}

function approvalOf(text: string | undefined): ActAsk['approval'] {
  const approval = ApprovalId.optional().safeParse(text);
  if (approval.success) return approval.data;
  throw new CellError('E_USAGE', '--approval is the id of one, such as ap-0123456789abcdef');
}

function commands([flow, ...more]: readonly string[], { hello }: ShownPicture): Candidate[] {
  if (more.length > 0) return [];
  const known = hello.flows.find(({ name }) => name === flow)?.commands ?? [];
  return known
    .filter(({ held_ms: held }) => held === undefined)
    .map(({ name, title, role }) => ({ text: name, about: `${textOf(title)} (${role})` }));
}

function parameters([flow, name, ...more]: readonly string[], cell: ShownPicture): Candidate[] {
  const known = cell.hello.flows.find((one) => one.name === flow)?.parameters ?? [];
  const values = cell.snapshot.flows[flow ?? '']?.parameters ?? {};
  if (name === undefined) {
    return known.map((one) => ({
      text: one.name,
      about: `${scalarText(values[one.name])} ${one.unit ?? ''} ${rangeOf(one)}`.trim(),
    }));
  }
  const info = known.find((one) => one.name === name);
  return more.length > 0 || info === undefined ? [] : valuesOf(info);
}

function forced([tag, ...more]: readonly string[], cell: ShownPicture): Candidate[] {
  const { hello } = cell;
  if (tag === undefined) {
    const system = new Set(
      hello.tags.filter(({ kind }) => kind === 'system').map(({ name }) => name),
    );
    return tagNames(cell).filter(({ text }) => !system.has(text));
  }
  const info = hello.tags.find(({ name }) => name === tag);
  return more.length > 0 || info === undefined ? [] : valuesOf(info);
}

type Valued = Pick<ShownPicture['hello']['tags'][number], 'type' | 'values' | 'min' | 'max'>;

const valuesOf = ({ type, values = [] }: Pick<Valued, 'type' | 'values'>): Candidate[] =>
  (type === 'bool' ? ['true', 'false'] : values).map((text) => ({ text, about: '' }));

const rangeOf = ({ min, max }: Pick<Valued, 'min' | 'max'>): string =>
  min === undefined || max === undefined ? '' : `(${min} to ${max})`;
