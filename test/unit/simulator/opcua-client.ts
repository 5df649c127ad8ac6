// An OPC UA client for the simulator's tests: a connection, a session and the demo's nodes by name, nothing judged.
import { OPCUACertificateManager } from 'node-opcua-certificate-manager';
import {
  AttributeIds,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
  VariantArrayType,
  type ClientSession,
  type DataType,
  type DataValue,
  type VariantOptions,
} from 'node-opcua-client';
import { within } from './device-rig.ts';

/** A client's own, in a folder that is there or not. */
export async function clientCertificates(rootFolder: string): Promise<OPCUACertificateManager> {
  const trust = { rootFolder, automaticallyAcceptUnknownCertificate: true };
  const certificates = new OPCUACertificateManager(trust);
  await certificates.initialize();
  return certificates;
}

export class OpcUaClient {
  readonly client: OPCUAClient;
  lost = false;
  #session: ClientSession | undefined;
  #namespace = -1;

  constructor(
    certificates: OPCUACertificateManager,
    mode = MessageSecurityMode.None,
    policy = SecurityPolicy.None,
  ) {
    this.client = OPCUAClient.create({
      applicationName: 'test',
      clientCertificateManager: certificates,
      securityMode: mode,
      securityPolicy: policy,
      endpointMustExist: true,
      connectionStrategy: { maxRetry: 0 },
      keepSessionAlive: false,
    });
    this.client.on('connection_lost', () => (this.lost = true));
  }

  async open(endpoint: string): Promise<this> {
    await this.client.connect(endpoint);
    this.#session = await this.client.createSession();
    const uris = await this.#session.readNamespaceArray();
    this.#namespace = uris.indexOf('urn:acme:tending');
    return this;
  }

  get session(): ClientSession {
    if (this.#session === undefined) throw new Error('not open');
    return this.#session;
  }

  node(name: string): string {
    return `ns=${this.#namespace};s=${name}`;
  }

  read(name: string, attributeId = AttributeIds.Value): Promise<DataValue> {
    return this.session.read({ nodeId: this.node(name), attributeId });
  }

  /** The status by name. */
  async write(name: string, value: VariantOptions, more: object = {}): Promise<string> {
    const to = { nodeId: this.node(name), attributeId: AttributeIds.Value };
    return (await this.session.write({ ...to, value: { value, ...more } })).name;
  }

  /** What a subscription tells of a node from now on. */
  async watch(name: string): Promise<DataValue[]> {
    const seen: DataValue[] = [];
    const subscription = await this.session.createSubscription2({
      requestedPublishingInterval: 20,
      requestedMaxKeepAliveCount: 10,
      requestedLifetimeCount: 1000,
      maxNotificationsPerPublish: 0,
      publishingEnabled: true,
      priority: 1,
    });
    const item = { nodeId: this.node(name), attributeId: AttributeIds.Value };
    const asked = { samplingInterval: 10, queueSize: 20, discardOldest: true };
    const monitored = await subscription.monitor(item, asked, TimestampsToReturn.Both);
    monitored.on('changed', (value) => seen.push(value));
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What hangs is left to the rig, which ends the line.
    await within(500, this.client.disconnect());
  }
}

/** Would a client that knows the type take it? */
export const isRight = ({ statusCode, value }: DataValue, type: DataType): boolean =>
  statusCode.value === 0 &&
  value.dataType === type &&
  value.arrayType === VariantArrayType.Scalar &&
  value.value !== null;
