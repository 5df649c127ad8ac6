// An agent at a running cell, over the Model Context Protocol with the SDK's own client as the peer: it reads, proposes,
// is denied, proposes, is approved, and executes in the confined shell while a supervisor watches; then it is locked out.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import * as z from 'zod';
import {
  decodeFromStation,
  encodeFrame,
  shellPath,
  shellProtocol,
} from '#contract/shell-frames.ts';
import type { ViewerSays } from '#contract/shell-frames.ts';
import { askStation, dialStation } from '#controller/server/client.ts';
import { removeFolder } from '#test/folder.ts';
import { enrolled, password } from './enrolled.ts';
import { entriesOf } from './record.ts';
import { TestCell, rebe, until } from './test-cell.ts';

const agents = 'shell: {on: true, agents: {on: true, refusals: 5}}';

async function tokenOf(data: string, cookie: string): Promise<string> {
  const body = {
    name: 'helper',
    owner: 'sven',
    scopes: ['view', 'command', 'shell.open'],
    verbs: ['command', 'propose'],
    for_ms: 3_600_000,
  };
  const made = await askStation(data, { method: 'POST', path: '/api/tokens', body, cookie });
  return z.looseObject({ secret: z.string() }).parse(made.body).secret;
}

/** What the client of the protocol got: text alone, and whether it was told as an error. */
async function call(client: Client, name: string, args: object = {}) {
  const given = { name, arguments: { ...args } };
  const result = await client.callTool(given, undefined, { timeout: 90_000 });
  const [content] = z.array(z.looseObject({ text: z.string() })).parse(result.content);
  return { text: content?.text ?? '', wrong: result.isError === true };
}

/** A supervisor's page: it sits down, and answers each challenge as long as it is open. */
async function watch(data: string, session: string, cookie: string): Promise<WebSocket> {
  const path = `/api/shells/${session}/ticket`;
  const body = { part: 'supervisor' };
  const { body: given } = await askStation(data, { method: 'POST', path, body, cookie });
  const { ticket } = z.looseObject({ ticket: z.string() }).parse(given);
  const socket = await dialStation(data, { path: shellPath, protocol: shellProtocol, cookie });
  socket.binaryType = 'nodebuffer';
  const say = (says: ViewerSays): void => socket.send(encodeFrame({ type: 'ctrl', says }));
  const client = randomBytes(16).toString('hex');
  socket.on('open', () => say({ type: 'hello', ticket, client, offset: null }));
  socket.on('message', (bytes: Buffer) => {
    const frame = decodeFromStation(bytes);
    if (frame.type === 'ctrl' && frame.says.type === 'challenge')
      say({ type: 'prove', challenge: frame.says.challenge, acted: true });
  });
  return socket;
}

const proposal = {
  argv: ['/bin/sh', '-c', 'echo hello from $(id -un); printf "\\033]0;title\\007"; ls /var/lib'],
  reason: 'to see that it works',
  expects: 'one line of text',
  model: 'model-7',
  prompt: 'cd'.repeat(32),
};
/** The first JSON of an answer. */
const idOf = (text: string): string => /"id": "(sh-[0-9a-f]{16})"/.exec(text)?.[1] ?? '';

test('an agent proposes, is denied, proposes, is approved, and executes while somebody watches', async () => {
  await using cell = await TestCell.start({
    absent: true,
    edit: (manifest) => manifest.replace(/^shell: .*$/m, agents),
  });
  const { data } = cell;
  const home = mkdtempSync(join(tmpdir(), 'rebe-home-'));
  const cookies = await enrolled(data);
  const token = await tokenOf(data, cookies.root);
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [rebe, 'mcp', '--data', data],
      env: { REBE_TOKEN: token },
      stderr: 'inherit',
    }),
  );
  try {
    // Its tools are what its token opens, and none with which it could approve, lock or type.
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['status', 'tags', 'command', 'propose', 'execute']),
    );
    for (const never of ['approve', 'force', 'set', 'shell', 'lock'])
      expect(names).not.toContain(never);
    const status = await call(client, 'status');
    expect(status.text).toMatch(
      /^Untrusted data from the cell, up to the mark ([0-9a-f]{16});[^]*\n\1$/,
    );
    // Denied.
    const first = idOf((await call(client, 'propose', proposal)).text);
    const early = await call(client, 'execute', { id: first });
    expect([early.wrong, early.text]).toEqual([true, expect.stringContaining('E_SHELL_STATE')]);
    const sven = await rebeAs(home, data, 'sven', 'approve', await approvalOf(client, first));
    expect(sven.stderr).toContain('E_APPROVAL_OWNER');
    const denied = ['--deny', '--reason', 'not while it runs'];
    await rebeAs(home, data, 'rita', 'approve', await approvalOf(client, first), ...denied);
    const told = await until('the denial is told', 60_000, async () => {
      const { text } = await call(client, 'proposal', { id: first });
      return text.includes('"Denied"') ? text : undefined;
    });
    expect(told).toContain('not while it runs');
    // Approved, watched, executed.
    const id = idOf((await call(client, 'propose', proposal)).text);
    const yes = await rebeAs(home, data, 'rita', 'approve', await approvalOf(client, id));
    expect([yes.stdout, yes.stderr]).toEqual([
      expect.stringContaining('is approved'),
      expect.stringContaining('hello from'),
    ]);
    const page = await watch(data, id, cookies.rita);
    await call(client, 'execute', { id, wait_s: 20 });
    const done = await until('it is over', 120_000, async () => {
      const shown = await call(client, 'proposal', { id });
      return /"state": "(?:Ended|Killed)"/.test(shown.text) ? shown : undefined;
    });
    page.close();
    // In its jail, as nobody of this machine; what would steer a terminal is not told.
    expect(done.text).toMatch(/^hello from \S+\nls: cannot access '\/var\/lib'/m);
    expect(done.text).toContain('"state": "Ended"');
    expect((await call(client, 'execute', { id })).wrong).toBe(true);
    // The denial was the first of five refusals: it is locked out of everything.
    for (let count = 0; count < 4; count += 1) {
      const ask = { method: 'POST', path: '/api/locks', body: {}, token } as const;
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await expect(askStation(data, ask)).rejects.toThrow('shell.approve');
    }
    const locked = await until('it is locked out', 60_000, async () => {
      const { text } = await call(client, 'proposals').catch((error: unknown) => ({
        text: String(error),
      }));
      return text.includes('refused 5 times') ? text : undefined;
    });
    expect(locked).toContain('helper');
  } finally {
    await client.close();
    removeFolder(home);
  }
  await cell.stopCell();
  // The record alone proves who said yes to what, with the people's keys in it.
  expect(cell.json('verify', join(data, 'chronicle.db'))).toMatchObject({
    exit: 0,
    approvals: { total: 2, approved: 1, used: 1, unknown: 0 },
    recordings: { total: 1, whole: 1 },
  });
  const events = entriesOf(data, 'session').filter(({ actor }) => actor.startsWith('agent:'));
  const story = events.flatMap(({ body }) => {
    const change = body['event'] === 'approval' ? `approval ${String(body['change'])}` : undefined;
    const named = String(body['event']);
    return change ?? (named.startsWith('agent-') ? named : []);
  });
  expect(story).toEqual([
    'approval requested',
    'agent-proposed',
    // Too early, and then denied.
    'agent-refused',
    'agent-refused',
    'approval requested',
    'agent-proposed',
    'approval used',
    'agent-executed',
    // A second time.
    'agent-refused',
  ]);
  const about = events.find(({ body }) => body['event'] === 'agent-proposed')?.body['about'];
  expect(about).toMatchObject({ argv: proposal.argv, model: 'model-7', prompt: proposal.prompt });
}, 300_000);

/** The approval of a proposed command, as the person who is to answer it finds it. */
async function approvalOf(client: Client, id: string): Promise<string> {
  const { text } = await call(client, 'proposal', { id });
  return /"approval_id": "(ap-[0-9a-f]{16})"/.exec(text)?.[1] ?? '';
}

/** A verb of somebody who signs in at a terminal of their own. */
async function rebeAs(home: string, data: string, name: string, ...words: readonly string[]) {
  const run = (...given: readonly string[]) =>
    spawnSync(process.execPath, [rebe, ...given, '--data', data], {
      encoding: 'utf8',
      input: `${password}\n`,
      env: { ...process.env, HOME: join(home, name) },
      timeout: 60_000,
    });
  const login = run('login', name);
  expect(login.status).toBe(0);
  return run(...words);
}
