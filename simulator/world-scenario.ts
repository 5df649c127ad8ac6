// Plays a scenario on a world: what it does, in order, what was expected and not found, and a timeline of what happened.
// Virtual time only; the same scenario and seed give the same play. It reads no file.
import { CellError } from '#contract/error.ts';
import { qualityOf, type StatusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { formatDuration, milliseconds } from '#contract/time.ts';
import { numberOf, valueOf } from '#flows/engine/values.ts';
import type { FlowPlan } from '#flows/plan.ts';
import type { Expectation, Scenario, Step } from '#flows/scenario.ts';
import type { World } from './world.ts';

/** One thing that happened, at ms since the world's start. */
export interface Happened {
  readonly at: number;
  readonly text: string;
}

export interface Played {
  /** Virtual ms that the scenario took. */
  readonly took: number;
  /** Where it ended, and why; absent when everything was as expected. */
  readonly failure?: { readonly step: number; readonly text: string };
  readonly timeline: readonly Happened[];
}

/** Plays it from the world's start to its end or to the first thing that is not as expected. */
export function play(world: World, scenario: Scenario): Played {
  const player = new Player(world);
  for (const [step, one] of scenario.steps.entries()) {
    const wrong = player.step(one) ?? player.forbidden(scenario.never);
    if (wrong !== undefined) {
      const failure = { step, text: wrong };
      return { took: world.now, failure, timeline: player.timeline() };
    }
  }
  return { took: world.now, timeline: player.timeline() };
}

class Player {
  readonly #world: World;
  readonly #told: Happened[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Undefined, or what was not as expected. */
  step(step: Step): string | undefined {
    try {
      if ('expect' in step) return this.#expect(step);
      this.#do(step);
      return undefined;
    } catch (error) {
      if (error instanceof CellError) return error.message;
      throw error;
    }
  }

  forbidden(never: Expectation | undefined): string | undefined {
    if (never === undefined || this.#lacks(never, 0).length > 0) return undefined;
    return 'what may never hold holds';
  }

  /** Everything that happened, in order. */
  timeline(): Happened[] {
    const world = this.#world;
    const fired = world.fired.map(({ now, flow, id }) => {
      const plan = world.plan.flows[flow]?.flow;
      const taken = plan?.transitions.find((one) => one.id === id);
      const to = taken === undefined || taken.to < 0 ? '' : ` to ${plan?.states[taken.to]?.path}`;
      return { at: now, text: `${id}${to}` };
    });
    const alarms = world.alarms.map(({ now, id, change }) => ({
      at: now,
      text: `${id} ${change}`,
    }));
    const trips = world.trips.map(({ now, interlock }) => ({
      at: now,
      text: `${interlock} trips`,
    }));
    const damage = world.plant.incidents.map(({ at, text }) => ({ at, text: `damage: ${text}` }));
    return [...this.#told, ...fired, ...alarms, ...trips, ...damage].toSorted(
      (a, b) => a.at - b.at,
    );
  }

  #expect(step: Extract<Step, { expect: unknown }>): string | undefined {
    const flow = this.#flow(step.flow);
    const within = step.within ?? milliseconds(0);
    // What it lacked when it came closest says more than what it lacks at the end.
    let closest = this.#lacks(step.expect, flow);
    const holds = (): boolean => {
      const lacks = this.#lacks(step.expect, flow);
      if (lacks.length <= closest.length) closest = lacks;
      return lacks.length === 0;
    };
    if (this.#world.runUntil(holds, within)) return undefined;
    const lacks = closest.join('; ');
    return within === 0 ? lacks : `not within ${formatDuration(within)}: ${lacks}`;
  }

  #do(step: Exclude<Step, { expect: unknown }>): void {
    const world = this.#world;
    if ('wait' in step) world.run(step.wait);
    else if ('fault' in step) {
      const [target = '', kind = ''] = step.fault.split(' ');
      const more = step.for === undefined ? {} : { lasts: step.for };
      this.#tell(world.fault(target, kind, more));
    } else if ('clear' in step) {
      world.clear(step.clear === 'all' ? undefined : step.clear);
      this.#tell(`faults of ${step.clear} cleared`);
    } else if ('restart' in step) {
      this.#tell('control dies');
      world.restart(step.restart);
      world.run(step.restart);
    } else this.#ask(step, this.#flow(step.flow));
  }

  #ask(step: Extract<Step, { flow?: string | undefined }>, flow: number): void {
    if ('command' in step) {
      this.#command(step.command, flow);
      this.#tell(`command ${step.command}`);
      this.#world.command(step.command, flow);
    } else if ('hold' in step) {
      this.#command(step.hold, flow);
      this.#tell(`${step.hold} held for ${formatDuration(step.for)}`);
      this.#world.hold(step.hold, step.for, flow);
      this.#world.run(step.for);
    } else if ('set' in step) this.#set(flow, step.set);
  }

  #command(name: string, flow: number): void {
    const { commands } = this.#plan(flow).flow;
    if (commands.some((one) => one.name === name)) return;
    const known = commands.map((one) => one.name).join(', ');
    throw unknownName(`there is no command ${name}`, known);
  }

  #tell(text: string): void {
    this.#told.push({ at: this.#world.now, text });
  }

  #flow(name: string | undefined): number {
    const { flows } = this.#world.plan;
    if (name === undefined && flows.length === 1) return 0;
    const found = flows.findIndex((flow) => flow.name === name);
    if (found >= 0) return found;
    const names = flows.map((flow) => flow.name).join(', ');
    throw unknownName(name === undefined ? 'say which flow' : `there is no flow ${name}`, names);
  }

  #set(flow: number, values: Readonly<Record<string, Value>>): void {
    const { params } = this.#plan(flow).flow;
    for (const [name, value] of Object.entries(values)) {
      const param = params.findIndex((one) => one.name === name);
      const decl = params[param];
      if (decl === undefined) {
        throw unknownName(
          `there is no parameter ${name}`,
          params.map((one) => one.name).join(', '),
        );
      }
      const number = numberOf(decl, value);
      if (Number.isNaN(number)) throw unknownName(`${name} cannot be ${String(value)}`, '');
      this.#tell(`${name} set to ${String(value)}`);
      this.#world.ask({ kind: 'parameter', flow, param, value: number });
    }
  }

  #plan(flow: number): FlowPlan {
    const plan = this.#world.plan.flows[flow];
    if (plan === undefined) throw unknownName('there is no such flow', '');
    return plan;
  }

  /** What of it does not hold now, for people; empty when all of it holds. */
  #lacks(expected: Expectation, flow: number): string[] {
    const world = this.#world;
    const lacks: string[] = [];
    const check = (what: string, wanted: unknown, is: unknown): void => {
      if (wanted !== is) lacks.push(`${what} is ${String(is)}, not ${String(wanted)}`);
    };
    for (const path of list(expected.state)) {
      const active = this.#active(path, flow);
      if (active !== path && !active.startsWith(`${path}.`)) {
        lacks.push(`${active} is active, not ${path}`);
      }
    }
    for (const [name, wanted] of Object.entries(expected.output ?? {})) {
      check(name, wanted, world.output(this.#tag(name)));
    }
    for (const [name, wanted] of Object.entries(expected.tag ?? {})) {
      check(name, wanted, world.tag(this.#tag(name)).value);
    }
    for (const [name, wanted] of Object.entries(expected.quality ?? {})) {
      check(
        `the quality of ${name}`,
        wanted,
        qualityOf(world.tag(this.#tag(name)).status as StatusCode),
      );
    }
    for (const [name, wanted] of Object.entries(expected.ctx ?? {})) {
      check(`ctx.${name}`, wanted, this.#ctx(name, flow));
    }
    const raised = this.#raised();
    for (const id of list(expected.alarm)) {
      if (!raised.has(id)) lacks.push(`alarm ${id} is not raised`);
    }
    if (expected.trips !== undefined) check('trips', expected.trips, world.trips.length);
    if (expected.incidents !== undefined) {
      check('damage', expected.incidents, world.plant.incidents.length);
    }
    return lacks;
  }

  /** The active leaf of the region of this path. */
  #active(path: string, flow: number): string {
    const { states } = this.#plan(flow).flow;
    if (!states.some((state) => state.path === path)) {
      const region = path.split('.')[0];
      const near = states.map((state) => state.path).filter((one) => one.startsWith(`${region}.`));
      throw unknownName(`there is no state ${path}`, near.join(', '));
    }
    return this.#world.state(path.split('.')[0] ?? '', flow);
  }

  #tag(name: string): string {
    if (this.#world.plan.tagIndex.has(name)) return name;
    throw unknownName(`there is no tag ${name}`, '');
  }

  #ctx(name: string, flow: number): Value {
    const { ctx } = this.#plan(flow).flow;
    const decl = ctx.find((one) => one.name === name);
    if (decl !== undefined) return valueOf(decl, this.#world.ctx(name, flow));
    throw unknownName(`there is no ctx ${name}`, ctx.map((one) => one.name).join(', '));
  }

  #raised(): ReadonlySet<string> {
    const raised = new Set<string>();
    for (const { id, change } of this.#world.alarms) {
      if (change === 'raised') raised.add(id);
      if (change === 'cleared') raised.delete(id);
    }
    return raised;
  }
}

const list = (some: string | readonly string[] | undefined): readonly string[] =>
  typeof some === 'string' ? [some] : (some ?? []);

const unknownName = (text: string, known: string): CellError =>
  new CellError('E_SCENARIO_NAME', known === '' ? text : `${text}; there are ${known}`);
