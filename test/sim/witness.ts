// Watches a world scan by scan from outside: when tags turned bad, whether a guard was satisfied by one that was, whether a
// good value was ever one that the machine did not have, and what was noted of the parts.
import { present } from '#contract/error.ts';
import { qualityOf, statusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import type { Flow } from '#flows/program.ts';
import type { ScanInput, ScanResult } from '#flows/engine/scan.ts';
import type { Sensor } from '#simulator/plant/plant.ts';
import type { World, WorldOptions } from '#simulator/world.ts';
import type { Demo } from './demo.ts';

/** What delivery may add to a value's age: a slow line, an answer that was held, a processor that was away, ms. */
const delivery = 700;

/** Faults in which a device that sends by itself loses what it sent, or sends it with what comes next. */
const losing: ReadonlySet<string> = new Set(['hang', 'late', 'short']);

export interface Wrong {
  readonly now: number;
  readonly tag: string;
  readonly value: Value;
}

export interface Noted {
  readonly now: number;
  readonly code: Value;
  readonly good: boolean;
  /** The code of the part that lay there. */
  readonly part: string;
}

/** What the machine had at one terminal, and when it last had it. */
class Past {
  readonly #had = new Map<Value, number>();
  #value: Value = null;
  #at = 0;

  has(value: Value, now: number): void {
    if (value !== this.#value) {
      this.#had.set(this.#value, this.#at);
      this.#value = value;
    }
    this.#at = now;
  }

  lastHad(value: Value): number | undefined {
    return value === this.#value ? this.#at : this.#had.get(value);
  }
}

export class Witness {
  readonly world: World;
  /** By tag that is bad now: the scan's time at which it turned. */
  readonly bad = new Map<string, number>();
  /** Transitions that fired while a tag that their `when` reads was bad. */
  readonly blind: string[] = [];
  /** Good values that the machine has not had for longer than they may be good. */
  readonly wrong: Wrong[] = [];
  readonly notes: Noted[] = [];
  /** Values that were compared. */
  compared = 0;
  readonly #reads: readonly ReadonlySet<string>[];
  /** Those that can be compared: a measurement has noise. `limit`: how old a good value may be, ms. */
  readonly #discrete: readonly {
    readonly name: string;
    readonly tag: number;
    readonly device: string;
    readonly limit: number;
    readonly past: Past;
    readonly sensor: Sensor;
  }[];
  readonly #devices: readonly string[];
  /** Devices that send by themselves. */
  readonly #pushing: ReadonlySet<string>;
  /** Of these, those that lost what they sent: nobody can know, until they send again. */
  readonly #lost = new Set<string>();
  /** By device: until when it may lie, because it was stuck. */
  readonly #lied = new Map<string, number>();

  constructor(
    demo: Demo,
    make: (options: Pick<WorldOptions, 'onScan'>) => World = (options) => demo.world(1, options),
  ) {
    const { plan } = demo;
    this.#reads = present(plan.flows[0], 'a flow').flow.transitions.map((_, index) =>
      tagsRead(present(plan.flows[0], 'a flow').flow, index),
    );
    this.world = make({ onScan: (input, result) => this.#see(input, result) });
    const { sensors } = this.world.plant;
    this.#discrete = plan.tags.flatMap(({ name, kind, type, stale = 0, device = '' }, tag) =>
      kind === 'input' && type !== 'real'
        ? [
            {
              name,
              tag,
              device,
              limit: stale + delivery,
              past: new Past(),
              sensor: present(sensors.get(name), name),
            },
          ]
        : [],
    );
    this.#devices = Object.keys(plan.manifest.devices);
    this.#pushing = new Set(
      Object.entries(plan.manifest.devices).flatMap(([name, { alive }]) =>
        alive === undefined ? [] : [name],
      ),
    );
    this.#look(0);
  }

  /** The tags that are bad on a device, and since when. */
  badOf(device: string): ReadonlyMap<string, number> {
    const own = this.world.plan.tags.filter((tag) => tag.device === device);
    const names = new Set<string>(own.map(({ name }) => name));
    return new Map([...this.bad].filter(([name]) => names.has(name)));
  }

  #see(input: ScanInput, result: ScanResult): void {
    const { tags } = this.world.plan;
    for (const { tag, status } of input.tags) {
      const { name } = present(tags[tag], 'a tag');
      if (qualityOf(status) !== 'bad') this.bad.delete(name);
      else if (!this.bad.has(name)) this.bad.set(name, input.now);
    }
    for (const { transition } of result.record?.fired ?? []) {
      const { id } = present(this.world.plan.flows[0]?.flow.transitions[transition], 'one');
      for (const name of this.#reads[transition] ?? []) {
        if (this.bad.has(name)) this.blind.push(`${id} read ${name}`);
      }
    }
    for (const { values } of result.notes) {
      const { v, s } = present(values['code'], 'a code is noted');
      const part = String(this.world.plant.figures()['infeed']);
      this.notes.push({
        now: input.now,
        code: v,
        good: qualityOf(statusCode(s)) === 'good',
        part,
      });
    }
    this.#compare(input.now);
  }

  /** What the machine has now. */
  #look(now: number): void {
    for (const { past, sensor } of this.#discrete) past.has(sensor(), now);
  }

  #compare(now: number): void {
    this.#look(now);
    for (const device of this.#devices) {
      const kind = this.world.faultOf(device);
      if (kind === 'stuck') this.#lied.set(device, now);
      if (losing.has(kind ?? '') && this.#pushing.has(device)) this.#lost.add(device);
    }
    const { tags } = this.world.cell;
    for (const { name, tag, device, limit, past } of this.#discrete) {
      if (!tags.good(tag)) continue;
      const value = tags.value[tag] ?? null;
      const lied = this.#lied.get(device);
      if (lied !== undefined && now - lied <= limit) continue;
      this.compared += 1;
      const had = past.lastHad(value);
      if (had === now) this.#lost.delete(device);
      if (this.#lost.has(device)) continue;
      if (had === undefined || now - had > limit) this.wrong.push({ now, tag: name, value });
    }
  }
}

/** The inputs that a transition's `when` reads. */
function tagsRead(flow: Flow, transition: number): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(visit);
    if (typeof part !== 'object' || part === null) return;
    const node = part as { kind?: string; input?: number; let?: number };
    if (node.kind === 'input') found.add(flow.inputs[node.input ?? -1]?.name ?? '');
    else if (node.kind === 'let') visit(flow.lets[node.let ?? -1]?.expr);
    else Object.values(node).forEach(visit);
  };
  visit(flow.transitions[transition]?.when);
  return found;
}
