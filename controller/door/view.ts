// What control shows to its clients: the cell as contract/wire.ts describes it, built from the state that
// the scans made. Reads only; each part is rebuilt when something of it may have changed.
import { present } from '#contract/error.ts';
import type { DeviceHealth } from '#contract/driver.ts';
import type { SectionEntry } from '#contract/pages.ts';
import { toJsonValue } from '#contract/sample.ts';
import type { Clock } from '#contract/time.ts';
import type { Scalar } from '#contract/described.ts';
import type {
  AlarmState,
  FlowState,
  Hello,
  OutputState,
  Sections,
  Stopped,
  TagState,
  Usual,
  WholeSections,
  Why,
} from '#contract/wire.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { FlowRun } from '#flows/engine/flow-run.ts';
import { valueOf } from '#flows/engine/values.ts';
import { explain } from '#flows/explain.ts';
import type { Ranged } from '#flows/program.ts';
import type { LoadedCell } from '#controller/config.ts';
import type { Devices } from '#controller/devices/devices.ts';
import type { FeedSource } from './feed.ts';
import type { ShownCell } from '#contract/act-rules.ts';
import { greetingOf } from './greeting.ts';
import type { Outputs } from '#controller/devices/outputs.ts';

/** What the view reads. */
export interface ViewParts {
  readonly loaded: LoadedCell;
  readonly cell: Cell;
  readonly boot: number;
  readonly devices: Devices;
  readonly outputs: Outputs;
  ageOf(tag: number, now: number): number | undefined;
  alarms(): Readonly<Record<string, AlarmState>>;
  stopped(): readonly Stopped[];
  figures(): WholeSections;
  /** The newest entry: what a frame shows is recorded at or before it. */
  seq(): number;
  lastTransition(flow: number): { transition: string; time: number } | undefined;
  /** Of a leaf by its path; undefined until it was left once. */
  usual(flow: string, state: string): Usual | undefined;
}

/** Sections of which what was told is kept, to tell changes only. */
const toldSections = ['outputs', 'flows', 'alarms', 'forces', 'devices'] as const;
type Told = (typeof toldSections)[number];

export class View implements FeedSource {
  readonly #clock: Clock;
  readonly #parts: ViewParts;
  /** Indices of the outputs among the tags. */
  readonly #outputs: readonly number[];
  /** What was last told beside tags, as text, by section and key. */
  readonly #told: Readonly<Record<Told, Map<string, string>>> = {
    outputs: new Map(),
    flows: new Map(),
    alarms: new Map(),
    forces: new Map(),
    devices: new Map(),
  };
  #dirty = true;
  readonly #changedTags = new Set<number>();
  #figuresAt = 0;
  #greeting: Omit<Hello, 'seq'> | undefined;

  constructor(clock: Clock, parts: ViewParts) {
    this.#clock = clock;
    this.#parts = parts;
    this.#outputs = parts.cell.plan.tags.flatMap(({ kind }, tag) =>
      kind === 'output' ? [tag] : [],
    );
  }

  /** Something changed beside tags. */
  touch(): void {
    this.#dirty = true;
  }

  tagChanged(tag: number): void {
    this.#changedTags.add(tag);
  }

  hello(): Hello {
    const { loaded, boot, devices } = this.#parts;
    this.#greeting ??= greetingOf(loaded, boot, devices);
    return { ...this.#greeting, seq: this.#parts.seq() };
  }

  /** What rules about acts look at: what the cell has, and which states are active. */
  shown(): ShownCell {
    const flows = this.#parts.cell.flows.map(({ plan, flow, configuration }) => {
      const regions = flow.regions.map(({ name, initial }, index) => {
        const state = flow.states[configuration.leaves[index] ?? initial]?.path ?? name;
        return [name, { state }] as const;
      });
      return [plan.name, { regions: Object.fromEntries(regions) }] as const;
    });
    return { hello: this.hello(), snapshot: { flows: Object.fromEntries(flows) } };
  }

  moment(): { now: number; time: number; seq: number } {
    const time = Math.floor(this.#clock.time());
    return { now: this.#parts.cell.now, time, seq: this.#parts.seq() };
  }

  *entries(): Generator<SectionEntry> {
    const { tags } = this.#parts.cell.plan;
    for (const section of toldSections) {
      for (const [key, value] of Object.entries(this.#section(section))) {
        yield [section, key, value];
      }
    }
    for (const [index, { name, kind }] of tags.entries()) {
      const now = Math.floor(this.#clock.now());
      if (kind !== 'output') yield ['tags', name, this.tagState(index, now)];
    }
  }

  figures(): WholeSections {
    return this.#parts.figures();
  }

  changes(): Partial<Sections> | undefined {
    const now = this.#clock.now();
    const figures = now - this.#figuresAt >= 1000;
    const changes: Partial<Sections> = {};
    if (this.#changedTags.size > 0) {
      const states = this.#tagStates(this.#changedTags);
      if (states !== undefined) changes.tags = states;
      this.#changedTags.clear();
    }
    for (const section of this.#dirty ? toldSections : []) {
      const changed = this.#changed(section, this.#section(section));
      if (changed !== undefined) Object.assign(changes, { [section]: changed });
    }
    this.#dirty = false;
    if (figures) {
      this.#figuresAt = now;
      // Latency and counts of devices move without a change of state.
      this.#dirty = true;
      Object.assign(changes, this.figures());
    }
    return Object.keys(changes).length === 0 ? undefined : changes;
  }

  why(name: string): Omit<Why, 'type' | 'frame'> | undefined {
    const { cell } = this.#parts;
    const index = cell.plan.flowIndex.get(name);
    const run = index === undefined ? undefined : cell.flows[index];
    if (index === undefined || run === undefined) return undefined;
    const explained = run.stepped
      ? explain(cell.plan, index, run.frame, run.configuration)
      : { candidates: [], commands: [] };
    return { flow: name, ...explained };
  }

  stopped(): readonly Stopped[] {
    return this.#parts.stopped();
  }

  /** A tag as people see it now: with its force over it. */
  tagState(tag: number, now?: number): TagState {
    const { tags } = this.#parts.cell;
    const force = tags.forces.get(tag);
    const age = now === undefined ? undefined : this.#parts.ageOf(tag, now);
    return {
      v: toJsonValue(force === undefined ? (tags.value[tag] ?? null) : force.value),
      s: tags.statusOf(tag),
      t: tags.timeOf(tag),
      ...(force === undefined ? {} : { f: true }),
      ...(age === undefined ? {} : { age_ms: age }),
    };
  }

  /** Outputs have a section of their own. */
  #tagStates(tags: ReadonlySet<number>): Sections['tags'] | undefined {
    const { plan } = this.#parts.cell;
    const states = [...tags].flatMap((index): [string, TagState][] => {
      const tag = present(plan.tags[index], 'a tag of the plan');
      return tag.kind === 'output' ? [] : [[tag.name, this.tagState(index)]];
    });
    return states.length === 0 ? undefined : Object.fromEntries(states);
  }

  #section(section: Told): Readonly<Record<string, unknown>> {
    const { cell, devices } = this.#parts;
    switch (section) {
      case 'outputs':
        return Object.fromEntries(this.#outputs.map((tag) => this.#outputState(tag)));
      case 'flows':
        return Object.fromEntries(cell.flows.map((run) => [run.plan.name, this.#flowState(run)]));
      case 'alarms':
        return this.#parts.alarms();
      case 'forces':
        return this.#forces();
      case 'devices':
        return Object.fromEntries(
          [...devices.health()].map(([name, health]) => [name, deviceView(health)]),
        );
    }
  }

  #outputState(tag: number): [name: string, state: OutputState] {
    const { cell, outputs } = this.#parts;
    const { name } = present(cell.plan.tags[tag], 'a tag of the plan');
    const { value, asked, by, interlock } = cell.output(tag);
    const state: OutputState = {
      v: toJsonValue(value),
      asked: toJsonValue(asked),
      by,
      ...(interlock === undefined ? {} : { interlock }),
      write: outputs.stateOf(tag),
    };
    return [name, state];
  }

  /** What of a section is not as it was last told; null for what is gone. */
  #changed(
    section: Told,
    now: Readonly<Record<string, unknown>>,
  ): Record<string, unknown> | undefined {
    const changed: Record<string, unknown> = {};
    const told = this.#told[section];
    for (const [key, value] of Object.entries(now)) {
      const text = JSON.stringify(value);
      if (told.get(key) === text) continue;
      told.set(key, text);
      changed[key] = value;
    }
    for (const key of told.keys()) {
      if (Object.hasOwn(now, key)) continue;
      told.delete(key);
      changed[key] = null;
    }
    return Object.keys(changed).length === 0 ? undefined : changed;
  }

  #flowState(run: FlowRun): FlowState {
    const { flow, configuration, frame } = run;
    const reason = notSteppedText(run);
    const utcOf = Math.floor(this.#clock.time()) - run.clock;
    const regions = flow.regions.map((region, index) => {
      const leaf = configuration.leaves[index] ?? region.initial;
      const since = configuration.entered[leaf] ?? 0;
      const state = flow.states[leaf]?.path ?? region.name;
      const usual = this.#parts.usual(run.plan.name, state);
      return [
        region.name,
        {
          state,
          since_ms: since,
          sinceTime: this.#steady(`${run.index}/${index}`, since, utcOf + since),
          ...(usual === undefined ? {} : { usual }),
        },
      ];
    });
    const last = this.#parts.lastTransition(run.index);
    return {
      stepped: run.stepped,
      ...(reason === undefined ? {} : { reason }),
      regions: Object.fromEntries(regions),
      ctx: named(flow.ctx, configuration.ctx),
      signals: named(flow.signals, frame.signals),
      parameters: named(flow.params, frame.params),
      ...(last === undefined ? {} : { last }),
    };
  }

  readonly #since = new Map<string, { entered: number; time: number }>();

  /** The same entry has the same UTC however often it is told, whatever the wall clock does meanwhile. */
  #steady(place: string, entered: number, time: number): number {
    const known = this.#since.get(place);
    if (known?.entered === entered) return known.time;
    this.#since.set(place, { entered, time });
    return time;
  }

  #forces(): Sections['forces'] {
    const { tags, plan, now } = this.#parts.cell;
    const utc = Math.floor(this.#clock.time());
    return Object.fromEntries(
      [...tags.forces].map(([tag, { value, until, reason, actor }]) => {
        const name = plan.tags[tag]?.name ?? '';
        const end = this.#steady(`force/${name}`, until, utc + until - now);
        return [name, { value: toJsonValue(value), reason, actor, until: end }];
      }),
    );
  }
}

/** Why a flow is not stepped; undefined when it is. */
export function notSteppedText(run: FlowRun): string | undefined {
  switch (run.stage) {
    case 'running':
      return undefined;
    case 'settling':
      return 'it waits for the first answer of each of its inputs';
    case 'asking':
      return 'control was restarted; a person resumes it';
    case 'faulted':
      return `it failed: ${run.fault ?? 'unknown'}; a person resumes it`;
  }
}

function named(
  declarations: readonly (Ranged & { name: string })[],
  values: Float64Array,
): Record<string, Scalar> {
  return Object.fromEntries(
    declarations.map((declared, index) => [
      declared.name,
      toJsonValue(valueOf(declared, values[index] ?? Number.NaN)),
    ]),
  );
}

function deviceView(health: DeviceHealth): Sections['devices'][string] {
  const { error, ...rest } = health;
  return {
    ...rest,
    ...(error === undefined ? {} : { error: { code: error.code, text: error.text } }),
  };
}
