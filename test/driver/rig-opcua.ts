// An OPC UA server for the tests of the driver, one for all rigs of a file: each rig has nodes of its own
// and a relay of its own in front of it, so that only its own client meets its faults.
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DataType,
  DataValue,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  StatusCodes,
  Variant,
  VariantArrayType,
  nodesets,
} from 'node-opcua';
import type {
  Namespace,
  OPCUAServerOptions,
  ServerSession,
  ServerState,
  StatusCode,
  UAObject,
} from 'node-opcua';
import { present } from '#contract/error.ts';
import type { Value } from '#contract/sample.ts';
import { opcua } from '#drivers/opcua/driver.ts';
import { OpcuaRelay } from './opcua-relay.ts';
import { rigTag } from './rig.ts';
import type { Rig, RigTag } from './rig.ts';

/** Milliseconds. */
export const rigTimeout = 300;
export const rigNamespace = 'urn:rebe-rig';

/** What a node holds, and what came to it. */
export class RigNode {
  value: DataValue;
  /** What a write is answered with; a refused one leaves the value. */
  refusal: StatusCode | undefined;
  /** What becomes of a value that is written. */
  keeps: (value: Variant) => Variant = (value) => value;
  onWrite: (value: Variant) => void = () => undefined;

  constructor(dataType: DataType, value: unknown) {
    this.value = new DataValue({});
    this.set(dataType, value);
  }

  set(dataType: DataType, value: unknown, status: StatusCode = StatusCodes.Good): void {
    const arrayType = VariantArrayType.Scalar;
    const variant = new Variant({ dataType, arrayType, value });
    this.give(new DataValue({ value: variant, statusCode: status }));
  }

  give(value: DataValue): void {
    value.sourceTimestamp ??= new Date();
    this.value = value;
  }
}

/** A server of the test's own. */
export class OpcuaRigServer {
  readonly #directory = mkdtempSync(join(tmpdir(), 'opcua-rig-'));
  #server: OPCUAServer | undefined;
  #folder: UAObject | undefined;
  #namespace: Namespace | undefined;
  port = 0;

  /** Its certificate, DER; made when it starts with security. */
  get certificate(): Buffer {
    return present(this.#server, 'it runs').getCertificate();
  }

  /** Listens; the second time at the same port, without any node. */
  async start(
    options: OPCUAServerOptions = {},
    shown?: ShownCertificate,
    before: readonly string[] = [],
  ): Promise<void> {
    this.port ||= await freePort();
    const certificates = new OPCUACertificateManager({
      rootFolder: join(this.#directory, 'pki'),
      automaticallyAcceptUnknownCertificate: true,
      disableFileWatchers: true,
    });
    await certificates.initialize();
    const own =
      shown === undefined ? {} : await makeCertificate(certificates, this.#directory, shown);
    const server = new OPCUAServer({
      port: this.port,
      nodeset_filename: [nodesets.standard],
      serverCertificateManager: certificates,
      userCertificateManager: certificates,
      securityModes: [MessageSecurityMode.None],
      securityPolicies: [SecurityPolicy.None],
      maxConnectionsPerEndpoint: 1000,
      serverInfo: { applicationUri: 'urn:rebe-rig-server' },
      ...own,
      ...options,
      serverCapabilities: { maxSessions: 1000, ...options.serverCapabilities },
    });
    await server.initialize();
    const space = server.engine.addressSpace;
    if (space === null) throw new Error('a server has an address space');
    for (const uri of before) space.registerNamespace(uri);
    this.#namespace = space.registerNamespace(rigNamespace);
    this.#folder = this.#namespace.addObject({
      browseName: 'Rig',
      organizedBy: space.rootFolder.objects,
    });
    await server.start();
    this.#server = server;
  }

  /** A variable `s=name` of this type, or of a type derived from it. */
  add(name: string, dataType: DataType, value: unknown, typeNode?: string): RigNode {
    const node = new RigNode(dataType, value);
    if (this.#namespace === undefined || this.#folder === undefined) throw new Error('not started');
    this.#namespace.addVariable({
      componentOf: this.#folder,
      browseName: name,
      nodeId: `s=${name}`,
      dataType: typeNode ?? DataType[dataType],
      minimumSamplingInterval: 10,
      value: {
        timestamped_get: () => node.value,
        timestamped_set: async (written: DataValue) => {
          if (node.refusal !== undefined) return node.refusal;
          node.give(new DataValue({ value: node.keeps(written.value) }));
          node.onWrite(node.value.value);
          return StatusCodes.Good;
        },
      },
    });
    return node;
  }

  /** As an operator of the server would. */
  closeSessions(): void {
    const { engine } = present(this.#server, 'it runs');
    for (const session of this.#sessions()) {
      engine.closeSession(session.authenticationToken, true, 'Forcing');
    }
  }

  endSubscriptions(): void {
    for (const { publishEngine } of this.#sessions()) {
      for (const subscription of publishEngine.subscriptions) subscription.terminate();
    }
  }

  /** The server counts its sessions in public, and names them only to itself. */
  #sessions(): ServerSession[] {
    const { engine } = present(this.#server, 'it runs');
    const sessions: Record<string, ServerSession> = Reflect.get(engine, '_sessions');
    return Object.values(sessions);
  }

  setState(state: ServerState): void {
    present(this.#server, 'it runs').engine.setServerState(state);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.shutdown(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** What the server's certificate says. */
export interface ShownCertificate {
  readonly ip?: readonly string[];
  readonly dns?: readonly string[];
  readonly startDate: Date;
  readonly days: number;
}

let shownCount = 0;

async function makeCertificate(
  certificates: OPCUACertificateManager,
  directory: string,
  { ip = [], dns = [], startDate, days }: ShownCertificate,
): Promise<OPCUAServerOptions> {
  shownCount += 1;
  const certificateFile = join(directory, `server-${shownCount}.pem`);
  await certificates.createSelfSignedCertificate({
    applicationUri: 'urn:rebe-rig-server',
    dns: [...dns],
    ip: [...ip],
    outputFile: certificateFile,
    subject: '/CN=rig server',
    startDate,
    validity: days,
  });
  return {
    certificateFile,
    privateKeyFile: certificates.privateKey,
    securityModes: [
      MessageSecurityMode.None,
      MessageSecurityMode.Sign,
      MessageSecurityMode.SignAndEncrypt,
    ],
    securityPolicies: [
      SecurityPolicy.None,
      SecurityPolicy.Basic256Sha256,
      SecurityPolicy.Aes128_Sha256_RsaOaep,
      SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export interface OpcuaRig extends Rig {
  readonly server: OpcuaRelay;
  readonly nodes: ReadonlyMap<string, RigNode>;
  /** The data directory, when the rig has one. */
  readonly data?: string;
  /** The text of a further node of this rig. */
  add(name: string, dataType: DataType, value: unknown, typeNode?: string): string;
  /** Nodes with these values, after the server has started anew. */
  restore(held: readonly (readonly [name: string, value: Variant])[]): void;
}

/** A 64-bit integer as node-opcua has it: the high word, then the low. */
const wordsOf = (value: bigint): number[] =>
  [value >> 32n, value].map((half) => Number(BigInt.asUintN(32, half)));

let rigs = 0;

/** A rig on a server that runs already; its relay listens. */
export async function opcuaRig(server: OpcuaRigServer, data?: string): Promise<OpcuaRig> {
  rigs += 1;
  const prefix = `rig${rigs}`;
  const relay = new OpcuaRelay(server.port);
  await relay.listen();
  const nodes = new Map<string, RigNode>();
  const written: { name: string; value: Value }[] = [];
  const add: OpcuaRig['add'] = (name, dataType, value, typeNode) => {
    const node = server.add(`${prefix}.${name}`, dataType, value, typeNode);
    node.onWrite = ({ value: taken }) => void written.push({ name, value: taken as Value });
    nodes.set(name, node);
    return `s=${prefix}.${name}`;
  };
  const tag = (
    name: string,
    direction: 'input' | 'output',
    dataType: DataType,
    values: readonly [Value, Value],
  ): RigTag => rigTag(name, { node: add(name, dataType, values[1]) }, direction, values);
  const inputs = [
    tag('running', 'input', DataType.Boolean, [true, false]),
    tag('temperature', 'input', DataType.Double, [21.5, 20]),
    tag('program', 'input', DataType.String, ['part-7', 'none']),
  ];
  const outputs = [
    tag('start', 'output', DataType.Boolean, [true, false]),
    tag('coolant', 'output', DataType.Boolean, [true, false]),
    tag('speed', 'output', DataType.UInt16, [1200, 800]),
    tag('feed', 'output', DataType.Float, [2.5, 0]),
  ];
  const nodeOf = (name: string): RigNode => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`the rig has no node ${name}`);
    return node;
  };
  return {
    kind: opcua,
    restore: (held) => {
      for (const [name, { dataType, value }] of held) add(name, dataType, value);
    },
    ...(data === undefined ? {} : { data }),
    server: relay,
    nodes,
    add,
    timeout: rigTimeout,
    config: () => ({
      endpoint: `opc.tcp://${relay.address}`,
      namespace: rigNamespace,
      publish: '50ms',
      timeout: `${rigTimeout}ms`,
    }),
    inputs,
    outputs,
    badTag: rigTag('bad', { node: 'no node at all' }, 'input', [0, 1]).tag,
    written,
    get: (name) => nodeOf(name).value.value.value as Value,
    set: (name, value) => nodeOf(name).set(nodeOf(name).value.value.dataType, value),
    sourceTime: (name) => nodeOf(name).value.sourceTimestamp?.getTime() ?? 0,
    real: {
      tag: tag('real', 'input', DataType.Double, [12.5, 0]).tag,
      hold: (value) => nodeOf('real').set(DataType.Double, value),
    },
    wide: {
      tag: {
        ...rigTag('wide', { node: add('wide', DataType.Int64, [0, 0]) }, 'input', [1, 0]).tag,
        type: 'int',
      },
      hold: (value) => nodeOf('wide').set(DataType.Int64, wordsOf(BigInt(value))),
    },
  };
}
