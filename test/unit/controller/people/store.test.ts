// The file of people beside the others that share it: what is broken is set aside and said, and takes nobody else along.
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MirrorStore } from '#controller/mirror/store.ts';
import { PeopleStore } from '#controller/people/store.ts';
import type { Person } from '#controller/people/store.ts';
import { removeFolder } from '#test/folder.ts';

const ada: Person = {
  name: 'ada',
  title: 'Ada',
  roles: ['admin', 'engineer'],
  disabled: false,
  language: undefined,
  temporary: false,
  key: 'AAAA',
  added: 5,
};
let data: string;
let path: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'rebe-store-'));
  path = join(data, 'station.db');
});
afterEach(() => removeFolder(data));

test('who was put is found, changed and removed with what proves them', () => {
  const store = PeopleStore.open(path, 0);
  store.put(ada);
  const bytes = Buffer.from([1, 2, 3]);
  const secret = { salt: bytes, cost: { n: 2, r: 1, p: 1 }, check: bytes, sealed: bytes, wrong: 0 };
  store.putSecret('ada', 'password', secret);
  store.putFactor('ada', { sealed: bytes, confirmed: true, used: 9 });
  store.put({ ...ada, language: 'de', disabled: true });
  store.close();
  const again = PeopleStore.open(path, 0);
  expect(again.lost).toBe(false);
  expect(again.people()).toEqual([{ ...ada, language: 'de', disabled: true }]);
  expect(again.secret('ada', 'password')).toEqual(secret);
  expect(again.factor('ada')).toMatchObject({ confirmed: true, used: 9 });
  again.remove('ada');
  expect([again.find('ada'), again.secret('ada', 'password'), again.factor('ada')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  again.close();
});

test.each([
  ['is no database', () => Buffer.from('not a database at all, but long enough to be one')],
  [
    'has a damaged page',
    (whole: Buffer) =>
      Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 7)]),
  ],
])('a file that %s is set aside, and said', (_, damage) => {
  const first = PeopleStore.open(path, 0);
  first.put(ada);
  first.close();
  writeFileSync(path, damage(readFileSync(path)));
  const store = PeopleStore.open(path, 7);
  expect(store.lost).toBe(true);
  expect(store.people()).toEqual([]);
  expect(readdirSync(data).some((name) => /^station\..*\.broken\.db$/.test(name))).toBe(true);
  store.close();
});

test('a mirror whose tables are of another form takes no people along', () => {
  const store = PeopleStore.open(path, 0);
  store.put(ada);
  const other = new Database(path);
  other.exec('CREATE TABLE mirror_self (somethingElse TEXT); CREATE TABLE mirror_topic (x TEXT)');
  other.close();
  const mirror = MirrorStore.open(path, 7);
  expect(mirror.lost).toBe(true);
  mirror.close();
  expect(store.people()).toEqual([ada]);
  expect(readdirSync(data).filter((name) => name.includes('broken'))).toEqual([]);
  store.close();
});
