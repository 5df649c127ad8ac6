// What a manifest says of a device's driver that virtual time needs: how it reads, its deadlines and its beats. The rest
// of a driver's fields is the driver's business, and no driver is imported here.
import type { DeviceFrame, Manifest } from '#contract/cell.ts';
import type { Confirmation } from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import { milliseconds, parseDuration } from '#contract/time.ts';

/** How control comes to know the values of a device; all times in ms. */
export type ReadingTimes =
  /** It is asked for each class of tags, again and again. */
  | {
      readonly kind: 'polled';
      /** The first is the default. */
      readonly classes: readonly (readonly [name: string, period: number])[];
      /** For one answer. */
      readonly timeout: number;
      /** An answer that is not to the question makes the values bad at once; else it is as if none had come. */
      readonly told: boolean;
    }
  /** It publishes what has changed; every so many publishes without a change it says that it is there. */
  | {
      readonly kind: 'subscribed';
      readonly publish: number;
      readonly keepAlive: number;
      /** Without a word for so long the connection is not believed. */
      readonly silence: number;
    }
  /** It sends by itself, and is asked whether it is there. */
  | { readonly kind: 'pushed'; readonly every: number; readonly timeout: number };

export interface DriverTiming {
  readonly reading: ReadingTimes;
  /** Between two beats; undefined without a heartbeat. */
  readonly heartbeat: number | undefined;
  /** To connect and to be greeted, where the protocol has a greeting: OPC UA's channel and session. */
  readonly greeting: number | undefined;
  /** What a line's own speed takes for a question and its answer, ms; 0 over a network, which keeps what it holds. */
  readonly wire: number;
}

/** As the drivers' own defaults are. */
const defaults = {
  heartbeat: 100,
  modbus: { timeout: 300, period: 100 },
  opcua: { timeout: 300, connect: 1000, publish: 100 },
  serial: { timeout: 300, baud: 9600, alive: 500 },
} as const;
/** OPC UA: publishes without news after which the server says that it is there; requests that wait for them. */
const keepAlive = 3;
const publishes = 2;
/** With security a connection may take so many times as long. */
const secured = 4;

/** Characters of a short question and its answer, and of a block of registers; ten bits each. */
const exchanged = 12;
const blocks = 40;

/** Times of a device as its manifest and its driver's defaults give them; undefined of a driver unknown here. */
export function timingOf(frame: DeviceFrame): DriverTiming | undefined {
  const { heartbeat } = frame;
  const beat = isObject(heartbeat) ? (spanOf(heartbeat['every']) ?? defaults.heartbeat) : undefined;
  const common = { heartbeat: beat, greeting: undefined, wire: 0 };
  switch (frame.driver) {
    case 'modbus':
      return { ...common, reading: modbus(frame), wire: wireOf(frame['rtu'], blocks) };
    case 'opcua':
      return { ...common, ...opcua(frame) };
    case 'serial':
      return { ...common, reading: serial(frame), wire: wireOf(frame, exchanged) };
    default:
      return undefined;
  }
}

/** How often a tag of this manifest is confirmed at the slowest, as its driver would say it. */
export function confirmsOf({
  tags,
  devices,
}: Manifest): (tag: TagName) => Confirmation | undefined {
  return (tag) => {
    const place = tags[tag];
    const frame = place === undefined ? undefined : devices[place.device];
    const reading = frame === undefined ? undefined : timingOf(frame)?.reading;
    switch (reading?.kind) {
      case 'polled': {
        const [first, ...others] = reading.classes;
        const named = others.find(([name]) => name === place?.poll) ?? first;
        return named === undefined ? undefined : confirmed(named[1], 3, 3);
      }
      case 'subscribed':
        return confirmed(reading.publish, 5, 4);
      case 'pushed':
        return confirmed(reading.every, 3, 3);
      case undefined:
        return undefined;
    }
  };
}

const confirmed = (period: number, usual: number, least: number): Confirmation => ({
  period: milliseconds(period),
  usual,
  least,
});

function opcua(frame: DeviceFrame): Pick<DriverTiming, 'reading' | 'greeting'> {
  const publish = spanOf(frame['publish']) ?? defaults.opcua.publish;
  const timeout = spanOf(frame['timeout']) ?? defaults.opcua.timeout;
  const connect = spanOf(frame['connect']) ?? defaults.opcua.connect;
  const { security } = frame;
  const open = !isObject(security) || (security['mode'] ?? 'None') === 'None';
  const silence = timeout + publishes * publish * keepAlive;
  return {
    reading: { kind: 'subscribed', publish, keepAlive, silence },
    greeting: open ? connect : connect * secured,
  };
}

function modbus({ poll, timeout }: DeviceFrame): ReadingTimes {
  const { period, timeout: patience } = defaults.modbus;
  const classes = isObject(poll)
    ? Object.entries(poll).map(([name, span]) => [name, spanOf(span) ?? period] as const)
    : [['default', period] as const];
  return { kind: 'polled', classes, timeout: spanOf(timeout) ?? patience, told: false };
}

function serial({ ask, alive }: DeviceFrame): ReadingTimes {
  const asked = isObject(ask) ? spanOf(ask['every']) : undefined;
  if (isObject(ask) && asked !== undefined) {
    const timeout = spanOf(ask['timeout']) ?? defaults.serial.timeout;
    return { kind: 'polled', classes: [['ask', asked]], timeout, told: true };
  }
  const own = isObject(alive) ? alive : {};
  const timeout = spanOf(own['timeout']) ?? defaults.serial.timeout;
  return { kind: 'pushed', every: spanOf(own['every']) ?? defaults.serial.alive, timeout };
}

/** What a line's speed takes for so many characters, ms; 0 where there is no line. */
function wireOf(line: unknown, characters: number): number {
  if (!isObject(line)) return 0;
  const { baud } = line;
  const speed = typeof baud === 'number' && baud > 0 ? baud : defaults.serial.baud;
  return (characters * 10 * 1000) / speed;
}

function spanOf(text: unknown): number | undefined {
  return typeof text === 'string' ? parseDuration(text) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
