// What control shows to its clients: the cell as contract/wire.ts describes it, built from the state that
// the scans made. Reads only; each part is rebuilt when something of it may have changed.
import { present } from '#contract/error.ts';
import type { DeviceHealth } from '#contract/driver.ts';
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
  Why,
} from '#contract/wire.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { FlowRun } from '#flows/engine/flow-run.ts';
import { valueOf } from '#flows/engine/values.ts';
import { explain } from '#flows/explain.ts';
import type { Ranged } from '#flows/program.ts';
import type { LoadedCell } from './config.ts';
import type { Devices } from './devices.ts';
import type { FeedSource } from './feed.ts';
import { greetingOf } from './greeting.ts';
import type { Outputs } from './outputs.ts';

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
  figures(): Pick<Sections, 'scan' | 'chronicle'>;
  /** The newest entry: what a frame shows is recorded at or before it. */
  seq(): number;
  lastTransition(flow: number): { transition: string; time: number } | undefined;
  /** Of a leaf by its path; undefined until it was left once. */
  usual(flow: string, state: string): Usual | undefined;
}

type MapName = Exclude<keyof Sections, 'scan' | 'chronicle'>;
const mapNames: readonly MapName[] = ['tags', 'outputs', 'flows', 'alarms', 'forces', 'devices'];

export class View implements FeedSource {
  readonly #clock: Clock;
  readonly #parts: ViewParts;
  /** What was last told, as text, by section and key. */
  readonly #told = new Map<string, string>();
  #dirty = true;
  #changedTags = new Set<number>();
  #figuresAt = 0;
  #greeting: Omit<Hello, 'seq'> | undefined;

  constructor(clock: Clock, parts: ViewParts) {
    this.#clock = clock;
    this.#parts = parts;
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

  moment(): { now: number; time: number; seq: number } {
    const time = Math.floor(this.#clock.time());
    return { now: this.#parts.cell.now, time, seq: this.#parts.seq() };
  }

  sections(): Sections {
    return { ...this.#maps(this.#parts.loaded.plan.tags.keys(), true), ...this.#parts.figures() };
  }

  changes(): Partial<Sections> | undefined {
    const now = this.#clock.now();
    const figures = now - this.#figuresAt >= 1000;
    if (!this.#dirty && this.#changedTags.size === 0 && !figures) return undefined;
    const maps = this.#maps(this.#changedTags, false);
    this.#changedTags = new Set();
    this.#dirty = false;
    const changes: Partial<Sections> = {};
    for (const name of mapNames) {
      const changed = this.#changed(name, maps[name]);
      if (changed !== undefined) Object.assign(changes, { [name]: changed });
    }
    if (figures) {
      this.#figuresAt = now;
      // Latency and counts of devices move without a change of state.
      this.#dirty = true;
      Object.assign(changes, this.#parts.figures());
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

  #maps(tags: Iterable<number>, ages: boolean): Pick<Sections, MapName> {
    const { cell, outputs } = this.#parts;
    const now = Math.floor(this.#clock.now());
    const { plan } = cell;
    const states: Record<string, TagState> = {};
    for (const index of tags) {
      const tag = present(plan.tags[index], 'a tag of the plan');
      if (tag.kind !== 'output') states[tag.name] = this.tagState(index, ages ? now : undefined);
    }
    const outputStates: Record<string, OutputState> = {};
    for (const [index, tag] of plan.tags.entries()) {
      if (tag.kind !== 'output') continue;
      const { value, asked, by, interlock } = cell.output(index);
      outputStates[tag.name] = {
        v: toJsonValue(value),
        asked: toJsonValue(asked),
        by,
        ...(interlock === undefined ? {} : { interlock }),
        write: outputs.stateOf(index),
      };
    }
    return {
      tags: states,
      outputs: outputStates,
      flows: Object.fromEntries(cell.flows.map((run) => [run.plan.name, this.#flowState(run)])),
      alarms: this.#parts.alarms(),
      forces: this.#forces(),
      devices: Object.fromEntries(
        [...this.#parts.devices.health()].map(([name, health]) => [name, deviceView(health)]),
      ),
    };
  }

  #changed(
    name: MapName,
    now: Readonly<Record<string, unknown>>,
  ): Record<string, unknown> | undefined {
    const changed: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(now)) {
      const text = JSON.stringify(value);
      const place = `${name}/${key}`;
      if (this.#told.get(place) === text) continue;
      this.#told.set(place, text);
      changed[key] = value;
    }
    if (name === 'alarms' || name === 'forces') {
      for (const place of this.#told.keys()) {
        const key = place.slice(name.length + 1);
        if (!place.startsWith(`${name}/`) || Object.hasOwn(now, key)) continue;
        this.#told.delete(place);
        changed[key] = null;
      }
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
