// Random flows and random scans for them: nesting, regions, timers, edges, memory, stays and
// every quality of an input. What it makes need not make sense, only be well formed.
import { milliseconds } from '#contract/time.ts';
import { moore } from '#flows/engine/engine.ts';
import type { Configuration, Frame } from '#flows/engine/engine.ts';
import type {
  AlarmDecl,
  AssumeDecl,
  CtxDecl,
  Expr,
  Flow,
  FlowType,
  InterlockDecl,
  RegionDecl,
  StateDecl,
  TransitionDecl,
} from '#flows/program.ts';
import { Chance } from './chance.ts';
import {
  inputsOf,
  memoryOf,
  randomEdge,
  randomExpression,
  randomValue,
} from './random-expression.ts';
import type { Names } from './random-expression.ts';

const span = { start: 0, end: 0 };
const bool: FlowType = { kind: 'bool' };
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** The flow of a seed. */
export function randomFlow(seed: number): Flow {
  return new Maker(new Chance(seed)).flow(seed);
}

class Maker {
  readonly #chance: Chance;
  readonly #states: Mutable<StateDecl>[] = [];
  readonly #regions: Mutable<RegionDecl>[] = [];
  readonly #transitions: TransitionDecl[] = [];
  readonly #holds: number[] = [];
  /** By ctx variable: the only region that drives it. */
  readonly #drivers: number[] = [];

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  flow(seed: number): Flow {
    const chance = this.#chance;
    const type = this.#types();
    const inputs = chance.times(2, 5, (index) => this.#input(index, type()));
    const params = chance.times(0, 2, (index) => {
      const one = type();
      return { name: `p${index}`, type: one, init: randomValue(chance, one), advice: false };
    });
    const signals = chance.times(0, 3, (index) => {
      const one = type();
      return { name: `g${index}`, type: one, idle: randomValue(chance, one) };
    });
    const outputs = chance.times(1, 3, (index) => {
      const one = type();
      const [safe, idle] = [randomValue(chance, one), randomValue(chance, one)];
      return { name: `o${index}`, title: `o${index}`, type: one, safe, idle, span };
    });
    const commands = chance.times(0, 2, (index) => {
      return { name: `c${index}`, title: '', role: 'anyone', class: 'other' } as const;
    });
    const foreign = chance.times(0, 2, (index) => {
      return { flow: 'other', signal: `f${index}`, type: type(), span };
    });
    const regionCount = chance.whole(1, 4);
    const ctx = chance.times(0, 4, (index) => this.#variable(index, type(), regionCount));
    for (let region = 0; region < regionCount; region += 1) this.#region(region);
    const interlockCount = chance.whole(0, 3);
    const names: Names = {
      inputs,
      commands: commands.length,
      signals,
      foreign,
      ctx,
      params,
      lets: [],
      states: this.#states.length,
      interlocks: interlockCount,
      edges: [],
    };
    const lets: { name: string; expr: Expr }[] = [];
    const all = { ...names, lets };
    for (let index = chance.whole(0, 3); index > 0; index -= 1) {
      lets.push({ name: `l${lets.length}`, expr: randomExpression(chance, all, type(), 3) });
    }
    this.#fill(all, ctx, outputs, signals);
    const interlocks = Array.from({ length: interlockCount }, (_, index) =>
      this.#interlock(index, inputsOf(all), outputs.length),
    );
    return {
      name: `random-${seed}`,
      version: 1,
      scan: milliseconds(20),
      inputs,
      commands,
      outputs,
      signals,
      foreign,
      ctx,
      params,
      lets,
      regions: this.#regions,
      states: this.#states,
      transitions: this.#transitions,
      edges: all.edges,
      holds: this.#holds,
      interlocks,
      properties: [],
      alarms: chance.times(0, 2, (index) => this.#alarm(index, all)),
      assumes: chance.times(0, 1, (index): AssumeDecl => {
        return { name: `s${index}`, expr: randomExpression(chance, all, bool, 3) };
      }),
    };
  }

  #types(): () => FlowType {
    const choice: FlowType = { kind: 'enum', values: ['none', 'load', 'unload'] };
    const all: FlowType[] = [bool, bool, bool, { kind: 'int' }, { kind: 'real' }, choice];
    return () => this.#chance.pick(all);
  }

  #input(index: number, type: FlowType) {
    return {
      name: `i${index}`,
      title: `i${index}`,
      type,
      stale: milliseconds(200),
      uncertainIsGood: false,
      latch: false,
      system: false,
      span,
    };
  }

  #variable(index: number, type: FlowType, regions: number): CtxDecl {
    this.#drivers.push(this.#chance.whole(0, regions - 1));
    const number = type.kind === 'int' || type.kind === 'real';
    const range = number ? { min: -3, max: this.#chance.whole(1, 6) } : {};
    const init = number ? 0 : randomValue(this.#chance, type);
    return { name: `v${index}`, type, init, retain: this.#chance.odds(0.5), ...range };
  }

  #region(index: number): void {
    const region: Mutable<RegionDecl> = {
      name: `r${index}`,
      initial: -1,
      states: [],
      go: [],
      span,
    };
    this.#regions.push(region);
    const outer = this.#chance.times(2, 4, (at) => this.#state(`s${at}`, index, -1, 0));
    region.initial = this.#chance.pick(outer);
  }

  #state(name: string, region: number, parent: number, depth: number): number {
    const chance = this.#chance;
    const index = this.#states.length;
    const around = this.#states[parent]?.path ?? this.#regions[region]?.name;
    const state: Mutable<StateDecl> = {
      path: `${around}.${name}`,
      name,
      title: name,
      region,
      parent,
      children: [],
      initial: -1,
      rest: true,
      outputs: [],
      signals: [],
      entry: [],
      go: [],
      span,
    };
    this.#states.push(state);
    this.#regions[region]?.states.push(index);
    if (depth < 3 && chance.odds(0.3)) {
      state.children = chance.times(1, 3, (at) => this.#state(`s${at}`, region, index, depth + 1));
      state.initial = chance.pick(state.children);
    }
    return index;
  }

  /** What the states do and when they are left, now that all of them are known. */
  #fill(
    names: Names,
    ctx: readonly CtxDecl[],
    outputs: readonly { type: FlowType }[],
    signals: readonly { type: FlowType }[],
  ): void {
    const chance = this.#chance;
    for (const [index, region] of this.#regions.entries()) {
      const driven = ctx.flatMap((_, at) => (this.#drivers[at] === index ? [at] : []));
      const outer = region.states.filter((state) => this.#states[state]?.parent === -1);
      // Few transitions of the region and of outer states, or the inner ones never come to fire.
      const own = chance.times(0, chance.odds(0.4) ? 1 : 0, () =>
        this.#transition(names, ctx, index, -1, outer, driven),
      );
      region.go = own;
      for (const at of region.states) {
        const state = this.#states[at];
        if (state === undefined) continue;
        for (const [output, { type }] of outputs.entries()) {
          const mine = output % this.#regions.length === index;
          if (mine && chance.odds(0.3))
            state.outputs.push({ output, value: randomValue(chance, type) });
        }
        for (const [signal, { type }] of signals.entries()) {
          const mine = signal % this.#regions.length === index;
          if (mine && chance.odds(0.4))
            state.signals.push({ signal, value: randomValue(chance, type) });
        }
        state.entry = chance.some(driven, 0.25).map((variable) => {
          const type = ctx[variable]?.type ?? bool;
          return { ctx: variable, expr: randomExpression(chance, memoryOf(names), type, 2) };
        });
        state.go = chance.times(state.initial === -1 ? 1 : 0, state.initial === -1 ? 3 : 1, () =>
          this.#transition(names, ctx, index, at, state.children, driven),
        );
      }
    }
  }

  #transition(
    names: Names,
    ctx: readonly CtxDecl[],
    region: number,
    holder: number,
    children: readonly number[],
    driven: readonly number[],
  ): number {
    const chance = this.#chance;
    const index = this.#transitions.length;
    const stays = chance.odds(0.12);
    const to = stays ? -1 : chance.pick(this.#regions[region]?.states ?? []);
    const held = !stays && chance.odds(0.2);
    const timed = !stays && holder !== -1 && chance.odds(0.2);
    const when = stays
      ? randomEdge(chance, names, 1)
      : chance.odds(timed || held ? 0.5 : 0.75)
        ? randomExpression(chance, names, bool, 3)
        : undefined;
    const unless =
      chance.odds(0.25) || (when === undefined && !timed)
        ? randomExpression(chance, names, bool, 3)
        : undefined;
    if (held) this.#holds.push(index);
    this.#transitions.push({
      id: `T${index}`,
      region,
      holder,
      to,
      notes: [],
      span,
      ...(when === undefined ? {} : { when }),
      ...(unless === undefined ? {} : { unless }),
      ...(timed ? { after: milliseconds(chance.whole(1, 90)) } : {}),
      ...(held ? { for: milliseconds(chance.whole(1, 60)) } : {}),
      hold: held ? this.#holds.length - 1 : -1,
      except: chance.odds(0.3) ? chance.some(children, 0.5) : [],
      set: chance.some(driven, 0.4).map((variable) => {
        const type = ctx[variable]?.type ?? bool;
        return { ctx: variable, expr: randomExpression(chance, names, type, 2) };
      }),
      domain: stays ? -1 : this.#domain(holder, to),
    });
    return index;
  }

  /** The deepest state that is neither left nor entered. */
  #domain(holder: number, to: number): number {
    const around = (state: number): number[] => {
      const parent = this.#states[state]?.parent ?? -1;
      return parent === -1 ? [] : [parent, ...around(parent)];
    };
    if (holder === -1) return -1;
    const above = around(to);
    if (above.includes(holder)) return holder;
    return around(holder).find((state) => above.includes(state)) ?? -1;
  }

  #interlock(index: number, names: Names, outputs: number): InterlockDecl {
    const chance = this.#chance;
    const name = `k${index}`;
    const output = chance.whole(0, outputs - 1);
    const expr = randomExpression(chance, names, bool, 3);
    switch (chance.whole(0, 3)) {
      case 0:
        return { name, kind: 'exclusive', outputs: [output], latch: true, span };
      case 1:
        return { name, kind: 'limit', output, max: 1, unless: expr, span };
      case 2:
        return { name, kind: 'limit', output, max: 1, span };
      default:
        return { name, kind: 'permit', output, permit: expr, allow: [0], latch: true, span };
    }
  }

  #alarm(index: number, names: Names): AlarmDecl {
    return {
      name: `a${index}`,
      sense: 'when',
      priority: 3,
      text: 'a',
      expr: randomExpression(this.#chance, names, bool, 3),
      for: milliseconds(0),
      offDelay: milliseconds(0),
    };
  }
}

/** Moves a frame on to the next scan: some inputs change, some become unknown, time passes. */
export function nextFrame(
  chance: Chance,
  flow: Flow,
  frame: Frame,
  configuration: Configuration,
): void {
  frame.now += chance.whole(1, 30);
  for (const [index, { type }] of flow.inputs.entries()) {
    if (!chance.odds(0.25)) continue;
    const bad = chance.odds(0.2);
    frame.own[index] = bad ? Number.NaN : randomValue(chance, type);
    frame.ownGood[index] = bad ? 0 : 1;
    // A force or a substitute: the flow sees another value than the device gave.
    const stood = chance.odds(0.1);
    frame.values[index] = stood ? randomValue(chance, type) : (frame.own[index] ?? Number.NaN);
    frame.good[index] = stood ? chance.whole(0, 1) : bad ? 0 : 1;
  }
  frame.commands.fill(0);
  if (flow.commands.length > 0 && chance.odds(0.3)) {
    frame.commands[chance.whole(0, flow.commands.length - 1)] = 1;
  }
  for (const [index, { type }] of flow.params.entries()) {
    if (chance.odds(0.02)) frame.params[index] = randomValue(chance, type);
  }
  for (const [index, { type }] of flow.foreign.entries()) {
    if (chance.odds(0.1)) {
      frame.foreign[index] = chance.odds(0.3) ? Number.NaN : randomValue(chance, type);
    }
  }
  for (const index of flow.interlocks.keys()) frame.trips[index] = chance.odds(0.2) ? 1 : 0;
  moore(flow, configuration.leaves, new Float64Array(flow.outputs.length), frame.signals);
}
