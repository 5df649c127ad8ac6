// How an act that a scan took stands in its `act` entry, and back again: names for indices, and all
// that a replay needs. Acts that no scan takes (refused ones, keep-alives) are not its business.
import { CellError, present } from '#contract/error.ts';
import type { Json } from '#contract/canonical.ts';
import { toJsonValue } from '#contract/sample.ts';
import type { ScanAct } from '#flows/engine/scan.ts';
import { readValue, saveValue } from '#flows/engine/saved.ts';
import { numberOf, valueOf } from '#flows/engine/values.ts';
import type { CellPlan, FlowPlan } from '#flows/plan.ts';

/** What the `act` entry says of it, beside id, actor and outcome. */
export interface RecordedAct {
  readonly verb: string;
  readonly args: Readonly<Record<string, Json>>;
}

export function recordAct(plan: CellPlan, act: ScanAct): RecordedAct {
  const why = act.reason === undefined ? {} : { reason: act.reason };
  return { verb: act.kind, args: { ...argsOf(plan, act), ...why } };
}

/** Throws `E_CHRONICLE_FORMAT` when it names what the cell does not have. */
export function readAct(
  plan: CellPlan,
  entry: RecordedAct & { readonly id: string; readonly actor: string },
): ScanAct {
  const { id, actor, verb, args } = entry;
  const read = new Args(plan, entry);
  switch (verb) {
    case 'command':
      return { kind: 'command', id, actor, ...read.named('command', 'commands') };
    case 'parameter': {
      const { flow, param } = read.named('param', 'params');
      const decl = present(plan.flows[flow]?.flow.params[param], 'a parameter of the flow');
      const value = numberOf(decl, readValue(read.value()));
      if (Number.isNaN(value)) read.fail('value');
      return { kind: 'parameter', id, actor, flow, param, value };
    }
    case 'force': {
      const { until, reason } = args;
      if (typeof until !== 'number' || typeof reason !== 'string') return read.fail('until');
      return {
        kind: 'force',
        id,
        actor,
        tag: read.tag(),
        value: readValue(read.value()),
        until,
        reason,
      };
    }
    case 'unforce':
      return { kind: 'unforce', id, actor, tag: read.tag() };
    case 'acknowledge':
      return { kind: 'acknowledge', id, actor, alarm: read.text('alarm') };
    case 'resume':
      return { kind: 'resume', id, actor, flow: read.flow() };
    default:
      return read.fail('verb');
  }
}

function argsOf(plan: CellPlan, act: ScanAct): Readonly<Record<string, Json>> {
  const flowOf = (index: number): FlowPlan => present(plan.flows[index], 'a flow of the cell');
  const tagOf = (index: number): string => present(plan.tags[index], 'a tag of the cell').name;
  switch (act.kind) {
    case 'command': {
      const { name, flow } = flowOf(act.flow);
      const command = present(flow.commands[act.command], 'a command').name;
      return { flow: name, name: command };
    }
    case 'parameter': {
      const { name, flow } = flowOf(act.flow);
      const decl = present(flow.params[act.param], 'a parameter');
      return { flow: name, name: decl.name, value: toJsonValue(valueOf(decl, act.value)) };
    }
    case 'force': {
      const { until } = act;
      // `until` in the time of scans: the force ends in the same scan when it is replayed.
      return { tag: tagOf(act.tag), value: saveValue(act.value), until };
    }
    case 'unforce':
      return { tag: tagOf(act.tag) };
    case 'acknowledge':
      return { alarm: act.alarm };
    case 'resume':
      return { flow: flowOf(act.flow).name };
  }
}

/** Reads the arguments of one entry. */
class Args {
  readonly #plan: CellPlan;
  readonly #entry: RecordedAct & { readonly id: string };

  constructor(plan: CellPlan, entry: RecordedAct & { readonly id: string }) {
    this.#plan = plan;
    this.#entry = entry;
  }

  text(key: string): string {
    const text = this.#entry.args[key];
    return typeof text === 'string' ? text : this.fail(key);
  }

  flow(): number {
    return this.#plan.flowIndex.get(this.text('flow')) ?? this.fail('flow');
  }

  tag(): number {
    return this.#plan.tagIndex.get(this.text('tag')) ?? this.fail('tag');
  }

  value(): Parameters<typeof readValue>[0] {
    const value = this.#entry.args['value'];
    if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) {
      return value as boolean | number | string | null;
    }
    if (typeof value === 'object' && !Array.isArray(value)) {
      const { int } = value as { readonly int?: Json };
      if (typeof int === 'string') return { int };
    }
    return this.fail('value');
  }

  named<Key extends 'command' | 'param'>(
    key: Key,
    list: 'commands' | 'params',
  ): { flow: number } & Record<Key, number> {
    const flow = this.flow();
    const name = this.text('name');
    const index = this.#plan.flows[flow]?.flow[list].findIndex((one) => one.name === name) ?? -1;
    if (index === -1) this.fail('name');
    return { flow, [key]: index } as { flow: number } & Record<Key, number>;
  }

  fail(what: string): never {
    const { id, verb } = this.#entry;
    throw new CellError('E_CHRONICLE_FORMAT', `act ${id}: ${verb} with a ${what} not of this cell`);
  }
}
