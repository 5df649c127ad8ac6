// Agents in virtual time, over real sessions, approvals, locks and streams: propose, approve, execute; what is refused;
// what it may cost; what the chronicle has of it.
import { expect, test } from 'vitest';
import type { AgentProposal } from '#contract/agent.ts';
import { assert, present } from '#contract/error.ts';
import type { Permission, Principal } from '#contract/people.ts';
import type { SessionId } from '#contract/shell.ts';
import { Agents } from '#controller/agents/agents.ts';
import type { StationEvent } from '#controller/server/records.ts';
import { OutputStream } from '#controller/shell/stream.ts';
import { codeOf, principal } from '#test/unit/controller/approval/rig.ts';
import { Shells, dora, rita, settle, sven } from '#test/unit/controller/shell/rig.ts';

const scopes = new Set<Permission>(['view', 'shell.open']);
const agent = (name: string, more: Partial<Principal> = {}): Principal =>
  principal(`agent:${name}`, {
    owner: `user:${name.split('/')[0] ?? ''}`,
    credential: `token ${name}`,
    permissions: scopes,
    ...more,
  });
const helper = agent('sven/helper');
const other = agent('sven/other');

const proposal: AgentProposal = {
  argv: ['/bin/ls', '-l', '/var/log'],
  reason: 'which log grows',
  expects: 'a list of files; nothing changes',
  model: 'model-7',
  prompt: 'ab'.repeat(32),
};

class Bench implements AsyncDisposable {
  readonly shells: Shells;
  readonly agents: Agents;
  readonly record: StationEvent[] = [];

  constructor(options: object = {}) {
    this.shells = new Shells({ agents: { on: true, ...options } });
    const { shells } = this;
    Object.assign(shells.machine, {
      stream: (...[brake, size]: [never, never]) => new OutputStream(shells.clock, brake, size),
    });
    for (const who of [helper, other])
      shells.standings.set(who.actor, { permissions: who.permissions, roles: [] });
    this.agents = new Agents({
      clock: shells.clock,
      sessions: shells.sessions,
      approvals: shells.bench.approvals,
      keep: async (event) => {
        const problem = shells.problem();
        if (problem === undefined) this.record.push(event);
        return problem;
      },
      log: () => undefined,
    });
  }

  propose(more: Partial<AgentProposal> = {}, who = helper) {
    return this.agents.propose(who, { ...proposal, ...more });
  }

  /** Proposed by sven's agent, approved by rita; she watches. */
  async approved(more: Partial<AgentProposal> = {}): Promise<SessionId> {
    const { id } = await this.propose(more);
    await this.shells.approve(id, rita);
    return id;
  }

  async running(more: Partial<AgentProposal> = {}): Promise<SessionId> {
    const id = await this.approved(more);
    await this.shells.sit(rita, id, 'supervisor');
    this.shells.answer('user:rita');
    await this.agents.execute(helper, id);
    await this.shells.run(500, ['user:rita']);
    assert(this.shells.view(id).state === 'Running', 'it runs');
    return id;
  }

  writes(text: string | Uint8Array): void {
    present(this.shells.machine.events, 'it runs').output(Buffer.from(text));
  }

  async exits(code = 0): Promise<void> {
    this.shells.machine.exit(code);
    await this.shells.run(2000, ['user:rita']);
  }

  events(name: string) {
    return this.record.flatMap(({ actor, body }) =>
      body.event === name && 'about' in body ? [{ ...body, actor }] : [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.agents.close();
    await this.shells[Symbol.asyncDispose]();
  }
}

test('an agent proposes, another approves, and exactly that is executed while she watches', async () => {
  await using bench = new Bench();
  const id = await bench.running();
  bench.writes('total 4\r\n-rw 1 root \u001b[31mboot.log\u001b[0m\r\n');
  await bench.exits(0);
  const { session, approval, output } = bench.agents.read(helper, id);
  expect([session.state, approval]).toEqual(['Ended', 'used']);
  expect(output).toMatchObject({ untrusted: true, code: 0, bytes: 39 });
  expect(output?.text).toBe('total 4\n-rw 1 root boot.log\n');
  expect(session).toMatchObject({ by: 'agent:sven/helper', owner: 'user:sven', tier: 'T2' });
  expect(session.command).toEqual(proposal.argv);
});

test('what is approved has argv, its hash, what is expected, model, prompt and budget in it', async () => {
  await using bench = new Bench();
  const { id, hash, session } = await bench.propose();
  const approval = present(bench.shells.bench.approvals.find(session.approval ?? ''), 'asked for');
  const { argv, expects, model, prompt } = proposal;
  expect(approval.request).toMatchObject({
    kind: 'agent-command',
    by: 'agent:sven/helper',
    owner: 'user:sven',
    reason: proposal.reason,
    uses: 1,
    what: { session: id, argv, argvHash: hash, expects, model, prompt },
  });
  expect(approval.request.what['budget']).toEqual({
    wall_ms: 60_000,
    cpu_ms: 10_000,
    output: 64_000,
  });
});

test('what is started is the command itself, under a limit of processor time, in its jail', async () => {
  await using bench = new Bench({ cpu: '7s' });
  const started: unknown[] = [];
  const { jailer } = bench.shells.machine;
  const { prepare } = jailer;
  Object.assign(jailer, {
    prepare: async (...given: readonly unknown[]) => {
      started.push(given[1], given[3]);
      return prepare();
    },
  });
  await bench.running();
  expect(started).toEqual(['T2', ['/usr/bin/prlimit', '--cpu=7', '--', ...proposal.argv]]);
});

test('without presence in the policy it runs once it was approved', async () => {
  await using bench = new Bench({ presence: false });
  const id = await bench.approved();
  await bench.agents.execute(helper, id);
  await bench.shells.run(500);
  expect(bench.shells.view(id).state).toBe('Running');
});

test('denials count as refusals do', async () => {
  await using bench = new Bench({ refusals: 2 });
  for (let count = 0; count < 2; count += 1) {
    // oxlint-disable no-await-in-loop -- one after another
    const { session } = await bench.propose();
    await bench.shells.bench.approvals.deny(rita, session.approval ?? '', 'no');
    await settle();
    // oxlint-enable no-await-in-loop
  }
  expect(bench.agents.barred(helper)).toContain('refused 2 times');
});

test('the chronicle has what was proposed, refused and executed, with model, prompt and hashes', async () => {
  await using bench = new Bench();
  const id = await bench.running();
  bench.writes('out');
  await bench.exits(3);
  const { argv, model, prompt } = proposal;
  expect(bench.events('agent-proposed')).toMatchObject([
    { actor: 'agent:sven/helper', session: id, about: { argv, model, prompt } },
  ]);
  const [done] = bench.events('agent-executed');
  expect(done).toMatchObject({ session: id, about: { bytes: 3, code: 3, state: 'Ended' } });
  expect(done?.about?.['written']).toMatch(/^[0-9a-f]{64}$/);
});

test('nothing runs that nobody approved, that was denied, or a second time', async () => {
  await using bench = new Bench();
  const { id, session } = await bench.propose();
  expect(await codeOf(bench.agents.execute(helper, id))).toBe('E_SHELL_STATE');
  const { approvals } = bench.shells.bench;
  await approvals.deny(rita, session.approval ?? '', 'not on a running line');
  await settle();
  expect(await codeOf(bench.agents.execute(helper, id))).toBe('E_SHELL_STATE');
  expect(
    bench
      .events('agent-refused')
      .map(({ text }) => text)
      .join(),
  ).toContain('not on a running');
  const ran = await bench.running();
  expect(await codeOf(bench.agents.execute(helper, ran))).toBe('E_SHELL_STATE');
  expect(bench.shells.machine.happened.filter((what) => what === 'launch')).toHaveLength(1);
});

test('neither its owner nor itself approves it, and its owner does not supervise it', async () => {
  await using bench = new Bench();
  const { id, session } = await bench.propose();
  const view = present(bench.shells.bench.approvals.find(session.approval ?? ''), 'asked for');
  expect(await codeOf(bench.shells.bench.yes(sven, view))).toBe('E_APPROVAL_OWNER');
  const may = { ...helper, permissions: new Set<Permission>(['shell.approve']) };
  expect(await codeOf(bench.shells.bench.yes(may, view))).toBe('E_APPROVAL_SELF');
  expect(await codeOf(bench.shells.sit(sven, id, 'supervisor'))).toBe('E_SHELL_PART');
});

test('it waits for a supervisor, and stands still without one', async () => {
  await using bench = new Bench();
  const id = await bench.approved();
  await bench.agents.execute(helper, id);
  await bench.shells.run(500);
  expect(bench.shells.view(id).state).toBe('Waiting');
  expect(bench.shells.machine.running).toBe(false);
  await bench.shells.sit(rita, id, 'supervisor');
  await bench.shells.run(500, ['user:rita']);
  expect(bench.shells.view(id).state).toBe('Running');
  await bench.shells.run(20_000);
  expect([bench.shells.view(id).state, bench.shells.machine.frozen]).toEqual(['Paused', true]);
});

test('nobody types into it, not whoever proposed it', async () => {
  await using bench = new Bench();
  const id = await bench.running();
  expect(await codeOf(bench.shells.sit(helper, id, 'driver'))).toBe('E_SHELL_PART');
  expect(await codeOf(bench.shells.sit(dora, id, 'peer'))).toBe('E_SHELL_PART');
  const seat = await bench.shells.sit(helper, id, 'agent');
  expect(await codeOf(seat.type(Buffer.from('rm\n'), false))).toBe('E_SHELL_PART');
  expect(bench.shells.machine.typed).toBe('');
});

test('an agent has no shell, and a person proposes nothing', async () => {
  await using bench = new Bench();
  const { sessions } = bench.shells;
  const plain = { tier: 'T2', reason: 'to look' } as const;
  expect(await codeOf(sessions.ask(helper, plain))).toBe('E_AGENT_ONLY');
  expect(await codeOf(bench.propose({}, dora))).toBe('E_AGENT_ONLY');
});

test.each<[string, object, Partial<Principal>, string]>([
  ['where agents are off', { on: false }, {}, 'E_AGENT_OFF'],
  ['with a token without the verb', {}, { verbs: new Set(['command']) }, 'E_NOT_ALLOWED'],
])('nothing is proposed %s', async (_name, options, more, code) => {
  await using bench = new Bench(options);
  expect(await codeOf(bench.propose({}, { ...helper, ...more }))).toBe(code);
  expect(bench.record.map(({ body }) => body)).toMatchObject([{ event: 'agent-refused', code }]);
});

test('it may take no longer than the policy allows', async () => {
  await using bench = new Bench();
  expect(await codeOf(bench.propose({ for_ms: 60_001 }))).toBe('E_AGENT_BUDGET');
  const id = await bench.running({ for_ms: 3000 });
  await bench.shells.run(4000, ['user:rita']);
  expect(bench.shells.view(id)).toMatchObject({ state: 'Ended', why: 'its time is over' });
});

test('it is ended when it writes more than it may, and shows what it wrote until then', async () => {
  await using bench = new Bench({ output: '1KB' });
  const id = await bench.running();
  bench.writes('x'.repeat(900));
  bench.writes('y'.repeat(900));
  await bench.shells.run(3000, ['user:rita']);
  const { session, output } = bench.agents.read(helper, id);
  expect(session.state).toBe('Killed');
  expect(session.why).toContain('more than its budget');
  expect([output?.text.length, output?.bytes]).toEqual([1000, 1800]);
  expect(bench.agents.list(helper).map((view) => view.output)).toEqual([undefined]);
});

test('so many commands in an hour, and then one more when the hour has gone', async () => {
  await using bench = new Bench({ commands: 2 });
  for (let count = 0; count < 2; count += 1) {
    // oxlint-disable no-await-in-loop -- one after another
    await bench.running();
    await bench.exits();
    // oxlint-enable no-await-in-loop
  }
  expect(await codeOf(bench.agents.execute(helper, await bench.approved()))).toBe('E_AGENT_BUDGET');
  bench.shells.clock.advance(3_600_000);
  await settle();
  await bench.running();
}, 60_000);

test('of several commands that are begun at once none is beyond the hour, and one that fails counts not', async () => {
  await using bench = new Bench({ commands: 1 });
  const ids = [await bench.approved(), await bench.approved()];
  const codes = await Promise.all(ids.map((id) => codeOf(bench.agents.execute(helper, id))));
  expect(codes).toEqual([undefined, 'E_AGENT_BUDGET']);
  await using failing = new Bench({ commands: 1 });
  const { id } = await failing.propose();
  expect(await codeOf(failing.agents.execute(helper, id))).toBe('E_SHELL_STATE');
  await failing.running();
});

test('an agent that is refused too often is locked out, and what it has running ends', async () => {
  await using bench = new Bench({ refusals: 3 });
  const id = await bench.running();
  for (let count = 0; count < 3; count += 1) bench.agents.refused('agent:sven/helper');
  await bench.shells.run(2000, ['user:rita']);
  expect(bench.agents.barred(helper)).toContain('refused 3 times');
  expect(bench.agents.barred(other)).toBeUndefined();
  expect(bench.shells.view(id).state).toBe('Killed');
  expect(await codeOf(bench.propose())).toBe('E_SHELL_LOCKED');
  expect(bench.events('agent-locked')).toHaveLength(1);
  const [lock] = bench.shells.sessions.locks.list();
  expect(lock).toMatchObject({ kind: 'agent', target: 'sven/helper', by: 'system' });
});

test('refusals of people, and those of long ago, lock nobody out', async () => {
  await using bench = new Bench({ refusals: 2 });
  bench.agents.refused('user:dora');
  bench.agents.refused('user:dora');
  bench.agents.refused('agent:sven/helper');
  bench.shells.clock.advance(600_001);
  bench.agents.refused('agent:sven/helper');
  expect(bench.shells.sessions.locks.list()).toEqual([]);
});

test('what is locked with its owner is locked', async () => {
  await using bench = new Bench();
  await bench.shells.sessions.locks.add('user:rita', {
    kind: 'user',
    target: 'sven',
    message: 'off the line',
  });
  expect(bench.agents.barred(helper)).toContain('off the line');
});

test('an agent sees its own commands alone', async () => {
  await using bench = new Bench();
  const { id } = await bench.propose();
  expect(bench.agents.list(helper)).toHaveLength(1);
  expect(bench.agents.list(other)).toHaveLength(0);
  expect(bench.agents.list(rita)).toHaveLength(1);
  expect(await codeOf(Promise.resolve().then(() => bench.agents.read(other, id)))).toBe(
    'E_AGENT_NONE',
  );
  expect(await codeOf(bench.agents.execute(other, id))).toBe('E_AGENT_NONE');
});

test('what the chronicle does not have is not proposed', async () => {
  await using bench = new Bench();
  bench.shells.problem = () => 'E_CELL_NOT_RUNNING';
  expect(await codeOf(bench.propose())).toBe('E_CELL_NOT_RUNNING');
  expect(bench.agents.list(helper)).toEqual([]);
});
