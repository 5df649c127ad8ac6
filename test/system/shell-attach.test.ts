// `rebe shell attach` as a person has it: a terminal of its own, a cell as real processes, a shell in its jail.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type * as z from 'zod';
import type { Route } from '#contract/api.ts';
import { shellProtocol } from '#contract/shell-frames.ts';
import { askShell, beginShell, readShell } from '#contract/shell-routes.ts';
import type { SessionView } from '#contract/shell.ts';
import { askStation } from '#controller/server/client.ts';
import { readStation } from '#controller/server/link.ts';
import { sayYes, signedInHere } from './approved.ts';
import { atTerminal } from './at-terminal.ts';
import { enrolled } from './enrolled.ts';
import { TestCell, rebe, statusOf, until } from './test-cell.ts';

let cell: TestCell;
let cookie = '';
let rita = '';
const manifestShell = /^shell: .*$/m;

beforeAll(async () => {
  cell = await TestCell.start({
    absent: true,
    early: true,
    edit: (manifest) => manifest.replace(manifestShell, 'shell: {on: true}'),
  });
  const served = async () =>
    (await statusOf(cell.data)) && readStation(cell.data).catch(() => undefined);
  await until(() => `a cell with a station: ${cell.output}`, 100_000, served);
  const people = await enrolled(cell.data);
  cookie = people.sven;
  rita = people.rita;
  signedInHere(cell.data, 'sven', cookie);
}, 120_000);
afterAll(async () => cell[Symbol.asyncDispose]());

async function ask(route: Route, id: string, body?: unknown): Promise<SessionView> {
  const path = route.path.replace(':id', id);
  const { method } = route;
  const asked = { method, path, cookie, ...(body === undefined ? {} : { body }) };
  const { body: answer } = await askStation(cell.data, asked);
  return (route.answer as z.ZodType<SessionView>).parse(answer);
}

const person = (line: string) => atTerminal(cell.data, line);

test(
  'a person attaches, works, leaves, comes back, and has their terminal as it was',
  { timeout: 120_000 },
  async () => {
    const asked = await ask(askShell, '', { tier: 'T2', reason: 'to look at it' });
    expect(asked.state).toBe('Requested');
    await sayYes(cell.data, asked.approval ?? '', rita);
    await ask(beginShell, asked.id, {});
    const attach = `${process.execPath} ${rebe} shell attach ${asked.id} --data ${cell.data}`;
    const script = `${attach}; echo "code $?"; stty -a; echo here; read; ${attach}; echo "code $?"; stty -a; echo over; read`;
    const ann = person(script);
    try {
      await ann.shows(/\$ $/);
      await ann.type('stty size; echo whoami-$((40 + 2))\r');
      await ann.shows(/20 90[^]*whoami-42/);
      await ann.type('~.');
      await ann.shows(/left; it goes on[^]*code 0[^]*here/);
      expect(ann.text()).toMatch(/ icanon[^]*[^-]echo /);
      expect(ann.text().split('code 0')[1]).not.toMatch(/-icanon|-echo /);
      await ann.type('\r');
      // The screen is as it was left, though nothing new was written.
      await until('the screen again', 30_000, () =>
        /whoami-42/.test(ann.text().split(/\r?\nhere/)[1] ?? '') ? true : undefined,
      );
      await ann.type('exit 5\r');
      await ann.shows(/ended with 5[^]*code 0[^]*over/);
      await until('its end', 30_000, async () =>
        (await ask(readShell, asked.id)).state === 'Ended' ? true : undefined,
      );
    } finally {
      ann.terminal.close();
    }
  },
);

const patient = { timeout: 60_000 };

test.each([
  ['a shell that is not there', 'sh-0000000000000000', 'E_SHELL_UNKNOWN'],
  ['something that is no shell', 'that', 'E_SHELL_UNKNOWN'],
])('attaching to %s says so, and touches no terminal', patient, async (_what, id, code) => {
  const ann = person(
    `${process.execPath} ${rebe} shell attach ${id} --data ${cell.data}; echo "code $?"; stty -a; echo over; read`,
  );
  try {
    await ann.shows(/over/);
    expect(ann.text()).toContain(code);
    expect(ann.text()).toContain('code 1');
    expect(ann.text()).not.toContain('-icanon');
  } finally {
    ann.terminal.close();
  }
});

/** A way to knock at a shell's socket. */
interface How {
  readonly origin?: string;
  readonly protocol?: string;
  readonly path?: string;
}

test.each<[what: string, how: How, status: number]>([
  ['a foreign origin', { origin: 'http://evil.example' }, 403],
  ['no origin', {}, 403],
  ['a null origin', { origin: 'null' }, 403],
  ['our origin on another port', { origin: 'http://127.0.0.1:1' }, 403],
  ['another protocol', { protocol: 'cell.v1' }, 426],
  ['no secret in the address', { path: '/shell?ticket=x' }, 404],
])('a socket with %s is not opened', patient, async (_what, how, status) => {
  const { url } = await readStation(cell.data);
  const { host, origin: own } = new URL(url);
  const asked: How = { ...(status === 403 ? {} : { origin: own }), ...how };
  const { protocol = shellProtocol, path = '/shell', origin } = asked;
  const headers = { cookie, ...(origin === undefined ? {} : { origin }) };
  const socket = new WebSocket(`ws://${host}${path}`, protocol, { headers });
  const answered = await new Promise<number | undefined>((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.on('open', () => resolve(undefined));
    socket.on('error', reject);
  });
  socket.on('error', () => undefined);
  socket.terminate();
  expect(answered).toBe(status);
});
