// What acts ask for besides a permission, as data: a reason, a second person, where the machine must be.
// Control's door and station judge by it, pages and dry runs show it; nothing else decides what is hazardous.
import type { Hello, RegionState } from './wire.ts';
import type { Verb } from './verbs.ts';

/** `typed`: whoever types the act or has a program give it; a button says what it is for. `everybody`: a page too. */
export type SaysWhy = 'nobody' | 'typed' | 'everybody';

/** One rule; it holds for an act that has all that it names. */
export interface ActRule {
  readonly verb: Verb;
  /** Of a force: only of outputs. */
  readonly output?: true;
  /** Of a command: only of these classes. */
  readonly class?: readonly ('stop' | 'start' | 'other')[];
  /** Of a force: only when it lasts longer, in ms. */
  readonly longer_ms?: number;
  /** Who must say why, which is recorded. */
  readonly reason?: Exclude<SaysWhy, 'nobody'>;
  /** How many others must say yes. */
  readonly approvals?: number;
  /** One of these states is active, in a flow that has any of them: of an output, in the flow that drives it. */
  readonly states?: readonly string[];
  /** Why, for people. */
  readonly text: string;
}

const handsOn = ['mode.Manual', 'mode.Maintenance'] as const;

export const actRules: readonly ActRule[] = [
  { verb: 'command', class: ['start', 'other'], reason: 'typed', text: 'it may move the machine' },
  { verb: 'parameter', reason: 'everybody', text: 'it changes how the machine works' },
  { verb: 'resume', reason: 'typed', text: 'it lets a flow run on' },
  { verb: 'force', reason: 'everybody', text: 'it hides what the device says' },
  { verb: 'force', output: true, states: handsOn, text: 'an output is forced by hand only' },
  {
    verb: 'force',
    output: true,
    longer_ms: 600_000,
    approvals: 1,
    text: 'an output is forced for more than 10 min',
  },
];

/** What a cell shows of itself, as far as rules look at it. */
export interface ShownCell {
  readonly hello: Pick<Hello, 'flows' | 'tags'>;
  readonly snapshot: {
    readonly flows: Readonly<
      Record<string, { readonly regions: Readonly<Record<string, Pick<RegionState, 'state'>>> }>
    >;
  };
}

/** What an act asks for, here and now. */
export interface ActNeeds {
  readonly reason: SaysWhy;
  readonly approvals: number;
  /** Where the machine must be and is not, in words; empty: it is there. */
  readonly lacks: readonly string[];
  /** Why others must say yes, of each rule that asks for it. */
  readonly because: readonly string[];
}

/** Judges an act by all rules. Arguments are those of `verbArgs`; what the cell does not have fits no rule of it. */
export function needsOf(
  verb: string,
  args: Readonly<Record<string, unknown>>,
  cell: ShownCell,
  rules: readonly ActRule[] = actRules,
): ActNeeds {
  const held = rules.filter((rule) => rule.verb === verb && fits(rule, args, cell));
  return {
    reason: strictest(held),
    approvals: Math.max(0, ...held.map((rule) => rule.approvals ?? 0)),
    lacks: held.flatMap((rule) => lackOf(rule, args, cell) ?? []),
    because: held.filter(({ approvals = 0 }) => approvals > 0).map(({ text }) => text),
  };
}

const strictest = (held: readonly ActRule[]): SaysWhy =>
  (['everybody', 'typed'] as const).find((who) => held.some(({ reason }) => reason === who)) ??
  'nobody';

function fits(rule: ActRule, args: Readonly<Record<string, unknown>>, cell: ShownCell): boolean {
  const { flow, name, tag, for_ms: span } = args;
  const command = cell.hello.flows
    .find((info) => info.name === flow)
    ?.commands.find((info) => info.name === name);
  const info = cell.hello.tags.find((known) => known.name === tag);
  if (rule.output === true && info?.kind !== 'output') return false;
  if (rule.class !== undefined && !rule.class.includes(command?.class ?? 'other')) return false;
  return rule.longer_ms === undefined || (typeof span === 'number' && span > rule.longer_ms);
}

function lackOf(
  { states = [], text }: ActRule,
  args: Readonly<Record<string, unknown>>,
  { hello, snapshot }: ShownCell,
): string | undefined {
  if (states.length === 0) return undefined;
  const tag = hello.tags.find(({ name }) => name === args['tag']);
  const flow = hello.flows.find(({ name }) => name === (tag?.flow ?? args['flow']));
  if (flow === undefined) return undefined;
  const paths = new Set(flow.regions.flatMap((region) => region.states.map(({ path }) => path)));
  const known = states.filter((state) => paths.has(state));
  // A flow that knows no such state has no hands to wait for.
  if (known.length === 0) return undefined;
  const active = Object.values(snapshot.flows[flow.name]?.regions ?? {}).map(({ state }) => state);
  const there = known.some((state) =>
    active.some((leaf) => leaf === state || leaf.startsWith(`${state}.`)),
  );
  return there ? undefined : `${text}: ${flow.name} is not in ${known.join(' or ')}`;
}
