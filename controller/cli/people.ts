// `people`, `login`, `logout`: who is enrolled at a cell, and who this terminal is. Each asks station's port, where it is
// judged and recorded; secrets come from the terminal or from standard input, never from the words.
import * as z from 'zod';
import { printable } from '#contract/diagnostic.ts';
import { CellError } from '#contract/error.ts';
import { CommandRole, PersonName, Role, rightsOf, roles } from '#contract/people.ts';
import * as routes from '#contract/people-routes.ts';
import type { PersonView, TokenView } from '#contract/people-routes.ts';
import { parseDuration } from '#contract/time.ts';
import { askStation } from '#controller/server/client.ts';
import type { StationAt } from '#controller/server/client.ts';
import { dropLogin, findLogin, keepLogin } from './login-file.ts';
import { asAdministrator } from './people-session.ts';
import type { Asker } from './people-session.ts';
import { SecretInput } from './secret-input.ts';
import { farOptions, stationOf } from './station-at.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

const nothing = z.strictObject({});

async function login(invocation: Invocation): Promise<number> {
  const at = stationOf(invocation);
  const name = nameOf(invocation, 0);
  await tellNotice(at);
  const input = new SecretInput();
  const password = await input.ask('password');
  const body = { name, password, kind: 'cli' };
  const signIn = { method: 'POST', path: '/api/sign-in' } as const;
  const { cookies, body: told } = await askStation(at, { ...signIn, body }).catch(
    async (error: unknown) => {
      if (!(error instanceof CellError) || error.code !== 'E_SIGN_IN_CODE') throw error;
      const code = await input.ask('code of the second factor');
      return askStation(at, { ...signIn, body: { ...body, code } });
    },
  );
  keepLogin(at, { name, cookie: cookies.find((one) => /^rebe-\d+=/.test(one)) ?? '' });
  const me = routes.signIn.answer.safeParse(told).data;
  answer(invocation, { name }, () => `signed in as ${name}${waiting(me)}`);
  return exit.good;
}

/** What everybody is told before they sign in; what it holds steers no terminal. */
async function tellNotice(at: StationAt): Promise<void> {
  const { body } = await askStation(at, { method: 'GET', path: routes.getMe.path });
  const notice = routes.getMe.answer.safeParse(body).data?.notice;
  if (notice === undefined) return;
  process.stderr.write(`${notice.split('\n').map(printable).join('\n')}\n\n`);
}

/** Why whoever is signed in may nothing yet. */
function waiting(me: routes.Me | undefined): string {
  if (me?.mustChange === true)
    return '; nothing is allowed before the password is changed: on the page';
  if (me?.mustFactor === true)
    return '; nothing is allowed before a second factor is set up: on the page';
  return '';
}

async function logout(invocation: Invocation): Promise<number> {
  const at = stationOf(invocation);
  const known = findLogin(at);
  if (known !== undefined) {
    const { cookie } = known;
    const ask = { method: 'POST', path: '/api/sign-out', body: {}, cookie } as const;
    dropLogin(at);
    await askStation(at, ask).catch((error: unknown) => {
      if (!(error instanceof CellError) || error.code !== 'E_NOT_SIGNED_IN') throw error;
    });
  }
  answer(invocation, { name: known?.name ?? null }, () =>
    known === undefined ? 'nobody was signed in' : `${known.name} is signed out`,
  );
  return exit.good;
}

type Run = (invocation: Invocation, asker: Asker) => Promise<number>;

const list: Run = async (invocation, asker) => {
  const { people } = await asker.ask(routes.listPeople.answer, get('/api/people'));
  answer(invocation, people, () =>
    people.length === 0
      ? 'nobody is enrolled; the first is an administrator: rebe people add NAME --role admin'
      : table([['name', 'title', 'roles', 'state'], ...people.map(personRow)]),
  );
  return exit.good;
};

/** As it is typed. Throws `E_PASSWORD_WEAK` for one that station would call no password at all. */
async function newPassword(): Promise<string> {
  const given = await new SecretInput().askNew('password');
  const { error } = routes.NewPassword.safeParse(given);
  if (error === undefined) return given;
  const why = error.issues.map(({ message }) => message).join('; ');
  throw new CellError('E_PASSWORD_WEAK', `a password is ${why}`);
}

const add: Run = async (invocation, asker) => {
  const name = nameOf(invocation, 1);
  const body = {
    name,
    ...optional('title', invocation.option('title')),
    ...optional('language', invocation.option('language')),
    roles: rolesOf(invocation),
    password: await newPassword(),
    temporary: invocation.flag('temporary'),
  };
  const person = await asker.ask(routes.addPerson.answer, post('/api/people', body));
  answer(invocation, person, () => `${name} is enrolled as ${person.roles.join(', ')}`);
  return exit.good;
};

const set: Run = async (invocation, asker) => {
  const name = nameOf(invocation, 1);
  const given = invocation.list('role').length > 0 ? rolesOf(invocation) : undefined;
  const [disable, enable] = [invocation.flag('disable'), invocation.flag('enable')];
  if (disable && enable) throw new CellError('E_USAGE', 'either --disable or --enable');
  const password = invocation.flag('password') ? await newPassword() : undefined;
  const body = {
    ...optional('title', invocation.option('title')),
    ...optional('language', invocation.option('language')),
    ...optional('roles', given),
    ...optional('disabled', disable || enable ? disable : undefined),
    ...optional('password', password),
    temporary: invocation.flag('temporary'),
  };
  const person = await asker.ask(routes.changePerson.answer, post(`/api/people/${name}`, body));
  answer(invocation, person, () => table([['name', 'title', 'roles', 'state'], personRow(person)]));
  return exit.good;
};

const remove: Run = async (invocation, asker) => {
  const name = nameOf(invocation, 1);
  await asker.ask(nothing, { method: 'DELETE', path: `/api/people/${name}` });
  answer(invocation, { name }, () => `${name} is removed`);
  return exit.good;
};

const factor: Run = async (invocation, asker) => {
  const name = nameOf(invocation, 1);
  await asker.ask(nothing, { method: 'DELETE', path: `/api/people/${name}/second-factor` });
  answer(invocation, { name }, () => `${name} has no second factor`);
  return exit.good;
};

const sessions: Run = async (invocation, asker) => {
  const { sessions: all } = await asker.ask(routes.listSessions.answer, get('/api/sessions'));
  answer(invocation, all, () =>
    table([
      ['id', 'who', 'kind', 'from', 'used', 'ends'],
      ...all.map(({ id, actor, kind, panel, address, used, ends }) => [
        id,
        actor,
        kind,
        panel ? 'this machine' : address,
        moment(used),
        moment(ends),
      ]),
    ]),
  );
  return exit.good;
};

const end: Run = async (invocation, asker) => {
  const id = idOf(invocation, 1);
  await asker.ask(nothing, { method: 'DELETE', path: `/api/sessions/${id}` });
  answer(invocation, { id }, () => `session ${id} is ended`);
  return exit.good;
};

const token: Run = async (invocation, asker) => {
  const what = invocation.words[1] ?? 'list';
  switch (what) {
    case 'list': {
      const { tokens } = await asker.ask(routes.listTokens.answer, get('/api/tokens'));
      answer(invocation, tokens, () =>
        table([['id', 'who', 'scopes', 'verbs', 'ends'], ...tokens.map(tokenRow)]),
      );
      return exit.good;
    }
    case 'add': {
      const body = newToken(invocation);
      const made = await asker.ask(routes.addToken.answer, post('/api/tokens', body));
      answer(
        invocation,
        made,
        () =>
          `${made.secret}\n  of ${made.token.actor}, until ${moment(made.token.ends)}; it is not shown again`,
      );
      return exit.good;
    }
    case 'remove': {
      const id = idOf(invocation, 2);
      await asker.ask(nothing, { method: 'DELETE', path: `/api/tokens/${id}` });
      answer(invocation, { id }, () => `token ${id} is ended`);
      return exit.good;
    }
    default:
      throw new CellError('E_USAGE', `a token is listed, added or removed, not ${what}`);
  }
};

function newToken(invocation: Invocation): Readonly<Record<string, unknown>> {
  const asked = invocation.option('for') ?? '';
  const days = /^(\d{1,4})d$/.exec(asked)?.[1];
  const span = days === undefined ? parseDuration(asked) : Number(days) * 86_400_000;
  if (span === undefined) throw new CellError('E_USAGE', 'a token needs --for and a time: 90d, 8h');
  const words = (option: string): string[] => (invocation.option(option) ?? '').split(',');
  const owner = invocation.option('agent-of');
  return {
    name: nameOf(invocation, 2),
    ...optional('owner', owner === undefined ? undefined : checked(PersonName, owner)),
    scopes: checked(routes.addToken.body.shape.scopes, words('scope')),
    ...optional('verbs', invocation.option('verbs') === undefined ? undefined : words('verbs')),
    ...optional(
      'commands',
      invocation.option('commands') === undefined
        ? undefined
        : checked(z.array(CommandRole), words('commands')),
    ),
    for_ms: span,
  };
}

/** What each role may, as data of the product: no cell is asked. */
function showRoles(invocation: Invocation): number {
  answer(invocation, rightsOf, () =>
    table([
      ['role', 'may', 'commands of'],
      ...roles.map((role) => {
        const { permissions, commands } = rightsOf[role];
        return [role, permissions.join(' '), commands.join(' ')];
      }),
    ]),
  );
  return exit.good;
}

const verbs: Readonly<Record<string, Run>> = {
  list,
  add,
  set,
  remove,
  factor,
  sessions,
  end,
  token,
};

async function act(invocation: Invocation): Promise<number> {
  const what = invocation.words[0] ?? 'list';
  if (what === 'roles') return showRoles(invocation);
  const run = verbs[what];
  if (run === undefined)
    throw new CellError(
      'E_USAGE',
      `it is one of roles, ${Object.keys(verbs).join(', ')}; not ${what}`,
    );
  return asAdministrator(invocation, async (asker) => run(invocation, asker));
}

const get = (path: string) => ({ method: 'GET', path }) as const;
const post = (path: string, body: unknown) => ({ method: 'POST', path, body }) as const;
const optional = <Name extends string, T>(name: Name, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [key in Name]?: T };
const moment = (time: number): string =>
  new Date(time).toISOString().slice(0, 16).replace('T', ' ');

const nameOf = (invocation: Invocation, index: number): string =>
  checked(PersonName, invocation.words[index] ?? '');
const idOf = (invocation: Invocation, index: number): string =>
  checked(
    z.string().regex(/^[0-9a-f]{16}$/, 'an id is 16 hex digits'),
    invocation.words[index] ?? '',
  );
const rolesOf = (invocation: Invocation): Role[] =>
  checked(z.array(Role).min(1, 'a role is needed: --role'), [...invocation.list('role')]);

function checked<T>(schema: z.ZodType<T>, given: unknown): T {
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const shown = typeof given === 'string' ? given : JSON.stringify(given);
  throw new CellError('E_USAGE', `${shown}: ${read.error.issues[0]?.message ?? ''}`);
}

function personRow({ name, title, roles: held, disabled, temporary, secondFactor }: PersonView) {
  const state = [
    ...(disabled ? ['disabled'] : []),
    ...(temporary ? ['must choose a password'] : []),
    ...(secondFactor ? ['second factor'] : []),
  ];
  return [name, title, held.join(' '), state.join(', ')];
}

const tokenRow = ({ id, actor, scopes, verbs: held, ends }: TokenView): string[] => [
  id,
  actor,
  scopes.join(' '),
  held?.join(' ') ?? 'all of its scopes',
  moment(ends),
];

const text = (help: string) => ({ type: 'string', help }) as const;
const flag = (help: string) => ({ type: 'boolean', help }) as const;

export const peopleVerbs: readonly Verb[] = [
  {
    name: 'people',
    usage: '[roles|add|set|remove|factor|sessions|end|token ...]',
    summary: 'Lists who is enrolled; adds, changes and removes people, sessions and tokens.',
    more: [
      'It asks as the person who signed in with `rebe login`; else, and with --console, as the console of the',
      'cell itself, which may do just this. A password comes from the terminal or from standard input.',
      '',
      '  rebe people roles                                        what each role may',
      '  rebe people add NAME --role ROLE [--title TEXT]          enrol; the first one must be admin',
      '  rebe people set NAME [--role R] [--disable] [--password] change; --role names all roles anew',
      '  rebe people remove NAME',
      '  rebe people factor NAME                                  take a lost second factor away',
      '  rebe people sessions; rebe people end ID',
      '  rebe people token add NAME --scope view,command --for 90d [--agent-of PERSON] [--verbs V,W]',
      '  rebe people token [list]; rebe people token remove ID',
    ].join('\n'),
    example: 'rebe people add maria --role maintenance --title "Maria Berg"',
    words: [0, 3],
    options: {
      role: { ...text(`${roles.join(', ')}; may be given more than once`), multiple: true },
      title: text('for people; default the name'),
      language: text('of the pages: en, de'),
      password: flag('set: give a new password'),
      temporary: flag('the person must choose another password first'),
      disable: flag('set: may no longer sign in'),
      enable: flag('set: may sign in again'),
      scope: text('token: permissions, with commas'),
      commands: text('token: roles of commands, with commas; default anyone,operator'),
      verbs: text('token: the only verbs, with commas'),
      for: text('token: how long: 90d, 8h'),
      'agent-of': text('token: the person whose agent it is'),
      console: flag('as the cell’s own console, whoever signed in'),
      ...farOptions,
    },
    run: act,
  },
  {
    name: 'login',
    usage: 'NAME',
    summary: 'Signs a person in at this terminal; acts are then theirs.',
    more: 'Password, and the code of a second factor, come from the terminal or from standard input, a line each.',
    example: 'rebe login maria',
    words: [1, 1],
    options: farOptions,
    run: login,
  },
  {
    name: 'logout',
    usage: '',
    summary: 'Ends the session of this terminal.',
    example: 'rebe logout',
    words: [0, 0],
    options: farOptions,
    run: logout,
  },
];
