// A device with an OPC UA server: one session, one subscription whose publishes tell what changed and that
// the rest still holds, and between them writes, read-backs and the heartbeat, one at a time.
// Sessions are link.ts, the subscription's state monitor.ts, outputs wire.ts and #drivers/outputs.ts.
import * as z from 'zod';
import { AttributeIds, DataType, ServerState } from 'node-opcua-client';
import type { DataValue } from 'node-opcua-client';
import { CellError, present } from '#contract/error.ts';
import type { Issue } from '#contract/error.ts';
import type {
  Driver,
  DriverDeps,
  DriverKind,
  DriverSink,
  DriverTag,
  WriteRequest,
  WriteResult,
} from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import { statusText } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { Sample } from '#contract/sample.ts';
import { milliseconds } from '#contract/time.ts';
import type { Duration, Instant } from '#contract/time.ts';
import { Outputs } from '#drivers/outputs.ts';
import { Supervisor } from '#drivers/supervise.ts';
import type { Outcome } from '#drivers/supervise.ts';
import { EndpointUrl, OpcuaAt, OpcuaConfig, connectLimit, parseEndpoint } from './config.ts';
import { lastingIdentity, passingIdentity } from './identity.ts';
import { Items } from './items.ts';
import { hearLibrary } from './library-log.ts';
import { OpcuaLink } from './link.ts';
import type { Answer, LinkPlan } from './link.ts';
import { listen, publishes } from './listen.ts';
import type { Listener } from './listen.ts';
import { Monitor } from './monitor.ts';
import type { Point } from './monitor.ts';
import { judgeCertificate } from './pki.ts';
import { compile } from './points.ts';
import { codeOf, counterLimit, readingOf } from './value.ts';
import { OpcuaWire } from './wire.ts';

/** A server has no units: one number stands for it in the breakers. */
const unit = 0;
/** How often the server's own state is read; it also measures how fast it answers. */
const stateEvery = 1000;
const running: number = ServerState.Running;
const stateNode = 'nsu=http://opcfoundation.org/UA/;i=2259';

/** Refusals of the whole session: what was built in it is gone. */
const sessionEnds: ReadonlySet<number> = new Set([
  0x800c0000, 0x800d0000, 0x800e0000, 0x80220000, 0x80250000, 0x80260000, 0x80270000, 0x80280000,
  0x80790000, 0x80860000,
]);

class OpcuaDriver implements Driver {
  readonly #deps: DriverDeps;
  readonly #config: OpcuaConfig;
  readonly #supervisor: Supervisor<OpcuaLink>;
  readonly #wire: OpcuaWire;
  readonly #outputs: Outputs<Point>;
  #points: ReadonlyMap<TagName, Point> = new Map();
  #monitor: Monitor | undefined;
  #stateAt = 0;
  #beatAt = 0;
  #beats = 0;
  #toldSlow = false;
  #unhear: () => void = () => undefined;

  constructor(deps: DriverDeps, config: OpcuaConfig) {
    this.#deps = deps;
    this.#config = config;
    this.#supervisor = new Supervisor(deps, {
      connectTimeout: connectLimit(config),
      open: (lost) => new OpcuaLink(planOf(deps, config), lost),
      serve: (link) => this.#serve(link),
    });
    this.#wire = new OpcuaWire((work) => this.#ask(config.timeout, work));
    this.#outputs = new Outputs(deps.clock, this.#wire);
  }

  start(sink: DriverSink): void {
    this.#unhear = hearLibrary(this.#deps.log);
    this.#supervisor.start(sink);
  }

  async setTags(tags: readonly DriverTag[]): Promise<readonly Issue[]> {
    const { points, issues } = compile(tags, this.#points);
    this.#points = points;
    const written = new Set(tags.flatMap((tag) => (tag.direction === 'output' ? [tag.name] : [])));
    this.#outputs.setPoints(new Map([...points].filter(([tag]) => written.has(tag))));
    this.#monitor?.setPoints(points);
    this.#supervisor.wake();
    return issues;
  }

  write(requests: readonly WriteRequest[]): Promise<readonly WriteResult[]> {
    const results = requests.map((request) =>
      this.#outputs.ask(request, this.#supervisor.connected),
    );
    this.#supervisor.wake();
    return Promise.all(results);
  }

  async stop(deadline: Duration): Promise<void> {
    await this.#supervisor.stop(deadline);
    this.#unhear();
    this.#outputs.disconnected();
  }

  async #serve(link: OpcuaLink): Promise<void> {
    const { clock } = this.#deps;
    const { publish, connect, timeout } = this.#config;
    this.#wire.forget();
    const outcome = await this.#ask(connect, (to) => to.subscribe(publish), false);
    if (outcome.kind !== 'answer') return;
    const answer = outcome.value;
    if (answer.kind === 'refused') {
      const text = `it refuses a subscription: ${statusText(answer.status)}`;
      return this.#supervisor.distrust(link, new CellError('E_DEVICE_EXCEPTION', text));
    }
    const every = answer.data.revisedPublishingInterval;
    const monitor = new Monitor(answer.data.subscriptionId);
    this.#monitor = monitor;
    this.#tellSlow(every);
    monitor.setPoints(this.#points);
    this.#outputs.connected();
    this.#beatAt = this.#stateAt = clock.now();
    const silence = every * Math.max(1, answer.data.revisedMaxKeepAliveCount);
    const limit = milliseconds(timeout + publishes * silence);
    const listener = { supervisor: this.#supervisor, clock, link, monitor, every, limit };
    await this.#work(listener, this.#itemsOf(monitor, every));
    this.#monitor = undefined;
    this.#outputs.disconnected();
  }

  #itemsOf(monitor: Monitor, every: number): Items {
    const { clock, log } = this.#deps;
    const limit = milliseconds(Math.max(this.#config.timeout, this.#config.connect));
    const samples = (batch: readonly Sample[]): void => this.#supervisor.samples(batch);
    return new Items(
      { clock, log, samples, ask: (work) => this.#ask(limit, work, false) },
      monitor,
      every,
    );
  }

  /**
   * All that is asked of the server, the most urgent first. It publishes when it has been asked for all
   * items: until then it may be too busy to do so in time.
   */
  async #work(listener: Listener, items: Items): Promise<void> {
    const { clock, link, monitor } = listener;
    let listening: Promise<void> | undefined;
    while (this.#supervisor.isCurrent(link)) {
      const now = clock.now();
      const writeAt = this.#outputs.due() ?? Infinity;
      const beatAt = this.#config.heartbeat === undefined ? Infinity : this.#beatAt;
      // A beat waits for a write, but not for long: writes repeated to a slow device must not stop it.
      const beatIsLate = now - beatAt > (this.#config.heartbeat?.every ?? 0) / 2;
      /* oxlint-disable no-await-in-loop -- one exchange after the other */
      if (beatAt <= now && (writeAt > now || beatIsLate)) await this.#beat(now);
      else if (writeAt <= now) await this.#outputs.step();
      else if (listening === undefined && monitor.isAsked) listening = listen(listener);
      else if (monitor.hasWork(now)) await items.step();
      else if (this.#stateAt <= now) await this.#askState(now);
      else {
        const until = Math.min(writeAt, beatAt, monitor.retryAt, this.#stateAt);
        await this.#supervisor.rest(until);
      }
      /* oxlint-enable no-await-in-loop */
    }
    await listening;
  }

  /** One request to the current connection; a refusal of the session ends it. */
  async #ask<T>(
    limit: Duration,
    work: (link: OpcuaLink) => Promise<Answer<T>>,
    isLife = true,
  ): Promise<Outcome<Answer<T>>> {
    let asked: OpcuaLink | undefined;
    const outcome = await this.#supervisor.request(
      unit,
      limit,
      (link) => {
        asked = link;
        return work(link);
      },
      () => isLife,
    );
    if (outcome.kind === 'answer' && outcome.value.kind === 'refused') {
      const code = outcome.value.status;
      if (asked !== undefined && sessionEnds.has(codeOf(code))) {
        const text = `the session has ended: ${statusText(code)}`;
        this.#supervisor.distrust(asked, new CellError('E_DEVICE_CLOSED', text));
      }
    }
    return outcome;
  }

  async #askState(now: Instant): Promise<void> {
    this.#stateAt = now + stateEvery;
    const outcome = await this.#ask(this.#config.timeout, (link) => {
      const node = link.nodeOf(stateNode);
      return node === undefined
        ? Promise.resolve<Answer<readonly DataValue[]>>({ kind: 'data', data: [] })
        : link.read([{ node, attribute: AttributeIds.Value }]);
    });
    if (outcome.kind !== 'answer' || outcome.value.kind !== 'data') return;
    const [data] = outcome.value.data;
    const state = data === undefined ? undefined : readingOf(data).value;
    if (typeof state === 'number' && state !== running) {
      const text = `the device says that its server is ${ServerState[state] ?? state}`;
      this.#supervisor.blemish(new CellError('E_DEVICE_EXCEPTION', text));
    }
  }

  async #beat(now: Instant): Promise<void> {
    const { heartbeat } = this.#config;
    if (heartbeat === undefined) return;
    const { at, every } = heartbeat;
    this.#beatAt += (Math.floor((now - this.#beatAt) / every) + 1) * every;
    const typed = await this.#wire.typeOf(at.node);
    if (typed.kind === 'type' && this.#deps.heartbeat.alive()) {
      const limit = counterLimit(typed.type);
      this.#beats = limit === undefined || this.#beats >= limit ? 0 : this.#beats + 1;
      const beat = typed.type === DataType.Boolean ? this.#beats === 1 : this.#beats;
      const exchange = await this.#wire.writeNode(at.node, beat, 'int');
      if (exchange.kind === 'refused') this.#refuseBeat(exchange.status);
    } else if (typed.kind === 'refused') this.#refuseBeat(typed.status);
  }

  #refuseBeat(code: StatusCode): void {
    const text = `heartbeat: ${statusText(code)}`;
    this.#supervisor.blemish(new CellError('E_DEVICE_EXCEPTION', text));
  }

  /** A server may publish less often than it was asked; then a tag may be stale while all is well. */
  #tellSlow(every: number): void {
    const { publish } = this.#config;
    if (every <= publish || this.#toldSlow) return;
    this.#toldSlow = true;
    this.#deps.log('warn', `it publishes each ${every}ms at the fastest, not each ${publish}ms`);
  }
}

/** Certificates are of the store only where there is security; without, nothing is written to disk. */
function planOf(deps: DriverDeps, config: OpcuaConfig): LinkPlan {
  const { cell, device, clock, data } = deps;
  const secure = config.security.mode !== 'None';
  const now = (): Date => new Date(clock.time());
  const { host } = present(parseEndpoint(config.endpoint), 'the endpoint was checked');
  return {
    config,
    cell,
    device,
    clock,
    identity: () => (secure ? lastingIdentity(data, cell, now()) : passingIdentity(cell)),
    judge: (certificates) => judgeCertificate({ data, device, host, certificates, now: now() }),
    password: (name) => deps.secret(name),
  };
}

/** OPC UA over its own TCP protocol. */
export const opcua: DriverKind<OpcuaConfig, OpcuaAt> = {
  name: 'opcua',
  config: OpcuaConfig,
  at: OpcuaAt,
  tagOptions: z.strictObject({}),
  endpoint: z.strictObject({ endpoint: EndpointUrl }),
  address: ({ endpoint }) => endpoint.replace('opc.tcp://', ''),
  place: ({ node }) => node,
  writable: () => true,
  natural: () => undefined,
  confirms: ({ publish }) => ({ period: publish, usual: 5, least: 4 }),
  create: (deps, config) => new OpcuaDriver(deps, config),
};
