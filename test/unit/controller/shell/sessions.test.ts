// A supervised session from its request to its end: what is decided stands in the chronicle before it takes effect, and
// what is taken away is taken away first.
import { describe, expect, it } from 'vitest';
import { bytes, codeOf, dora, settle, Shells, sven } from './rig.ts';

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
    expect(shells.view(id)).toMatchObject({ state: 'Ended', why: 'ended by a person' });
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
      'kept 7 Ended',
      'exit 137',
      'hang up',
      'recorded',
      'jail closed',
    ]);
  });
});
