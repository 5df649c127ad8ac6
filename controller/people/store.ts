// What of people and tokens is kept in `station.db`: who there is, and of secrets what proves them, never they themselves.
// Rows in, rows out: who may change them, and what the record says first, is decided elsewhere.
import Database from 'better-sqlite3';
import * as z from 'zod';
import { CommandRole, Role } from '#contract/people.ts';
import { TokenScope } from '#contract/people-routes.ts';
import { CellError } from '#contract/error.ts';
import { setAside } from '#controller/chronicle/database.ts';
import { makePrivate } from '#controller/private-file.ts';
import type { KeptAttempt } from './lockout.ts';
import type { Kept } from './stretch.ts';

/** People and tokens that a cell keeps. */
export const peopleLimit = 1000;
export const tokenLimit = 200;

export interface Person {
  readonly name: string;
  readonly title: string;
  readonly roles: readonly Role[];
  readonly disabled: boolean;
  readonly language: string | undefined;
  readonly temporary: boolean;
  /** The public key of what they approve. */
  readonly key: string;
  /** UTC ms. */
  readonly added: number;
}

/** A password or a PIN, and the signing key sealed under it. */
export interface Secret extends Kept {
  readonly sealed: Uint8Array;
  /** Wrong ones in a row, of a PIN. */
  readonly wrong: number;
}
export type SecretKind = 'password' | 'pin';

/** A second factor: sealed, in use once it is confirmed, with the last step whose code was used. */
export interface Factor {
  readonly sealed: Uint8Array;
  readonly confirmed: boolean;
  readonly used: number;
}

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly owner: string | undefined;
  readonly hash: string;
  readonly scopes: readonly TokenScope[];
  readonly commands: readonly CommandRole[];
  readonly verbs: readonly string[] | undefined;
  readonly added: number;
  readonly ends: number;
  readonly used: number | undefined;
}

const schema = `
  CREATE TABLE IF NOT EXISTS person (
    name TEXT PRIMARY KEY, title TEXT NOT NULL, roles TEXT NOT NULL, disabled INTEGER NOT NULL,
    language TEXT, temporary INTEGER NOT NULL, key TEXT NOT NULL, added INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS person_secret (
    name TEXT NOT NULL REFERENCES person ON DELETE CASCADE, kind TEXT NOT NULL,
    salt BLOB NOT NULL, n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL,
    "check" BLOB NOT NULL, sealed BLOB NOT NULL, wrong INTEGER NOT NULL,
    PRIMARY KEY (name, kind)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS person_factor (
    name TEXT PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    sealed BLOB NOT NULL, confirmed INTEGER NOT NULL, used INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS token (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT REFERENCES person ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, commands TEXT NOT NULL, verbs TEXT,
    added INTEGER NOT NULL, ends INTEGER NOT NULL, used INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS attempt (
    kind TEXT NOT NULL, key TEXT NOT NULL, wrong INTEGER NOT NULL, PRIMARY KEY (kind, key)
  ) STRICT;`;

interface PersonRow extends Omit<Person, 'roles' | 'disabled' | 'language' | 'temporary'> {
  readonly roles: string;
  readonly disabled: number;
  readonly language: string | null;
  readonly temporary: number;
}
type SecretRow = Pick<Secret, 'salt' | 'check' | 'sealed' | 'wrong'> & {
  readonly n: number;
  readonly r: number;
  readonly p: number;
};
interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string | null;
  readonly hash: string;
  readonly scopes: string;
  readonly commands: string;
  readonly verbs: string | null;
  readonly added: number;
  readonly ends: number;
  readonly used: number | null;
}

const listOf = <T extends z.ZodType>(item: T, text: string): z.infer<T>[] =>
  z.array(item).parse(JSON.parse(text));

const personOf = (row: PersonRow): Person => ({
  ...row,
  roles: listOf(Role, row.roles),
  disabled: row.disabled !== 0,
  language: row.language ?? undefined,
  temporary: row.temporary !== 0,
});
const tokenOf = (row: TokenRow): Token => ({
  ...row,
  owner: row.owner ?? undefined,
  scopes: listOf(TokenScope, row.scopes),
  commands: listOf(CommandRole, row.commands),
  verbs: row.verbs === null ? undefined : listOf(z.string(), row.verbs),
  used: row.used ?? undefined,
});

/** Everything throws `E_PEOPLE_STORE` when the file does not answer. */
export class PeopleStore {
  readonly #database: Database.Database;
  readonly #statements: ReturnType<typeof prepare>;
  /** There was one that could not be read: it was set aside, and everybody in it. */
  readonly lost: boolean;

  private constructor(database: Database.Database, lost: boolean) {
    this.#database = database;
    this.#statements = prepare(database);
    this.lost = lost;
  }

  /** Opens or makes the file; `time` (UTC ms) names one that is set aside because it is broken. */
  static open(path: string, time: number): PeopleStore {
    return ask(() => {
      try {
        return new PeopleStore(openDatabase(path), false);
      } catch (error) {
        if (!isBroken(error)) throw error;
      }
      setAside(path, time);
      return new PeopleStore(openDatabase(path), true);
    });
  }

  people(): Person[] {
    return ask(() => this.#statements.people.all().map(personOf));
  }

  find(name: string): Person | undefined {
    return ask(() => {
      const row = this.#statements.person.get(name);
      return row === undefined ? undefined : personOf(row);
    });
  }

  put(person: Person): void {
    const { name, title, roles, disabled, language, temporary, key, added } = person;
    const flags = [Number(disabled), language ?? null, Number(temporary)];
    const row = [name, title, JSON.stringify(roles), ...flags, key, added];
    ask(() => this.#statements.putPerson.run(...row));
  }

  remove(name: string): void {
    ask(() => this.#statements.removePerson.run(name));
  }

  secret(name: string, kind: SecretKind): Secret | undefined {
    return ask(() => {
      const row = this.#statements.secret.get(name, kind);
      if (row === undefined) return undefined;
      const { n, r, p, ...rest } = row;
      return { ...rest, cost: { n, r, p } };
    });
  }

  putSecret(name: string, kind: SecretKind, secret: Secret): void {
    const { salt, cost, check, sealed, wrong } = secret;
    const row = [name, kind, salt, cost.n, cost.r, cost.p, check, sealed, wrong];
    ask(() => this.#statements.putSecret.run(...row));
  }

  removeSecret(name: string, kind: SecretKind): void {
    ask(() => this.#statements.removeSecret.run(name, kind));
  }

  factor(name: string): Factor | undefined {
    return ask(() => {
      const row = this.#statements.factor.get(name);
      return row === undefined ? undefined : { ...row, confirmed: row.confirmed !== 0 };
    });
  }

  putFactor(name: string, { sealed, confirmed, used }: Factor): void {
    ask(() => this.#statements.putFactor.run(name, sealed, Number(confirmed), used));
  }

  removeFactor(name: string): void {
    ask(() => this.#statements.removeFactor.run(name));
  }

  tokens(): Token[] {
    return ask(() => this.#statements.tokens.all().map(tokenOf));
  }

  tokenOfHash(hash: string): Token | undefined {
    return ask(() => {
      const row = this.#statements.token.get(hash);
      return row === undefined ? undefined : tokenOf(row);
    });
  }

  putToken(token: Token): void {
    const { id, name, owner, hash, scopes, commands, verbs, added, ends, used } = token;
    const lists = [scopes, commands].map((list) => JSON.stringify(list));
    const held = verbs === undefined ? null : JSON.stringify(verbs);
    const row = [id, name, owner ?? null, hash, ...lists, held, added, ends, used ?? null];
    ask(() => this.#statements.putToken.run(...row));
  }

  removeToken(id: string): void {
    ask(() => this.#statements.removeToken.run(id));
  }

  /** Wrong attempts to sign in, those that were quiet longest first. */
  attempts(): KeptAttempt[] {
    return ask(() => this.#statements.attempts.all());
  }

  /** 0 wrong: it is forgotten. */
  putAttempts(attempts: readonly KeptAttempt[]): void {
    this.together(() => {
      for (const { kind, key, wrong } of attempts) {
        if (wrong > 0) this.#statements.putAttempt.run(kind, key, wrong);
        else this.#statements.removeAttempt.run(kind, key);
      }
    });
  }

  /** All of it or nothing. */
  together(run: () => void): void {
    ask(() => this.#database.transaction(run)());
  }

  close(): void {
    this.#database.close();
  }
}

function openDatabase(path: string): Database.Database {
  makePrivate(path);
  const database = new Database(path, { timeout: 1000 });
  try {
    database.pragma('journal_mode = WAL');
    // A person who was removed stays removed after a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.exec(schema);
    if (database.pragma('quick_check(1)', { simple: true }) !== 'ok') throw new Damaged();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: Database.Database) {
  const all = <Row>(sql: string) => database.prepare<string[], Row>(sql);
  return {
    people: all<PersonRow>('SELECT * FROM person ORDER BY name'),
    person: all<PersonRow>('SELECT * FROM person WHERE name = ?'),
    putPerson: database.prepare(
      `INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
       title = excluded.title, roles = excluded.roles, disabled = excluded.disabled,
       language = excluded.language, temporary = excluded.temporary, key = excluded.key`,
    ),
    removePerson: database.prepare('DELETE FROM person WHERE name = ?'),
    secret: all<SecretRow>(
      `SELECT salt, n, r, p, "check", sealed, wrong FROM person_secret
       WHERE name = ? AND kind = ?`,
    ),
    putSecret: database.prepare(
      'INSERT OR REPLACE INTO person_secret VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    removeSecret: database.prepare('DELETE FROM person_secret WHERE name = ? AND kind = ?'),
    factor: all<Omit<Factor, 'confirmed'> & { readonly confirmed: number }>(
      'SELECT sealed, confirmed, used FROM person_factor WHERE name = ?',
    ),
    putFactor: database.prepare('INSERT OR REPLACE INTO person_factor VALUES (?, ?, ?, ?)'),
    removeFactor: database.prepare('DELETE FROM person_factor WHERE name = ?'),
    tokens: all<TokenRow>('SELECT * FROM token ORDER BY name, id'),
    token: all<TokenRow>('SELECT * FROM token WHERE hash = ?'),
    putToken: database.prepare(
      'INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    attempts: all<KeptAttempt>('SELECT kind, key, wrong FROM attempt ORDER BY rowid'),
    putAttempt: database.prepare('INSERT OR REPLACE INTO attempt VALUES (?, ?, ?)'),
    removeAttempt: database.prepare('DELETE FROM attempt WHERE kind = ? AND key = ?'),
    removeToken: database.prepare('DELETE FROM token WHERE id = ?'),
  };
}

function ask<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof CellError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CellError('E_PEOPLE_STORE', `station.db: ${text}`, { cause });
  }
}

/** It opens, and pages of it are not what they were. */
class Damaged extends Error {}

function isBroken(error: unknown): boolean {
  if (error instanceof Damaged) return true;
  if (!(error instanceof Database.SqliteError)) return false;
  return error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB';
}
