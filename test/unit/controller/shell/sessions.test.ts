// A supervised session from its request to its end: who may have one, what is decided stands in the chronicle before it
// takes effect, and nobody but its driver changes anything by being there.
import { describe, expect, it } from 'vitest';
import { bytes, codeOf, dora, emil, otto, rita, settle, Shells, sven } from './rig.ts';

describe('a shell', () => {
  it('is asked for, approved, begun, typed into and ended', async () => {
    await using shells = new Shells();
    const id = await shells.ask();
    expect(shells.view(id)).toMatchObject({ state: 'Requested', by: 'user:dora', tier: 'T2' });
    expect(await codeOf(() => shells.sessions.begin(dora, id))).toBe('E_SHELL_STATE');
    await shells.approve(id, sven);
    expect(shells.view(id).state).toBe('Approved');
    const driver = await shells.sit(dora, id, 'driver');
    await shells.sessions.begin(dora, id);
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Running', lacks: [] });
    await driver.type(bytes('ls\r'), false);
    expect(shells.machine.typed).toBe('ls\r');
    shells.sessions.say(dora, id, 'end');
    await settle();
    expect(shells.view(id)).toMatchObject({ state: 'Ended', why: 'ended' });
    expect(shells.machine.happened).toEqual([
      'kept 0 Requested',
      'kept 1 Approved',
      'kept 2 Approved',
      'kept 3 Waiting',
      'prepare',
      'record',
      'kept 4 Running',
      'launch',
      'kept 5 Running',
      'type',
      'kept 6 Ending',
      'freeze',
      'kill',
      'exit 137',
      'kept 7 Ending',
      'kept 8 Ended',
      'hang up',
      'recorded',
      'jail closed',
    ]);
  });

  it('waits for each step to be in the chronicle before it takes effect', async () => {
    await using shells = new Shells();
    shells.lag = 500;
    const asked = shells.sessions.ask(dora, { tier: 'T2', reason: 'the gripper sticks' });
    await shells.run(2000);
    const { id } = await asked;
    await shells.approve(id, sven);
    await shells.run(1000);
    const sat = shells.sit(dora, id, 'driver');
    await shells.run(2000);
    const driver = await sat;
    const begun = shells.sessions.begin(dora, id);
    await shells.run(250);
    await begun;
    expect(shells.view(id).state).toBe('Waiting');
    expect(shells.machine.happened).not.toContain('prepare');
    await shells.run(500);
    expect(shells.machine.happened).toContain('prepare');
    expect(shells.view(id).state).toBe('Running');
    expect(shells.machine.happened).not.toContain('launch');
    const early = codeOf(() => driver.type(bytes('x'), false));
    await settle();
    expect(shells.machine.typed).toBe('');
    await shells.run(2000);
    expect(shells.machine.happened).toContain('launch');
    expect(await early).toBeUndefined();
    // To take away is at once; a kill waits for the record, as long as that is quick.
    shells.lag = 100;
    shells.sessions.say(dora, id, 'kill');
    expect(await codeOf(() => driver.type(bytes('y'), false))).toBe('E_SHELL_INPUT');
    await settle();
    expect(shells.machine.happened.slice(-1)).toEqual(['freeze']);
    shells.clock.advance(100);
    await settle();
    await shells.run(3000);
    expect(shells.view(id).state).toBe('Killed');
    const order = ['freeze', expect.stringMatching(/kept \d+ Ending/), 'kill'] as string[];
    expect(shells.machine.happened).toEqual(expect.arrayContaining(order));
    const at = (what: RegExp): number => shells.machine.happened.findIndex((one) => what.test(one));
    expect(at(/Ending/)).toBeLessThan(at(/^kill$/));
    expect(shells.machine.typed).toBe('x');
  });

  it('is for who may, where it is on, and where the machine has every layer', async () => {
    await using shells = new Shells({ T3: { on: false } });
    const ask = (who = dora, tier: 'T2' | 'T3' = 'T2'): Promise<string | undefined> =>
      codeOf(() => shells.ask(who, tier));
    expect(await ask(dora, 'T3')).toBe('E_SHELL_OFF');
    shells.lacks = 'seccomp (no such call)';
    expect(await ask()).toBe('E_SHELL_LAYER');
    shells.lacks = undefined;
    const rules = shells.rules;
    shells.rules = { ...rules, on: false };
    expect(await ask()).toBe('E_SHELL_OFF');
    shells.rules = { ...rules, T3: { ...rules.T3, on: true } };
    const helper = { ...dora, actor: 'agent:dora/helper', owner: 'user:dora' };
    expect(await ask(helper, 'T3')).toBe('E_SHELL_OFF');
    expect(shells.record).toEqual([]);
  });

  it('is not to be had without the chronicle, nor more than so many', async () => {
    await using shells = new Shells();
    shells.problem = () => 'E_CHRONICLE_LOST';
    expect(await codeOf(() => shells.ask())).toBe('E_CHRONICLE_LOST');
    shells.problem = () => undefined;
    const first = await shells.ask();
    await shells.ask();
    expect(await codeOf(() => shells.ask())).toBe('E_SHELL_FULL');
    shells.sessions.say(dora, first, 'end');
    await settle();
    expect(shells.view(first)).toMatchObject({ state: 'Ended', why: 'taken back' });
    expect(shells.bench.approvals.find(shells.view(first).approval ?? '')?.state).toBe('withdrawn');
    expect(await codeOf(() => shells.ask())).toBeUndefined();
  });

  it('that is denied, or that nobody approves or begins in time, never begins', async () => {
    await using shells = new Shells();
    const [denied, late] = [await shells.ask(), await shells.ask()];
    const approval = shells.view(denied).approval ?? '';
    await shells.bench.approvals.deny(sven, approval, 'not while the line runs');
    await settle();
    const why = 'denied: not while the line runs';
    expect(shells.view(denied)).toMatchObject({ state: 'Denied', why });
    await shells.approve(late, rita);
    await shells.run(3_601_000);
    expect(shells.view(late).state).toMatch(/Expired|Denied/);
    expect(await codeOf(() => shells.sessions.begin(dora, late))).toBe('E_SHELL_STATE');
    expect(shells.machine.happened).not.toContain('prepare');
  });

  it('is begun by whoever asked, once, and of T3 after a fresh proof and two approvals', async () => {
    await using shells = new Shells();
    const id = await shells.ask(dora, 'T3');
    await shells.approve(id, sven);
    expect(shells.view(id).state).toBe('Requested');
    await shells.approve(id, rita);
    expect(await codeOf(() => shells.sessions.begin(emil, id))).toBe('E_SHELL_PART');
    expect(await codeOf(() => shells.sessions.begin(dora, id))).toBe('E_PROOF_OLD');
    const fresh = { ...dora, proved: shells.clock.time() };
    shells.byPin.add(fresh.credential);
    expect(await codeOf(() => shells.sessions.begin(fresh, id))).toBe('E_PROOF_OLD');
    shells.byPin.clear();
    await shells.sessions.begin(fresh, id);
    await settle();
    expect(shells.view(id).state).toBe('Waiting');
    expect(await codeOf(() => shells.sessions.begin(fresh, id))).toBe('E_SHELL_STATE');
    await shells.run(301_000);
    expect(shells.view(id)).toMatchObject({
      state: 'Ended',
      why: 'what it waits for did not come',
    });
  });

  it('of T3 is not asked for without a second factor, which it could not be begun with', async () => {
    await using shells = new Shells();
    shells.noFactor.add(dora.credential);
    expect(await codeOf(() => shells.ask(dora, 'T3'))).toBe('E_FACTOR_NONE');
    expect(shells.sessions.list(true)).toEqual([]);
    expect(await codeOf(() => shells.ask())).toBeUndefined();
  });

  it('whose jail or terminal cannot be made ends, and says why', async () => {
    await using shells = new Shells();
    shells.machine.broken.add('prepare');
    const first = await shells.running();
    expect(shells.view(first.id)).toMatchObject({
      state: 'Ended',
      why: 'ended: it cannot be opened: no layer of seccomp',
    });
    shells.machine.broken.clear();
    shells.machine.broken.add('launch');
    const { id } = await shells.running();
    expect(shells.view(id).state).toBe('Killed');
    expect(shells.view(id).why).toContain('it cannot be started: no pseudo terminal');
  });
});

describe('whoever watches', () => {
  it('changes nothing, whatever they do', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    const before = shells.steps(id).length;
    const seats = [await shells.sit(otto, id, 'observer'), await shells.sit(emil, id, 'peer')];
    for (const seat of seats) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await codeOf(() => seat.type(bytes('x'), false))).toBe('E_SHELL_PART');
      seat.resize({ cols: 1, rows: 1 });
      seat.prove('0'.repeat(32), true);
      seat.hidden();
      seat.leave();
      seat.prove('0'.repeat(32), true);
    }
    await settle();
    expect(shells.steps(id)).toHaveLength(before);
    expect(shells.machine.typed).toBe('');
    const told = shells.record.map(({ body }) => body.event);
    expect(told.filter((event) => event === 'shell-joined')).toHaveLength(3);
    expect(told.filter((event) => event === 'shell-left')).toHaveLength(2);
  });

  it('gets no part that is not theirs', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    for (const [who, part] of [
      [emil, 'driver'],
      [emil, 'supervisor'],
      [otto, 'supervisor'],
      [otto, 'peer'],
      [dora, 'supervisor'],
      [dora, 'agent'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await codeOf(() => shells.sit(who, id, part))).toBe('E_SHELL_PART');
    }
    expect(await codeOf(() => shells.sessions.say(emil, id, 'pause'))).toBe('E_SHELL_PART');
    expect(await codeOf(() => shells.sessions.say(emil, id, 'end'))).toBe('E_SHELL_PART');
    shells.sessions.say(otto, id, 'end');
    await settle();
    expect(shells.view(id).state).toBe('Ended');
  });

  it('takes the keyboard over when its driver gives it, and it is told before', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    expect(await codeOf(() => shells.sessions.handOver(dora, id, 'user:emil'))).toBe(
      'E_SHELL_PART',
    );
    const peer = await shells.sit(emil, id, 'peer');
    expect(await codeOf(() => shells.sessions.handOver(emil, id, 'user:emil'))).toBe(
      'E_SHELL_PART',
    );
    await shells.sessions.handOver(dora, id, 'user:emil');
    expect(await codeOf(() => driver.type(bytes('mine'), false))).toBe('E_SHELL_PART');
    await peer.type(bytes('theirs'), false);
    expect(shells.machine.typed).toBe('theirs');
    expect(shells.view(id).participants).toMatchObject([
      { actor: 'user:dora', part: 'peer' },
      { actor: 'user:emil', part: 'driver' },
    ]);
    expect(shells.record.map(({ body }) => body.event)).toContain('shell-handed-over');
  });

  it('never takes a full shell over, which was approved and proved for its asker', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running('T3');
    const peer = await shells.sit(emil, id, 'peer');
    expect(await codeOf(() => shells.sessions.handOver(dora, id, 'user:emil'))).toBe(
      'E_SHELL_PART',
    );
    expect(await codeOf(() => peer.type(bytes('theirs'), false))).toBe('E_SHELL_PART');
    await driver.type(bytes('mine'), false);
    expect(shells.machine.typed).toBe('mine');
    expect(shells.record.map(({ body }) => body.event)).not.toContain('shell-handed-over');
  });

  it('sits down again in the same part, and the seat before is lost', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    const again = await shells.sit(dora, id, 'driver');
    expect(shells.lost).toEqual(['user:dora E_SHELL_PART']);
    expect(await codeOf(() => driver.type(bytes('x'), false))).toBe('E_SHELL_PART');
    await again.type(bytes('y'), false);
    expect(shells.machine.typed).toBe('y');
    expect(shells.view(id).state).toBe('Running');
  });
});
