// One connection: a client of the library with one session, made anew each time and never repaired by
// the library, whose own reconnecting hides what was lost. A service's answer is data or a refusal; one
// that does not come leaves its promise unsettled, and the supervisor's deadline ends it.
import {
  AttributeIds,
  MessageSecurityMode,
  OPCUAClient,
  PublishRequest,
  ReadValueId,
  SecurityPolicy,
  TimestampsToReturn,
  UserTokenType,
  VariantArrayType,
  coerceNodeId,
} from 'node-opcua-client';
import type {
  ClientSession,
  ClientSessionPublishService,
  ClientSessionRawSubscriptionService,
  CreateMonitoredItemsResponse,
  CreateSubscriptionResponse,
  DataValue,
  DeleteMonitoredItemsResponse,
  NodeId,
  PublishResponse,
  StatusCode as LibraryStatus,
} from 'node-opcua-client';
import { CellError } from '#contract/error.ts';
import { status, statusCode, statusText } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import { milliseconds } from '#contract/time.ts';
import type { Clock, Duration } from '#contract/time.ts';
import type { Connection } from '#drivers/supervise.ts';
import type { OpcuaConfig } from './config.ts';
import { applicationUri } from './identity.ts';
import type { Identity } from './identity.ts';
import { OpcuaTransport, transportsOf } from './transport.ts';
import type { Encoded } from './value.ts';

/** What a server said to one service request. */
export type Answer<T> =
  | { readonly kind: 'data'; readonly data: T }
  | { readonly kind: 'refused'; readonly status: StatusCode };

/** Everything that a connection needs; what may fail is made while it connects. */
export interface LinkPlan {
  readonly config: OpcuaConfig;
  readonly cell: string;
  readonly device: string;
  readonly clock: Clock;
  identity(): Promise<Identity>;
  /** With security: rejects with a `CellError` when the server's certificate is not accepted. */
  judge(certificates: Buffer): Promise<void>;
  /** Throws a `CellError` when the secret is not there. */
  password(name: string): string;
}

/** The server drops a session that was silent for so long; one that was left behind blocks no longer. */
const sessionTimeout = 10_000;
/** It goes with its session; until then it outlives that many items are asked for. */
const subscriptionTimeout = 60_000;
/** The library's own deadline: it never comes before the supervisor's. */
const patience = 300_000;
/** How long a server may take to take leave, before the socket is broken off. */
const farewell = milliseconds(250);

/** A session has these services too: its class says that it implements them, its type leaves them out. */
type Session = ClientSession & ClientSessionRawSubscriptionService & ClientSessionPublishService;

/** A client, and its connection once it has one. */
interface Way {
  readonly client: OPCUAClient;
  readonly transports: OpcuaTransport[];
}

type Done<T> = (error: Error | null, response?: T) => void;

export class OpcuaLink implements Connection {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly #plan: LinkPlan;
  readonly #lost: (error: CellError) => void;
  readonly #ways: Way[] = [];
  #session: Session | undefined;
  #namespaces: readonly string[] = [];
  #destroyed = false;
  #close: () => void = () => undefined;

  constructor(plan: LinkPlan, lost: (error: CellError) => void) {
    this.#plan = plan;
    this.#lost = lost;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    this.ready = this.#open().catch((cause: unknown) => {
      throw connectError(cause);
    });
    // Who gives up before it is ready does not look at it any more.
    this.ready.catch(() => undefined);
  }

  /** The node in this server's numbering; undefined where it does not have the namespace. */
  nodeOf(text: string): NodeId | undefined {
    const named = /^nsu=([^;]*);([\s\S]*)$/.exec(text);
    const uri = named === null ? this.#plan.config.namespace : named[1];
    const index = uri === undefined ? 0 : this.#namespaces.indexOf(uri);
    return index < 0 ? undefined : coerceNodeId(named?.[2] ?? text, index);
  }

  async subscribe(publish: Duration): Promise<Answer<CreateSubscriptionResponse>> {
    return this.#call((session, done) =>
      session.createSubscription(
        {
          requestedPublishingInterval: publish,
          requestedMaxKeepAliveCount: 1,
          requestedLifetimeCount: Math.max(100, Math.ceil(subscriptionTimeout / publish)),
          maxNotificationsPerPublish: largestPublish,
          publishingEnabled: true,
          priority: 0,
        },
        done,
      ),
    );
  }

  /** Asks for the values of nodes, sampled as often as they are published. */
  async monitor(
    subscription: number,
    items: readonly { readonly node: NodeId; readonly handle: number }[],
    every: number,
  ): Promise<Answer<CreateMonitoredItemsResponse>> {
    return this.#call((session, done) =>
      session.createMonitoredItems(
        {
          subscriptionId: subscription,
          timestampsToReturn: TimestampsToReturn.Both,
          itemsToCreate: items.map(({ node, handle }) => ({
            itemToMonitor: { nodeId: node, attributeId: AttributeIds.Value },
            monitoringMode: 2,
            requestedParameters: {
              clientHandle: handle,
              samplingInterval: every,
              queueSize: samplesKept,
              discardOldest: true,
            },
          })),
        },
        done,
      ),
    );
  }

  async unmonitor(
    subscription: number,
    ids: readonly number[],
  ): Promise<Answer<DeleteMonitoredItemsResponse>> {
    return this.#call((session, done) =>
      session.deleteMonitoredItems(
        { subscriptionId: subscription, monitoredItemIds: [...ids] },
        done,
      ),
    );
  }

  /** Answered when there is something to tell, or when the server has to show that it is alive. */
  async publish(
    taken: readonly { readonly subscription: number; readonly sequence: number }[],
  ): Promise<Answer<PublishResponse>> {
    const request = new PublishRequest({
      subscriptionAcknowledgements: taken.map(({ subscription, sequence }) => ({
        subscriptionId: subscription,
        sequenceNumber: sequence,
      })),
    });
    return this.#call((session, done) => session.publish(request, done));
  }

  /** Reads afresh, never from a cache. */
  async read(
    nodes: readonly { readonly node: NodeId; readonly attribute: AttributeIds }[],
  ): Promise<Answer<readonly DataValue[]>> {
    const wanted = nodes.map(
      ({ node, attribute }) => new ReadValueId({ nodeId: node, attributeId: attribute }),
    );
    const answer = await this.#call<DataValue[]>((session, done) => session.read(wanted, 0, done));
    return countedAs(answer, nodes.length);
  }

  /** Without times of its own: many servers refuse to take any. */
  async write(node: NodeId, { dataType, value }: Encoded): Promise<Answer<StatusCode>> {
    const variant = { dataType, arrayType: VariantArrayType.Scalar, value };
    const answer = await this.#call<LibraryStatus[]>((session, done) =>
      session.write(
        [{ nodeId: node, attributeId: AttributeIds.Value, value: { value: variant } }],
        done,
      ),
    );
    const counted = countedAs(answer, 1);
    if (counted.kind !== 'data') return counted;
    return { kind: 'data', data: statusCode(counted.data[0]?.value ?? status.Bad) };
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    void this.#leave();
  }

  async #open(): Promise<void> {
    const { config, device } = this.#plan;
    const identity = await this.#plan.identity();
    const secure = config.security.mode !== 'None';
    const certificate = secure ? await this.#discover(identity) : undefined;
    const client = this.#client(identity, (error) => this.#gone(error), certificate);
    client.on('close', () => this.#gone(closed()));
    await this.#unlessDestroyed(client.connect(config.endpoint));
    const { user, secret } = config;
    const session = await this.#unlessDestroyed(
      user === undefined || secret === undefined
        ? client.createSession()
        : client.createSession({
            type: UserTokenType.UserName,
            userName: user,
            password: this.#plan.password(secret),
          }),
    );
    session.on('session_closed', () => this.#gone(closed()));
    this.#session = session as Session;
    this.#namespaces = await this.#unlessDestroyed(session.readNamespaceArray());
    if (config.namespace !== undefined && !this.#namespaces.includes(config.namespace)) {
      throw new CellError('E_DEVICE_CONNECT', `${device} has no namespace ${config.namespace}`);
    }
  }

  /** The server's certificate for the configured security, accepted. */
  async #discover(identity: Identity): Promise<Buffer> {
    const { mode, policy } = this.#plan.config.security;
    // Its own promises say when it fails; that it ends afterwards is no loss.
    const client = this.#client(identity, () => undefined);
    await this.#unlessDestroyed(
      this.#within(this.#plan.config.connect, client.connect(this.#plan.config.endpoint)),
    );
    const endpoints = await this.#unlessDestroyed(
      this.#within(this.#plan.config.connect, client.getEndpoints()),
    );
    const found = endpoints.find(
      (one) =>
        one.securityMode === MessageSecurityMode[mode] &&
        one.securityPolicyUri === SecurityPolicy[policy] &&
        one.serverCertificate instanceof Buffer,
    );
    void client.disconnect().catch(() => undefined);
    if (found === undefined) {
      throw new CellError('E_DEVICE_CONNECT', `the device offers no ${mode} with ${policy}`);
    }
    await this.#plan.judge(found.serverCertificate);
    return found.serverCertificate;
  }

  /** A client that has the server's certificate already asks nobody about it; without, no security. */
  #client(
    { certificate, key }: Identity,
    lost: (error: CellError) => void,
    server?: Buffer,
  ): OPCUAClient {
    const { config, cell, device } = this.#plan;
    const { mode, policy } = config.security;
    const transports: OpcuaTransport[] = [];
    const client = OPCUAClient.create({
      applicationName: `rebe-cell ${cell}`,
      applicationUri: applicationUri(cell),
      clientName: `rebe-cell/${cell}/${device}/`,
      certificateKeyPairProvider: {
        getCertificate: () => certificate,
        getCertificateChain: () => [certificate],
        getPrivateKey: () => key,
      },
      securityMode: server === undefined ? MessageSecurityMode.None : MessageSecurityMode[mode],
      securityPolicy: server === undefined ? SecurityPolicy.None : SecurityPolicy[policy],
      ...(server === undefined ? {} : { serverCertificate: server }),
      endpointMustExist: false,
      connectionStrategy: { maxRetry: 0 },
      keepSessionAlive: false,
      requestedSessionTimeout: sessionTimeout,
      transportTimeout: patience,
      defaultTransactionTimeout: patience,
      transportFactory: transportsOf(() => {
        const transport = new OpcuaTransport(lost);
        transports.push(transport);
        return transport;
      }),
    });
    this.#ways.push({ client, transports });
    return client;
  }

  #gone(error: CellError): void {
    if (!this.#destroyed) this.#lost(error);
  }

  /** What was asked for while connecting is of no use any more once it was given up. */
  async #unlessDestroyed<T>(work: Promise<T>): Promise<T> {
    const done = await work;
    if (this.#destroyed) throw new CellError('E_DEVICE_STOPPED', 'given up while it connected');
    return done;
  }

  async #within<T>(limit: Duration, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new CellError('E_DEVICE_CONNECT', 'no connection in time'));
      const cancel = this.#plan.clock.after(limit, late);
      work.then(resolve, reject).finally(cancel);
    });
  }

  /** Takes leave in order, so that the server keeps no session; a server that hangs is left at once. */
  async #leave(): Promise<void> {
    await Promise.all(
      this.#ways.map(async ({ client, transports }) => {
        const left = client.disconnect().catch(() => undefined);
        await Promise.race([left, this.#pause(farewell, left)]);
        // Whatever the library still waits for ends with its sockets.
        await Promise.all(transports.map((transport) => transport.closed()));
      }),
    );
    this.#close();
  }

  #pause(span: Duration, unless: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#plan.clock.after(span, resolve);
      void unless.then(cancel);
    });
  }

  #call<T>(start: (session: Session, done: Done<T>) => void): Promise<Answer<T>> {
    const session = this.#session;
    return new Promise((resolve) => {
      if (session === undefined || this.#destroyed) return;
      start(session, (error, response) => {
        const refused = refusalOf(error);
        if (refused !== undefined) resolve({ kind: 'refused', status: refused });
        else if (error === null && response !== undefined)
          resolve({ kind: 'data', data: response });
      });
    });
  }
}

/** Samples of one node that wait for their publish; more than one, so that a late publish loses none. */
const samplesKept = 3;
/** Notifications in one answer; the rest follows at once. */
const largestPublish = 5000;

/** The status of a service that the server refused; undefined when it did not answer at all. */
function refusalOf(error: Error | null): StatusCode | undefined {
  if (error === null) return undefined;
  const response: unknown = Reflect.get(error, 'response');
  const header = field(response, 'responseHeader');
  const code = field(field(header, 'serviceResult'), 'value');
  return typeof code === 'number' ? statusCode(code) : undefined;
}

const field = (from: unknown, name: string): unknown =>
  typeof from === 'object' && from !== null ? Reflect.get(from, name) : undefined;

/** An answer with another count than was asked cannot be told apart: it is refused as a whole. */
function countedAs<T>(answer: Answer<readonly T[]>, count: number): Answer<readonly T[]> {
  if (answer.kind === 'data' && answer.data.length !== count) {
    return { kind: 'refused', status: status.BadCommunicationError };
  }
  return answer;
}

const closed = (): CellError =>
  new CellError('E_DEVICE_CLOSED', 'the device closed the connection');

const brief = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 300);

function connectError(cause: unknown): CellError {
  if (cause instanceof CellError) return cause;
  const refused = cause instanceof Error ? refusalOf(cause) : undefined;
  const text = cause instanceof Error ? brief(cause.message) : String(cause);
  return new CellError(
    'E_DEVICE_CONNECT',
    refused === undefined ? text : `the device refuses: ${statusText(refused)}; ${text}`,
    { cause },
  );
}
