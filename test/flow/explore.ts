// Every configuration that a small flow can reach, and every step between them: inputs that the state's transitions read,
// at most one command, and each timer elapsed or not, whatever the others are. More can happen here than in time: what
// never happens here never happens. For flows of one region, of bool inputs and commands, without edges or children.
import { assert, present } from '#contract/error.ts';
import {
  moore,
  newConfiguration,
  newFrame,
  newStepResult,
  readingOf,
} from '#flows/engine/engine.ts';
import type { Configuration, FlowEngine, Frame, StepResult } from '#flows/engine/engine.ts';
import { evaluate } from '#flows/engine/evaluate.ts';
import type { Expr, Flow, PropertyDecl } from '#flows/program.ts';
import { walkThrough } from '#flows/walk.ts';
import { importTable } from './both-engines.ts';

/** Configurations and steps past which a flow is too large for this. */
const limits = { nodes: 10_000, steps: 50_000_000 } as const;
const now = 1e12;
/** Longer ago than any timer waits. */
const longAgo = now - 1e11;

/** A configuration without its times: of a hold only whether it runs. */
export interface Node {
  readonly leaf: string;
  readonly ctx: Readonly<Record<string, number>>;
  readonly holds: readonly boolean[];
  readonly outputs: Readonly<Record<string, boolean>>;
}

/** One step that can be taken. */
export interface Step {
  readonly from: Node;
  readonly to: Node;
  readonly command: string | undefined;
  /** No timer has elapsed in it. */
  readonly still: boolean;
  readonly input: (name: string) => boolean;
}

export interface Explored {
  readonly nodes: readonly Node[];
  readonly steps: number;
  /** Transitions that were never taken. */
  readonly untaken: readonly string[];
  /** Properties that do not hold, and those that nothing ever asked. */
  readonly broken: readonly string[];
  readonly vacuous: readonly string[];
  /** What `judge` said. */
  readonly wrong: readonly string[];
}

/** All of it, or `brief` until something is wrong; `judge` says what is wrong with a step. Each thing is told once. */
export async function explore(
  flow: Flow,
  judge: (step: Step) => string | undefined,
  { brief = false } = {},
): Promise<Explored> {
  assert(flow.regions.length === 1 && flow.edges.length === 0, 'a flow of one region, no edges');
  assert(
    flow.states.every(({ children }) => children.length === 0),
    'states without children',
  );
  return new Exploration(flow, await importTable(flow), judge).all(brief);
}

class Exploration {
  readonly #flow: Flow;
  readonly #engine: FlowEngine;
  readonly #judge: (step: Step) => string | undefined;
  readonly #frame: Frame;
  readonly #result: StepResult;
  readonly #nodes = new Map<number, Node>();
  readonly #open: Node[] = [];
  /** To whom steps lead, backwards. */
  readonly #before = new Map<Node, Set<Node>>();
  readonly #taken = new Set<string>();
  readonly #wrong = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #broken = new Set<string>();
  readonly #outputs: Float64Array;
  #steps = 0;

  constructor(flow: Flow, engine: FlowEngine, judge: (step: Step) => string | undefined) {
    this.#flow = flow;
    this.#engine = engine;
    this.#judge = judge;
    this.#frame = newFrame(flow);
    this.#frame.now = now;
    this.#frame.good.fill(1);
    this.#result = newStepResult(flow);
    this.#outputs = new Float64Array(flow.outputs.length);
  }

  all(brief: boolean): Explored {
    this.#engine.reset(now);
    this.#meet();
    const enough = (): boolean => brief && this.#wrong.size + this.#broken.size > 0;
    for (let node = this.#open.shift(); node !== undefined; node = this.#open.shift())
      this.#leave(node, enough);
    this.#reach();
    const ids = this.#flow.transitions.map(({ id }) => id);
    const names = this.#flow.properties.map(({ name }) => name);
    return {
      nodes: [...this.#nodes.values()],
      steps: this.#steps,
      untaken: ids.filter((id) => !this.#taken.has(id)),
      broken: [...this.#broken],
      vacuous: names.filter((name) => !this.#asked.has(name)),
      wrong: [...this.#wrong],
    };
  }

  /** Takes every step out of it. */
  #leave(node: Node, enough: () => boolean): void {
    const flow = this.#flow;
    const leaf = this.#leafOf(node);
    const read = this.#readBy(leaf);
    const running = node.holds.flatMap((runs, index) => (runs ? [index] : []));
    const { values, own, commands } = this.#frame;
    for (let timers = 0; timers < 2 ** (running.length + 1); timers += 1) {
      const from = this.#configuration(node, leaf, { running, timers });
      for (let facts = 0; facts < 2 ** read.length && !enough(); facts += 1) {
        values.fill(0);
        for (const [at, input] of read.entries()) values[input] = (facts >> at) & 1;
        own.set(values);
        for (let command = -1; command < flow.commands.length; command += 1) {
          commands.fill(0);
          if (command >= 0) commands[command] = 1;
          this.#step(node, from, { command, still: timers === 0 });
        }
      }
    }
  }

  #step(
    from: Node,
    configuration: Configuration,
    { command, still }: { readonly command: number; readonly still: boolean },
  ): void {
    this.#steps += 1;
    assert(this.#steps < limits.steps, 'more steps than this is for');
    this.#engine.restore(configuration);
    this.#engine.step(this.#frame, this.#result);
    const { fired, count } = this.#result;
    let entered = -1;
    for (const index of fired.subarray(0, count)) {
      const { id, to } = present(this.#flow.transitions[index], 'a transition');
      this.#taken.add(id);
      if (to !== -1) entered = to;
    }
    const to = this.#meet();
    const before = this.#before.get(to) ?? new Set();
    this.#before.set(to, before.add(from));
    this.#require(configuration, entered);
    if (count > 0 && entered === -1) this.#stayed(to);
    const wrong = this.#judge({
      from,
      to,
      command: this.#flow.commands[command]?.name,
      still,
      input: (name) => this.#frame.values[this.#inputOf(name)] === 1,
    });
    if (wrong !== undefined) this.#wrong.add(wrong);
  }

  /** A stay is followed by no scan of its own: nothing may be left that would fire without news. */
  #stayed({ leaf }: Node): void {
    const { commands } = this.#frame;
    const said = commands.slice();
    commands.fill(0);
    this.#engine.step(this.#frame, this.#result);
    commands.set(said);
    if (this.#result.count > 0) this.#wrong.add(`${leaf} waits for nothing`);
  }

  /** `{entering: state, require: e}`: what surely holds in the scan that enters it. */
  #require(before: Configuration, entered: number): void {
    if (entered === -1) return;
    for (const property of this.#flow.properties) {
      if (property.kind !== 'entering' || property.state !== entered) continue;
      this.#hold(property, evaluate(property.require, readingOf(this.#flow, this.#frame, before)));
    }
  }

  /** A configuration that is met for the first time has its `never`s judged. */
  #meet(): Node {
    const key = this.#key();
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node = this.#nodeNow();
    this.#nodes.set(key, node);
    this.#open.push(node);
    assert(this.#nodes.size < limits.nodes, 'more configurations than this is for');
    for (const property of this.#flow.properties) {
      if (property.kind !== 'never') continue;
      this.#hold(property, 1 - this.#valueIn(property.expr, node));
    }
    return node;
  }

  /** Of the engine's configuration, without its times; values are small whole numbers. */
  #key(): number {
    const { leaves, ctx, holds } = this.#engine.configuration;
    let key = leaves[0] ?? 0;
    for (const value of ctx) key = key * 16 + value;
    for (const since of holds) key = key * 2 + (since === -1 ? 0 : 1);
    return key;
  }

  /** `{always can reach: e}`: backwards from where it holds everything is found. */
  #reach(): void {
    for (const property of this.#flow.properties) {
      if (property.kind !== 'always-can-reach') continue;
      const found = new Set(
        [...this.#nodes.values()].filter((node) => this.#valueIn(property.expr, node) === 1),
      );
      for (const node of found) for (const one of this.#before.get(node) ?? []) found.add(one);
      this.#hold(property, found.size === this.#nodes.size ? 1 : 0);
    }
  }

  #hold({ name }: PropertyDecl, value: number): void {
    this.#asked.add(name);
    if (value !== 1) this.#broken.add(name);
  }

  #valueIn(expr: Expr, node: Node): number {
    const configuration = this.#configuration(node, this.#leafOf(node), { running: [], timers: 0 });
    const outputs = Float64Array.from(this.#flow.outputs, ({ name }) => Number(node.outputs[name]));
    const reading = readingOf(this.#flow, this.#frame, configuration);
    return evaluate(expr, { ...reading, outputs });
  }

  #nodeNow(): Node {
    const flow = this.#flow;
    const { leaves, ctx, holds } = this.#engine.configuration;
    moore(flow, leaves, this.#outputs, this.#frame.signals);
    return {
      leaf: flow.states[leaves[0] ?? -1]?.name ?? '?',
      ctx: named(flow.ctx, (index) => ctx[index] ?? Number.NaN),
      holds: Array.from(holds, (since) => since !== -1),
      outputs: named(flow.outputs, (index) => this.#outputs[index] === 1),
    };
  }

  /** Bit 0 of `timers`: the state was entered long ago; the others: so long a hold runs. */
  #configuration(
    { ctx, holds }: Node,
    leaf: number,
    { running, timers }: { readonly running: readonly number[]; readonly timers: number },
  ): Configuration {
    const made = newConfiguration(this.#flow);
    made.leaves[0] = leaf;
    made.entered[leaf] = (timers & 1) === 1 ? longAgo : now;
    for (const [index, { name }] of this.#flow.ctx.entries()) made.ctx[index] = ctx[name] ?? 0;
    for (const [index, runs] of holds.entries()) made.holds[index] = runs ? now : -1;
    for (const [at, hold] of running.entries())
      if (((timers >> (at + 1)) & 1) === 1) made.holds[hold] = longAgo;
    return made;
  }

  /** What its transitions ask, and what is required where they lead. */
  #readBy(leaf: number): number[] {
    const { states, regions, transitions, properties } = this.#flow;
    const places = [...(states[leaf]?.go ?? []), ...(regions[0]?.go ?? [])];
    const going = places.map((place) => present(transitions[place], 'a transition'));
    const asked = going.flatMap(({ when, unless, set }) => [
      ...(when === undefined ? [] : [when]),
      ...(unless === undefined ? [] : [unless]),
      ...set.map(({ expr }) => expr),
    ]);
    const required = properties.flatMap((property) =>
      property.kind === 'entering' && going.some(({ to }) => to === property.state)
        ? [property.require]
        : [],
    );
    const read = new Set<number>();
    for (const expr of [...asked, ...required])
      walkThrough(this.#flow, expr, (part) => void (part.kind === 'input' && read.add(part.input)));
    return [...read];
  }

  #leafOf({ leaf }: Node): number {
    return this.#flow.states.findIndex(({ name }) => name === leaf);
  }

  #inputOf(name: string): number {
    return this.#flow.inputs.findIndex((input) => input.name === name);
  }
}

const named = <T>(
  of: readonly { readonly name: string }[],
  value: (index: number) => T,
): Readonly<Record<string, T>> =>
  Object.fromEntries(of.map(({ name }, index) => [name, value(index)]));
