// The other end of a driver in its tests: keeps everything that it says and waits for conditions.
import type { DeviceHealth, DriverSink, TagGroup } from '#contract/driver.ts';
import { qualityOf } from '#contract/quality.ts';
import type { Sample, Value } from '#contract/sample.ts';
import type { Instant } from '#contract/time.ts';

/** Long enough for a loaded machine; a test that is right never waits so long. */
export const patience = 15_000;

export class Recorder implements DriverSink {
  /** One batch for each call. */
  batches: (readonly Sample[])[] = [];
  confirmed: { readonly group: TagGroup; readonly received: Instant }[] = [];
  healths: DeviceHealth[] = [];
  calls = 0;
  /** Samples and confirmations in their order, by the answer that they came from. */
  readonly heard: { readonly what: 'samples' | 'seen'; readonly received: Instant }[] = [];
  readonly #latest = new Map<string, Sample>();
  readonly #changed = new Set<() => void>();

  samples(batch: readonly Sample[]): void {
    this.batches.push(batch);
    const [first] = batch;
    if (first !== undefined) this.heard.push({ what: 'samples', received: first.received });
    for (const sample of batch) this.#latest.set(sample.tag, sample);
    this.#called();
  }

  seen(group: TagGroup, received: Instant): void {
    this.confirmed.push({ group, received });
    this.heard.push({ what: 'seen', received });
    this.#called();
  }

  health(health: DeviceHealth): void {
    this.healths.push(health);
    this.#called();
  }

  /** The last value that was good, of a tag that is good now. */
  good(tag: string): Value | undefined {
    const sample = this.#latest.get(tag);
    return sample !== undefined && qualityOf(sample.status) === 'good' ? sample.value : undefined;
  }

  latest(tag: string): Sample | undefined {
    return this.#latest.get(tag);
  }

  get state(): DeviceHealth['state'] | undefined {
    return this.healths.at(-1)?.state;
  }

  get epoch(): number {
    return this.healths.at(-1)?.epoch ?? 0;
  }

  /** How often each tag was given. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { tag } of this.batches.flat()) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    return counts;
  }

  /** Forgets the calls, keeps the latest values. */
  clear(): void {
    this.batches = [];
    this.confirmed = [];
    this.healths = this.healths.slice(-1);
  }

  /** Waits until `condition` holds, looked at after each call and every few milliseconds. */
  async until(what: string, condition: () => boolean, limit = patience): Promise<void> {
    const end = performance.now() + limit;
    while (!condition()) {
      const left = end - performance.now();
      if (left <= 0) throw new Error(`waited in vain until ${what}; state ${this.state}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, Math.min(left, 5));
        const changed = this.#changed;
        function done(): void {
          clearTimeout(timer);
          changed.delete(done);
          resolve();
        }
        changed.add(done);
      });
    }
  }

  #called(): void {
    this.calls += 1;
    for (const done of this.#changed) done();
  }
}
