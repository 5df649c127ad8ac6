// Random cells: a few random flows that share tags and read each other's signals, in one plan. What
// the linker would refuse is not made; what it would only warn of may be.
import { Manifest } from '#contract/cell.ts';
import { deviceId, flowName, tagName } from '#contract/name.ts';
import { milliseconds } from '#contract/time.ts';
import type { CellPlan, FlowPlan, TagPlan } from '#flows/plan.ts';
import type { Flow, InputDecl, Ranged } from '#flows/program.ts';
import { Chance } from './chance.ts';
import { randomFlow } from './random-machine.ts';

/** The cell of a seed: one to three flows. */
export function randomCell(seed: number): CellPlan {
  const chance = new Chance(seed);
  const flows = chance.times(1, 3, (index) => dressed(chance, randomFlow(seed * 7 + index)));
  const tags: TagPlan[] = [];
  const plans = flows.map((flow, index) => flowPlan(chance, flow, index, flows, tags));
  const manifest = Manifest.parse({
    cell: 'random',
    format: 'cell/1',
    scan: { settle: '300ms' },
    devices: { io: { driver: 'blueprint' } },
    tags: {},
    flows: {},
  });
  return {
    manifest,
    tags,
    tagIndex: new Map(tags.map((tag, index) => [tag.name, index])),
    flows: plans,
    flowIndex: new Map(plans.map((plan, index) => [plan.name, index])),
  };
}

/** What random flows do not have by themselves: substitutes, held commands, `sys.restarted`. */
function dressed(chance: Chance, flow: Flow): Flow {
  const restarted = flow.inputs.findIndex((input) => input.type.kind === 'bool');
  const inputs = flow.inputs.map((input, index): InputDecl => {
    if (index === restarted && chance.odds(0.4)) {
      return { ...input, name: 'sys.restarted', system: true };
    }
    const substitute = chance.odds(0.2) ? { substitute: 0 } : {};
    return { ...input, uncertainIsGood: chance.odds(0.3), latch: chance.odds(0.2), ...substitute };
  });
  return {
    ...flow,
    inputs,
    commands: flow.commands.map((command, index) => {
      const stop = chance.odds(0.3) ? ({ class: 'stop' } as const) : {};
      return index === 0 && chance.odds(0.5)
        ? { ...command, held: milliseconds(100) }
        : { ...command, ...stop };
    }),
    ctx: flow.ctx.map((variable) => ({ ...variable, retain: chance.odds(0.5) })),
    alarms: flow.alarms.map((alarm) => ({
      ...alarm,
      for: milliseconds(chance.pick([0, 0, 50, 300])),
      offDelay: milliseconds(chance.pick([0, 0, 100])),
    })),
    interlocks: flow.interlocks.map((interlock) => {
      if (interlock.kind !== 'permit') return interlock;
      const safe = flow.outputs[interlock.output]?.safe ?? 0;
      return interlock.allow.includes(safe)
        ? interlock
        : { ...interlock, allow: [...interlock.allow, safe] };
    }),
  };
}

function flowPlan(
  chance: Chance,
  flow: Flow,
  index: number,
  flows: readonly Flow[],
  tags: TagPlan[],
): FlowPlan {
  const name = `f${index}`;
  const inputs = flow.inputs.map((input) => {
    if (input.system) return -1;
    const shared = tags.findIndex(
      (tag) => tag.kind === 'input' && tag.type === input.type.kind && chance.odds(0.3),
    );
    if (shared !== -1) {
      const tag = tags[shared];
      if (tag !== undefined)
        tags[shared] = { ...tag, readBy: [...new Set([...tag.readBy, index])] };
      return shared;
    }
    const deadband = input.type.kind === 'real' && chance.odds(0.5) ? 0.5 : 0;
    const stale = milliseconds(chance.pick([60, 200, 1000]));
    const more = { kind: 'input', deadband, latch: input.latch, readBy: [index], stale } as const;
    return tags.push(tagOf(`${name}.${input.name}`, input, more)) - 1;
  });
  const outputs = flow.outputs.map((output, at) => {
    const more = { kind: 'output', driver: { flow: index, output: at } } as const;
    return tags.push(tagOf(`${name}.${output.name}`, output, more)) - 1;
  });
  const foreign = flow.foreign.map(({ type }) => {
    const other = chance.whole(0, flows.length - 1);
    const fitting = (flows[other]?.signals ?? []).flatMap((signal, at) =>
      signal.type.kind === type.kind ? [at] : [],
    );
    return fitting.length === 0
      ? { flow: -1, signal: -1 }
      : { flow: other, signal: chance.pick(fitting) };
  });
  return {
    name: flowName(name),
    flow,
    restart: 'ask',
    inputs,
    outputs,
    foreign,
    notes: flow.transitions.map(() => []),
  };
}

function tagOf(name: string, decl: Ranged, more: Partial<TagPlan>): TagPlan {
  return {
    name: tagName(name),
    kind: 'input',
    type: decl.type.kind,
    values: decl.type.kind === 'enum' ? decl.type.values : [],
    device: deviceId('io'),
    deadband: 0,
    latch: false,
    readBy: [],
    recorded: true,
    logged: false,
    ...more,
  };
}
