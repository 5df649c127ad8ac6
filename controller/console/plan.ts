// What an act would do, told without doing it: what changes from what to what, what would have it refused or
// ignored now, how many others must say yes. The machine goes on meanwhile: it is what would be done at once.
import type { ActNeeds } from '#contract/act-rules.ts';
import type { ActPlan } from '#contract/console.ts';
import type { Scalar, TagInfo } from '#contract/described.ts';
import type { Code } from '#contract/error.ts';
import { hours } from '#contract/time.ts';
import type { Verb } from '#contract/verbs.ts';
import type { Hello, Snapshot, Why } from '#contract/wire.ts';
import { scalarText } from '#controller/cli/quantity.ts';
import type { ReadAct } from './read-act.ts';
import { flowOf, tagOf } from './show-cell.ts';
import type { ShownPicture } from './show-cell.ts';
import type { Shown } from './shown.ts';

type Change = ActPlan['changes'][number];
type Hold = ActPlan['holds'][number];
interface Effect {
  readonly changes: readonly Change[];
  readonly holds: readonly Hold[];
}

const longestForce = hours(8);
const hold = (code: Code, text: string): Hold => ({ code, text });
const nothing: Effect = { changes: [], holds: [] };

/** `why`: asked only of the flow of a command. */
export async function planAct(
  act: ReadAct,
  cell: ShownPicture,
  asked: {
    readonly needs: ActNeeds;
    /** What would have it refused whatever the machine does: no permission, no reason, no control. */
    readonly refusals: readonly Hold[];
    why(flow: string): Promise<Why>;
  },
): Promise<ActPlan> {
  const { verb, args } = act;
  const text = (name: string): string => String(args[name] ?? '');
  const effect =
    verb === 'command'
      ? commandEffect(cell, await asked.why(text('flow')), text('name'))
      : effectOf(verb, args, cell);
  const where = asked.needs.lacks.map((lack) => hold('E_ACT_WHERE', lack));
  return {
    verb,
    args: { ...args },
    changes: [...effect.changes],
    holds: [...asked.refusals, ...where, ...effect.holds],
    approvals: asked.needs.approvals,
  };
}

function effectOf(verb: Verb, args: ReadAct['args'], cell: ShownPicture): Effect {
  const text = (name: string): string => String(args[name] ?? '');
  switch (verb) {
    case 'parameter':
      return parameterEffect(cell, text('flow'), text('name'), args['value'] ?? null);
    case 'force':
      return forceEffect(cell, args);
    case 'unforce':
      return unforceEffect(cell, text('tag'));
    case 'acknowledge':
      return acknowledgeEffect(cell.snapshot, text('alarm'));
    case 'resume':
      return resumeEffect(cell, text('flow'));
    case 'command':
    case 'keep':
      return nothing;
  }
}

/** The transitions that wait for nothing but this command, or what holds them. */
function commandEffect({ snapshot }: ShownPicture, why: Why, name: string): Effect {
  const { flow } = why;
  const state = snapshot.flows[flow];
  if (state?.stepped === false)
    return { ...nothing, holds: [hold('E_FLOW_NOT_STEPPED', state.reason ?? 'it is not stepped')] };
  const known = why.commands.find((command) => command.name === name);
  if (known === undefined) {
    const where = Object.values(state?.regions ?? {}).map((region) => region.state);
    const ignored = `${name} is ignored in ${where.join(', ')}`;
    return { ...nothing, holds: [hold('E_ACT_COMMAND', ignored)] };
  }
  const holds = known.lacks.map((lack) => hold('E_ACT_COMMAND', `${name} lacks ${lack}`));
  const regions = new Set<string>();
  const changes = why.candidates
    // Of each region the first that waits for nothing but this command; what stays changes no state.
    .filter(({ region, to, blocking }) => {
      const fires =
        to !== undefined && blocking.length > 0 && blocking.every((one) => one === `cmd.${name}`);
      if (!fires || regions.has(region)) return false;
      regions.add(region);
      return true;
    })
    .map(({ region, from, to = from, transition }) => ({
      what: `${flow}.${region} (${transition})`,
      // The leaf that is active, where the transition is one of an outer state.
      from: state?.regions[region]?.state ?? from,
      to,
    }));
  return { changes: holds.length === 0 ? changes : [], holds };
}

function parameterEffect(
  { hello, snapshot }: ShownPicture,
  flow: string,
  name: string,
  value: Scalar,
): Effect {
  const info = flowOf(hello, flow).parameters.find((one) => one.name === name);
  const from = snapshot.flows[flow]?.parameters[name] ?? null;
  const outside = info === undefined ? undefined : outsideOf(info, value);
  const step = info?.maxStep;
  const tooFar =
    step !== undefined && typeof value === 'number' && typeof from === 'number'
      ? Math.abs(value - from) > step
      : false;
  return {
    changes: from === value ? [] : [{ what: `${flow} ${name}`, from, to: value }],
    holds: [
      ...(outside === undefined ? [] : [hold('E_ACT_VALUE', `${name} takes ${outside}`)]),
      ...(tooFar
        ? [hold('E_ACT_STEP', `${name} is ${scalarText(from)} and may change by ${step} at once`)]
        : []),
    ],
  };
}

function forceEffect({ hello, snapshot }: ShownPicture, args: ReadAct['args']): Effect {
  const info = tagOf(hello, String(args['tag']));
  const { value = null, for_ms: span } = args;
  const outside = outsideOf(info, value);
  const output = snapshot.outputs[info.name];
  return {
    changes: [{ what: info.name, from: valueOf(info, snapshot), to: value }],
    holds: [
      ...(info.kind === 'system'
        ? [hold('E_ACT_TAG', `${info.name} is the system's own and cannot be forced`)]
        : []),
      ...(outside === undefined ? [] : [hold('E_ACT_VALUE', `${info.name} takes ${outside}`)]),
      ...(typeof span === 'number' && span > longestForce
        ? [hold('E_ACT_FORCE', 'a force lasts at most 8 h')]
        : []),
      ...(output?.by === 'interlock'
        ? [hold('E_ACT_FORCE', `interlock ${output.interlock ?? ''} holds it; no force opens that`)]
        : []),
    ],
  };
}

function unforceEffect({ hello, snapshot }: ShownPicture, tag: string): Effect {
  const force = snapshot.forces[tag] ?? undefined;
  if (force === undefined)
    return { ...nothing, holds: [hold('E_ACT_TAG', `${tag} is not forced`)] };
  const output = snapshot.outputs[tag];
  const from = valueOf(tagOf(hello, tag), snapshot);
  const to = output === undefined ? 'what its device says' : output.asked;
  return { changes: [{ what: tag, from, to }], holds: [] };
}

function acknowledgeEffect({ alarms }: Snapshot, alarm: string): Effect {
  const state = alarms[alarm]?.state ?? null;
  if (state === 'acknowledged')
    return { ...nothing, holds: [hold('E_ACT_ALARM', `${alarm} is acknowledged already`)] };
  const to = state === 'returned' ? 'gone' : 'acknowledged';
  return { changes: [{ what: alarm, from: state, to }], holds: [] };
}

function resumeEffect({ snapshot }: ShownPicture, flow: string): Effect {
  if (snapshot.flows[flow]?.stepped !== false)
    return { ...nothing, holds: [hold('E_FLOW_RUNNING', `${flow} is running`)] };
  return { changes: [{ what: flow, from: 'not running', to: 'running' }], holds: [] };
}

const valueOf = ({ name }: TagInfo, snapshot: Snapshot): Scalar =>
  snapshot.outputs[name]?.v ?? snapshot.tags[name]?.v ?? null;

type Range = Pick<TagInfo, 'type' | 'values' | 'min' | 'max' | 'unit'>;

/** What it takes, where the value is not that. */
function outsideOf(info: Range | Hello['flows'][number]['parameters'][number], value: Scalar) {
  const { type, values = [], min, max, unit } = info;
  const range =
    min === undefined || max === undefined
      ? `${type}${unit === undefined ? '' : ` ${unit}`}`
      : `${type} from ${min} to ${max}${unit === undefined ? '' : ` ${unit}`}`;
  switch (type) {
    case 'bool':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'enum':
      return typeof value === 'string' && values.includes(value)
        ? undefined
        : `one of ${values.join(', ')}`;
    case 'string':
      return typeof value === 'string' ? undefined : 'text';
    case 'int':
    case 'real': {
      const fits =
        typeof value === 'number' &&
        (type === 'real' || Number.isSafeInteger(value)) &&
        value >= (min ?? -Infinity) &&
        value <= (max ?? Infinity);
      return fits ? undefined : range;
    }
  }
}

/** As people read it. */
export function showPlan(plan: ActPlan, because: readonly string[]): Shown {
  const { changes, holds, approvals } = plan;
  const others =
    approvals === 0
      ? 'nobody else must say yes'
      : `${approvals} other${approvals === 1 ? '' : 's'} must say yes: ${because.join('; ')}`;
  return {
    value: plan,
    page: {
      head: ['WHAT', 'FROM', 'TO'],
      rows: changes.map(({ what, from, to }) => [what, scalarText(from), scalarText(to)]),
      notes: [
        ...(changes.length === 0 ? ['nothing would change'] : []),
        ...holds.map(({ code, text }) => `held back: ${text} (${code})`),
        others,
        'dry run: nothing was done',
      ],
    },
  };
}
