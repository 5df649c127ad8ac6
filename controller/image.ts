// The way from drivers into the image: what a driver says of its tags by name becomes samples by index,
// in engineering units. Age and change are judged by the image itself (flows/engine/image.ts).
import { present } from '#contract/error.ts';
import type { DeviceHealth, DriverSink, TagGroup } from '#contract/driver.ts';
import type { Sample } from '#contract/sample.ts';
import type { Instant } from '#contract/time.ts';
import type { Image, TagSample } from '#flows/engine/image.ts';
import type { CellPlan } from '#flows/plan.ts';
import type { Conversion } from '#controller/devices/conversion.ts';

/** What a device's sink tells beside the samples. */
export interface SinkEvents {
  /** Something arrived; a scan may be due. */
  arrived(): void;
  health(device: string, health: DeviceHealth): void;
}

/** The sink of one device. */
export class DeviceSink implements DriverSink {
  readonly #device: string;
  readonly #plan: CellPlan;
  readonly #conversions: ReadonlyMap<number, Conversion>;
  readonly #image: Image;
  readonly #events: SinkEvents;
  readonly #groups = new WeakMap<TagGroup, readonly number[]>();

  constructor(
    device: string,
    plan: CellPlan,
    conversions: ReadonlyMap<number, Conversion>,
    image: Image,
    events: SinkEvents,
  ) {
    this.#device = device;
    this.#plan = plan;
    this.#conversions = conversions;
    this.#image = image;
    this.#events = events;
  }

  samples(batch: readonly Sample[]): void {
    this.#image.samples(batch.map((sample) => this.#convert(sample)));
    this.#events.arrived();
  }

  seen(group: TagGroup, received: Instant): void {
    let tags = this.#groups.get(group);
    if (tags === undefined) {
      tags = group.map((name) =>
        present(this.#plan.tagIndex.get(name), `${name} is a tag of the cell`),
      );
      this.#groups.set(group, tags);
    }
    this.#image.seen(tags, received);
    this.#events.arrived();
  }

  health(health: DeviceHealth): void {
    this.#events.health(this.#device, health);
  }

  #convert(sample: Sample): TagSample {
    const tag = present(this.#plan.tagIndex.get(sample.tag), `${sample.tag} is a tag of the cell`);
    const conversion = present(this.#conversions.get(tag), `${sample.tag} is read from a device`);
    const { time, received } = sample;
    return { tag, time, received, ...conversion.fromWire(sample.value, sample.status) };
  }
}
