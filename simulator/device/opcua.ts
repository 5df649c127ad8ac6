// An OPC UA server of one device: its terminals as variables of its namespace, behind a relay whose address is the
// only one that it names. The package is loaded when a plant has such a device, and not before.
import type * as NodeOpcUa from 'node-opcua';
import type { OPCUAServer as Server } from 'node-opcua';
import type { Clock, Random } from '#contract/time.ts';
import type { OpcUaDevice } from '#simulator/plant/devices.ts';
import type { Terminals } from '#simulator/plant/terminals.ts';
import type { Endpoint, Protocol } from './device.ts';
import { Line } from './line.ts';
import type { OpcUaReceived } from './log.ts';
import { addVariables } from './opcua-variables.ts';
import { optional } from './optional.ts';

type OpcUa = typeof NodeOpcUa;

export interface OpcUaOptions {
  readonly name: string;
  /** Its certificate and those of its clients. */
  readonly pki: string;
  readonly device: OpcUaDevice;
}

/** As a small controller has them. */
const limits = { sessions: 20, connections: 20, subscriptions: 10 };
/** The fastest that values are looked at and published, ms; whoever asks for less gets this. */
const fastest = 10;

export class OpcUaProtocol implements Protocol {
  readonly line: Line;
  wrong = false;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: OpcUaOptions;
  readonly #to: { terminals: Terminals; received: (batch: readonly OpcUaReceived[]) => void };
  #server: Server | undefined;

  /** `received` is told of every write but a heartbeat's. */
  constructor(
    clock: Clock,
    random: Random,
    options: OpcUaOptions,
    to: { terminals: Terminals; received: (batch: readonly OpcUaReceived[]) => void },
  ) {
    this.line = new Line(clock, random);
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
    this.#to = to;
  }

  async open(): Promise<Endpoint> {
    const opcua = await optional('node-opcua', () => import('node-opcua'));
    hush(opcua);
    const server = this.#make(opcua);
    this.#server = server;
    await server.initialize();
    const { device } = this.#options;
    addVariables(opcua, server, device, {
      ...this.#to,
      clock: this.#clock,
      random: this.#random,
      wrong: () => this.wrong,
    });
    await server.start();
    const port = await this.line.open();
    for (const endpoint of server.endpoints) {
      this.line.lead(endpoint.port);
      // What it tells its clients of itself is the relay's address.
      endpoint.port = port;
    }
    return { endpoint: `opc.tcp://127.0.0.1:${port}` };
  }

  async close(): Promise<void> {
    await this.line.close();
    await this.#server?.shutdown(0);
  }

  #make(opcua: OpcUa): Server {
    const { name, pki, device } = this.#options;
    const { MessageSecurityMode: mode, SecurityPolicy: policy } = opcua;
    const { security } = device.opcua;
    // Whoever comes is trusted: it is the machine that is simulated, not its owner's care.
    const trust = { rootFolder: pki, automaticallyAcceptUnknownCertificate: true };
    const certificates = new opcua.OPCUACertificateManager(trust);
    return new opcua.OPCUAServer({
      host: '127.0.0.1',
      hostname: '127.0.0.1',
      port: 0,
      securityModes: security ? [mode.None, mode.Sign, mode.SignAndEncrypt] : [mode.None],
      securityPolicies: security
        ? [
            policy.None,
            policy.Basic256Sha256,
            policy.Aes128_Sha256_RsaOaep,
            policy.Aes256_Sha256_RsaPss,
          ]
        : [policy.None],
      serverCertificateManager: certificates,
      userCertificateManager: certificates,
      nodeset_filename: [opcua.get_mini_nodeset_filename()],
      skipOwnNamespace: true,
      disableDiscovery: true,
      registerServerMethod: opcua.RegisterServerMethod.HIDDEN,
      maxConnectionsPerEndpoint: limits.connections,
      serverCapabilities: {
        maxSessions: limits.sessions,
        maxSubscriptionsPerSession: limits.subscriptions,
        minSupportedSampleRate: fastest,
      },
      serverInfo: {
        applicationUri: `urn:rebe:simulator:${name}`,
        productUri: 'urn:rebe:simulator',
        applicationName: { text: name },
      },
      buildInfo: { productName: 'rebe simulator' },
    });
  }
}

const nothing = (): void => undefined;

/** The package speaks of everything on the console; what matters is thrown. */
function hush(opcua: OpcUa): void {
  opcua.setDebugLogger(nothing);
  opcua.setWarningLogger(nothing);
  opcua.setErrorLogger(nothing);
  opcua.MonitoredItem.minimumSamplingInterval = fastest;
  opcua.Subscription.minimumPublishingInterval = fastest;
}
