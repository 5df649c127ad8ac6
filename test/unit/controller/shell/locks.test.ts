// Locks: any that matches wins, at once and for as long as it says; they outlive station. And what a station that was killed
// leaves behind has ended: the chronicle says so, and nothing of it runs.
import { describe, expect, it } from 'vitest';
import type { LockRequest } from '#contract/shell-routes.ts';
import { replaySessions } from '#controller/replay/replay-sessions.ts';
import { bytes, chronicleOf, codeOf, dora, emil, settle, Shells, sven } from './rig.ts';

const lock = (kind: LockRequest['kind'], target: string, more: object = {}): LockRequest => ({
  kind,
  target,
  message: 'stop this',
  ...more,
});

describe('a lock', () => {
  it.each([
    ['user', 'dora'],
    ['role', 'maintenance'],
    ['tier', 'T2'],
    ['session', ''],
    ['cell', ''],
  ] as const)('on the %s %s ends what it holds at once, and lets nobody in', async (kind, name) => {
    await using shells = new Shells();
    shells.standings.set('user:dora', { permissions: dora.permissions, roles: ['maintenance'] });
    const { id, driver } = await shells.running();
    await shells.sessions.locks.add('user:sven', lock(kind, kind === 'session' ? id : name));
    expect(await codeOf(() => driver.type(bytes('x'), false))).toMatch(/E_SHELL_(INPUT|PART)/);
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Killed', why: 'locked out' });
    expect(shells.lost).toContain('user:dora E_SHELL_LOCKED');
    expect(await codeOf(() => shells.ask())).toBe(
      kind === 'session' ? undefined : 'E_SHELL_LOCKED',
    );
    expect(shells.machine.typed).toBe('');
  });

  it.each([
    ['user', 'emil'],
    ['user', 'dor'],
    ['role', 'maintenance'],
    ['token', 'dora'],
    ['agent', 'dora'],
    ['tier', 'T3'],
    ['session', 'sh-0123456789abcdef'],
  ] as const)('on the %s %s is none for others', async (kind, name) => {
    await using shells = new Shells();
    const { id } = await shells.running();
    await shells.sessions.locks.add('user:sven', lock(kind, name));
    await shells.run(500);
    expect(shells.view(id).state).toBe('Running');
  });

  it('on a person holds for what belongs to them, one on an agent for the agent', async () => {
    await using shells = new Shells();
    const robot = { ...dora, actor: 'agent:dora/helper', owner: 'user:dora' };
    shells.standings.set(robot.actor, { permissions: robot.permissions, roles: [] });
    await shells.sessions.locks.add('user:sven', lock('user', 'dora', { for_ms: 5000 }));
    expect(await codeOf(() => shells.ask(robot))).toBe('E_SHELL_LOCKED');
    await shells.run(5001);
    expect(shells.sessions.locks.list()).toEqual([]);
    // Not locked out any more: what it lacks now is a command.
    expect(await codeOf(() => shells.ask(robot))).toBe('E_AGENT_ONLY');
    await shells.sessions.locks.add('user:sven', lock('agent', 'dora/helper'));
    expect(await codeOf(() => shells.ask(robot))).toBe('E_SHELL_LOCKED');
    expect(await codeOf(() => shells.ask(dora))).toBeUndefined();
  });

  it('denies what was asked for, outlives station, and is taken away when that is recorded', async () => {
    await using shells = new Shells();
    const id = await shells.ask();
    const { id: name } = await shells.sessions.locks.add('user:sven', lock('user', 'dora'));
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Denied', why: 'locked out' });
    await shells.again();
    expect(await codeOf(() => shells.ask())).toBe('E_SHELL_LOCKED');
    shells.problem = () => 'E_CHRONICLE_LOST';
    const remove = () => shells.sessions.locks.remove('user:sven', name);
    expect(await codeOf(remove)).toBe('E_CHRONICLE_LOST');
    expect(await codeOf(() => shells.ask())).toBe('E_SHELL_LOCKED');
    shells.problem = () => undefined;
    await remove();
    expect(await codeOf(remove)).toBe('E_SHELL_UNKNOWN');
    expect(await codeOf(() => shells.ask())).toBeUndefined();
    const told = shells.record.map(({ body }) => body.event);
    expect(told).toEqual(expect.arrayContaining(['lock-added', 'lock-removed']));
  });

  it('holds although the chronicle does not take it', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.problem = () => 'E_CELL_NOT_RUNNING';
    const add = () => shells.sessions.locks.add('user:sven', lock('cell', ''));
    expect(await codeOf(add)).toBe('E_CELL_NOT_RUNNING');
    await shells.run(4000);
    expect(shells.view(id).state).toBe('Killed');
    expect(shells.sessions.locks.list()).toHaveLength(1);
  });

  it('of which there are too many is refused, and one after a full shell is none of them', async () => {
    await using shells = new Shells();
    const { id } = await shells.running('T3');
    for (let one = 0; one < 256; one += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await shells.sessions.locks.add('user:sven', lock('user', `nobody-${one}`));
    }
    const add = () => shells.sessions.locks.add('user:sven', lock('user', 'nobody'));
    expect(await codeOf(add)).toBe('E_SHELL_FULL');
    shells.sessions.say(dora, id, 'end');
    await shells.run(2000);
    expect(shells.sessions.locks.list()).toHaveLength(257);
    expect(await codeOf(() => shells.ask(emil, 'T3'))).toBe('E_SHELL_LOCKED');
  });

  it('ends neither early nor late by a date that is set', async () => {
    await using shells = new Shells();
    await shells.sessions.locks.add('user:sven', lock('user', 'dora', { for_ms: 5000 }));
    shells.clock.setDate(3_600_000);
    expect(await codeOf(() => shells.ask())).toBe('E_SHELL_LOCKED');
    await shells.run(5001);
    expect(await codeOf(() => shells.ask())).toBeUndefined();
  });
});

describe('after a full shell', () => {
  it('nobody has another until somebody else has looked at it', async () => {
    await using shells = new Shells();
    const { id } = await shells.running('T3');
    shells.sessions.say(dora, id, 'end');
    await shells.run(2000);
    expect(shells.sessions.find(id)).toBeUndefined();
    expect(shells.sessions.locks.list()).toMatchObject([
      { kind: 'tier', target: 'T3', by: 'system', after: 'user:dora' },
    ]);
    expect(await codeOf(() => shells.ask(emil, 'T3'))).toBe('E_SHELL_LOCKED');
    const name = shells.sessions.locks.list()[0]?.id ?? '';
    expect(await codeOf(() => shells.sessions.locks.remove('user:dora', name))).toBe(
      'E_SHELL_PART',
    );
    await shells.sessions.locks.remove('user:sven', name);
    expect(await codeOf(() => shells.ask(emil, 'T3'))).toBeUndefined();
    const told = shells.record.flatMap(({ body }) => (body.event === 'lock-added' ? [body] : []));
    expect(told).toMatchObject([{ about: { lock: { after: 'user:dora' } } }]);
  });

  it('while another runs none begins, that one goes on, and neither asker looks at it', async () => {
    await using shells = new Shells();
    const { machine } = shells;
    const first = await shells.running('T3');
    const ends = machine.events;
    const { id, driver } = await shells.running('T3', emil);
    const waits = await shells.ask(emil, 'T3');
    // The small machine tells its newest program's end: here it is the first one's.
    const goesOn = machine.events;
    machine.events = ends;
    shells.sessions.say(dora, first.id, 'end');
    await shells.run(2000, ['user:sven']);
    machine.events = goesOn;
    machine.running = true;
    const { locks } = shells.sessions;
    expect(locks.list()).toMatchObject([{ target: 'T3', after: 'user:dora' }]);
    expect(shells.view(waits)).toMatchObject({ state: 'Denied', why: 'locked out' });
    expect(await codeOf(() => shells.ask(dora, 'T3'))).toBe('E_SHELL_LOCKED');
    expect(shells.view(id).state).toBe('Running');
    await driver.type(bytes('on'), false);
    expect(machine.typed).toBe('on');
    shells.sessions.say(emil, id, 'end');
    await shells.run(2000);
    expect(locks.list()).toMatchObject([{ after: 'user:dora' }, { after: 'user:emil' }]);
    const names = locks.list().map((one) => one.id);
    for (const by of ['user:dora', 'user:emil'])
      for (const name of names)
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await codeOf(() => locks.remove(by, name))).toBe('E_SHELL_PART');
    await Promise.all(names.map(async (name) => locks.remove('user:sven', name)));
    expect(await codeOf(() => shells.ask(dora, 'T3'))).toBeUndefined();
  });

  it('that a kill of station ended it is the same, and once', async () => {
    await using shells = new Shells();
    await shells.running('T3');
    await shells.again();
    expect(shells.sessions.locks.list()).toMatchObject([{ target: 'T3', after: 'user:dora' }]);
    await shells.run(2000);
    await shells.again();
    expect(shells.sessions.locks.list()).toHaveLength(1);
  });

  it('that never began, or of T2, nothing is locked', async () => {
    await using shells = new Shells();
    const id = await shells.ask(dora, 'T3');
    shells.sessions.say(dora, id, 'end');
    const { id: small } = await shells.running();
    shells.sessions.say(dora, small, 'end');
    await shells.run(2000);
    expect(shells.sessions.locks.list()).toEqual([]);
  });
});

describe('a station that is killed', () => {
  it('leaves sessions that the next one tells to have ended, as soon as the chronicle is there', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    const waits = await shells.ask();
    shells.problem = () => 'E_CELL_NOT_RUNNING';
    await shells.again();
    expect(shells.view(id)).toMatchObject({ state: 'Killed', present: false, participants: [] });
    expect(shells.view(waits).state).toBe('Expired');
    expect(shells.sessions.find(id)).toBeUndefined();
    expect(await codeOf(() => shells.sessions.say(sven, id, 'resume'))).toBe('E_SHELL_STATE');
    const lost = (): string[] =>
      shells.record.flatMap(({ body }) =>
        body.event === 'shell-lost' ? [body.session ?? ''] : [],
      );
    expect(lost()).toEqual([]);
    // Killed once more before it could be told.
    await shells.again();
    shells.problem = () => undefined;
    await shells.run(2000);
    expect(lost()).toEqual([id, waits]);
    await shells.again();
    await shells.run(2000);
    expect(lost()).toEqual([id, waits]);
    const found = await replaySessions(chronicleOf(shells.record), { shadowed: false });
    expect(found).toMatchObject([
      { session: id, state: 'Running', lost: true, difference: undefined },
      { session: waits, state: 'Requested', lost: true, difference: undefined },
    ]);
  });
});
