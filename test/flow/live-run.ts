// A random life of a cell, with everything that may happen to one: samples of every quality, silence,
// pulses, acts, held commands, late scans, segments, faults and restarts of every class. It keeps what
// the chronicle would, through the record's own bytes, so that replay can be held against it.
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import { present } from '#contract/error.ts';
import { status } from '#contract/quality.ts';
import { decodeScan, encodeScan } from '#contract/record.ts';
import type { TagChange } from '#contract/record.ts';
import type { Value } from '#contract/sample.ts';
import { instant, utcMs } from '#contract/time.ts';
import { Cell } from '#flows/engine/cell.ts';
import type { Engines } from '#flows/engine/engine-pair.ts';
import { Grid } from '#flows/engine/grid.ts';
import { Image } from '#flows/engine/image.ts';
import { Intake } from '#flows/engine/intake.ts';
import type { RestartClass } from '#flows/engine/restart.ts';
import type { ScanAct, ScanResult } from '#flows/engine/scan.ts';
import { valueOf } from '#flows/engine/values.ts';
import type { CellPlan, TagPlan } from '#flows/plan.ts';
import type { Ranged } from '#flows/program.ts';
import { readAct, recordAct } from '#flows/replay/acts.ts';
import type { ReplayEntry, SegmentStart } from '#flows/replay/replay.ts';
import type { Chance } from './chance.ts';
import { randomValue } from './random-expression.ts';

const period = 20;
const dawn = 1_700_000_000_000;

/** One segment as the chronicle would hold it; `next` where the one after it is of the same boot. */
export interface Segment {
  readonly start: SegmentStart;
  readonly entries: ReplayEntry[];
  next?: SegmentStart;
  /** Scans that ran in it. */
  scans: number;
}

export class LiveRun {
  readonly segments: Segment[] = [];
  /** What happened, counted, so that a test can see that it did. */
  readonly counts = {
    fired: 0,
    trips: 0,
    faults: 0,
    forces: 0,
    restarts: 0,
    alarms: 0,
    offGrid: 0,
  };
  cell: Cell;
  readonly #plan: CellPlan;
  readonly #engines: () => readonly Engines[];
  readonly #chance: Chance;
  #image: Image;
  #intake: Intake;
  #grid: Grid;
  #groups: readonly (readonly number[])[] = [];
  #t = 0;
  #seq = 0;
  #ids = 0;

  constructor(plan: CellPlan, engines: () => readonly Engines[], chance: Chance) {
    this.#plan = plan;
    this.#engines = engines;
    this.#chance = chance;
    this.cell = new Cell(plan, engines());
    this.#image = new Image(plan.tags);
    this.#intake = new Intake(plan);
    this.#grid = new Grid({ period, min: 1 });
    this.#boot(
      undefined,
      plan.flows.map(() => 'cold'),
    );
  }

  /** Lives on for so many turns of the loop. */
  live(turns: number): void {
    const chance = this.#chance;
    for (let turn = 0; turn < turns; turn += 1) {
      this.#t += chance.odds(0.01) ? chance.whole(30, 400) : chance.whole(1, 25);
      this.#devices();
      if (chance.odds(0.15)) this.#people();
      this.#scan();
      if (chance.odds(0.01)) this.#segment();
      if (chance.odds(0.004)) this.#restart();
    }
  }

  #scan(): void {
    const waiting = this.#image.changedRead || this.#intake.waiting;
    const due = this.#grid.next(this.#t, waiting);
    if (due === undefined) return;
    const { acts, held } = this.#intake.take(due.now);
    const tags: TagChange[] = this.#image.judge(due.now, []);
    const result = this.cell.step({ ...due, tags, acts, held });
    this.#grid.ran(due, result.followUp);
    this.counts.offGrid += due.offGrid ? 1 : 0;
    this.#record(acts, result);
  }

  #record(acts: readonly ScanAct[], result: ScanResult): void {
    const segment = present(this.segments.at(-1), 'a segment is open');
    segment.scans += 1;
    const { counts } = this;
    counts.faults += result.faults.length;
    counts.alarms += result.alarms.length;
    const { record } = result;
    if (record === undefined) return;
    counts.fired += record.fired.length;
    counts.trips += record.trips.length;
    const { scan } = this.cell;
    const at = utcMs(dawn + record.now);
    for (const act of [...acts, ...result.ended]) {
      const { id, actor } = act;
      const args = JSON.parse(canonicalJson({ ...recordAct(this.#plan, act) }));
      const read = readAct(this.#plan, { id, actor, ...args });
      segment.entries.push({ seq: this.#next(), scan, kind: 'act', act: read });
    }
    const read = decodeScan(encodeScan(record, at), at);
    segment.entries.push({ seq: this.#next(), scan, kind: 'scan', record: read });
    for (const { id, change } of result.alarms) {
      segment.entries.push({ seq: this.#next(), scan, kind: 'alarm', id, change });
    }
  }

  #next(): number {
    this.#seq += 1;
    return this.#seq;
  }

  /** A new segment of the same boot. */
  #segment(): void {
    const start = this.#open();
    const before = this.segments.at(-2);
    if (before !== undefined) before.next = start;
  }

  #open(): SegmentStart {
    const state = JSON.parse(canonicalJson(this.cell.openSegment()));
    const { scan, now } = this.cell;
    const start = { scan, now, period, state };
    this.segments.push({ start, entries: [], scans: 0 });
    return start;
  }

  #restart(): void {
    this.counts.restarts += 1;
    const saved = JSON.parse(canonicalJson(this.cell.save()));
    const ways = ['hot', 'ask', 'warm', 'cold'] as const;
    this.#boot(
      saved,
      this.#plan.flows.map(() => this.#chance.pick<RestartClass>(ways)),
    );
  }

  #boot(saved: Json | undefined, ways: readonly RestartClass[]): void {
    this.#t = 0;
    this.cell = new Cell(this.#plan, this.#engines());
    this.cell.enter(saved, ways);
    this.#image = new Image(this.#plan.tags);
    this.#intake = new Intake(this.#plan);
    this.#grid = new Grid({ period, min: 1 });
    const inputs = this.#plan.tags.flatMap((tag, index) => (tag.kind === 'input' ? [index] : []));
    const half = Math.floor(inputs.length / 2);
    this.#groups = [inputs.slice(0, half), inputs.slice(half)];
    this.#open();
  }

  #devices(): void {
    const chance = this.#chance;
    const received = instant(this.#t - chance.next() * 3);
    for (const group of this.#groups) {
      if (chance.odds(0.9)) this.#image.seen(group, received);
      const changed = chance.some(group, 0.06);
      if (changed.length > 0) this.#image.samples(changed.map((tag) => this.#sample(tag)));
    }
  }

  #sample(tag: number): Parameters<Image['samples']>[0][number] {
    const chance = this.#chance;
    const plan = present(this.#plan.tags[tag], 'a tag of the plan');
    const good = chance.odds(0.85);
    const code = good
      ? status.Good
      : chance.pick([status.BadDeviceFailure, status.UncertainLastUsableValue, status.BadTimeout]);
    const value = chance.odds(0.02) ? null : this.#value(plan);
    const time = utcMs(dawn + this.#t + chance.next());
    return { tag, value, status: code, time, received: instant(this.#t - chance.next()) };
  }

  #value(plan: TagPlan): Value {
    const type = declOf(plan).type;
    const number = randomValue(this.#chance, type);
    if (type.kind === 'int' && this.#chance.odds(0.1)) return BigInt(Math.trunc(number));
    return valueOf(declOf(plan), number);
  }

  #people(): void {
    const chance = this.#chance;
    const act = this.#act(chance.whole(0, 9));
    if (act !== undefined) this.#intake.offer(act, this.#t, chance.whole(10, 2000));
  }

  #act(which: number): ScanAct | undefined {
    const chance = this.#chance;
    this.#ids += 1;
    const by = { id: `act-${this.#ids}`, actor: chance.pick(['console:one', 'token:two']) };
    const flow = chance.whole(0, this.#plan.flows.length - 1);
    const plan = present(this.#plan.flows[flow], 'a flow of the plan');
    const tags = [...this.cell.tags.forces.keys()];
    switch (which) {
      case 0: {
        const tag = chance.whole(0, this.#plan.tags.length - 1);
        const value = this.#value(present(this.#plan.tags[tag], 'a tag of the plan'));
        const until = this.#t + chance.pick([50, 500, 5000, 65_000]);
        this.counts.forces += 1;
        return { ...by, kind: 'force', tag, value, until, reason: 'why not' };
      }
      case 1:
        return tags.length === 0 ? undefined : { ...by, kind: 'unforce', tag: chance.pick(tags) };
      case 2: {
        if (plan.flow.params.length === 0) return undefined;
        const param = chance.whole(0, plan.flow.params.length - 1);
        const decl = present(plan.flow.params[param], 'a parameter');
        return { ...by, kind: 'parameter', flow, param, value: randomValue(chance, decl.type) };
      }
      case 3:
      case 4: {
        const standing = present(this.cell.flows[flow], 'a flow').alarms.board.standing();
        if (standing.length === 0) return undefined;
        return { ...by, kind: 'acknowledge', alarm: chance.pick(standing).kind.id };
      }
      case 5:
      case 6:
        return { ...by, kind: 'resume', flow };
      default:
        return this.#command(by, flow);
    }
  }

  #command(by: { id: string; actor: string }, flow: number): ScanAct | undefined {
    const { commands } = present(this.#plan.flows[flow], 'a flow of the plan').flow;
    if (commands.length === 0) return undefined;
    const command = this.#chance.whole(0, commands.length - 1);
    if (commands[command]?.held === undefined) return { ...by, kind: 'command', flow, command };
    const down = this.#chance.odds(0.7);
    this.#intake.keep({ flow, command }, { actor: by.actor, down, now: this.#t });
    return undefined;
  }
}

function declOf(plan: TagPlan): Ranged {
  switch (plan.type) {
    case 'enum':
      return { type: { kind: 'enum', values: plan.values } };
    case 'bool':
    case 'int':
    case 'real':
      return { type: { kind: plan.type } };
    case 'string':
      return { type: { kind: 'enum', values: ['', 'A-17'] } };
  }
}
