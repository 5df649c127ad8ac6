// The smallest whole driver, to copy from: a poll, outputs, and nothing that others share already.
// README.md says what each part is for, and in which order to change it.
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import type { Issue } from '#contract/error.ts';
import type {
  Driver,
  DriverDeps,
  DriverKind,
  DriverSink,
  DriverTag,
  TagGroup,
  WriteRequest,
  WriteResult,
} from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import { status } from '#contract/quality.ts';
import type { Sample } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import type { Duration } from '#contract/time.ts';
import { Given } from '#drivers/given.ts';
import { Outputs } from '#drivers/outputs.ts';
import type { Exchange } from '#drivers/outputs.ts';
import { Supervisor } from '#drivers/supervise.ts';
import type { Outcome } from '#drivers/supervise.ts';
import { TcpAddress } from '#drivers/tcp.ts';
import type { Answer } from './codec.ts';
import { BlueprintAt, BlueprintConfig } from './config.ts';
import { BlueprintLink } from './link.ts';

/** The device has no units: one number stands for it in the breakers. */
const unit = 0;

class BlueprintDriver implements Driver {
  readonly #deps: DriverDeps;
  readonly #config: BlueprintConfig;
  readonly #supervisor: Supervisor<BlueprintLink>;
  readonly #outputs: Outputs<string>;
  /** Tag to name on the device, and the same as a group, made anew when the tags change. */
  #names: ReadonlyMap<TagName, string> = new Map();
  #group: TagGroup = [];
  readonly #given = new Given();
  #pollAt = 0;

  constructor(deps: DriverDeps, config: BlueprintConfig) {
    this.#deps = deps;
    this.#config = config;
    this.#supervisor = new Supervisor(deps, {
      connectTimeout: milliseconds(1000),
      open: (lost) => new BlueprintLink(config.tcp, lost),
      serve: (link) => this.#serve(link),
    });
    this.#outputs = new Outputs(deps.clock, {
      write: async (name, value) =>
        exchangeOf(
          await this.#ask((link) => link.set(name, typeof value === 'number' ? value : !!value)),
        ),
      read: async (name) => exchangeOf(await this.#ask((link) => link.get([name]))),
      same: (_name, value, held) => value === held,
    });
  }

  start(sink: DriverSink): void {
    this.#supervisor.start(sink);
  }

  async setTags(tags: readonly DriverTag[]): Promise<readonly Issue[]> {
    const issues: Issue[] = [];
    const names = new Map<TagName, string>();
    const outputs = new Map<TagName, string>();
    for (const tag of tags) {
      const at = BlueprintAt.safeParse(tag.at);
      if (at.success) names.set(tag.name, at.data.name);
      else issues.push({ code: 'E_DEVICE_TAG', subject: tag.name, text: at.error.message });
      if (at.success && tag.direction === 'output') outputs.set(tag.name, at.data.name);
    }
    for (const [tag, name] of this.#names) if (names.get(tag) !== name) this.#given.forget(tag);
    this.#names = names;
    this.#group = [...names.keys()];
    this.#outputs.setPoints(outputs);
    this.#pollAt = 0;
    this.#supervisor.wake();
    return issues;
  }

  write(requests: readonly WriteRequest[]): Promise<readonly WriteResult[]> {
    const results = requests.map((request) =>
      typeof request.value === 'boolean' || typeof request.value === 'number'
        ? this.#outputs.ask(request, this.#supervisor.connected)
        : this.#outputs.reject(request, status.BadTypeMismatch),
    );
    this.#supervisor.wake();
    return Promise.all(results);
  }

  async stop(deadline: Duration): Promise<void> {
    await this.#supervisor.stop(deadline);
    this.#outputs.disconnected();
  }

  async #serve(link: BlueprintLink): Promise<void> {
    const { clock } = this.#deps;
    const { every } = this.#config;
    this.#given.clear();
    this.#outputs.connected();
    this.#pollAt = clock.now();
    while (this.#supervisor.isCurrent(link)) {
      const now = clock.now();
      const writeAt = this.#outputs.due() ?? Infinity;
      const pollAt = this.#group.length === 0 ? Infinity : this.#pollAt;
      if (writeAt <= now) await this.#outputs.step();
      else if (now < pollAt) await this.#supervisor.rest(Math.min(pollAt, writeAt));
      else {
        // Deadlines are absolute: a late poll does not shift the next, and is not made up for.
        const missed = this.#pollAt === 0 ? 0 : Math.floor((now - this.#pollAt) / every);
        this.#supervisor.late(missed);
        this.#pollAt = this.#pollAt === 0 ? now + every : this.#pollAt + (missed + 1) * every;
        await this.#poll();
      }
    }
    this.#outputs.disconnected();
  }

  async #ask(work: (link: BlueprintLink) => Promise<Answer>): Promise<Outcome<Answer>> {
    return this.#supervisor.request(unit, this.#config.timeout, work);
  }

  async #poll(): Promise<void> {
    const names = this.#names;
    const group = this.#group;
    const outcome = await this.#ask((link) => link.get([...names.values()]));
    // The tags may have changed while the request was on the wire; then they are read again.
    if (outcome.kind !== 'answer' || names !== this.#names) return;
    const answer = outcome.value;
    if (answer.kind === 'refused') {
      this.#supervisor.blemish(new CellError('E_DEVICE_EXCEPTION', answer.reason));
    }
    const values = answer.kind === 'values' && answer.values.length === names.size;
    const batch: Sample[] = [];
    for (const [i, tag] of group.entries()) {
      const value = values ? answer.values[i] : undefined;
      const sample =
        value === undefined
          ? this.#given.bad(tag, status.BadCommunicationError, outcome)
          : this.#given.good(tag, value, outcome);
      if (sample !== undefined) batch.push(sample);
    }
    if (batch.length > 0) this.#supervisor.samples(batch);
    if (batch.length < group.length) this.#supervisor.seen(group, outcome.received);
  }
}

function exchangeOf(outcome: Outcome<Answer>): Exchange {
  if (outcome.kind !== 'answer') return { kind: 'silent' };
  const answer = outcome.value;
  if (answer.kind === 'refused') {
    return { kind: 'refused', status: status.BadConfigurationError, again: false };
  }
  const [value] = answer.values;
  return answer.values.length === 1 ? { kind: 'done', value: value ?? null } : { kind: 'silent' };
}

export const blueprint: DriverKind<BlueprintConfig, BlueprintAt> = {
  name: 'blueprint',
  config: BlueprintConfig,
  at: BlueprintAt,
  tagOptions: z.strictObject({}),
  endpoint: z.strictObject({ tcp: TcpAddress }),
  address: (config) => config.tcp,
  place: (at) => at.name,
  writable: () => true,
  natural: () => undefined,
  confirms: (config) => ({ period: config.every, usual: 3, least: 3 }),
  create: (deps, config) => new BlueprintDriver(deps, config),
};
