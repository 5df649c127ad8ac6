// Every name in a scenario held against the cell and the machine that it is of, before anything is played: each that does
// not exist is told at its place, with the one that was probably meant.
import { nearest, quoted } from '#contract/diagnostic.ts';
import type { Diagnostic } from '#contract/diagnostic.ts';
import type { Value } from '#contract/sample.ts';
import type { Path } from '#flows/document.ts';
import { kindsOf } from '#flows/engine/flow-alarms.ts';
import { numberOf } from '#flows/engine/values.ts';
import type { CellPlan, FlowPlan } from '#flows/plan.ts';
import type { Expectation, Scenario, ScenarioRead, Step } from '#flows/scenario.ts';
import { deviceFaults } from '#simulator/faults.ts';
import { plantActNames } from '#simulator/plant/plant.ts';

/** What a scenario may name beside its cell. */
export interface Machine {
  readonly devices: readonly string[];
  /** Figures of the machine. */
  readonly figures: readonly string[];
}

/** Where things stand in the text. */
interface Source extends Pick<ScenarioRead, 'place' | 'keyPlace'> {
  readonly file: string;
}

/** What is wrong with the names of a scenario; none when it can be played. */
export function checkNames(
  scenario: Pick<Scenario, 'steps' | 'never'>,
  plan: CellPlan,
  machine: Machine,
  source: Source,
): Diagnostic[] {
  const names = new Names(plan, machine, source);
  const never = scenario.never === undefined ? [] : [scenario.never].flat();
  for (const [index, one] of never.entries()) {
    const path = Array.isArray(scenario.never) ? ['never', index] : ['never'];
    names.expectation(one, path, plan.flows[0]);
  }
  for (const [index, step] of scenario.steps.entries()) names.step(step, ['steps', index]);
  return names.wrong;
}

class Names {
  readonly wrong: Diagnostic[] = [];
  readonly #plan: CellPlan;
  readonly #machine: Machine;
  readonly #source: Source;

  constructor(plan: CellPlan, machine: Machine, source: Source) {
    this.#plan = plan;
    this.#machine = machine;
    this.#source = source;
  }

  step(step: Step, path: Path): void {
    if ('command' in step) this.#command(step.command, [...path, 'command'], step.flow);
    else if ('hold' in step) this.#command(step.hold, [...path, 'hold'], step.flow);
    else if ('set' in step) this.#parameters(step.set, path, step.flow);
    else if ('force' in step) this.#tags(step.force, [...path, 'force']);
    else if ('unforce' in step)
      this.#one('tag', step.unforce, this.#tagNames, [...path, 'unforce']);
    else if ('acknowledge' in step) this.#alarms(step.acknowledge, [...path, 'acknowledge']);
    else if ('resume' in step) {
      this.#one('flow', step.resume, this.#flowNames, [...path, 'resume']);
    } else if ('fault' in step) this.#fault(step.fault, [...path, 'fault']);
    else if ('clear' in step) {
      const targets = [...this.#machine.devices, 'plant', 'all'];
      this.#one('device', step.clear, targets, [...path, 'clear']);
    } else if ('expect' in step) {
      this.expectation(step.expect, [...path, 'expect'], this.#flow(step.flow, path));
    }
  }

  expectation(all: Expectation, path: Path, flow: FlowPlan | undefined): void {
    const list = (field: 'state' | 'alarm' | 'noAlarm' | 'fired'): [string, Path][] => {
      const given = all[field];
      if (given === undefined) return [];
      if (typeof given === 'string') return [[given, [...path, field]]];
      return given.map((name, index) => [name, [...path, field, index]]);
    };
    for (const field of ['output', 'tag', 'quality'] as const) {
      this.#tags(all[field] ?? {}, [...path, field]);
    }
    for (const [name, at] of list('alarm')) this.#alarms(name, at);
    for (const [name, at] of list('noAlarm')) if (name !== 'all') this.#alarms(name, at);
    for (const name of Object.keys(all.machine ?? {})) {
      this.#one('figure', name, this.#machine.figures, [...path, 'machine', name], true);
    }
    if (flow === undefined) return;
    const { states, ctx, params, transitions } = flow.flow;
    const paths = states.map((state) => state.path);
    for (const [name, at] of list('state')) this.#one('state', name, paths, at);
    const ids = transitions.map(({ id }) => id);
    for (const [name, at] of list('fired')) this.#one('transition', name, ids, at);
    const memory = [
      ['ctx', ctx],
      ['param', params],
    ] as const;
    for (const [field, declared] of memory) {
      const known = declared.map(({ name }) => name);
      for (const name of Object.keys(all[field] ?? {})) {
        this.#one(field, name, known, [...path, field, name], true);
      }
    }
  }

  get #tagNames(): string[] {
    return this.#plan.tags.map(({ name }) => name);
  }

  get #flowNames(): string[] {
    return this.#plan.flows.map(({ name }) => name);
  }

  #flow(name: string | undefined, path: Path): FlowPlan | undefined {
    const { flows } = this.#plan;
    if (name === undefined && flows.length === 1) return flows[0];
    if (name === undefined) {
      this.#tell(path, `say which flow: ${this.#flowNames.join(', ')}`);
      return undefined;
    }
    this.#one('flow', name, this.#flowNames, [...path, 'flow']);
    return flows.find((one) => one.name === name);
  }

  #command(name: string, path: Path, flow: string | undefined): void {
    const found = this.#flow(flow, path.slice(0, -1));
    if (found === undefined) return;
    const known = found.flow.commands.map((one) => one.name);
    this.#one('command', name, known, path);
  }

  #parameters(given: Readonly<Record<string, Value>>, path: Path, name: string | undefined): void {
    const flow = this.#flow(name, path);
    if (flow === undefined) return;
    const { params } = flow.flow;
    for (const [param, value] of Object.entries(given)) {
      const at = [...path, 'set', param];
      const known = params.map((one) => one.name);
      const declared = params.find((one) => one.name === param);
      if (declared === undefined) this.#one('parameter', param, known, at, true);
      else if (Number.isNaN(numberOf(declared, value))) {
        this.#tell(at, `${param} cannot be ${String(value)}`);
      }
    }
  }

  #tags(given: Readonly<Record<string, unknown>>, path: Path): void {
    for (const name of Object.keys(given)) {
      this.#one('tag', name, this.#tagNames, [...path, name], true);
    }
  }

  #alarms(name: string, path: Path): void {
    if (name.startsWith('force.')) return;
    const known = this.#plan.flows.flatMap((flow) => kindsOf(flow).map(({ id }) => id));
    this.#one('alarm', name, known, path);
  }

  #fault(text: string, path: Path): void {
    const [target = '', kind = ''] = text.split(' ');
    const targets = [...this.#machine.devices, 'plant'];
    if (!targets.includes(target)) return this.#one('device', target, targets, path);
    const kinds: readonly string[] = target === 'plant' ? plantActNames : deviceFaults;
    this.#one(`fault of ${target}`, kind, kinds, path);
  }

  #one(what: string, name: string, known: readonly string[], path: Path, key = false): void {
    if (known.includes(name)) return;
    const near = nearest(name, known);
    const listed = known.length <= 24 ? `There are: ${known.join(', ')}.` : undefined;
    const hint = near === undefined ? listed : `Did you mean \`${near}\`?`;
    this.#tell(path, `there is no ${what} ${quoted(name)}`, hint, key);
  }

  #tell(path: Path, text: string, suggestion?: string, key = false): void {
    const { file, place, keyPlace } = this.#source;
    this.wrong.push({
      code: 'E_SCENARIO_NAME',
      severity: 'error',
      file,
      span: key ? keyPlace(path) : place(path),
      text,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
}
