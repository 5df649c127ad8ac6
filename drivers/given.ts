// What a driver told of its tags last: so that every tag is given once after each connect, and then
// only when it changed. It knows no protocol.
import type { TagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Sample, Value } from '#contract/sample.ts';
import type { Instant, UtcMs } from '#contract/time.ts';

/** When something was learned: for people, and by the monotonic clock. */
export interface Learned {
  readonly time: UtcMs;
  readonly received: Instant;
}

/** The last word on each tag. */
export class Given {
  readonly #last = new Map<TagName, { readonly value: Value; readonly status: StatusCode }>();

  /** A new connection: everything is given again. */
  clear(): void {
    this.#last.clear();
  }

  /** The tag is read in another way now. */
  forget(tag: TagName): void {
    this.#last.delete(tag);
  }

  has(tag: TagName): boolean {
    return this.#last.has(tag);
  }

  /** The sample of a value that is good, or uncertain as the device says, if it is news. */
  good(
    tag: TagName,
    value: Value,
    learned: Learned,
    code: StatusCode = status.Good,
  ): Sample | undefined {
    return this.#news(tag, value, code, learned);
  }

  /** The sample of a tag without a good value, if it is news. It keeps the last one, for people. */
  bad(tag: TagName, code: StatusCode, learned: Learned): Sample | undefined {
    return this.#news(tag, this.#last.get(tag)?.value ?? null, code, learned);
  }

  #news(tag: TagName, value: Value, code: StatusCode, learned: Learned): Sample | undefined {
    const last = this.#last.get(tag);
    if (last !== undefined && last.value === value && last.status === code) return undefined;
    this.#last.set(tag, { value, status: code });
    return { tag, value, status: code, time: learned.time, received: learned.received };
  }
}
