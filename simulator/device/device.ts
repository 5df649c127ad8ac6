// One simulated device, whatever it speaks: its terminals, its server, the line before it, and its one fault point.
// What each fault looks like on a wire stands with the line and the server.
import { deviceFaults, type DeviceFault, type DeviceFaultKind } from '#simulator/faults.ts';
import type { FaultPoint } from '#simulator/faults.ts';
import type { Terminals } from '#simulator/plant/terminals.ts';
import type { LineMode } from './line.ts';

/** What `--endpoints` of the controller takes for a device: the fields of it that are replaced. */
export type Endpoint =
  | { readonly tcp: string }
  | { readonly rtu: { readonly port: string } }
  | { readonly endpoint: string }
  | { readonly port: string };

/** Where that is, for people. */
export function addressOf(endpoint: Endpoint): string {
  if ('tcp' in endpoint) return endpoint.tcp;
  if ('rtu' in endpoint) return endpoint.rtu.port;
  return 'port' in endpoint ? endpoint.port : endpoint.endpoint;
}

/** A server of one device in one protocol, behind a line of its own. */
export interface Protocol {
  readonly line: { set(mode: LineMode): void };
  /** Answers are not to what was asked. */
  wrong: boolean;
  /** Bytes that were sent and that nobody took. */
  readonly lost?: number;
  /** Resolves when it can be reached. */
  open(): Promise<Endpoint>;
  /** With each step of the plant. */
  tick?(): void;
  close(): Promise<void>;
}

export interface DeviceStatus {
  /** Where it is reached; empty until it is. */
  readonly address: string;
  /** Its outputs are safe because its heartbeat was silent. */
  readonly fallen: boolean;
  readonly lost?: number;
}

export class Device implements FaultPoint {
  readonly terminals: Terminals;
  readonly #protocol: Protocol;
  #endpoint: Endpoint | undefined;
  #fault: DeviceFault | undefined;

  constructor(terminals: Terminals, protocol: Protocol) {
    this.terminals = terminals;
    this.#protocol = protocol;
  }

  /** The faults that it has. */
  get kinds(): readonly DeviceFaultKind[] {
    return deviceFaults.filter((kind) => kind !== 'range' || this.terminals.hasNumbers);
  }

  get status(): DeviceStatus {
    const { lost } = this.#protocol;
    return {
      address: this.#endpoint === undefined ? '' : addressOf(this.#endpoint),
      fallen: this.terminals.outputs.fallen,
      ...(lost === undefined ? {} : { lost }),
    };
  }

  async open(): Promise<Endpoint> {
    this.#endpoint = await this.#protocol.open();
    this.#apply();
    return this.#endpoint;
  }

  close(): Promise<void> {
    return this.#protocol.close();
  }

  tick(span: number): void {
    this.terminals.outputs.tick(span);
    this.#protocol.tick?.();
  }

  fault(fault: DeviceFault | undefined): void {
    this.#fault = fault;
    if (this.#endpoint !== undefined) this.#apply();
  }

  #apply(): void {
    const kind = this.#fault?.kind;
    this.terminals.fault(kind === 'stuck' || kind === 'range' ? kind : undefined);
    this.#protocol.wrong = kind === 'wrong';
    this.#protocol.line.set(modeOf(this.#fault));
  }
}

/** What the line makes of it; the values and the answers themselves are not the line's. */
function modeOf(fault: DeviceFault | undefined): LineMode {
  switch (fault?.kind) {
    case 'hang':
      return { kind: 'hold' };
    case 'kill':
      return { kind: 'cut' };
    case 'slow':
      return { kind: 'delay', by: fault.by };
    case 'short':
      return { kind: 'shorten' };
    case 'late':
      return { kind: 'keep' };
    case 'stuck':
    case 'range':
    case 'wrong':
    case undefined:
      return { kind: 'pass' };
  }
}
