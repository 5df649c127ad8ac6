// The cell as the page shows it. Messages change a picture at once; `publish` carries it into signals,
// one flush for each frame of the screen, numbers at most four times a second.
import { batch, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { Link, ToBrowser } from '#contract/live.ts';
import { applyDelta, follows } from '#contract/merge.ts';
import { Pages } from '#contract/pages.ts';
import type { TagInfo } from '#contract/described.ts';
import type { Hello, Snapshot, Stopped, TagState, Why } from '#contract/wire.ts';

/** People cannot read digits that change faster. */
export const numberPace_ms = 250;

/** A `why` and the cell's time when it came, so that remaining times count down. */
export interface Explained {
  readonly why: Why;
  /** UTC. */
  readonly at: number;
}

export interface Standing {
  /** The flow's last transition. */
  readonly moved: string;
  /** The newest entry of which this page knows. */
  readonly seq: number;
}

/** Undefined until the cell has said it. */
type Section<Name extends keyof Snapshot> = Signal<Snapshot[Name] | undefined>;

export class CellStore {
  readonly hello = signal<Hello | undefined>(undefined);
  readonly link = signal<Link | undefined>(undefined);
  readonly flows: Section<'flows'> = signal(undefined);
  readonly outputs: Section<'outputs'> = signal(undefined);
  readonly alarms: Section<'alarms'> = signal(undefined);
  readonly forces: Section<'forces'> = signal(undefined);
  readonly devices: Section<'devices'> = signal(undefined);
  readonly scan: Section<'scan'> = signal(undefined);
  readonly chronicle: Section<'chronicle'> = signal(undefined);
  /** Absent also where the cell has no mirror. */
  readonly mirror: Section<'mirror'> = signal(undefined);
  readonly whys = signal<Readonly<Record<string, Explained>>>({});
  readonly stops = signal<Readonly<Record<string, Stopped>>>({});
  /** UTC at which control was seen to be another than before. */
  readonly restarted = signal<number | undefined>(undefined);
  readonly #tags = new Map<string, Signal<TagState | undefined>>();
  #infos: ReadonlyMap<string, TagInfo> = new Map();
  #picture: Snapshot | undefined;
  #shown: Snapshot | undefined;
  #link: Link | undefined;
  #hello: Hello | undefined;
  #whys: Readonly<Record<string, Explained>> = {};
  #stops: Readonly<Record<string, Stopped>> = {};
  #whole = false;
  #pages = new Pages();
  readonly #dirty = new Set<string>();
  #numbersAt = Number.NEGATIVE_INFINITY;

  /** How a flow stands in the newest picture: with it, what an act expects when the flow has not moved until then. */
  standing(flow: string): Standing {
    const picture = this.#picture;
    const { transition = '', time = 0 } = picture?.flows[flow]?.last ?? {};
    return { moved: `${transition} ${time}`, seq: picture?.seq ?? 0 };
  }

  /** False from the loss of a connection until the picture that comes with the next. */
  get whole(): boolean {
    return this.#whole;
  }

  /** True while numbers wait for their next repaint. */
  get waiting(): boolean {
    return this.#dirty.size > 0;
  }

  tag(name: string): Signal<TagState | undefined> {
    const known = this.#tags.get(name);
    if (known !== undefined) return known;
    const made = signal<TagState | undefined>(this.#picture?.tags[name]);
    this.#tags.set(name, made);
    return made;
  }

  info(name: string): TagInfo | undefined {
    return this.#infos.get(name);
  }

  /** The connection is gone; what is shown stays, and is not live. */
  disconnected(): void {
    this.#whole = false;
    this.#pages = new Pages();
  }

  /** False when frames are missing: a new picture is needed. */
  take(part: ToBrowser): boolean {
    // While pages are still to come, what is shown is neither the old cell nor the new one.
    if ((part.type === 'hello' || part.type === 'snapshot') && part.more) this.#whole = false;
    const message = this.#pages.take(part);
    if (message === undefined) return true;
    switch (message.type) {
      case 'link':
        this.#link = message;
        return true;
      case 'hello':
        this.#greet(message);
        return true;
      case 'snapshot':
        this.#picture = message;
        this.#whole = true;
        for (const name of [...this.#tags.keys(), ...Object.keys(message.tags)]) {
          this.#dirty.add(name);
        }
        this.#numbersAt = Number.NEGATIVE_INFINITY;
        return true;
      case 'delta':
        if (this.#picture === undefined || !follows(this.#picture.frame, message)) return false;
        this.#picture = applyDelta(this.#picture, message);
        for (const name of Object.keys(message.tags ?? {})) this.#dirty.add(name);
        return true;
      case 'why':
        this.#whys = { ...this.#whys, [message.flow]: { why: message, at: this.#now() } };
        return true;
      case 'stopped':
        this.#stops = { ...this.#stops, [message.flow]: message };
        return true;
      case 'receipt':
      case 'done':
        return true;
    }
  }

  /** Carries the picture into the signals; `at` in ms of any monotonic clock. The frame now shown. */
  publish(at: number): number | undefined {
    const picture = this.#picture;
    batch(() => {
      this.link.value = this.#link;
      this.hello.value = this.#hello;
      this.whys.value = this.#whys;
      this.stops.value = this.#stops;
      if (picture === undefined) return;
      this.#publishTags(picture, at);
      if (picture === this.#shown) return;
      this.flows.value = picture.flows;
      this.outputs.value = picture.outputs;
      this.alarms.value = picture.alarms;
      this.forces.value = picture.forces;
      this.devices.value = picture.devices;
      this.scan.value = picture.scan;
      this.chronicle.value = picture.chronicle;
      this.mirror.value = picture.mirror;
    });
    this.#shown = picture;
    return picture?.frame;
  }

  #greet(hello: Hello): void {
    if (this.#hello !== undefined && this.#hello.boot !== hello.boot) {
      this.restarted.value = this.#link?.time;
      this.#stops = {};
    }
    this.#hello = hello;
    this.#whys = {};
    this.#infos = new Map(hello.tags.map((info) => [info.name, info]));
  }

  #publishTags(picture: Snapshot, at: number): void {
    const numbers = at - this.#numbersAt >= numberPace_ms;
    if (numbers) this.#numbersAt = at;
    for (const name of this.#dirty) {
      const state = picture.tags[name];
      const shown = this.#tags.get(name);
      // A number whose quality is still the same can wait; everything else is shown at once.
      const patient = typeof state?.v === 'number' && shown?.value?.s === state.s;
      if (patient && !numbers) continue;
      if (shown !== undefined) shown.value = state;
      this.#dirty.delete(name);
    }
  }

  #now(): number {
    return this.#picture?.time ?? 0;
  }
}
