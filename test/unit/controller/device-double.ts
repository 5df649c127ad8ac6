// A device for tests of what stands above drivers: it keeps every write and answers when the test says so.
import type { Driver, DriverSink, WriteOutcome, WriteRequest } from '#contract/driver.ts';
import { present } from '#contract/error.ts';
import type { Value } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';

interface Pending {
  readonly request: WriteRequest;
  readonly end: (outcome: WriteOutcome, readBack?: Value) => void;
}

export class DeviceDouble implements Driver {
  /** Every write that was asked, in order. */
  readonly written: WriteRequest[] = [];
  readonly pending: Pending[] = [];
  sink: DriverSink | undefined;
  /** Answers at once where it is set. */
  answer: WriteOutcome | undefined;

  start(sink: DriverSink): void {
    this.sink = sink;
  }

  setTags(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  async write(requests: readonly WriteRequest[]) {
    return Promise.all(requests.map((request) => this.#one(request)));
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  get values(): readonly Value[] {
    return this.written.map(({ value }) => value);
  }

  /** Ends the oldest write that has no answer yet; the promise's reactions have run after it. */
  async end(outcome: WriteOutcome, readBack?: Value): Promise<void> {
    present(this.pending.shift(), 'a write waits for its answer').end(outcome, readBack);
    await settled();
  }

  #one(request: WriteRequest) {
    this.written.push(request);
    const took = milliseconds(1);
    const { id } = request;
    return new Promise<{ id: string; outcome: WriteOutcome; took: typeof took }>((resolve) => {
      const end = (outcome: WriteOutcome, readBack?: Value): void =>
        resolve({ id, outcome, took, ...(readBack === undefined ? {} : { readBack }) });
      if (this.answer === undefined) this.pending.push({ request, end });
      else end(this.answer);
    });
  }
}

/** What waited for nothing but its turn has had it. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
