// A cell to tell the page of: twelve numbers, six stations, a hundred devices, values of every quality.
// No part of the page knows any of these names.
import type { FlowInfo, TagInfo } from '#contract/described.ts';
import type { ToBrowser } from '#contract/live.ts';
import { status } from '#contract/quality.ts';
import type {
  AlarmState,
  Candidate,
  Hello,
  Snapshot,
  Stopped,
  TagState,
  Term,
  Why,
} from '#contract/wire.ts';

const deviceCount = 100;
const stations = ['unit', 'press', 'feeder', 'gripper', 'oven', 'mode'] as const;
const numbers: readonly TagInfo[] = Array.from({ length: 12 }, (_, index) => ({
  name: `axis${index}.force`,
  kind: 'input',
  type: 'real',
  device: `d${index}`,
  place: `register ${index}`,
  unit: 'kN',
  min: 0,
  max: 20,
  stale_ms: 500,
  ...(index === 0 ? { title: { en: 'Force of the main ram', de: 'Kraft des Hauptstößels' } } : {}),
  limits: [
    { side: 'low', flow: 'pressing', value: 4, by: 'P4' },
    { side: 'high', flow: 'pressing', parameter: 'force.max', by: 'overload' },
  ],
}));
const others: readonly TagInfo[] = [
  {
    name: 'safety.curtain',
    kind: 'input',
    type: 'bool',
    device: 'd0',
    title: 'Light curtain free',
  },
  {
    name: 'blank.code',
    kind: 'input',
    type: 'string',
    device: 'd1',
    title: 'Blank',
    noted: ['part'],
  },
  { name: 'blank.batch', kind: 'input', type: 'string', device: 'd1', noted: ['part'] },
  { name: 'ram.valve', kind: 'output', type: 'bool', device: 'd0', safe: false, flow: 'pressing' },
  ...Array.from({ length: 240 }, (_, index): TagInfo => ({
    name: `oven.zone${index}`,
    kind: 'input',
    type: 'bool',
    device: 'd99',
    place: `bit ${index}`,
  })),
];

const flow: FlowInfo = {
  name: 'pressing',
  version: 12,
  hash: 'c0ffee0123456789',
  file: 'pressing.flow.yaml',
  restart: 'hot',
  regions: stations.map((name) => ({
    name,
    states: ['Idle', 'Held', 'Execute', 'Execute.Pressing'].map((state) => ({
      path: `${name}.${state}`,
      title: state.split('.').at(-1) ?? '',
    })),
  })),
  commands: [
    {
      name: 'clear',
      title: { en: 'Clear', de: 'Störung löschen' },
      role: 'operator',
      class: 'other',
    },
    {
      name: 'reset',
      title: { en: 'Reset', de: 'Grundstellung' },
      role: 'operator',
      class: 'start',
    },
    { name: 'start', title: { en: 'Start', de: 'Starten' }, role: 'operator', class: 'start' },
    { name: 'stop', title: { en: 'Stop', de: 'Anhalten' }, role: 'anyone', class: 'stop' },
  ],
  parameters: [{ name: 'force.max', type: 'real', unit: 'kN', min: 1, max: 20 }],
  ctx: ['parts'],
  signals: [],
};

export const told: Hello = {
  type: 'hello',
  protocol: 1,
  cell: 'press-7',
  title: 'Press line 7',
  boot: 1,
  version: '0.1.0',
  simulated: false,
  durability: 'strict',
  period_ms: 20,
  flows: [flow],
  tags: [...numbers, ...others],
  devices: Array.from({ length: deviceCount }, (_, index) => ({
    name: `d${index}`,
    driver: index % 2 === 0 ? 'modbus' : 'opcua',
    address: `192.168.10.${index}:502`,
  })),
  seq: 10,
};

const value = (v: TagState['v'], s: number = status.Good): TagState => ({
  v,
  s,
  t: Date.now() - 65_000,
});
type Place = Snapshot['flows'][string]['regions'][string];
const region = (name: string, more: Partial<Place>): Place => ({
  state: `${name}.Execute.Pressing`,
  since_ms: 0,
  sinceTime: Date.now() - 47_000,
  usual: { median_ms: 1200, p95_ms: 2400, visits: 200 },
  ...more,
});
const online: Snapshot['devices'][string] = {
  state: 'online',
  since: Date.now() - 3_600_000,
  epoch: 1,
  failures: 0,
  lastGood: Date.now(),
  latency: { p50: 1.25, p99: 4.5 },
  requests: 1_250_000,
  late: 3,
  stale: 0,
};

/** All runs; a part of it `worse`: states by station, tags, alarms, devices. */
export function picture(more: Partial<Snapshot> = {}): Snapshot {
  const tags = told.tags.filter(({ kind }) => kind !== 'output');
  return {
    type: 'snapshot',
    frame: 1,
    now: 20,
    time: Date.now(),
    seq: 11,
    tags: {
      ...Object.fromEntries(
        tags.map(({ name, type }, index) => [
          name,
          value(type === 'real' ? 5 + index / 2 : type === 'string' ? 'B-77120' : true),
        ]),
      ),
      ...more.tags,
    },
    outputs: { 'ram.valve': { v: true, asked: true, by: 'flow', write: 'confirmed' } },
    flows: {
      pressing: {
        stepped: true,
        regions: Object.fromEntries(
          stations.map((name) => [
            name,
            region(name, name === 'unit' ? { sinceTime: Date.now() - 1000 } : {}),
          ]),
        ),
        ctx: { parts: 41 },
        signals: {},
        parameters: { 'force.max': 15 },
      },
      ...more.flows,
    },
    alarms: more.alarms ?? {},
    forces: more.forces ?? {},
    devices: {
      ...Object.fromEntries(told.devices.map(({ name }) => [name, online])),
      ...more.devices,
    },
    scan: {
      count: 1,
      missed: 0,
      late: { p50: 0, p99: 0.4, max: 1 },
      cost: { p50: 0, p99: 0.4, max: 1 },
    },
    chronicle: { ok: true, seq: 11, waiting: 0, commit: { p50: 1, p99: 2 }, bytes: 1e6 },
    ...(more.mirror === undefined ? {} : { mirror: more.mirror }),
  };
}

const leaf = (text: string, truth: Term['truth'], tags: readonly string[]): Term => ({
  kind: 'term',
  truth,
  text,
  tags,
});
const candidates: readonly Candidate[] = [
  {
    region: 'unit',
    transition: 'P4',
    from: 'unit.Execute.Pressing',
    to: 'unit.Idle',
    term: {
      kind: 'all',
      truth: 'false',
      text: '',
      of: [
        leaf('axis0.force >= 4.2', 'false', ['axis0.force']),
        leaf('safety.curtain', 'true', ['safety.curtain']),
      ],
    },
    blocking: ['axis0.force >= 4.2'],
  },
  {
    region: 'oven',
    transition: 'O2',
    from: 'oven.Execute.Pressing',
    to: 'oven.Held',
    term: { kind: 'after', truth: 'false', text: 'after 30s', remaining_ms: 30_000 },
    blocking: [],
  },
];
export const waiting: Why = {
  type: 'why',
  flow: 'pressing',
  frame: 1,
  candidates: [...candidates],
  commands: [],
};

/** The machine stands: what stopped it, and the way back. */
export const stopped: Stopped = {
  type: 'stopped',
  flow: 'pressing',
  transition: 'P9',
  from: 'unit.Execute.Pressing',
  to: 'unit.Held',
  at: Date.now() - 720_000,
  why: { en: 'the light curtain was cut', de: 'das Lichtgitter war unterbrochen' },
  terms: [leaf('safety.curtain', 'false', ['safety.curtain'])],
  values: { 'safety.curtain': value(false) },
};
export const back: Why = {
  ...waiting,
  candidates: [],
  commands: [
    { name: 'clear', ready: true, lacks: [] },
    { name: 'reset', ready: false, lacks: ['safety.curtain'] },
  ],
  back: [
    { command: 'clear', to: 'unit.Idle', lacks: [] },
    { to: 'unit.Held', lacks: [] },
    { command: 'reset', to: 'unit.Idle', lacks: ['safety.curtain'] },
    { command: 'start', to: 'unit.Execute', lacks: [] },
  ],
};
export const overload: AlarmState = {
  state: 'unacknowledged',
  priority: 2,
  text: { en: 'Ram overloaded', de: 'Stößel überlastet' },
  response: { en: 'Look at the die, then Clear', de: 'Werkzeug ansehen, dann Störung löschen' },
  flow: 'pressing',
  raised: Date.now() - 5000,
};

/** Everything at once that can be wrong. */
export const worst = (): readonly ToBrowser[] => [
  told,
  picture({
    tags: {
      'axis0.force': value(18.4),
      'axis1.force': value(3.2),
      'axis2.force': value(9, status.BadSensorFailure),
      'axis3.force': value(9, status.BadNoCommunication),
      'axis4.force': value(9, status.UncertainLastUsableValue),
      'axis5.force': { ...value(9), f: true },
      'safety.curtain': value(false),
      'blank.code': value('old', status.BadNoCommunication),
    },
    flows: {
      pressing: {
        stepped: true,
        regions: Object.fromEntries(
          stations.map((name) => [name, region(name, { state: `${name}.Held` })]),
        ),
        ctx: { parts: 41 },
        signals: {},
        parameters: { 'force.max': 15 },
      },
    },
    alarms: { 'pressing.overload': overload },
    forces: {
      'axis5.force': {
        value: 9,
        reason: 'sensor on order',
        actor: 'console:ada',
        until: Date.now() + 90_000,
      },
    },
    devices: {
      d2: {
        ...online,
        state: 'backoff',
        failures: 7,
        lastGood: Date.now() - 65_000,
        nextTry: Date.now() + 8000,
        error: { code: 'E_DEVICE_TIMEOUT', text: 'no answer from 192.168.10.2:502 within 300 ms' },
      },
      d3: { ...online, state: 'degraded', stale: 12 },
      d42: { ...online, state: 'connecting', error: { code: 'E_DEVICE_CONNECT', text: 'refused' } },
    },
  }),
  back,
  stopped,
];
/** A second flow beside the first: of one region, without a unit. */
export const two = (): readonly ToBrowser[] => [
  {
    ...told,
    flows: [
      flow,
      {
        ...flow,
        name: 'lamp',
        regions: [{ name: 'lamp', states: [{ path: 'lamp.Lit', title: 'Lit' }] }],
        commands: [],
        parameters: [],
        ctx: [],
      },
    ],
  },
  picture({
    flows: {
      ...picture().flows,
      lamp: {
        stepped: true,
        regions: { lamp: { state: 'lamp.Lit', since_ms: 0, sinceTime: Date.now() - 5000 } },
        ctx: {},
        signals: {},
        parameters: {},
      },
    },
  }),
  waiting,
];
export const normal = (): readonly ToBrowser[] => [told, picture(), waiting];
