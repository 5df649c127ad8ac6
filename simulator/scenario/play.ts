// Plays a scenario on a world: what it does, in order, to its end or to the first thing that is not as expected. Virtual
// time only; the same scenario and seed give the same play. It reads no file, and every name in it is right.
import { CellError, present } from '#contract/error.ts';
import type { Value } from '#contract/sample.ts';
import { formatDuration, milliseconds } from '#contract/time.ts';
import { explain } from '#flows/explain.ts';
import { whyText } from '#flows/explain/text.ts';
import { numberOf } from '#flows/engine/values.ts';
import type { Path } from '#flows/document.ts';
import type { Expectation, Step } from '#flows/scenario.ts';
import type { Ask, World } from '#simulator/world.ts';
import { lacks, planOf } from './judge.ts';
import type { Happened, Timeline } from './timeline.ts';

/** A step, and the file in which it stands. */
export interface Line {
  readonly step: Step;
  readonly file: string;
  readonly path: Path;
}

/** What may not hold, from which line on. */
export interface Forbidden extends Omit<Line, 'step'> {
  readonly expected: Expectation;
  readonly from: number;
}

export interface Played {
  /** Virtual ms that the scenario took. */
  readonly took: number;
  /** Where it ended, and why; absent when everything was as expected. */
  readonly failure?: Omit<Line, 'step'> & {
    readonly text: string;
    /** What the flow waited for then, as `rebe why` says it. */
    readonly waited: string;
  };
  readonly timeline: readonly Happened[];
}

/** What becomes of an act is known after the next scan; control that is away takes longer. */
const patience = 5000;

/** Plays it from the world's start. */
export function play(
  world: World,
  timeline: Timeline,
  { lines, never }: { readonly lines: readonly Line[]; readonly never: readonly Forbidden[] },
): Played {
  const player = new Player(world, timeline);
  for (const [index, line] of lines.entries()) {
    const wrong = player.line(
      line,
      never.filter(({ from }) => from <= index),
    );
    if (wrong === undefined) continue;
    timeline.tell(world.now, 'failed', wrong.text);
    return { took: world.now, failure: wrong, timeline: timeline.of(world) };
  }
  return { took: world.now, timeline: timeline.of(world) };
}

/** It is not as expected: ends the play. */
class Failure extends Error {
  readonly at: Omit<Line, 'step'> | undefined;

  constructor(text: string, at?: Omit<Line, 'step'>) {
    super(text);
    this.at = at;
  }
}

class Player {
  readonly #world: World;
  readonly #timeline: Timeline;
  #never: readonly Forbidden[] = [];
  /** Transitions that had fired when something was last done. */
  #since = 0;

  constructor(world: World, timeline: Timeline) {
    this.#world = world;
    this.#timeline = timeline;
  }

  /** Undefined, or what was not as expected. */
  line({ step, file, path }: Line, never: readonly Forbidden[]): Played['failure'] {
    this.#never = never;
    const flow = this.#flow('flow' in step ? step.flow : undefined);
    try {
      if ('expect' in step) this.#expect(step, flow);
      else {
        this.#since = this.#world.fired.length;
        this.#do(step, flow);
      }
      this.#pass(0);
      return undefined;
    } catch (error) {
      if (!(error instanceof Failure || error instanceof CellError)) throw error;
      const at = error instanceof Failure ? error.at : undefined;
      const expected = 'expect' in step ? step.expect : undefined;
      return { file, path, ...at, text: error.message, waited: this.#waited(flow, expected) };
    }
  }

  #expect(step: Extract<Step, { expect: unknown }>, flow: number): void {
    const { within, notBefore, for: stays } = step;
    // What it lacked when it came closest says more than what it lacks at the end.
    let closest: readonly string[] | undefined;
    const holds = (): boolean => {
      const missing = lacks(this.#world, step.expect, { flow, since: this.#since });
      if (missing.length <= (closest?.length ?? Infinity)) closest = missing;
      return missing.length === 0;
    };
    const began = this.#world.now;
    const spent = (): string => formatDuration(milliseconds(Math.round(this.#world.now - began)));
    if (notBefore !== undefined && this.#pass(notBefore, holds)) {
      throw new Failure(`it holds after ${spent()}, and not before ${formatDuration(notBefore)}`);
    }
    if (!this.#pass((within ?? 0) - (notBefore ?? 0), holds)) {
      const text = (closest ?? []).join('; ');
      throw new Failure(
        within === undefined ? text : `not within ${formatDuration(within)}: ${text}`,
      );
    }
    this.#tell('as expected', textOf(step));
    if (stays === undefined) return;
    const held = this.#world.now;
    closest = undefined;
    if (!this.#pass(stays, () => !holds())) return;
    const time = formatDuration(milliseconds(Math.round(this.#world.now - held)));
    const missing = lacks(this.#world, step.expect, { flow, since: this.#since }).join('; ');
    throw new Failure(`it held for ${time}, not for ${formatDuration(stays)}: ${missing}`);
  }

  #do(step: Exclude<Step, { expect: unknown }>, flow: number): void {
    const world = this.#world;
    if ('wait' in step) this.#pass(step.wait);
    else if ('fault' in step) {
      const [target = '', kind = ''] = step.fault.split(' ');
      const more = step.for === undefined ? {} : { lasts: step.for };
      const during = step.for === undefined ? '' : ` for ${formatDuration(step.for)}`;
      this.#tell('did', `fault ${step.fault}${during}: ${world.fault(target, kind, more)}`);
    } else if ('clear' in step) {
      this.#tell('did', `faults of ${step.clear} cleared`);
      world.clear(step.clear === 'all' ? undefined : step.clear);
    } else if ('restart' in step) {
      this.#tell('did', `control dies, and is back after ${formatDuration(step.restart)}`);
      world.restart(step.restart, step.as ?? 'hot');
      this.#pass(step.restart);
    } else if ('hold' in step) {
      this.#tell('did', `${step.hold} held for ${formatDuration(step.for)}`);
      world.hold(step.hold, step.for, flow);
      this.#pass(step.for);
    } else if ('command' in step) this.#command(step, flow);
    else this.#act(step, flow);
  }

  #command({ command, ignored }: Extract<Step, { command: string }>, flow: number): void {
    const outcome = this.#ask(`command ${command}`, () => this.#world.command(command, flow));
    if (ignored === true && outcome.startsWith('fired')) {
      throw new Failure(`command ${command} was to be ignored; it ${outcome}`);
    }
    if (ignored !== true && !outcome.startsWith('fired')) {
      throw new Failure(`command ${command}: ${outcome}`);
    }
  }

  #act(
    step: Exclude<
      Extract<Step, object>,
      { expect: unknown } | { wait: unknown } | { fault: unknown } | { clear: unknown }
    >,
    flow: number,
  ): void {
    const ask = (act: Ask, text: string): void => {
      this.#ask(text, () => this.#world.ask(act));
    };
    const tagOf = (name: string): number => present(this.#world.plan.tagIndex.get(name), name);
    if ('set' in step) {
      for (const [name, value] of Object.entries(step.set)) {
        ask(this.#parameter(flow, name, value), `set ${name} to ${String(value)}`);
      }
    } else if ('force' in step) {
      const until = Math.floor(this.#world.now + step.for);
      for (const [name, value] of Object.entries(step.force)) {
        const act = { kind: 'force', tag: tagOf(name), value, until, reason: 'a test' } as const;
        ask(act, `force ${name} to ${String(value)}`);
      }
    } else if ('unforce' in step) {
      ask({ kind: 'unforce', tag: tagOf(step.unforce) }, `unforce ${step.unforce}`);
    } else if ('acknowledge' in step) {
      ask({ kind: 'acknowledge', alarm: step.acknowledge }, `acknowledge ${step.acknowledge}`);
    } else if ('resume' in step) {
      ask({ kind: 'resume', flow: this.#flow(step.resume) }, `resume ${step.resume}`);
    }
  }

  #parameter(flow: number, name: string, value: Value): Ask {
    const { params } = planOf(this.#world, flow).flow;
    const param = params.findIndex((one) => one.name === name);
    return { kind: 'parameter', flow, param, value: numberOf(present(params[param], name), value) };
  }

  /** Asks for it and waits until its outcome is known, which is told with when it was asked. */
  #ask(text: string, give: () => string): string {
    const at = this.#world.now;
    const id = give();
    this.#pass(patience, () => this.#world.outcomes.has(id));
    const outcome = this.#world.outcomes.get(id) ?? 'nobody took it';
    this.#timeline.tell(at, 'did', `${text}: ${outcome}`);
    return outcome;
  }

  /** Lets time pass until it holds, and says whether it does; what may never hold ends the play. */
  #pass(most: number, holds: () => boolean = () => false): boolean {
    let broken: Forbidden | undefined;
    const forbidden = (): boolean => {
      const is = { flow: 0, since: this.#since };
      broken = this.#never.find(({ expected }) => lacks(this.#world, expected, is).length === 0);
      return broken !== undefined;
    };
    const held = this.#world.runUntil(() => forbidden() || holds(), Math.max(0, most));
    if (broken === undefined) return held;
    const { file, path } = broken;
    throw new Failure('what may never hold holds', { file, path });
  }

  #tell(kind: Happened['kind'], text: string): void {
    this.#timeline.tell(this.#world.now, kind, text);
  }

  #flow(name: string | undefined): number {
    const { flowIndex } = this.#world.plan;
    return [...flowIndex].find(([known]) => known === name)?.[1] ?? 0;
  }

  /** Of the regions that were looked at, or of all. */
  #waited(index: number, expected: Expectation | undefined): string {
    const { cell, plan } = this.#world;
    const { frame, configuration, stage } = present(cell.flows[index], 'a flow of the cell');
    const { name } = planOf(this.#world, index);
    if (stage !== 'running') return `${name}\n  it is not stepped: ${stage}`;
    const { candidates, commands } = explain(plan, index, frame, configuration);
    const regions = new Set([expected?.state ?? []].flat().map((path) => path.split('.')[0]));
    const chosen = candidates.filter(({ region }) => regions.size === 0 || regions.has(region));
    return whyText({ flow: name, candidates: chosen, commands });
  }
}

/** What was expected, in one line: `state unit.Idle, ctx {parts: 0}`. */
const textOf = ({ expect }: Extract<Step, { expect: unknown }>): string =>
  Object.entries(expect)
    .map(([field, value]) => `${field} ${plain(value)}`)
    .join(', ');

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(' and ');
  if (typeof value !== 'object' || value === null) return value === '' ? "''" : String(value);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${plain(inner)}`);
  return `{${fields.join(', ')}}`;
}
