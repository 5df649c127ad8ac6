// Keeps the way from an input to an output quick. A machine may rest for seconds and must then be reacted
// to at once, but meanwhile the processor's caches have lost what a reaction runs (ten times its cost
// here), and after a start V8 has compiled none of it. So a cell of one input and one output reacts now
// and then. Its loop, image, engines, record and outputs are the product's; its device and its record
// lead nowhere, and it shares no state with the real cell.
import type { Driver, WriteRequest, WriteResult } from '#contract/driver.ts';
import { assert, present } from '#contract/error.ts';
import { tagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { instant, milliseconds, utcMs } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { compileFlows } from '#flows/compile-flows.ts';
import { Cell } from '#flows/engine/cell.ts';
import { Grid } from '#flows/engine/grid.ts';
import { Image } from '#flows/engine/image.ts';
import { Intake } from '#flows/engine/intake.ts';
import { generateTable } from '#flows/engine/table.ts';
import { createXstateEngine } from '#flows/engine/xstate.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';
import type { CellPlan } from '#flows/plan.ts';
import { conversionOf } from '#controller/devices/conversion.ts';
import { DeviceSink } from '#controller/image.ts';
import { Loop } from '#controller/loop.ts';
import { Outputs } from '#controller/devices/outputs.ts';
import { Recorder } from './recorder.ts';
import { importTable } from '#controller/replay/replay.ts';

/** After a start: when the first slice comes, how long one is, what is between them, and reactions in all. */
const firstAt = milliseconds(100);
const slice = milliseconds(1);
const between = milliseconds(5);
const rounds = 3000;
/** Where polls come in quicker succession than this, a reaction is rehearsed as often. */
const every = milliseconds(4);

/** One for each control. */
export class Rehearsal {
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  #stage: Stage | undefined;
  #polled = Number.NEGATIVE_INFINITY;
  #next = 0;
  #count = 0;

  /** `failed`: it found out that it cannot go on; the cell can. */
  constructor(clock: Clock, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Reactions so far. */
  get count(): number {
    return this.#count;
  }

  /** Soon, and a little at a time, so that nothing waits for it. */
  start(): void {
    this.#clock.after(firstAt, () => void this.#open());
  }

  /** A poll gave nothing new. */
  polled(): void {
    const now = this.#clock.now();
    const quick = now - this.#polled <= every;
    this.#polled = now;
    if (!quick || now < this.#next) return;
    this.#next = now + every;
    // The driver asks its device first: while that answers there is time.
    setImmediate(() => this.#react());
  }

  async #open(): Promise<void> {
    try {
      this.#stage = await Stage.open();
    } catch (error) {
      this.#failed(error);
    }
    this.#slice(rounds);
  }

  #slice(left: number): void {
    const end = this.#clock.now() + slice;
    let done = 0;
    while (done < left && this.#clock.now() < end && this.#react()) done += 1;
    if (done === 0 || done === left) return;
    this.#clock.after(between, () => this.#slice(left - done));
  }

  #react(): boolean {
    if (this.#stage === undefined) return false;
    try {
      this.#stage.react();
      this.#count += 1;
    } catch (error) {
      this.#stage = undefined;
      this.#failed(error);
    }
    return this.#stage !== undefined;
  }
}

const manifest = `cell: rehearsal
format: cell/1
devices: {stage: {driver: none}}
tags:
  part: {device: stage, at: 0}
  gate: {device: stage, at: 1}
flows: {follow: {file: follow, restart: warm}}
`;

const follow = `flow: follow
format: cellflow/1
version: 1
scan: 20ms
inputs:
  part: {type: bool, stale: 1s}
outputs:
  gate: {type: bool, safe: false}
regions:
  gate:
    initial: Shut
    states:
      Shut:
        rest: true
        go:
          - {id: E1, when: part, to: Open}
      Open:
        rest: true
        do: {gate: true}
        go:
          - {id: E2, unless: part, to: Shut}
`;

/** The cell that rehearses, on a time of its own. */
class Stage {
  readonly #sink: DeviceSink;
  #now = 0;
  #part = false;
  #gate: Value = null;
  /** What the loop waits for. */
  #turn: () => void = () => undefined;

  static async open(): Promise<Stage> {
    const { flows } = compileFlows(new Map([['follow', { file: 'follow', text: follow }]]));
    const read = present(readManifest('rehearsal', manifest).manifest, 'the manifest is good');
    const plan = present(linkCell(read, flows).plan, 'the flow is good');
    const { flow } = present(plan.flows[0], 'the cell has a flow');
    const table = (await importTable(generateTable(flow))).createTable();
    return new Stage(plan, new Cell(plan, [{ xstate: createXstateEngine(flow), table }]));
  }

  private constructor(plan: CellPlan, cell: Cell) {
    const clock: Clock = {
      now: () => instant(this.#now),
      time: () => utcMs(this.#now),
      after: (_, run) => {
        this.#turn = run;
        return () => undefined;
      },
    };
    const image = new Image(plan.tags);
    const intake = new Intake(plan);
    const conversions = new Map(
      plan.tags.map((tag, index) => [index, conversionOf(tag, {})] as const),
    );
    this.#sink = new DeviceSink('stage', plan, conversions, image, {
      arrived: () => undefined,
      health: () => undefined,
    });
    const outputs = new Outputs(clock, [this.#gateOf(plan)], { durability: 'fast' }, nowhere);
    const recorder = new Recorder(clock, { append: () => 1 }, plan);
    const grid = new Grid({ ...plan.manifest.scan });
    const parts = { grid, image, intake, cell };
    const loop = new Loop(clock, parts, {
      before: () => undefined,
      scanned: (scanned) => {
        const seq = recorder.scanned(scanned, () => undefined);
        outputs.decide(scanned.result.outputs, scanned.scan, seq);
      },
      settled: () => undefined,
      failed: (error) => {
        throw error;
      },
    });
    cell.enter(undefined, ['warm']);
    this.#give();
    loop.start();
  }

  /** The input turns over, the output follows. */
  react(): void {
    this.#part = !this.#part;
    this.#now += 1;
    this.#give();
    this.#turn();
    // The follow-up scan.
    this.#now += 1;
    this.#turn();
    assert(this.#gate === this.#part, 'the output of the rehearsal follows its input');
  }

  #gateOf(plan: CellPlan) {
    const write = (requests: readonly WriteRequest[]): Promise<readonly WriteResult[]> => {
      for (const { value } of requests) this.#gate = value;
      return Promise.resolve(requests.map(confirmed));
    };
    return {
      tag: present(plan.tagIndex.get('gate'), 'a tag of the cell'),
      name: tagName('gate'),
      device: 'stage',
      safe: false,
      driver: { ...idle, write },
      verify: 'readback' as const,
      toWire: (value: Value): Value => value,
    };
  }

  #give(): void {
    const [time, received] = [utcMs(this.#now), instant(this.#now)];
    const sample = { tag: tagName('part'), value: this.#part, status: status.Good, time, received };
    this.#sink.samples([sample]);
  }
}

const nowhere = { ended: () => undefined };

const idle: Driver = {
  start: () => undefined,
  setTags: () => Promise.resolve([]),
  stop: () => Promise.resolve(),
};

const confirmed = ({ id }: WriteRequest): WriteResult => ({
  id,
  outcome: 'confirmed',
  took: milliseconds(0),
});
