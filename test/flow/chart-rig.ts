// A statechart written in a test, run scan by scan in both engines at once; they must agree.
import { moore, sameConfiguration } from '#flows/engine/engine.ts';
import type { Configuration, Retained } from '#flows/engine/engine.ts';
import type { Flow } from '#flows/program.ts';
import { BothEngines, importTable } from './both-engines.ts';
import { flowOf } from './product-flow.ts';

const kinds: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  inputs: {
    't.a': '{type: bool, stale: 1s}',
    't.b': '{type: bool, stale: 1s}',
    't.c': '{type: bool, stale: 1s}',
    't.sub': '{type: bool, stale: 1s, bad: true}',
    't.i': '{type: int, min: -100, max: 100, stale: 1s}',
  },
  commands: {
    go: '{role: anyone}',
    halt: '{role: anyone, class: stop}',
  },
  outputs: {
    lamp: '{type: bool, safe: false}',
    speed: '{type: int, min: 0, max: 9, safe: 0, idle: 1}',
  },
  signals: { ready: '{type: bool, idle: false}' },
  ctx: {
    n: '{type: int, min: -9, max: 9, init: 0, retain: true}',
    m: '{type: int, min: -9, max: 9, init: 5}',
  },
  params: { p: '{type: int, min: 0, max: 9, init: 3}' },
};
const prefixes: Readonly<Record<string, string>> = {
  inputs: '',
  commands: 'cmd.',
  outputs: '',
  signals: '',
  ctx: '',
  params: 'param.',
};

/** The flow of these regions (and `interlocks`, `alarms`), with what they name declared. */
export function flowOfRegions(regions: string, below = ''): Flow {
  const text = `${regions}${below}`;
  const sections = Object.entries(kinds).flatMap(([section, all]) => {
    const used = Object.entries(all).filter(([name]) => {
      const wanted = `${prefixes[section] ?? ''}${name}`.replaceAll('.', '\\.');
      return new RegExp(`(?<![\\w.])(?:ctx\\.|sig\\.)?${wanted}(?![\\w])`).test(text);
    });
    return used.length === 0
      ? []
      : [`${section}:`, ...used.map(([name, is]) => `  ${name}: ${is}`)];
  });
  return flowOf(`flow: chart
format: cellflow/1
version: 1
scan: 50ms
${sections.join('\n')}
regions:
${regions}
${below}
`);
}

/** Both engines of the regions, in the initial states at 0 ms, all inputs unknown. */
export async function chart(regions: string, below = ''): Promise<Chart> {
  const flow = flowOfRegions(regions, below);
  const rig = new Chart(new BothEngines(flow, await importTable(flow)));
  rig.reset(0);
  return rig;
}

/** One flow in both engines. Inputs stay as they are given; `undefined` makes one unknown. */
export class Chart {
  readonly both: BothEngines;

  constructor(both: BothEngines) {
    this.both = both;
  }

  get flow(): Flow {
    return this.both.flow;
  }

  get #configuration(): Configuration {
    return this.both.xstate.engine.configuration;
  }

  reset(now: number, retained?: Retained): void {
    agree(this.both.reset(now, retained));
  }

  give(inputs: Readonly<Record<string, boolean | number | undefined>>): void {
    const { frame } = this.both;
    for (const [name, value] of Object.entries(inputs)) {
      const index = this.flow.inputs.findIndex((input) => input.name === name);
      const number = value === undefined ? Number.NaN : Number(value);
      frame.own[index] = number;
      frame.ownGood[index] = value === undefined ? 0 : 1;
      frame.values[index] =
        value === undefined ? (this.flow.inputs[index]?.substitute ?? number) : number;
      frame.good[index] = value === undefined ? 0 : 1;
    }
  }

  /** A scan `after` ms after the last; what fired, as `A1 B2`, or `nothing`. */
  scan(
    inputs: Readonly<Record<string, boolean | number | undefined>> = {},
    { after = 20, command }: { after?: number; command?: string } = {},
  ): string {
    const { frame } = this.both;
    frame.now += after;
    this.give(inputs);
    frame.commands.fill(0);
    const index = this.flow.commands.findIndex(({ name }) => name === command);
    if (command !== undefined) frame.commands[index] = 1;
    agree(this.both.scan());
    const outputs = new Float64Array(this.flow.outputs.length);
    moore(this.flow, this.#configuration.leaves, outputs, frame.signals);
    return this.both.fired.join(' ') || 'nothing';
  }

  /** The active leaves, in the order of the regions. */
  get states(): string {
    const { leaves } = this.#configuration;
    return Array.from(leaves, (leaf) => this.flow.states[leaf]?.path ?? '?').join(' ');
  }

  /** When a state was entered; -1 when it is not active. */
  entered(path: string): number {
    const index = this.flow.states.findIndex((state) => state.path === path);
    return this.#configuration.entered[index] ?? Number.NaN;
  }

  ctx(name: string): number {
    return (
      this.#configuration.ctx[this.flow.ctx.findIndex((one) => one.name === name)] ?? Number.NaN
    );
  }

  /** Whether the last scan held the variable at a bound. */
  bounded(name: string): boolean {
    return (
      this.both.xstate.result.bounded[this.flow.ctx.findIndex((one) => one.name === name)] === 1
    );
  }

  output(name: string): number {
    const outputs = new Float64Array(this.flow.outputs.length);
    const signals = new Float64Array(this.flow.signals.length);
    moore(this.flow, this.#configuration.leaves, outputs, signals);
    return outputs[this.flow.outputs.findIndex((output) => output.name === name)] ?? Number.NaN;
  }

  /** Both go on from this configuration. */
  restore(configuration: Configuration): void {
    this.both.restore(configuration);
    const { xstate, table } = this.both;
    agree(sameConfiguration(xstate.engine.configuration, configuration, this.flow));
    agree(sameConfiguration(table.engine.configuration, configuration, this.flow));
  }
}

function agree(difference: string | undefined): void {
  if (difference !== undefined) throw new Error(`the engines differ: ${difference}`);
}
