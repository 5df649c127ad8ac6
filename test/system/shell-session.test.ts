// A supervised session in a cell of real processes: the machine leaves its place and the shell stops; control is killed, and
// then station. Whatever happens the chronicle has its steps and its end, they re-execute, and no process is left.
import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ShellStep } from '#contract/shell.ts';
import { askStation } from '#controller/server/client.ts';
import { sayYes, signedInHere } from './approved.ts';
import { atTerminal } from './at-terminal.ts';
import type { Person } from './at-terminal.ts';
import { enrolled } from './enrolled.ts';
import { entriesOf } from './record.ts';
import { rebe, TestCell, until } from './test-cell.ts';

let cell: TestCell;
const manual = '{tending: {in: [mode.Manual], rest: true}}';
const shell = `shell: {on: true, where: ${manual}}`;

beforeAll(async () => {
  cell = await TestCell.start({ calm: {}, edit: (text) => text.replace(/^shell: .*$/m, shell) });
  await cell.reach('unit.Aborted', 60_000);
  // Station comes after control.
  await until('station', 60_000, () =>
    cell.rebe('shells', '--json').code === 0 ? true : undefined,
  );
}, 120_000);
afterAll(async () => cell[Symbol.asyncDispose]());

interface Shell {
  readonly id: string;
  readonly state: string;
  readonly approval: string;
  readonly why?: string;
  readonly lacks: readonly string[];
}
const shells = (...words: readonly string[]): Shell => cell.json('shells', ...words) as Shell;
/** Undefined also while nobody can sign in, since control or station is away. */
const stateOf = (id: string): Shell | undefined => {
  const { code, stdout } = cell.rebe('shells', '--all', '--json');
  if (code !== 0) return undefined;
  return (JSON.parse(stdout) as Shell[]).find((one) => one.id === id);
};

const reaches = async (id: string, state: string): Promise<Shell> =>
  until(
    () => `${state} of ${JSON.stringify(stateOf(id))}`,
    60_000,
    () => {
      const found = stateOf(id);
      return found?.state === state ? found : undefined;
    },
  );

/** Processes that have this word among theirs. */
const running = (word: string): string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });

/** The steps of a session as the chronicle has them. */
const stepsOf = (id: string): ShellStep[] =>
  entriesOf(cell.data, 'session').flatMap(({ body }) =>
    body['event'] === 'shell-step' && body['session'] === id ? [body as unknown as ShellStep] : [],
  );

function attached(id: string): Person {
  const words = [process.execPath, rebe, 'shell', 'attach', id, '--data', cell.data];
  return atTerminal(cell.data, words.join(' '));
}

let cookies: Awaited<ReturnType<typeof enrolled>> | undefined;
/** Enrolled once; from then on an engineer is signed in where this runs. */
async function people() {
  cookies ??= await enrolled(cell.data);
  signedInHere(cell.data, 'sven', cookies.sven);
  return cookies;
}

/** Asked for, approved by somebody else and begun, with somebody at its keyboard, on a machine that allows it. */
async function begun(): Promise<{ readonly id: string; readonly ann: Person }> {
  const { rita } = await people();
  const { id, state, approval } = shells('ask', 'T2', '--reason', 'the gripper sticks');
  expect(state).toBe('Requested');
  await sayYes(cell.data, approval, rita);
  shells('begin', id);
  return { id, ann: attached(id) };
}

/** Whoever is not at the cell's own panel says why. */
const tending = (command: string): unknown =>
  cell.rebe('command', 'tending', command, '--reason', 'a shell is to be tried');

const replayed = (): unknown => {
  const { code, stdout } = cell.rebe('replay', '--sessions', '--json');
  return { code, same: (JSON.parse(stdout) as { same: boolean }).same };
};

// First: afterwards people are enrolled, and whoever is at the PC is one of them.
test('break-glass is recorded, and its alarm stands until somebody else has reviewed it', async () => {
  const reason = 'the page is dead';
  expect(cell.rebe('break-glass', '--reason', '').code).toBe(64);
  expect(cell.rebe('break-glass', '--reason', reason).code).toBe(0);
  const told = entriesOf(cell.data, 'session').find(({ body }) => body['event'] === 'break-glass');
  expect(told).toMatchObject({ actor: expect.stringMatching(/^console:/), body: { text: reason } });
  const standing = (): string => JSON.stringify(cell.json('alarms'));
  expect(standing()).toContain('shell.break-glass');
  expect(cell.rebe('ack', 'shell.break-glass').code).toBe(0);
  expect(standing()).toContain('shell.break-glass');
  const found = 'the display cable was loose';
  const own = cell.rebe('break-glass', 'review', found);
  expect(own).toMatchObject({ code: 1, stderr: expect.stringContaining('E_GLASS_OWN') });
  const { sven } = await people();
  const of = [String((told?.body['about'] as { id?: string } | undefined)?.id)];
  const review = { method: 'POST', path: '/api/break-glass/review', body: { of, found } } as const;
  const { body: left } = await askStation(cell.data, { ...review, cookie: sven });
  expect(left).toEqual({ waiting: [] });
  await until('the alarm to end', 30_000, () =>
    standing().includes('shell.break-glass') ? undefined : true,
  );
  expect(
    entriesOf(cell.data, 'session').map(({ actor, body }) => [actor, body['text']]),
  ).toContainEqual(['user:sven', found]);
}, 120_000);

test('leaving the machine’s place pauses it; what is typed meanwhile never executes; control may be killed', async () => {
  const { id, ann } = await begun();
  try {
    expect(stateOf(id)?.lacks).toEqual(['tending is not in mode.Manual']);
    tending('manual');
    await ann.shows(/~\$ $/);
    await ann.type('echo one-$((1 + 1)); sleep 76543 &\r');
    await ann.shows(/one-2/);
    tending('automatic');
    const why = 'the machine has left the state that the shell needs';
    expect(await reaches(id, 'Paused')).toMatchObject({ why });
    await ann.type('echo two-$((1 + 1))\r');
    tending('manual');
    await until('Manual', 30_000, () => (stateOf(id)?.lacks.length === 0 ? true : undefined));
    expect(shells('resume', id).state).toBe('Running');
    await ann.type('echo three-$((1 + 2))\r');
    await ann.shows(/three-3/);
    expect(ann.text()).not.toContain('two-2');
    process.kill(cell.pidOf('control'), 'SIGKILL');
    await reaches(id, 'Paused');
    await cell.up(2);
    await until('steps again', 60_000, () =>
      stepsOf(id).at(-1)?.states['session'] === 'Paused' ? true : undefined,
    );
    await until('it', 30_000, () => (running('76543').length > 0 ? true : undefined));
    shells('kill', id);
    expect(await reaches(id, 'Killed')).toMatchObject({ why: 'killed' });
    expect(running('76543')).toEqual([]);
  } finally {
    ann.terminal.close();
  }
  await until('its end', 30_000, () =>
    stepsOf(id).at(-1)?.states['session'] === 'Killed' ? true : undefined,
  );
  expect(replayed()).toEqual({ code: 0, same: true });
}, 180_000);

test('station is killed: its shell ends in the chronicle, and no process of it is left', async () => {
  const { id, ann } = await begun();
  tending('manual');
  try {
    await ann.shows(/~\$ $/);
    await ann.type('(setsid nohup sleep 87654 &) ; sleep 87654 & echo up-$((1 + 1))\r');
    await ann.shows(/up-2/);
    await until('both of them', 30_000, () => (running('87654').length > 1 ? true : undefined));
    process.kill(cell.pidOf('station'), 'SIGKILL');
    await until('no process', 60_000, () => (running('87654').length === 0 ? true : undefined));
    const told = await until('its end in the chronicle', 60_000, () =>
      entriesOf(cell.data, 'session').find(
        ({ body }) => body['event'] === 'shell-lost' && body['session'] === id,
      ),
    );
    expect(told).toMatchObject({ actor: 'system', body: { about: { state: 'Killed' } } });
    await reaches(id, 'Killed');
    expect(replayed()).toEqual({ code: 0, same: true });
  } finally {
    ann.terminal.close();
  }
}, 180_000);
