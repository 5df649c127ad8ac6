// A whole cell from the text of its flows, for tests of the scan: no process, no device, no clock.
// What a test says by name becomes what a scan takes by index.
import { Manifest } from '#contract/cell.ts';
import { present } from '#contract/error.ts';
import { status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { utcMs } from '#contract/time.ts';
import type { TagChange } from '#contract/record.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import type { ScanAct, ScanInput, ScanResult } from '#flows/engine/scan.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { linkCell } from '#flows/link.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { Flow } from '#flows/program.ts';
import { importTables } from './both-engines.ts';

export interface CellText {
  /** By the manifest's key: the flow's text. */
  readonly flows: Readonly<Record<string, string>>;
  /** Parts of the manifest beside devices, tags and flows. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Further tags, or more about those that the flows use. */
  readonly tags?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly restart?: 'hot' | 'ask' | 'warm' | 'cold';
}

/** The plan of a cell whose tags all stand on one device. */
export function planOf({ flows, manifest = {}, tags = {}, restart = 'ask' }: CellText): CellPlan {
  const sources = new Map(
    Object.entries(flows).map(([name, text]) => {
      const { flow, diagnostics } = compileFlow(`${name}.flow.yaml`, text, {
        foreign: () => ({ kind: 'bool' }),
      });
      if (flow === undefined) throw new Error(JSON.stringify(diagnostics, undefined, 1));
      return [name, { flow, file: `${name}.flow.yaml`, text }] as const;
    }),
  );
  const used = [...sources.values()].flatMap(({ flow }) => [
    ...flow.inputs.filter((input) => !input.system).map((input) => input.name),
    ...flow.outputs.map((output) => output.name),
  ]);
  const all = Object.fromEntries(
    [...used, ...Object.keys(tags)].map((name) => [name, { device: 'io', ...tags[name] }]),
  );
  const read = Manifest.parse({
    cell: 'rig',
    format: 'cell/1',
    devices: { io: { driver: 'blueprint' } },
    tags: all,
    flows: Object.fromEntries(
      Object.keys(flows).map((name) => [name, { file: `${name}.flow.yaml`, restart }]),
    ),
    ...manifest,
  });
  const { plan, diagnostics } = linkCell(read, sources);
  if (plan === undefined) throw new Error(JSON.stringify(diagnostics, undefined, 1));
  return plan;
}

/** The engines of each flow: both, or the table alone. */
export async function enginesOf(
  flows: readonly Flow[],
  both: boolean,
): Promise<() => readonly Engines[]> {
  const tables = await importTables(flows);
  return () =>
    flows.map((flow, index) => {
      const table = present(tables[index], 'a table of the flow')();
      return both ? { xstate: createXstateEngine(flow), table } : { table };
    });
}

export async function rigOf(text: CellText, both = true): Promise<Rig> {
  const plan = planOf(text);
  const engines = await enginesOf(
    plan.flows.map(({ flow }) => flow),
    both,
  );
  return new Rig(plan, engines);
}

/** What one scan takes, by name; the rest is quiet. */
export interface Taking {
  /** By tag: a good value, or a value with its status. */
  readonly tags?: Readonly<Record<string, Value | { v: Value; s: StatusCode }>>;
  /** `flow.command`. */
  readonly command?: string;
  readonly acts?: readonly ScanAct[];
  readonly held?: Readonly<Record<string, boolean>>;
  readonly missed?: number;
  readonly offGrid?: boolean;
  /** Time to the scan, ms; default 20. */
  readonly after?: number;
  readonly faults?: readonly number[];
}

export class Rig {
  readonly plan: CellPlan;
  readonly engines: () => readonly Engines[];
  cell: Cell;
  #ids = 0;

  constructor(plan: CellPlan, engines: () => readonly Engines[]) {
    this.plan = plan;
    this.engines = engines;
    this.cell = new Cell(plan, engines());
  }

  /** One scan, 20 ms after the last unless `after` says otherwise. */
  scan(taking: Taking = {}): ScanResult {
    return this.cell.step(this.input(taking));
  }

  /** Scans each 20 ms for this long; what the last one made. */
  pass(span: number): ScanResult {
    let result = this.scan();
    for (let at = 20; at < span; at += 20) result = this.scan();
    return result;
  }

  input(taking: Taking): ScanInput {
    const now = this.cell.now + (taking.after ?? 20);
    const command = taking.command === undefined ? [] : [this.command(taking.command)];
    return {
      now,
      missed: taking.missed ?? 0,
      offGrid: taking.offGrid ?? false,
      tags: this.changes(taking.tags ?? {}, now),
      acts: [...command, ...(taking.acts ?? [])],
      held: Object.entries(taking.held ?? {}).map(([name, down]) => {
        return { ...this.commandOf(name), down };
      }),
      ...(taking.faults === undefined ? {} : { faults: taking.faults }),
    };
  }

  changes(tags: NonNullable<Taking['tags']>, now: number): TagChange[] {
    return Object.entries(tags).map(([name, given]) => {
      const made = typeof given === 'object' && given !== null;
      const value = made ? given.v : given;
      const code = made ? given.s : status.Good;
      return { tag: this.tag(name), value, status: code, time: utcMs(1_000_000 + now) };
    });
  }

  /** Every input of every flow at what says nothing: false, the least number, an enum's first. */
  rest(): NonNullable<Taking['tags']> {
    return Object.fromEntries(
      this.plan.tags
        .filter((tag) => tag.kind === 'input')
        .map((tag) => {
          if (tag.type === 'bool') return [tag.name, false];
          if (tag.type === 'string') return [tag.name, ''];
          return [tag.name, tag.type === 'enum' ? (tag.values[0] ?? '') : (tag.min ?? 0)];
        }),
    );
  }

  tag(name: string): number {
    return present(this.plan.tagIndex.get(name), `tag ${name}`);
  }

  commandOf(name: string): { flow: number; command: number } {
    const dot = name.indexOf('.');
    const flow = present(this.plan.flowIndex.get(name.slice(0, dot)), `flow of ${name}`);
    const commands = this.plan.flows[flow]?.flow.commands ?? [];
    const command = commands.findIndex((one) => one.name === name.slice(dot + 1));
    if (command === -1) throw new Error(`command ${name}`);
    return { flow, command };
  }

  command(name: string): ScanAct {
    return { kind: 'command', ...this.#by(), ...this.commandOf(name) };
  }

  force(tag: string, value: Value, span: number): ScanAct {
    const until = this.cell.now + span;
    return { kind: 'force', ...this.#by(), tag: this.tag(tag), value, until, reason: 'test' };
  }

  unforce(tag: string): ScanAct {
    return { kind: 'unforce', ...this.#by(), tag: this.tag(tag) };
  }

  parameter(flow: string, name: string, value: number): ScanAct {
    const index = present(this.plan.flowIndex.get(flow), `flow ${flow}`);
    const params = this.plan.flows[index]?.flow.params ?? [];
    const param = params.findIndex((one) => one.name === name);
    return { kind: 'parameter', ...this.#by(), flow: index, param, value };
  }

  acknowledge(alarm: string): ScanAct {
    return { kind: 'acknowledge', ...this.#by(), alarm };
  }

  resume(flow: string): ScanAct {
    const index = present(this.plan.flowIndex.get(flow), `flow ${flow}`);
    return { kind: 'resume', ...this.#by(), flow: index };
  }

  /** What the output gets. */
  out(tag: string): Value {
    return this.cell.output(this.tag(tag)).value;
  }

  /** The active leaf of a flow's region. */
  state(flow: string, region: string): string {
    const run = present(this.cell.flows[this.plan.flowIndex.get(flow) ?? -1], `flow ${flow}`);
    const index = run.flow.regions.findIndex((one) => one.name === region);
    return run.flow.states[run.configuration.leaves[index] ?? -1]?.path ?? 'none';
  }

  /** Ids of the transitions that fired, `flow.E1`. */
  fired(result: ScanResult): string[] {
    return (result.record?.fired ?? []).map(({ flow, transition }) => {
      const plan = this.plan.flows[flow];
      return `${plan?.name}.${plan?.flow.transitions[transition]?.id}`;
    });
  }

  /** `id change` of each alarm that changed. */
  alarms(result: ScanResult): string[] {
    return result.alarms.map(({ id, change }) => `${id} ${change}`);
  }

  #by(): { id: string; actor: string } {
    this.#ids += 1;
    return { id: `act-${this.#ids}`, actor: 'console:test' };
  }
}
