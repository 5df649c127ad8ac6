// Acts at control's door: every verb taken, every refusal by its code, ids good once, and `done` only
// when it is on disk.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ActBody } from '#contract/entry.ts';
import type { ActMessage } from '#contract/wire.ts';
import { readBody } from '#controller/chronicle/body.ts';
import { machine } from '#test/flow/machine-flow.ts';
import { CellFolder, ControlRig } from '#test/unit/controller/control-rig.ts';

let folder: CellFolder;
let rig: ControlRig;

/** The machine with a parameter that has an envelope in time and step, and a stop that is held. */
const text = machine
  .replace(
    'limit: {type: real, init: 50, min: 10, max: 90}',
    'limit: {type: real, init: 50, min: 10, max: 90}\n  pace: {type: int, init: 5, min: 0, max: 90, maxStep: 5, every: 10s}\n  mode: {type: bool, init: false}',
  )
  .replace(
    'jog: {role: operator, held: 300ms}',
    'jog: {role: operator, held: 300ms}\n  creep: {role: anyone, class: stop, held: 300ms}',
  )
  .replace(
    'when: level > param.limit,',
    'when: level > param.limit && (param.mode || param.pace >= 0),',
  )
  .replace('{id: H1, when: cmd.jog, to: Down}', '{id: H1, when: cmd.jog || cmd.creep, to: Down}');

beforeEach(async () => {
  folder = new CellFolder();
  rig = await ControlRig.start(folder, { machine: text });
});
afterEach(() => {
  rig.kill();
  folder[Symbol.dispose]();
});

const acts = () =>
  folder
    .entries()
    .filter(({ kind }) => kind === 'act')
    .map((entry) => ({
      ...ActBody.parse(readBody(entry)),
      actor: entry.actor,
      seq: entry.seq,
      scan: entry.scan,
    }));

describe('an act', () => {
  test('gets its receipt at once, and is done when its entry is durable', async () => {
    rig.give({ part: true });
    await rig.pass(20);
    rig.disk = false;
    const id = rig.command('start');
    expect(rig.answers).toEqual([{ type: 'receipt', id, result: 'accepted' }]);
    await rig.pass(60);
    expect(rig.state('unit')).toBe('unit.Busy');
    expect(rig.done(id)).toBeUndefined();
    rig.disk = true;
    await rig.pass(5);
    const done = rig.done(id);
    expect(done?.outcome).toBe('fired U2');
    expect(acts().find((act) => act.id === id)).toMatchObject({
      seq: done?.seq,
      actor: 'console:ann',
      verb: 'command',
      args: { flow: 'machine', name: 'start' },
      result: 'accepted',
      outcome: 'fired U2',
    });
  });

  test('is told what became of it when nothing did', async () => {
    const id = rig.command('start');
    await rig.pass(20);
    expect(rig.done(id)?.outcome).toBe('ignored in unit.Idle');
  });

  test.each([
    ['command', { flow: 'machine', name: 'stop' }],
    ['parameter', { flow: 'machine', name: 'limit', value: 60 }],
    ['parameter', { flow: 'machine', name: 'mode', value: true }],
    ['force', { tag: 'part', value: true, for_ms: 60_000, reason: 'test' }],
    ['force', { tag: 'motor', value: true, for_ms: 60_000, reason: 'test' }],
    ['force', { tag: 'lamp', value: 'green', for_ms: 60_000, reason: 'test' }],
    ['force', { tag: 'code', value: 'A-17', for_ms: 60_000, reason: 'test' }],
    ['force', { tag: 'level', value: 12.5, for_ms: 8 * 3_600_000, reason: 'test' }],
  ])('%s %j is taken, recorded and done', async (verb, args) => {
    const id = rig.act(verb, args);
    await rig.pass(20);
    expect(rig.receipt(id)).toEqual({ type: 'receipt', id, result: 'accepted' });
    expect(rig.done(id)?.outcome).toMatch(/^(?:done|ignored in )/);
    expect(acts().find((act) => act.id === id)).toMatchObject({ result: 'accepted', verb });
  });

  test('several are done in the order of their entries', async () => {
    const ids = [60, 61, 62].map((value) =>
      rig.act('parameter', { flow: 'machine', name: 'limit', value }),
    );
    await rig.pass(20);
    const done = rig.answers.filter((answer) => answer.type === 'done');
    expect(done.map(({ id }) => id)).toEqual(ids);
    const seqs = done.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((left, right) => left - right));
    expect(rig.parts.cell.flows[0]?.frame.params[0]).toBe(62);
  });

  test('a force is ended by unforce, and a standing alarm is acknowledged', async () => {
    rig.act('force', { tag: 'part', value: true, for_ms: 60_000, reason: 'test' });
    await rig.pass(20);
    const unforce = rig.act('unforce', { tag: 'part' });
    rig.health('backoff', 1);
    const acknowledge = rig.act('acknowledge', { alarm: 'device.io' });
    await rig.pass(20);
    expect(rig.done(unforce)?.outcome).toBe('done');
    expect(rig.done(acknowledge)?.outcome).toBe('done');
    expect(rig.control.standing()['device.io']).toMatchObject({
      state: 'acknowledged',
      by: 'console:ann',
    });
  });
});

const command = { flow: 'machine', name: 'stop' };
const force = { tag: 'part', value: true, for_ms: 1000, reason: 'x' };
const refusals: readonly [string, string, ActMessage['args'], string][] = [
  ['a flow that there is not', 'command', { flow: 'none', name: 'stop' }, 'E_ACT_FLOW'],
  ['a flow to resume that there is not', 'resume', { flow: 'none' }, 'E_ACT_FLOW'],
  ['a parameter of no flow', 'parameter', { flow: 'none', name: 'limit', value: 1 }, 'E_ACT_FLOW'],
  ['a command that there is not', 'command', { flow: 'machine', name: 'explode' }, 'E_ACT_COMMAND'],
  [
    'a parameter that there is not',
    'parameter',
    { flow: 'machine', name: 'x', value: 1 },
    'E_ACT_PARAMETER',
  ],
  ['a value below', 'parameter', { flow: 'machine', name: 'limit', value: 9 }, 'E_ACT_VALUE'],
  ['a value above', 'parameter', { flow: 'machine', name: 'limit', value: 91 }, 'E_ACT_VALUE'],
  [
    'a value of another type',
    'parameter',
    { flow: 'machine', name: 'limit', value: '50' },
    'E_ACT_VALUE',
  ],
  ['half an int', 'parameter', { flow: 'machine', name: 'pace', value: 5.5 }, 'E_ACT_VALUE'],
  ['a number for a bool', 'parameter', { flow: 'machine', name: 'mode', value: 1 }, 'E_ACT_VALUE'],
  ['too large a step', 'parameter', { flow: 'machine', name: 'pace', value: 11 }, 'E_ACT_STEP'],
  ['a tag that there is not', 'force', { ...force, tag: 'none' }, 'E_ACT_TAG'],
  ['a tag of the system', 'force', { ...force, tag: 'sys.chronicle.ok' }, 'E_ACT_TAG'],
  ['a force of another type', 'force', { ...force, value: 1 }, 'E_ACT_VALUE'],
  ['a force of no value', 'force', { ...force, value: null }, 'E_ACT_VALUE'],
  [
    'a force to no name of the enum',
    'force',
    { ...force, tag: 'lamp', value: 'blue' },
    'E_ACT_VALUE',
  ],
  ['a force above the range', 'force', { ...force, tag: 'level', value: 101 }, 'E_ACT_VALUE'],
  ['too long a text', 'force', { ...force, tag: 'code', value: 'x'.repeat(257) }, 'E_ACT_VALUE'],
  ['a force without a reason', 'force', { ...force, reason: '  ' }, 'E_ACT_FORCE'],
  ['a force of more than 8 h', 'force', { ...force, for_ms: 8 * 3_600_000 + 1 }, 'E_ACT_FORCE'],
  ['unforce of what is not forced', 'unforce', { tag: 'part' }, 'E_ACT_TAG'],
  ['unforce of what there is not', 'unforce', { tag: 'none' }, 'E_ACT_TAG'],
  ['an alarm that does not stand', 'acknowledge', { alarm: 'device.io' }, 'E_ACT_ALARM'],
  ['resume of what runs', 'resume', { flow: 'machine' }, 'E_FLOW_RUNNING'],
  ['no verb', 'deploy', { flow: 'machine' }, 'E_ACT_VERB'],
  ['a verb of every object', 'constructor', {}, 'E_ACT_VERB'],
  ['a flow of every object', 'command', { flow: 'constructor', name: 'stop' }, 'E_ACT_FLOW'],
  ['an argument too many', 'command', { ...command, force: true }, 'E_ACT_VERB'],
  ['an argument too few', 'command', { flow: 'machine' }, 'E_ACT_VERB'],
  ['a keep of what is not held', 'keep', { ...command, down: true }, 'E_ACT_VERB'],
  ['a command of what is held', 'command', { flow: 'machine', name: 'jog' }, 'E_ACT_VERB'],
];

describe('is refused and recorded', () => {
  test.each(refusals)('%s', async (_what, verb, args, code) => {
    const id = rig.act(verb, args);
    expect(rig.answers).toEqual([
      { type: 'receipt', id, result: 'refused', code, reason: expect.stringMatching(/./) },
    ]);
    await rig.pass(40);
    expect(rig.answers).toHaveLength(1);
    expect(acts()).toMatchObject([
      { id, verb, args, result: 'refused', code, actor: 'console:ann', scan: null },
    ]);
  });

  test.each([
    ['user:bob', 'E_ACT_ACTOR', 'user:bob'],
    ['agent:ann/helper', 'E_ACT_ACTOR', 'agent:ann/helper'],
    ['flow:machine', 'E_ACT_ACTOR', 'flow:machine'],
    ['token:other', 'E_ACT_ACTOR', 'token:other'],
    ['system', 'E_ACT_ACTOR', 'system'],
    ['bob', 'E_ACT_ACTOR', 'system'],
    ['console:', 'E_ACT_ACTOR', 'system'],
    ['console:a b', 'E_ACT_ACTOR', 'system'],
    ['x'.repeat(100_000), 'E_ACT_ACTOR', 'system'],
  ])('of an actor that is not known, whatever it asks: %.30s', async (actor, code, recorded) => {
    const ids = [
      rig.command('stop', { actor }),
      rig.act('command', { flow: 'none', name: 'x' }, { actor }),
      rig.act('nonsense', {}, { actor }),
    ];
    await rig.pass(5);
    expect(ids.map((id) => rig.receipt(id)?.code)).toEqual([code, code, code]);
    expect(acts().map((act) => act.actor)).toEqual([recorded, recorded, recorded]);
  });

  test('a flow that is not stepped takes no command, and a resume lets it go on', async () => {
    rig.kill();
    const asked = await ControlRig.start(folder, { machine: text, restart: 'ask' });
    const refused = asked.command('stop');
    expect(asked.receipt(refused)?.code).toBe('E_FLOW_NOT_STEPPED');
    const resume = asked.act('resume', { flow: 'machine' });
    await asked.pass(100);
    expect(asked.done(resume)?.outcome).toBe('done');
    const taken = asked.command('stop');
    expect(asked.receipt(taken)?.result).toBe('accepted');
    asked.kill();
  });

  test('arguments of any size are recorded up to a bound', async () => {
    rig.act('force', { ...force, reason: 'x'.repeat(900_000) });
    rig.act('y'.repeat(900_000), {});
    await rig.pass(5);
    expect(acts().map(({ code }) => code)).toEqual(['E_ACT_VERB', 'E_ACT_VERB']);
    for (const { body } of folder.entries()) expect(body.length).toBeLessThan(10_000);
  });
});

describe('an id is good once', () => {
  test('a repeat gets the first receipt again, and its done, and nothing happens twice', async () => {
    rig.give({ part: true });
    const id = rig.command('start');
    rig.command('start', { id });
    await rig.pass(20);
    rig.command('stop', { id, actor: 'console:bob' });
    await rig.pass(20);
    expect(rig.answers.map(({ type }) => type)).toEqual([
      'receipt',
      'receipt',
      'done',
      'done',
      'receipt',
      'done',
    ]);
    expect(rig.state('unit')).toBe('unit.Busy');
    expect(acts()).toHaveLength(1);
  });

  test('a refused one is refused again, and recorded once', async () => {
    const id = rig.command('explode');
    rig.command('stop', { id });
    await rig.pass(20);
    expect(rig.answers.map((answer) => (answer.type === 'receipt' ? answer.code : ''))).toEqual([
      'E_ACT_COMMAND',
      'E_ACT_COMMAND',
    ]);
    expect(acts()).toHaveLength(1);
  });

  test('for 60 s', async () => {
    const id = rig.command('stop');
    await rig.pass(59_900, 50);
    rig.command('stop', { id });
    expect(rig.parts.intake.waiting).toBe(false);
    await rig.pass(200, 50);
    rig.command('stop', { id });
    expect(rig.parts.intake.waiting).toBe(true);
  });

  test('over a restart as well', async () => {
    rig.give({ part: true });
    const id = rig.command('start');
    await rig.pass(40);
    rig.kill();
    rig = await ControlRig.start(folder, { machine: text });
    rig.give({ part: true });
    rig.command('start', { id });
    await rig.pass(40);
    expect(rig.answers).toMatchObject([
      { type: 'receipt', id, result: 'accepted' },
      { type: 'done', id, outcome: 'fired U2' },
    ]);
    expect(rig.state('unit')).toBe('unit.Idle');
  });
});

describe('is held back', () => {
  test('beyond 20 acts of one actor in a second, but for stops and hands on held commands', async () => {
    await rig.pass(1000 - (rig.clock.now() % 1000));
    const twenty = Array.from({ length: 20 }, () => rig.command('start'));
    expect(twenty.map((id) => rig.receipt(id)?.result)).not.toContain('refused');
    expect(rig.receipt(rig.command('start'))?.code).toBe('E_ACT_RATE');
    expect(rig.receipt(rig.command('stop'))?.result).toBe('accepted');
    const keep = rig.act('keep', { flow: 'machine', name: 'jog', down: true });
    expect(rig.receipt(keep)?.result).toBe('accepted');
    expect(rig.receipt(rig.command('start', { actor: 'console:bob' }))?.result).toBe('accepted');
    await rig.pass(1000);
    expect(rig.receipt(rig.command('start'))?.result).toBe('accepted');
  });

  test('a stop is taken though as much waits as may', () => {
    for (let who = 0; who < 13; who += 1) {
      for (let count = 0; count < 20; count += 1)
        rig.command('start', { actor: `console:p${who}` });
    }
    expect(rig.receipt(rig.command('start', { actor: 'console:last' }))?.code).toBe('E_ACT_RATE');
    expect(rig.receipt(rig.command('stop', { actor: 'console:last' }))?.result).toBe('accepted');
  });

  test('an act on a view that is older than the flow’s last move, but for a stop', async () => {
    const seen = rig.parts.view.moment().seq;
    rig.give({ part: true });
    const start = rig.command('start', { expect: { flow: 'machine', seq: seen } });
    await rig.pass(40);
    expect(rig.done(start)?.outcome).toBe('fired U2');
    const late = rig.command('start', { expect: { flow: 'machine', seq: seen } });
    expect(rig.receipt(late)?.code).toBe('E_STALE_VIEW');
    const nameless = rig.command('start', { expect: { seq: seen } });
    expect(rig.receipt(nameless)?.code).toBe('E_STALE_VIEW');
    const stop = rig.command('stop', { expect: { flow: 'machine', seq: seen } });
    expect(rig.receipt(stop)?.result).toBe('accepted');
    const fresh = rig.command('start', {
      expect: { flow: 'machine', seq: rig.parts.view.moment().seq },
    });
    expect(rig.receipt(fresh)?.result).toBe('accepted');
  });

  test('a parameter that changed too short a time ago, one that waits included', async () => {
    const set = (value: number) => rig.act('parameter', { flow: 'machine', name: 'pace', value });
    const first = set(10);
    const second = set(9);
    expect([rig.receipt(first)?.result, rig.receipt(second)?.code]).toEqual([
      'accepted',
      'E_ACT_STEP',
    ]);
    await rig.pass(9900, 50);
    expect(rig.receipt(set(12))?.code).toBe('E_ACT_STEP');
    await rig.pass(200, 50);
    expect(rig.receipt(set(15))?.result).toBe('accepted');
  });

  test('a command that no scan took in time expires', async () => {
    rig.parts.loop.stop();
    const id = rig.command('start', { ttl_ms: 100 });
    await rig.pass(200);
    const [waiting] = rig.parts.intake.take(Math.floor(rig.clock.now())).expired;
    expect(waiting?.id).toBe(id);
    if (waiting !== undefined) rig.parts.door.expired(waiting);
    await rig.pass(20);
    expect(rig.done(id)?.outcome).toBe('expired');
  });
});

const keep = (down: boolean, name = 'jog', actor = 'console:ann') =>
  rig.act('keep', { flow: 'machine', name, down }, { actor });

describe('a held command', () => {
  test('begins, is kept, and ends with the hand that leaves it; its begin and end are recorded', async () => {
    keep(true);
    await rig.pass(100);
    expect(rig.state('hand')).toBe('hand.Down');
    keep(true);
    await rig.pass(200);
    expect(rig.state('hand')).toBe('hand.Down');
    keep(false);
    await rig.pass(20);
    expect(rig.state('hand')).toBe('hand.Up');
    expect(acts()).toMatchObject([
      { verb: 'keep', args: { name: 'jog', down: true }, outcome: 'begun', actor: 'console:ann' },
      { verb: 'keep', args: { name: 'jog', down: false }, outcome: 'released after 2 keep-alives' },
    ]);
  });

  test('lapses by itself when nobody keeps it', async () => {
    keep(true);
    await rig.pass(280);
    expect(rig.state('hand')).toBe('hand.Down');
    await rig.pass(80);
    expect(rig.state('hand')).toBe('hand.Up');
    expect(acts().at(-1)).toMatchObject({ outcome: 'lapsed after 1 keep-alives' });
  });

  test('at the panel without anyone signed in only one that stops may be held', () => {
    expect(rig.receipt(keep(true, 'jog', 'console:panel'))?.code).toBe('E_NOT_SIGNED_IN');
    expect(rig.receipt(keep(true, 'creep', 'console:panel'))?.result).toBe('accepted');
  });
});
