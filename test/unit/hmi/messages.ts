// Messages of a small cell, as control would send them; each test changes what it is about.
import type { Link } from '#contract/live.ts';
import type { FlowInfo } from '#contract/described.ts';
import type { Delta, Hello, Snapshot, TagState, Term } from '#contract/wire.ts';

export const press: FlowInfo = {
  name: 'press',
  version: 3,
  hash: 'abcdef0123456789',
  file: 'press.flow.yaml',
  restart: 'hot',
  regions: [
    {
      name: 'unit',
      states: [
        { path: 'unit.Idle', title: 'Idle' },
        { path: 'unit.Execute', title: 'Execute' },
        { path: 'unit.Execute.Press', title: { en: 'Pressing', ko: '프레스' } },
      ],
    },
    { name: 'guard', states: [{ path: 'guard.Shut', title: 'Shut' }] },
  ],
  commands: [
    { name: 'start', title: 'start', role: 'operator', class: 'start' },
    { name: 'stop', title: 'Stop', role: 'anyone', class: 'stop' },
    { name: 'clear', title: 'Clear', role: 'operator', class: 'other' },
    { name: 'jog.open', title: 'jog.open', role: 'maintenance', class: 'other', held_ms: 300 },
  ],
  parameters: [{ name: 'batch', type: 'int', min: 1, max: 99 }],
  ctx: ['parts'],
  signals: [],
};

export const hello = (boot = 1): Hello => ({
  type: 'hello',
  protocol: 1,
  cell: 'press-1',
  title: 'Press 1',
  boot,
  version: '0.1.0',
  simulated: false,
  durability: 'strict',
  period_ms: 20,
  flows: [press],
  tags: [
    { name: 'force', kind: 'input', type: 'real', device: 'io', unit: 'kN', min: 0, max: 20 },
    { name: 'guard.shut', kind: 'input', type: 'bool', device: 'io', title: 'Guard shut' },
  ],
  devices: [{ name: 'io', driver: 'modbus', address: '127.0.0.1:502' }],
  seq: 10,
});

export const good = (v: TagState['v'], t = 1000): TagState => ({ v, s: 0, t });

export const snapshot = (frame: number, more: Partial<Snapshot> = {}): Snapshot => ({
  type: 'snapshot',
  frame,
  now: frame * 20,
  time: 1_000_000 + frame * 20,
  seq: 10 + frame,
  tags: { force: good(4.2), 'guard.shut': good(true) },
  outputs: {},
  flows: {
    press: {
      stepped: true,
      regions: { unit: { state: 'unit.Idle', since_ms: 0, sinceTime: 1_000_000 } },
      ctx: { parts: 3 },
      signals: {},
      parameters: { batch: 12 },
    },
  },
  alarms: {},
  forces: {},
  devices: {},
  scan: {
    count: frame,
    missed: 0,
    late: { p50: 0, p99: 0, max: 0 },
    cost: { p50: 0, p99: 0, max: 0 },
  },
  chronicle: { ok: true, seq: 10, waiting: 0, commit: { p50: 0, p99: 0 }, bytes: 0 },
  ...more,
});

export const delta = (frame: number, more: Partial<Delta> = {}): Delta => ({
  type: 'delta',
  frame,
  from: frame,
  now: frame * 20,
  time: 1_000_000 + frame * 20,
  seq: 10 + frame,
  ...more,
});

export const link = (more: Partial<Link> = {}): Link => ({
  type: 'link',
  control: 'up',
  lastFrame: 1_000_000,
  time: 1_000_000,
  actor: 'console:ada',
  changes: 0,
  panel: true,
  news: 0,
  ...more,
});

export const leaf = (text: string, truth: Term['truth'], tags?: readonly string[]): Term => ({
  kind: 'term',
  truth,
  text,
  ...(tags === undefined ? {} : { tags }),
});
