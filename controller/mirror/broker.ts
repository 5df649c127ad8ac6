// What the mirror needs of a broker, and nothing of MQTT: mqtt-broker.ts has it on a socket, a test in
// virtual time. One connection for each attempt; it is never used again after it ended.
import type { CellError } from '#contract/error.ts';

/** Published with QoS 1. An empty payload that is retained takes away what was retained. */
export interface OutMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export interface InMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** It was kept by the broker and is told because we subscribed. */
  readonly retained: boolean;
}

/** What is heard of a connection; after `closed` nothing. */
export interface BrokerEvents {
  /** The broker took us. */
  opened(): void;
  message(message: InMessage): void;
  /** Something for us was so long that it was not read, in bytes. */
  skipped(length: number): void;
  closed(error: CellError): void;
}

export interface BrokerConnection {
  /** `acknowledged` is called when the broker has it; never after the connection ended. */
  publish(message: OutMessage, acknowledged: () => void): void;
  /** With QoS 0: a commander without a receipt asks again. `done` says whether all of them were granted. */
  subscribe(filters: readonly string[], done: (granted: boolean) => void): void;
  /** Says goodbye, so that no last will follows; `last` is said before, within `patience` ms. */
  end(last: OutMessage | undefined, patience: number): Promise<void>;
  /** At once, so that the last will follows. */
  destroy(): void;
}

/** Begins to connect. What hinders it is told through `closed`, never thrown; nothing is heard before it returned. */
export type OpenBroker = (will: OutMessage, events: BrokerEvents) => BrokerConnection;
