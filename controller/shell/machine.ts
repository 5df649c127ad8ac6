// One session's statechart, stepped by the product's own engines: XState executes, the table shadows it. Pure but for
// loading: time is passed in, and what a step made is data that a replay can be held against. It records nothing.
import { createHash } from 'node:crypto';
import { Manifest } from '#contract/cell.ts';
import { present } from '#contract/error.ts';
import { status } from '#contract/quality.ts';
import { SessionState } from '#contract/shell.ts';
import type { ShellStep } from '#contract/shell.ts';
import { utcMs } from '#contract/time.ts';
import { importTable } from '#controller/replay/replay.ts';
import { compileFlows } from '#flows/compile-flows.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { FlowRun } from '#flows/engine/flow-run.ts';
import type { ScanAct, ScanResult } from '#flows/engine/scan.ts';
import { generateTable } from '#flows/engine/table.ts';
import type { TableModule } from '#flows/engine/table.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { linkCell } from '#flows/link.ts';
import type { CellPlan } from '#flows/plan.ts';
import productText from '#flows/shell/session.flow.yaml?raw';

/** What the statechart reads; each is a fact that somebody else judges. */
export const sessionInputs = [
  'request.timely',
  'request.locked',
  'machine.allows',
  'presence.needed',
  'presence.proved',
  'driver.there',
  'driver.needed',
  'record.ok',
  'jail.ready',
  'program.exited',
  'time.left',
  'processes.gone',
] as const;
export type SessionInput = (typeof sessionInputs)[number];
export type SessionCommand = 'approve' | 'deny' | 'begin' | 'pause' | 'resume' | 'end' | 'kill';

/** What the statechart decides. Until its first step, and after a fault of its engines, all is as safe as can be. */
export interface SessionOutputs {
  readonly open: boolean;
  readonly input: boolean;
  readonly frozen: boolean;
  readonly kill: boolean;
}

/** The session's flow, compiled; one for all sessions. */
export interface SessionFlow {
  readonly text: string;
  /** SHA-256 of the text, hex. */
  readonly hash: string;
  readonly plan: CellPlan;
  readonly table: TableModule;
}

/** The product's own flow, or one that a chronicle has; undefined when the text is no session's flow. */
export async function loadSessionFlow(
  text: string = productText,
): Promise<SessionFlow | undefined> {
  const file = 'session.flow.yaml';
  const { flows } = compileFlows(new Map([['session', { file, text }]]));
  const flow = flows.get('session')?.flow;
  if (flow === undefined) return undefined;
  const named = [...flow.inputs.filter(({ system }) => !system), ...flow.outputs];
  const manifest = Manifest.parse({
    cell: 'session',
    format: 'cell/1',
    devices: { station: { driver: 'station' } },
    tags: Object.fromEntries(named.map(({ name }) => [name, { device: 'station' }])),
    flows: { session: { file } },
  });
  const { plan } = linkCell(manifest, flows);
  if (plan === undefined) return undefined;
  const table = await importTable(generateTable(flow));
  return { text, hash: createHash('sha256').update(text).digest('hex'), plan, table };
}

/** What a step takes: facts that are new, and at most one command. */
export interface StepTaken {
  /** Whole ms since the session's first step; later than every step before. */
  readonly now: number;
  readonly inputs: ShellStep['inputs'];
  readonly command?: string | undefined;
}

/** What it made, as the chronicle has it. */
export interface StepMade extends Omit<ShellStep, 'event' | 'session' | 'text'> {
  /** Why, of the last transition that says so. */
  readonly why?: string;
  /** The engines differed, or one failed: the statechart stands still for ever, with its outputs safe. */
  readonly fault?: string;
}

/** Scans that one may cause at once, as in control. */
const followLimit = 8;

export class SessionMachine {
  readonly #cell: Cell;
  readonly #run: FlowRun;
  #steps = 0;
  #fault: string | undefined;

  /** `shadowed`: with both engines, as live; without, the table alone, as a replay. */
  constructor({ plan, table }: SessionFlow, options: { readonly shadowed: boolean }) {
    const { flow } = present(plan.flows[0], 'a session has one flow');
    const engines = { table: table.createTable() };
    const both = options.shadowed ? { ...engines, xstate: createXstateEngine(flow) } : engines;
    this.#cell = new Cell(plan, [both], { settle: 0 });
    this.#run = present(this.#cell.flows[0], 'a session has one flow');
    this.#cell.enter(undefined, ['cold']);
    this.#cell.openSegment();
  }

  /** Of the last step, ms since the first. */
  get now(): number {
    return this.#cell.now;
  }
  get fault(): string | undefined {
    return this.#fault;
  }

  get state(): SessionState {
    return SessionState.parse(this.leaf);
  }
  /** The state's name, whatever flow it is. */
  get leaf(): string {
    return Object.values(this.#states())[0] ?? '';
  }

  /** A person paused it: it does not go on by itself, nor by its driver. */
  get held(): boolean {
    return this.#remembers('held');
  }
  /** It will not have ended by itself. */
  get killed(): boolean {
    return this.#remembers('killed');
  }

  #remembers(what: 'held' | 'killed'): boolean {
    const index = this.#run.flow.ctx.findIndex(({ name }) => name === what);
    return this.#run.configuration.ctx[index] === 1;
  }

  get outputs(): SessionOutputs {
    const safe = { open: false, input: false, frozen: true, kill: true };
    if (!this.#run.stepped) return safe;
    return { ...safe, ...this.#outputs() };
  }

  /** The step time at which waiting alone may bring a transition; undefined: never. */
  get due(): number | undefined {
    const { flow, configuration, clock, timeBase, stepped } = this.#run;
    if (!stepped) return undefined;
    let due = Infinity;
    const consider = (at: number): void => {
      if (at > clock && at < due) due = at;
    };
    for (const [index, state] of flow.states.entries()) {
      const entered = configuration.entered[index] ?? -1;
      if (entered === -1) continue;
      for (const place of state.go) {
        const { after, for: span, hold } = present(flow.transitions[place], 'a transition');
        if (after !== undefined) consider(entered + after);
        const since = configuration.holds[hold] ?? -1;
        if (span !== undefined && since !== -1) consider(since + span);
      }
    }
    return due === Infinity ? undefined : due - timeBase;
  }

  /** Whether a fact or a command is one of this statechart's. */
  reads(name: string): boolean {
    return this.#run.flow.inputs.some((input) => input.name === name);
  }
  takes(name: string): boolean {
    return this.#run.flow.commands.some((command) => command.name === name);
  }

  step(taken: StepTaken): StepMade {
    const tags = Object.entries(taken.inputs).map(([name, value]) => ({
      tag: present(this.#cell.plan.tagIndex.get(name), `the statechart reads ${name}`),
      value,
      status: status.Good,
      time: utcMs(taken.now),
    }));
    const acts = taken.command === undefined ? [] : [this.#act(taken.command)];
    const fired: string[] = [];
    let why: string | undefined;
    for (let extra = 0; extra <= followLimit; extra += 1) {
      const first = extra === 0;
      const result = this.#cell.step({
        now: taken.now + extra,
        missed: 0,
        offGrid: true,
        tags: first ? tags : [],
        acts: first ? acts : [],
        held: [],
      });
      why = this.#note(result, fired) ?? why;
      if (!result.followUp) break;
    }
    const { high, low } = this.#cell.rolling;
    const made = {
      n: this.#steps,
      now: taken.now,
      inputs: { ...taken.inputs },
      commands: taken.command === undefined ? [] : [taken.command],
      fired,
      states: this.#states(),
      outputs: { ...this.outputs },
      hash: [high, low].map((half) => half.toString(16).padStart(8, '0')).join(''),
    };
    this.#steps += 1;
    return {
      ...made,
      ...(why === undefined ? {} : { why }),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    };
  }

  #act(name: string): ScanAct {
    const command = this.#run.flow.commands.findIndex((declared) => declared.name === name);
    const id = `step-${this.#steps}`;
    return { kind: 'command', flow: 0, command, id, actor: 'system' };
  }

  #note(result: ScanResult, fired: string[]): string | undefined {
    this.#fault ??= result.faults[0]?.text;
    let why: string | undefined;
    for (const { transition } of result.record?.fired ?? []) {
      const declared = present(this.#run.flow.transitions[transition], 'a transition');
      fired.push(declared.id);
      if (typeof declared.why === 'string') why = declared.why;
    }
    return why;
  }

  #states(): Record<string, string> {
    const { flow, configuration } = this.#run;
    return Object.fromEntries(
      flow.regions.map(({ name }, index) => [
        name,
        flow.states[configuration.leaves[index] ?? -1]?.name ?? '',
      ]),
    );
  }

  #outputs(): Partial<Record<string, boolean>> {
    const { plan } = this.#cell;
    return Object.fromEntries(
      this.#run.flow.outputs.map(({ name }) => {
        const tag = present(plan.tagIndex.get(name), 'an output is a tag');
        return [name, this.#cell.output(tag).value === true];
      }),
    );
  }
}
