// People at a running cell: the first one enrolled at its console, station then reached over TLS by other machines; who
// the command line is; what the record says of all of it.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readStation } from '#controller/server/link.ts';
import { TestCell, rebe, until } from './test-cell.ts';

const secrets = { ada: 'seven green ladders lean', ben: 'a quiet barge of copper' };
/** Of this machine, and not where a listener on 127.0.0.1 is met. */
const elsewhere = '127.0.0.2';

interface Answer {
  readonly status: number;
  readonly cookie: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a machine says that is too busy to answer in time. */
const later = /E_(?:CHRONICLE_STALL|CELL_NOT_RUNNING|SIGN_IN_BUSY) /;

class Site {
  readonly #cell: TestCell;

  constructor(cell: TestCell) {
    this.#cell = cell;
  }

  /** The command line, with what it reads from standard input. */
  rebe(input: string, ...words: readonly string[]) {
    const ran = spawnSync(process.execPath, [rebe, ...words, '--data', this.#cell.data], {
      input,
      encoding: 'utf8',
      // Sessions at cells elsewhere lie in the home of whoever sits here.
      env: { ...process.env, XDG_CONFIG_HOME: join(this.#cell.data, 'home') },
      timeout: 30_000,
    });
    return { code: ran.status, text: `${ran.stdout}${ran.stderr}` };
  }

  /** The same until it says so: a machine that is too busy to answer in time is asked again. */
  async says(told: RegExp, input: string, ...words: readonly string[]): Promise<void> {
    let text = '';
    await until(
      () => `rebe ${words.join(' ')} says ${told.source}; it said ${text}`,
      180_000,
      () => {
        ({ text } = this.rebe(input, ...words));
        if (told.test(text)) return true;
        if (later.test(text)) return undefined;
        throw new Error(`rebe ${words.join(' ')} says ${told.source}; it said ${text}`);
      },
    );
  }

  /** Over TLS, with nothing believed but station's own certificate. */
  async ask(
    method: string,
    path: string,
    options: { body?: unknown; cookie?: string; host?: string } = {},
  ): Promise<Answer> {
    const { port } = new URL((await readStation(this.#cell.data)).url);
    const { body, cookie = '', host = `${elsewhere}:${port}` } = options;
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: elsewhere,
          port,
          path,
          method,
          servername: 'localhost',
          ca: readFileSync(join(this.#cell.data, 'station', 'tls.crt')),
          timeout: 20_000,
          headers: {
            host,
            origin: `https://${host}`,
            cookie,
            ...(text === '' ? {} : { 'content-type': 'application/json' }),
            'content-length': Buffer.byteLength(text),
          },
        },
        (answer) => {
          let read = '';
          answer.on('data', (part: Buffer) => (read += part.toString('utf8')));
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              cookie: (answer.headers['set-cookie'] ?? []).join('\n'),
              body: read.startsWith('{') ? JSON.parse(read) : {},
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }
}

test('the first administrator is enrolled at the console; from then on people act by name, over TLS and at the terminal', async () => {
  await using cell = await TestCell.start({
    absent: true,
    listen: '0.0.0.0:0',
    edit: (text) => `${text.replace(/^station:.*\n/m, '')}\nstation: {tls: generated}\n`,
  });
  const site = new Site(cell);
  await until(
    () => `station says that it is reached by nobody else; it said ${cell.output}`,
    20_000,
    () => cell.output.includes('E_STATION_NOT_ENROLLED') || undefined,
  );
  const set = ['set', 'tending', 'batch'] as const;
  await site.says(/done/, '', ...set, '7');
  await expect(site.ask('GET', '/')).rejects.toThrow('ECONNREFUSED');

  const admin = ['people', 'add', 'ada', '--role', 'admin'] as const;
  await site.says(/^nobody is enrolled/, '', 'people');
  await site.says(/^E_PASSWORD_WEAK .*at least 12 characters/, 'short\n', ...admin);
  await site.says(/ada is enrolled as admin/, secrets.ada, ...admin);
  await site.says(/E_CONSOLE_PEOPLE/, '', ...set, '8');
  // Whatever the flow makes of it, also while a busy machine has control start again: nobody is asked who it is.
  await site.says(/ignored in|fired|E_FLOW_NOT_STEPPED/, '', 'command', 'tending', 'stop');
  await until(
    () => `station is reached from elsewhere; it said ${cell.output}`,
    20_000,
    async () => (await site.ask('GET', '/').catch(() => undefined))?.status === 200 || undefined,
  );
  expect(cell.output).toContain((await readStation(cell.data)).fingerprint);

  await site.says(/ben is enrolled/, secrets.ben, 'people', 'add', 'ben', '--role', 'maintenance');
  await site.says(/E_SIGN_IN /, 'not that one', 'login', 'ben');
  await site.says(/signed in as ben/, secrets.ben, 'login', 'ben');
  await site.says(/done/, '', ...set, '9', '--reason', 'a small batch');
  await site.says(/E_NOT_ALLOWED/, '', 'people');
  expect(filesIn(cell.data).join()).toContain('/logins/');
  await site.says(/signed out|nobody was/, '', 'logout');
  await site.says(/E_CONSOLE_PEOPLE/, '', ...set, '10');

  const { url } = await readStation(cell.data);
  const far = ['--url', url, '--ca', join(cell.data, 'station', 'tls.crt')];
  await site.says(/signed in as ben/, secrets.ben, 'login', 'ben', ...far);
  await site.says(/tending.unit/, '', 'shell', 'status', ...far);
  await site.says(/E_STATION_TRUST/, '', 'shell', 'status', '--url', url);
  await site.says(/ben is signed out/, '', 'logout', ...far);

  const body = { name: 'ada', password: secrets.ada };
  let entered = await site.ask('POST', '/api/sign-in', { body });
  for (let tries = 0; entered.status === 503 && tries < 10; tries += 1)
    entered = await site.ask('POST', '/api/sign-in', { body });
  expect(entered).toMatchObject({ status: 200, body: { actor: 'user:ada' } });
  expect(entered.cookie).toMatch(/^rebe-\d+=[\w-]{43}; .*HttpOnly; SameSite=Strict; Secure$/m);
  const cookie = entered.cookie.split(';')[0] ?? '';
  const { body: list } = await site.ask('GET', '/api/people', { cookie });
  expect(list['people']).toHaveLength(2);
  const act = { verb: 'parameter', args: { flow: 'tending', name: 'batch', value: 11 } };
  const refused = await site.ask('POST', '/api/acts', { cookie, body: { ...act, reason: 'x' } });
  expect(refused.body).toMatchObject({ receipt: { code: 'E_NOT_ALLOWED' } });
  expect((await site.ask('GET', '/api/me', { host: 'evil.example' })).status).toBe(403);

  const recorded = (kind: string): string =>
    site.rebe('', 'chronicle', 'tail', '--kind', kind, '--count', '100').text;
  const people = recorded('session');
  for (const told of ['enrolled', 'signed-in', 'refused', 'user:ada', 'user:ben'])
    expect(people).toContain(told);
  expect(recorded('act')).toMatch(/user:ben.*parameter/);
  await cell.stopCell();
  for (const file of filesIn(cell.data)) {
    const text = readFileSync(file, 'latin1');
    for (const secret of Object.values(secrets)) expect(text.includes(secret), file).toBe(false);
    expect(statSync(file).mode & 0o007, file).toBe(0);
  }
}, 240_000);

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) =>
      /\/(?:station|sessions|chronicle|history)[^/]*$|\/(?:station|logins)\//.test(file),
    );
