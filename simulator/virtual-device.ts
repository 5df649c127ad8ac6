// A device and its driver in virtual time, by what control sees of the two: polls with their periods and latency,
// writes that arrive later, a heartbeat, a line that hangs, breaks or is slow, and the driver's way back.
import { present } from '#contract/error.ts';
import type { Duration, Random } from '#contract/time.ts';
import type { Agenda } from './agenda.ts';
import type { DeviceOutputs } from './plant/outputs.ts';
import type { PlantValue, Sensor } from './plant/plant.ts';

export interface PolledTag {
  readonly tag: number;
  readonly sensor: Sensor;
}

export interface VirtualDeviceOptions {
  readonly name: string;
  /** The driver's deadline for one answer, ms. */
  readonly timeout: number;
  /** Between two beats, ms. */
  readonly heartbeat: number | undefined;
  /** ms from request to answer: at least, and how much more at most. */
  readonly latency: { readonly least: number; readonly spread: number };
  readonly polls: readonly { readonly period: number; readonly tags: readonly PolledTag[] }[];
}

/** What its driver tells control. */
export interface VirtualSink {
  changed(tag: number, value: PlantValue): void;
  /** Confirms all of these; the same array each time. */
  seen(tags: readonly number[]): void;
  /** `again`: it was online before. */
  online(ok: boolean, again: boolean): void;
}

export type VirtualFault =
  | { readonly kind: 'hang' }
  | { readonly kind: 'kill' }
  | { readonly kind: 'slow'; readonly by: Duration };

interface Poll {
  readonly period: number;
  readonly tags: readonly PolledTag[];
  readonly group: readonly number[];
  readonly last: (PlantValue | undefined)[];
  due: number;
}

/** As drivers do: full jitter on a doubling delay, ms. */
const backoff = { base: 250, most: 2000 };

export class VirtualDevice {
  readonly name: string;
  readonly outputs: DeviceOutputs;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #options: VirtualDeviceOptions;
  readonly #sink: VirtualSink;
  readonly #polls: readonly Poll[];
  /** What control asks of each output; written again at every connect. */
  readonly #asked = new Map<string, PlantValue>();
  #fault: VirtualFault | undefined;
  #running = false;
  #online = false;
  /** It was online since control came. */
  #known = false;
  /** Counts connections, so that what belongs to an old one is known. */
  #epoch = 0;
  /** The connection on which control died. */
  #left = -1;
  #failures = 0;
  #arrives = 0;
  /** What the hanging line holds of this connection. */
  #held: (() => void)[] = [];

  constructor(
    agenda: Agenda,
    random: Random,
    options: VirtualDeviceOptions,
    to: { outputs: DeviceOutputs; sink: VirtualSink },
  ) {
    this.name = options.name;
    this.outputs = to.outputs;
    this.#agenda = agenda;
    this.#random = random;
    this.#options = options;
    this.#sink = to.sink;
    this.#polls = options.polls.map(({ period, tags }) => {
      const last = Array.from<PlantValue | undefined>({ length: tags.length }).fill(undefined);
      return { period, tags, group: tags.map(({ tag }) => tag), last, due: 0 };
    });
  }

  get online(): boolean {
    return this.#online;
  }

  /** Control is there: its driver connects. */
  start(): void {
    this.#running = true;
    this.#later(this.#latency());
  }

  /** Control is gone, and its connection with it; the device stays as it is. */
  leave(): void {
    this.#running = false;
    this.#online = false;
    this.#known = false;
    this.#left = this.#epoch;
    this.#epoch += 1;
    this.#held = [];
    this.#asked.clear();
  }

  /** Undefined ends the fault. */
  fault(fault: VirtualFault | undefined): void {
    this.#fault = fault;
    if (!this.#online) return;
    if (fault?.kind === 'kill') {
      this.#lose();
    } else if (this.#hangs()) {
      const epoch = this.#epoch;
      this.#agenda.after(this.#options.timeout, () => {
        if (this.#epoch === epoch && this.#fault === fault) this.#lose();
      });
    } else {
      for (const release of this.#held.splice(0)) release();
    }
  }

  write(output: string, value: PlantValue): void {
    if (!this.#running) return;
    this.#asked.set(output, value);
    if (this.#online) this.#send(output, value);
  }

  #send(output: string, value: PlantValue): void {
    this.#over(() => this.outputs.write(output, value));
  }

  /** Brings something to the device over this connection, in order, or never. */
  #over(arrive: () => void): void {
    const epoch = this.#epoch;
    const { now } = this.#agenda;
    this.#arrives = Math.max(this.#arrives, now + this.#latency() / 2);
    this.#agenda.after(this.#arrives - now, () => this.#unlessLost(epoch, arrive, true));
  }

  /** `sent`: what control had sent when it died still arrives. */
  #unlessLost(epoch: number, run: () => void, sent = false): void {
    if (this.#epoch !== epoch && !(sent && this.#left === epoch)) return;
    if (this.#hangs()) this.#held.push(() => this.#unlessLost(epoch, run, sent));
    else run();
  }

  /** An answer later than the deadline is none. */
  #hangs(): boolean {
    const fault = this.#fault;
    return fault?.kind === 'hang' || (fault?.kind === 'slow' && fault.by >= this.#options.timeout);
  }

  #later(delay: number): void {
    const epoch = this.#epoch;
    this.#agenda.after(delay, () => {
      if (this.#running && this.#epoch === epoch) this.#connect();
    });
  }

  #connect(): void {
    if (this.#fault?.kind === 'kill' || this.#hangs()) return this.#retry();
    const again = this.#known;
    this.#known = true;
    this.#online = true;
    this.#failures = 0;
    this.#epoch += 1;
    this.#held = [];
    this.#sink.online(true, again);
    for (const poll of this.#polls) {
      poll.last.fill(undefined);
      poll.due = this.#agenda.now;
      this.#poll(poll);
    }
    for (const [output, value] of this.#asked) this.#send(output, value);
    if (this.#options.heartbeat !== undefined) this.#beat(this.#epoch, this.#options.heartbeat);
  }

  #lose(): void {
    this.#online = false;
    this.#epoch += 1;
    this.#held = [];
    this.#sink.online(false, false);
    this.#retry();
  }

  #retry(): void {
    const most = Math.min(backoff.most, backoff.base * 2 ** this.#failures);
    this.#failures += 1;
    this.#later(most * (0.5 + this.#random() / 2));
  }

  #beat(epoch: number, every: number): void {
    if (this.#epoch !== epoch) return;
    this.#over(() => this.outputs.beat());
    this.#agenda.after(every, () => this.#beat(epoch, every));
  }

  #poll(poll: Poll): void {
    const epoch = this.#epoch;
    this.#agenda.after(this.#latency(), () => this.#unlessLost(epoch, () => this.#answer(poll)));
  }

  #answer(poll: Poll): void {
    for (const [index, { tag, sensor }] of poll.tags.entries()) {
      const value = sensor();
      if (poll.last[index] === value) continue;
      poll.last[index] = value;
      this.#sink.changed(tag, value);
    }
    this.#sink.seen(poll.group);
    // Absolute deadlines; those that the answer missed are dropped.
    const { now } = this.#agenda;
    poll.due += poll.period;
    if (poll.due < now) poll.due = now;
    const epoch = this.#epoch;
    this.#agenda.after(poll.due - now, () => {
      if (this.#epoch === epoch) this.#poll(poll);
    });
  }

  #latency(): number {
    const { least, spread } = this.#options.latency;
    const late = this.#fault?.kind === 'slow' ? this.#fault.by : 0;
    const share = this.#random();
    return least + spread * share * share * share + late;
  }
}

/** The device of this name. */
export function deviceOf(devices: ReadonlyMap<string, VirtualDevice>, name: string): VirtualDevice {
  return present(devices.get(name), `there is a device ${name}`);
}
