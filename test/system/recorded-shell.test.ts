// A shell in its jail, in a cell of real processes, as it is recorded: played over station's port, proved by the
// chronicle; and what is left of it when station is killed in the middle.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as z from 'zod';
import type { Route } from '#contract/api.ts';
import { listRecordings, readFrames, readRecording } from '#contract/recording-routes.ts';
import type { PlayedEvent } from '#contract/recording-routes.ts';
import { askShell, beginShell, readShell } from '#contract/shell-routes.ts';
import { realClock } from '#controller/clock.ts';
import { askStation } from '#controller/server/client.ts';
import { readStation } from '#controller/server/link.ts';
import { loadTerminals } from '#controller/shell/terminal.ts';
import { sayYes, signedInHere } from './approved.ts';
import { enrolled } from './enrolled.ts';
import { rebe, TestCell, until } from './test-cell.ts';

const openTerminal = await loadTerminals(realClock());
let cell: TestCell;
let people: Awaited<ReturnType<typeof enrolled>> | undefined;

beforeAll(async () => {
  cell = await TestCell.start({
    absent: true,
    edit: (manifest) => manifest.replace(/^shell: .*$/m, 'shell: {on: true}'),
  });
  await signIn();
}, 120_000);
afterAll(async () => cell[Symbol.asyncDispose]());

async function signIn(): Promise<void> {
  await until(
    () => `a station: ${cell.output}`,
    60_000,
    async () => readStation(cell.data).catch(() => undefined),
  );
  people ??= await enrolled(cell.data);
  signedInHere(cell.data, 'sven', people.sven);
}

async function ask<R extends Route & { answer: z.ZodType }>(
  route: R,
  id = '',
  options: { body?: unknown; query?: string } = {},
): Promise<z.infer<R['answer']>> {
  const { body, query = '' } = options;
  const path = `${route.path.replace(':id', id)}${query}`;
  const asked = {
    method: route.method,
    path,
    cookie: people?.sven,
    ...(body === undefined ? {} : { body }),
  };
  const answer = await askStation(cell.data, asked);
  return route.answer.parse(answer.body) as z.infer<R['answer']>;
}

/** A shell that was asked for and begun, and a person who is attached to it. */
async function shell() {
  const body = { tier: 'T2', reason: 'to be recorded' };
  const { id, approval } = await ask(askShell, '', { body });
  await sayYes(cell.data, approval ?? '', people?.rita ?? '');
  await ask(beginShell, id, { body: {} });
  let text = '';
  const env = { PATH: process.env['PATH'] ?? '/usr/bin', TERM: 'xterm', HOME: cell.data };
  const args = [rebe, 'shell', 'attach', id, '--data', cell.data];
  const terminal = openTerminal(
    { file: process.execPath, args, env, cwd: cell.data },
    { cols: 90, rows: 20 },
    { output: (bytes) => void (text += bytes.toString('latin1')), exited: () => undefined },
  );
  return {
    id,
    type: async (typed: string) => terminal.write(Buffer.from(typed)),
    shows: async (sign: RegExp) =>
      until(
        () => `${String(sign)} in: ${JSON.stringify(text.slice(-2000))}`,
        60_000,
        () => (sign.test(text) ? true : undefined),
      ),
    [Symbol.dispose]: () => terminal.close(),
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const dataOf = (events: readonly PlayedEvent[], kind: 'output' | 'input'): string =>
  events
    .flatMap((event) =>
      event.kind === kind ? [Buffer.from(event.data, 'base64').toString('latin1')] : [],
    )
    .join('');

interface Verified {
  readonly code: number;
  readonly recordings: Record<string, number>;
  readonly found: string;
}
function verify(): Verified {
  const { code, stdout } = cell.rebe('verify', '--json');
  const { recordings, findings } = JSON.parse(stdout) as {
    recordings: Record<string, number>;
    findings: { text: string }[];
  };
  return { code, recordings, found: findings.map(({ text }) => text).join('\n') };
}

test('a shell is recorded from its first byte to its exit, played, and proved by the record', async () => {
  using ann = await shell();
  await ann.shows(/~\$ $/);
  await ann.type('echo hello-$((40 + 2))\r');
  await ann.shows(/hello-42/);
  // Only when it says so nothing is shown any more; what is typed before that would be.
  await ann.type('stty -echo; echo ready-$((1 + 1)); read word; stty echo; echo got-${#word}\r');
  await ann.shows(/ready-2/);
  await ann.type('geheim\r');
  await ann.shows(/got-6/);
  await ann.type('exit 5\r');
  await until('its end', 60_000, async () =>
    (await ask(readShell, ann.id)).state === 'Ended' ? true : undefined,
  );
  const { recording, marks, verified } = await until('its verdict', 60_000, async () => {
    const read = await ask(readRecording, ann.id);
    return read.verified.result === 'whole' ? read : undefined;
  });
  expect(recording).toMatchObject({ state: 'ended', title: 'T2 to be recorded' });
  expect(verified.entry).toBeGreaterThan(0);
  expect(marks.find(({ kind }) => kind === 'exit')).toMatchObject({ about: { code: 5 } });
  const page = await ask(readFrames, ann.id, { query: '?from=0' });
  expect(dataOf(page.events, 'output')).toContain('hello-42');
  const typed = dataOf(page.events, 'input');
  expect(typed).toContain('echo hello-$((40 + 2))\r');
  expect(typed).not.toContain('geheim');
  expect(page.events.filter(({ kind }) => kind === 'secret').length).toBeGreaterThan(0);
  const listed = await ask(listRecordings);
  expect(listed.recordings.map(({ session }) => session)).toContain(ann.id);
  const { code, recordings } = verify();
  expect({ code, recordings }).toMatchObject({ code: 0, recordings: { total: 1, whole: 1 } });
}, 120_000);

test('station is killed in the middle: the shell ends in the record, its recording is valid to its last byte', async () => {
  using ann = await shell();
  await ann.shows(/~\$ $/);
  await ann.type('echo start-$((1 + 1))\r');
  await ann.shows(/start-2/);
  const killed = cell.pidOf('station');
  process.kill(killed, 'SIGKILL');
  // One that is being killed may still answer.
  await until('its end', 60_000, () => (isRunning(killed) ? undefined : true));
  await until('station again', 60_000, async () =>
    ask(readShell, ann.id).then(
      () => true,
      () => undefined,
    ),
  );
  await until('the end of its shell', 60_000, async () => {
    const { state } = await ask(readShell, ann.id);
    return state === 'Ended' || state === 'Killed' ? true : undefined;
  });
  const { recording } = await ask(readRecording, ann.id);
  expect(recording.state).toBe('cut');
  const { events } = await ask(readFrames, ann.id);
  // What was typed is there; what was shown, but for the last second.
  expect(dataOf(events, 'input')).toBe('echo start-$((1 + 1))\r');
  const { code, recordings, found } = verify();
  expect({ code, recordings }).toMatchObject({ code: 2, recordings: { cut: 1 } });
  expect(found).toContain(`recording ${ann.id}: `);
  expect(found).toContain('it has no end');
}, 180_000);
