// What takes a shell's input away, at once and before anything else: the machine, a supervisor who is not there, a recording
// that fails, a person, a lock, time. And what gives it back.
import { describe, expect, it } from 'vitest';
import { bytes, codeOf, dora, otto, rita, settle, Shells, snapshotOf, sven } from './rig.ts';

const away = snapshotOf('Automatic', 'Stopped');
const moving = snapshotOf('Manual', 'Execute');
const unstepped = snapshotOf('Manual', 'Stopped', false);

/** What is recorded waits for its disk until this is called. */
function holdDisk({ machine }: Shells): () => void {
  const waiting: (() => void)[] = [];
  machine.disk = async () => new Promise<void>((done) => void waiting.push(done));
  return () => {
    machine.disk = async () => undefined;
    for (const done of waiting) done();
  };
}

describe('the machine', () => {
  it.each([
    ['is in another state', { snapshot: away }, 'tending is not in mode.Manual'],
    ['is not at rest', { snapshot: moving }, 'tending is not at rest: unit.Execute'],
    ['is not stepped', { snapshot: unstepped }, 'tending is not stepped'],
    ['is not heard', { up: false }, 'nothing is heard of the machine'],
    ['was never heard', { snapshot: undefined }, 'nothing is heard of the machine'],
  ])('%s: the shell pauses by itself, and does not go on by itself', async (_, sight, lack) => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    const there = shells.sight;
    shells.sight = { ...there, ...sight };
    shells.sessions.heard();
    expect(await codeOf(() => driver.type(bytes('rm\r'), false))).toBe('E_SHELL_INPUT');
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Paused', lacks: [lack] });
    expect(shells.machine.frozen).toBe(true);
    expect(await codeOf(() => shells.sessions.say(dora, id, 'resume'))).toBe('E_SHELL_STATE');
    shells.sight = there;
    await shells.run(5000);
    expect(shells.view(id)).toMatchObject({ state: 'Paused', lacks: [] });
    shells.sessions.say(dora, id, 'resume');
    await settle();
    await driver.type(bytes('ls\r'), false);
    expect(shells.view(id).state).toBe('Running');
    expect(shells.machine.typed).toBe('ls\r');
  });

  it('says nothing for two seconds: the picture is too old', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.silent = true;
    shells.sight = { ...shells.sight, heard: shells.clock.time() };
    await shells.run(1750);
    expect(shells.view(id).state).toBe('Running');
    await shells.run(500);
    expect(shells.view(id).state).toBe('Paused');
  });

  it('was heard at a time that is still to come, by a clock that was set back: it is too old', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.silent = true;
    shells.sight = { ...shells.sight, heard: shells.clock.time() + 3_600_000 };
    await shells.run(500);
    expect(shells.view(id).state).toBe('Paused');
  });
});

describe('a supervisor', () => {
  it('who answers keeps a shell of T3 open', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running('T3');
    await shells.run(60_000, ['user:sven']);
    await driver.type(bytes('x'), false);
    expect(shells.view(id)).toMatchObject({ state: 'Running', present: true });
  });

  it.each([
    ['hides the page', (shells: Shells) => shells.seatOf('user:sven').hidden()],
    ['closes the page', (shells: Shells) => shells.seatOf('user:sven').leave()],
  ])('%s: input ends in that moment, the session 60 s later', async (_, leave) => {
    await using shells = new Shells();
    const { id, driver } = await shells.running('T3');
    leave(shells);
    expect(await codeOf(() => driver.type(bytes('x'), false))).toBe('E_SHELL_INPUT');
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Paused', why: 'nobody watches' });
    await shells.run(59_000);
    expect(shells.view(id).state).toBe('Paused');
    await shells.run(2000);
    expect(shells.view(id)).toMatchObject({ state: 'Killed', why: 'nobody came back to watch' });
    expect(shells.machine.running).toBe(false);
    expect(shells.machine.typed).toBe('');
  });

  it('whose page is silent for 15 s, or who does nothing for 3 min, is not there', async () => {
    await using shells = new Shells();
    const { id } = await shells.running('T3');
    await shells.run(10_000, ['user:sven']);
    await shells.run(14_000);
    expect(shells.view(id).state).toBe('Running');
    await shells.run(6000);
    expect(shells.view(id).state).toBe('Paused');
    shells.answer('user:sven');
    await settle();
    shells.sessions.say(sven, id, 'resume');
    await settle();
    expect(shells.view(id).state).toBe('Running');
    for (let second = 0; second < 178; second += 1) {
      shells.answer('user:sven', false);
      // oxlint-disable-next-line no-await-in-loop -- time
      await shells.run(1000);
    }
    expect(shells.view(id).state).toBe('Running');
    shells.answer('user:sven', false);
    await shells.run(3000);
    expect(shells.view(id).state).toBe('Paused');
  });

  it('answers the newest challenge alone, and each once', async () => {
    await using shells = new Shells();
    const { id } = await shells.running('T3');
    const old = shells.challenges.get('user:sven') ?? '';
    await shells.run(6000);
    const seat = shells.seatOf('user:sven');
    for (let second = 0; second < 16; second += 1) {
      seat.prove(old, true);
      seat.prove('', true);
      seat.prove('0'.repeat(32), true);
      // oxlint-disable-next-line no-await-in-loop -- time
      await shells.run(1000);
    }
    expect(shells.view(id).state).toBe('Paused');
  });

  it('pauses it, and then a supervisor alone resumes it', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    await shells.sit(sven, id, 'supervisor');
    shells.sessions.say(sven, id, 'pause', 'wait');
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Paused', why: 'paused: wait' });
    expect(await codeOf(() => shells.sessions.say(dora, id, 'resume'))).toBe('E_SHELL_PART');
    expect(await codeOf(() => shells.sessions.say(otto, id, 'resume'))).toBe('E_SHELL_PART');
    shells.sessions.say(sven, id, 'resume');
    await settle();
    expect(shells.view(id).state).toBe('Running');
  });

  it('is never whoever asked for it', async () => {
    await using shells = new Shells();
    const both = { ...sven, permissions: new Set([...sven.permissions, ...dora.permissions]) };
    shells.standings.set('user:sven', { permissions: both.permissions, roles: [] });
    const id = await shells.ask(both, 'T3');
    expect(await codeOf(() => shells.sit(both, id, 'supervisor'))).toBe('E_SHELL_PART');
    expect(await codeOf(() => shells.sit(rita, id, 'supervisor'))).toBeUndefined();
  });
});

describe('what is typed', () => {
  it('while it is recorded and a pause comes never executes, neither then nor later', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    const written = holdDisk(shells);
    const typed = codeOf(() => driver.type(bytes('rm -rf /\r'), false));
    const after = codeOf(() => driver.type(bytes('more\r'), false));
    await settle();
    shells.sessions.say(sven, id, 'pause');
    await settle();
    shells.sessions.say(sven, id, 'resume');
    await settle();
    written();
    expect(await typed).toBe('E_SHELL_INPUT');
    expect(await after).toBe('E_SHELL_INPUT');
    await driver.type(bytes('ls\r'), false);
    expect(shells.machine.typed).toBe('ls\r');
  });

  it('in the moment it is told to go on is kept until it does, in its order', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    shells.sessions.say(sven, id, 'pause');
    await settle();
    shells.lag = 100;
    shells.machine.hangs.add('thaw');
    shells.sessions.say(sven, id, 'resume');
    expect(shells.view(id).state).toBe('Running');
    const typed = ['l', 's', '\r'].map(async (key) => codeOf(() => driver.type(bytes(key), false)));
    await shells.run(500);
    expect(shells.machine.typed).toBe('');
    shells.machine.comeLate();
    await settle();
    expect(await Promise.all(typed)).toEqual([undefined, undefined, undefined]);
    expect(shells.machine.typed).toBe('ls\r');
  });

  it('in that moment never executes where a pause comes first, and that is told', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    shells.sessions.say(sven, id, 'pause');
    await settle();
    shells.lag = 100;
    shells.sessions.say(sven, id, 'resume');
    const between = codeOf(() => driver.type(bytes('rm -rf /\r'), false));
    await settle();
    shells.sessions.say(sven, id, 'pause');
    const paused = codeOf(() => driver.type(bytes('more\r'), false));
    shells.sessions.say(sven, id, 'resume');
    await shells.run(1000);
    expect([await between, await paused]).toEqual(['E_SHELL_INPUT', 'E_SHELL_INPUT']);
    await driver.type(bytes('ls\r'), false);
    expect(shells.machine.typed).toBe('ls\r');
  });

  it('while it is paused never executes, however late its turn comes', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    const written = holdDisk(shells);
    const before = codeOf(() => driver.type(bytes('x'), false));
    await settle();
    shells.sessions.say(sven, id, 'pause');
    await settle();
    const paused = codeOf(() => driver.type(bytes('rm -rf /\r'), false));
    shells.sessions.say(sven, id, 'resume');
    await settle();
    written();
    expect([await before, await paused]).toEqual(['E_SHELL_INPUT', 'E_SHELL_INPUT']);
    expect(shells.machine.typed).toBe('');
  });

  it('is refused where it cannot be recorded, or is too much', async () => {
    await using shells = new Shells();
    const { driver } = await shells.running();
    shells.machine.broken.add('input');
    expect(await codeOf(() => driver.type(bytes('x'), false))).toBe('E_FILE_WRITE');
    shells.machine.broken.clear();
    const large = new Uint8Array(64 * 1024 + 1);
    expect(await codeOf(() => driver.type(large, false))).toBe('E_SHELL_INPUT');
    shells.machine.disk = () => new Promise(() => undefined);
    const most = new Uint8Array(64 * 1024);
    for (let piece = 0; piece < 4; piece += 1) driver.type(most, false).catch(() => undefined);
    expect(await codeOf(() => driver.type(bytes('x'), false))).toBe('E_SHELL_INPUT');
    expect(shells.machine.typed).toBe('');
  });
});

describe('a session', () => {
  it('whose recording fails pauses at once, and is killed 60 s later', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    shells.machine.fail();
    expect(await codeOf(() => driver.type(bytes('x'), false))).toBe('E_SHELL_INPUT');
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Paused', recorded: { ok: false } });
    expect(await codeOf(() => shells.sessions.say(sven, id, 'resume'))).toBe('E_SHELL_STATE');
    await shells.run(61_000);
    expect(shells.view(id)).toMatchObject({ state: 'Killed', why: 'it could not be recorded' });
  });

  it('whose chronicle is away pauses, is killed 60 s later, and is told when it is back', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.problem = () => 'E_CELL_NOT_RUNNING';
    shells.sight = { ...shells.sight, up: false };
    await shells.run(62_000);
    expect(shells.machine.running).toBe(false);
    expect(shells.view(id).state).toBe('Killed');
    expect(shells.steps(id).at(-1)?.states).toEqual({ session: 'Running' });
    shells.problem = () => undefined;
    await shells.run(2000);
    expect(
      shells
        .steps(id)
        .filter(({ fired }) => fired.length > 0)
        .map(({ states }) => states['session'])
        .slice(-3),
    ).toEqual(['Paused', 'Ending', 'Killed']);
  });

  it('of T3 stops without its driver, one of T2 runs on for 5 min', async () => {
    await using shells = new Shells();
    const full = await shells.running('T3');
    full.driver.leave();
    await settle();
    expect(shells.view(full.id)).toMatchObject({ state: 'Paused', why: 'its driver is gone' });
    await shells.run(61_000, ['user:sven']);
    expect(shells.view(full.id).state).toBe('Ended');
    const { id, driver } = await shells.running();
    driver.leave();
    await shells.run(299_000);
    expect(shells.view(id).state).toBe('Running');
    await shells.run(2000);
    expect(shells.view(id)).toMatchObject({ state: 'Ended', why: 'its driver did not come back' });
  });

  it('ends when its time is over', async () => {
    await using shells = new Shells({ T2: { longest: '10min' } });
    const { id } = await shells.running();
    await shells.run(598_000);
    expect(shells.view(id).state).toBe('Running');
    await shells.run(3000);
    expect(shells.view(id)).toMatchObject({ state: 'Ended', why: 'its time is over' });
  });

  it('ends when its program does, also while it is paused', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.sessions.say(sven, id, 'pause');
    await settle();
    shells.machine.exit(3);
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Ended', why: 'the shell has ended' });
    expect(shells.machine.happened).toContain('exit 3');
  });

  it('is killed when its asker may have a shell no more', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    shells.standings.set('user:dora', { permissions: new Set(['view']), roles: [] });
    shells.sessions.heard();
    expect(await codeOf(() => driver.type(bytes('x'), false))).toBe('E_SHELL_PART');
    await settle();
    expect(shells.view(id).state).toBe('Killed');
    expect(shells.lost).toContain('user:dora E_SHELL_PART');
  });

  it('whose processes do not go is killed again and again, and is not over before', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.machine.broken.add('kill');
    shells.sessions.say(sven, id, 'kill');
    await shells.run(5000);
    expect(shells.view(id).state).toBe('Ending');
    expect(shells.machine.happened.filter((what) => what === 'kill').length).toBeGreaterThan(3);
    expect(shells.log.join()).toContain('process 4712 is left');
    shells.machine.broken.clear();
    await shells.run(2000);
    expect(shells.view(id)).toMatchObject({ state: 'Killed', why: 'killed' });
  });
});
