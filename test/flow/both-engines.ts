// Runs the two engines of a flow side by side and tells the first thing in which they differ.
import {
  newFrame,
  newStepResult,
  newVerdicts,
  sameConfiguration,
  sameStep,
} from '#flows/engine/engine.ts';
import type {
  Configuration,
  FlowEngine,
  Frame,
  Retained,
  StepResult,
  Verdicts,
} from '#flows/engine/engine.ts';
import { tableFactory } from '#flows/engine/table.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import type { Flow } from '#flows/program.ts';

/** The table engines of several flows, from one module. */
export async function importTables(flows: readonly Flow[]): Promise<(() => FlowEngine)[]> {
  const factories = flows.map((flow, index) => tableFactory(flow, `table${index}`));
  const names = flows.map((_, index) => `table${index}`).join(', ');
  const text = `${factories.join('\n')}\nexport const tables = [${names}];\n`;
  const url = `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
  const module: { tables: (() => FlowEngine)[] } = await import(/* @vite-ignore */ url);
  return module.tables;
}

export async function importTable(flow: Flow): Promise<FlowEngine> {
  const [create] = await importTables([flow]);
  if (create === undefined) throw new Error('the module exports no engine');
  return create();
}

interface Side {
  readonly engine: FlowEngine;
  readonly result: StepResult;
  readonly verdicts: Verdicts;
}

/** Both engines of one flow; every method does the same to both and says what came out otherwise. */
export class BothEngines {
  readonly flow: Flow;
  readonly frame: Frame;
  readonly xstate: Side;
  readonly table: Side;

  constructor(flow: Flow, table: FlowEngine, xstate = createXstateEngine(flow)) {
    this.flow = flow;
    this.frame = newFrame(flow);
    const side = (engine: FlowEngine) => {
      return { engine, result: newStepResult(flow), verdicts: newVerdicts(flow) };
    };
    this.xstate = side(xstate);
    this.table = side(table);
  }

  /** The ids that fired in the last step, as XState has them. */
  get fired(): string[] {
    const { fired, count } = this.xstate.result;
    return Array.from(fired.subarray(0, count), (index) => this.flow.transitions[index]?.id ?? '?');
  }

  reset(now: number, retained?: Retained): string | undefined {
    this.frame.now = now;
    this.xstate.engine.reset(now, retained, this.frame.params);
    this.table.engine.reset(now, retained, this.frame.params);
    return this.difference();
  }

  restore(configuration: Configuration): void {
    this.xstate.engine.restore(configuration);
    this.table.engine.restore(configuration);
  }

  /** Both go on from what the other has, after a way through JSON. */
  exchange(): void {
    const { xstate, table } = this;
    const [one, other] = [throughJson(xstate.engine), throughJson(table.engine)];
    xstate.engine.restore(other);
    table.engine.restore(one);
  }

  /** Judges and steps the frame as it is. */
  scan(): string | undefined {
    for (const { engine, result, verdicts } of [this.xstate, this.table]) {
      engine.judge(this.frame, verdicts);
      engine.step(this.frame, result);
    }
    return (
      sameStep(this.xstate.result, this.table.result, this.flow) ??
      this.difference() ??
      sameVerdicts(this.xstate.verdicts, this.table.verdicts)
    );
  }

  difference(): string | undefined {
    const [left, right] = [this.xstate.engine.configuration, this.table.engine.configuration];
    return sameConfiguration(left, right, this.flow);
  }
}

function throughJson({ configuration }: FlowEngine): Configuration {
  const { leaves, entered, holds, edges, ctx } = configuration;
  const plain = [leaves, entered, holds, edges, ctx].map((numbers) => [...numbers]);
  const [one = [], two = [], three = [], four = [], five = []] = JSON.parse(
    JSON.stringify(plain),
  ) as number[][];
  return {
    leaves: Int32Array.from(one),
    entered: Float64Array.from(two),
    holds: Float64Array.from(three),
    edges: Uint8Array.from(four),
    ctx: Float64Array.from(five),
  };
}

function sameVerdicts(left: Verdicts, right: Verdicts): string | undefined {
  for (const part of ['interlocks', 'alarms', 'assumes'] as const) {
    const index = left[part].findIndex((verdict, at) => verdict !== right[part][at]);
    if (index !== -1) return `${part} ${index}: ${left[part][index]} and ${right[part][index]}`;
  }
  return undefined;
}
