// Where things stand on the cell's PC is for its log: no route tells it, least of all when what it asks for is absent,
// damaged or no file at all.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadContract } from '#test/reference/api.ts';
import { openSpoken } from '#test/unit/controller/console/spoken-station.ts';

const sessions = ['damaged', 'empty', 'folder', 'packed', 'absent'] as const;
const idOf = (what: (typeof sessions)[number]): string =>
  `sh-${String(sessions.indexOf(what)).padStart(16, '0')}`;

/** Recordings that cannot be read, each for another reason. */
function breakRecordings(data: string): void {
  const folderOf = (what: (typeof sessions)[number]): string => {
    const folder = join(data, 'recordings', idOf(what));
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  writeFileSync(join(folderOf('damaged'), '000000.rec'), 'no recording at all');
  writeFileSync(join(folderOf('packed'), '000000.rec.br'), 'nothing that was packed');
  mkdirSync(join(folderOf('folder'), '000000.rec'));
  folderOf('empty');
}

const lines = ['query --kind act', 'record', 'history ram.valve', 'alarms', 'read ram.valve'];
const { routes } = await loadContract();

test.each(['absent', 'damaged'] as const)(
  'no answer names a place on the PC while the databases are %s',
  async (state) => {
    await using station = await openSpoken();
    const { data, origin } = station;
    breakRecordings(data);
    for (const name of state === 'damaged' ? ['chronicle.db', 'history.db'] : [])
      writeFileSync(join(data, name), 'no database, but as long as the header of one'.repeat(9));
    const cookie = await station.signIn();
    const headers = {
      host: origin.slice(7),
      origin,
      cookie,
      'content-type': 'application/json',
    };
    const told: string[] = [];
    const codes = new Set<unknown>();
    const ask = async (method: string, path: string, body?: string): Promise<void> => {
      const given = body === undefined ? {} : { body };
      const { text } = await station.send(path, { method, headers, ...given });
      for (const [, code] of text.matchAll(/"code":"(E_\w+)"/g)) codes.add(code);
      if (text.includes(data)) told.push(`${method} ${path}: ${text.slice(0, 300)}`);
    };
    const query = '?tag=ram.valve&from=0&to=1000&limit=10';
    for (const { method, path } of routes.filter((route) => route.method === 'GET')) {
      const ids = path.includes(':id') ? sessions.map(idOf) : [''];
      for (const id of ids) {
        const place = path.replace(/:id\b/, id).replaceAll(/:\w+/g, 'any');
        // oxlint-disable no-await-in-loop -- as one client asks
        await ask(method, place);
        await ask(method, `${place}${query}`);
      }
    }
    for (const line of lines) await ask('POST', '/api/console', JSON.stringify({ line }));
    // oxlint-enable no-await-in-loop
    expect(told).toEqual([]);
    // Otherwise nothing was tried.
    expect([...codes]).toEqual(
      expect.arrayContaining(['E_RECORDING_NONE', 'E_RECORDING_DAMAGED', 'E_HISTORY_OPEN']),
    );
  },
);
