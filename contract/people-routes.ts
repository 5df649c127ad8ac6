// Routes about people at station's port: sign-in, who I am, people, sessions, tokens. What each of them takes and gives.
// Secrets go in and never come out, but for a token and a second factor, once.
import * as z from 'zod';
import { tokenScopes } from './token-scopes.ts';
import { Actor } from './actor.ts';
import type { Route } from './api.ts';
import { CommandRole, Permission, PersonName, Role } from './people.ts';
import { verbs } from './verbs.ts';

/** At most 1,024 characters, so that a hash of it costs no more than any other. */
const GivenPassword = z.string().min(1).max(1024);
/** What a password must be when it is set; a phrase is better than signs. */
export const NewPassword = z
  .string()
  .min(12, 'at least 12 characters')
  .max(1024)
  .meta({ description: 'at least 12 characters, not the name; any characters' });
export const NewPin = z.string().regex(/^\d{6,12}$/, '6 to 12 digits');
const GivenPin = z.string().min(1).max(12);
/** Six digits of the second factor. */
const FactorCode = z.string().regex(/^\d{6}$/, 'six digits');
/** It stands on pages, in terminals and in the record: nothing that steers one or turns its direction. */
const PersonTitle = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'no control characters');
const Language = z.string().regex(/^[a-z]{2}(?:-[A-Z]{2})?$/, 'such as en or de');
const Roles = z.array(Role).max(6);

/** Who asks, as the page and the command line are told. */
export const Me = z.strictObject({
  /** Null: nobody is signed in, and the page is a kiosk. */
  actor: Actor.nullable(),
  name: PersonName.optional(),
  title: z.string().optional(),
  language: Language.optional(),
  roles: Roles,
  permissions: z.array(Permission),
  commands: z.array(CommandRole),
  /** Of the session, as lists of sessions name it. */
  session: z.string().optional(),
  /** UTC ms: when it last proved who it is, and when the session ends at the latest. */
  proved: z.number().optional(),
  ends: z.number().optional(),
  /** Without a hand on the page for so long, the session ends; absent where it does not. */
  idle_ms: z.number().optional(),
  secondFactor: z.boolean(),
  pin: z.boolean(),
  /** Somebody else chose the password: nothing is allowed until it is changed. */
  mustChange: z.boolean(),
  /** A role asks for a second factor, and there is none: nothing is allowed until it is confirmed. */
  mustFactor: z.boolean(),
  /** What everybody is told before they sign in, of several lines perhaps. */
  notice: z.string().optional(),
  /** Somebody is enrolled. Else whoever came by a link may do everything. */
  enrolled: z.boolean(),
  /** At the cell's own machine: stop commands ask for nobody. */
  panel: z.boolean(),
  /** Who may come back here by PIN. */
  switchable: z.array(z.strictObject({ name: PersonName, title: z.string() })),
});
export type Me = z.infer<typeof Me>;

/** A person as administrators see one. */
export const PersonView = z.strictObject({
  name: PersonName,
  title: z.string(),
  roles: Roles,
  disabled: z.boolean(),
  language: Language.optional(),
  secondFactor: z.boolean(),
  pin: z.boolean(),
  /** The password is somebody else's choice, and waits to be changed. */
  temporary: z.boolean(),
  /** The Ed25519 public key of what this person approves, 32 bytes in base64. */
  key: z.string(),
  /** UTC ms. */
  added: z.number(),
});
export type PersonView = z.infer<typeof PersonView>;

export const SessionRow = z.strictObject({
  id: z.string(),
  actor: Actor,
  kind: z.enum(['page', 'cli']),
  /** UTC ms. */
  began: z.number(),
  used: z.number(),
  ends: z.number(),
  /** Where it began. */
  address: z.string(),
  panel: z.boolean(),
  /** The one that asks. */
  own: z.boolean(),
});
export type SessionRow = z.infer<typeof SessionRow>;

/** What a program or an agent may be given; nobody approves or rules over people by a token. */
export const TokenScope = z.enum(tokenScopes);
export type TokenScope = z.infer<typeof TokenScope>;

/** Programs are `token:<name>`, agents `agent:<owner>/<name>`. */
export const TokenView = z.strictObject({
  id: z.string(),
  actor: Actor,
  owner: PersonName.optional(),
  scopes: z.array(TokenScope),
  commands: z.array(CommandRole),
  /** The verbs that it may call; absent: all that its scopes open. */
  verbs: z.array(z.string()).optional(),
  added: z.number(),
  ends: z.number(),
  /** UTC ms of the last use, to the minute; absent: never. */
  used: z.number().optional(),
});
export type TokenView = z.infer<typeof TokenView>;

const nothing = z.strictObject({});
const named = z.strictObject({ name: PersonName });
const numbered = z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/) });

export const openLink = {
  method: 'POST',
  path: '/session',
  summary: 'Trades a link of one use, of the cell’s own console, for a session.',
  needs: 'anyone',
  bodyLimit: 1024,
  body: z.strictObject({ key: z.string().max(64) }),
  answer: nothing,
} as const satisfies Route;

export const signIn = {
  method: 'POST',
  path: '/api/sign-in',
  summary: 'Begins a session with a password and, where there is one, a second factor.',
  needs: 'anyone',
  body: z.strictObject({
    name: PersonName,
    password: GivenPassword,
    code: FactorCode.optional().meta({ description: 'refused with E_SIGN_IN_CODE without it' }),
    kind: z.enum(['page', 'cli']).default('page'),
  }),
  answer: Me,
} as const satisfies Route;

export const switchTo = {
  method: 'POST',
  path: '/api/switch',
  summary: 'Changes to another person by PIN, where that person used the password within 12 h.',
  needs: 'anyone',
  body: z.strictObject({ name: PersonName, pin: GivenPin }),
  answer: Me,
} as const satisfies Route;

export const signOut = {
  method: 'POST',
  path: '/api/sign-out',
  summary: 'Ends the session that asks.',
  needs: 'signed-in',
  body: nothing,
  answer: nothing,
} as const satisfies Route;

export const prove = {
  method: 'POST',
  path: '/api/prove',
  summary: 'Proves again who one is, as approvals and changes of people ask for.',
  needs: 'signed-in',
  body: z
    .strictObject({
      password: GivenPassword.optional(),
      pin: GivenPin.optional(),
      code: FactorCode.optional(),
    })
    .refine(({ password, pin }) => (password === undefined) !== (pin === undefined), {
      message: 'either a password or a PIN',
    }),
  answer: Me,
} as const satisfies Route;

export const touch = {
  method: 'POST',
  path: '/api/touch',
  summary: 'Says that a hand is on the page, so that its session does not end; at most each 10 s.',
  needs: 'signed-in',
  body: nothing,
  answer: nothing,
} as const satisfies Route;

export const getMe = {
  method: 'GET',
  path: '/api/me',
  summary: 'Who asks, and what they may.',
  needs: 'anyone',
  answer: Me,
} as const satisfies Route;

export const setOwnPassword = {
  method: 'POST',
  path: '/api/me/password',
  summary: 'Changes one’s own password. Other sessions of the person end.',
  needs: 'signed-in',
  body: z.strictObject({ old: GivenPassword, password: NewPassword }),
  answer: Me,
} as const satisfies Route;

export const setOwnPin = {
  method: 'POST',
  path: '/api/me/pin',
  summary: 'Sets one’s own PIN, or removes it: null.',
  needs: 'signed-in',
  body: z.strictObject({ password: GivenPassword, pin: NewPin.nullable() }),
  answer: Me,
} as const satisfies Route;

export const setOwnLanguage = {
  method: 'POST',
  path: '/api/me/language',
  summary: 'Sets the language of one’s own pages.',
  needs: 'signed-in',
  body: z.strictObject({ language: Language }),
  answer: Me,
} as const satisfies Route;

export const listPeople = {
  method: 'GET',
  path: '/api/people',
  summary: 'Everybody who is enrolled.',
  needs: 'people',
  answer: z.strictObject({ people: z.array(PersonView) }),
} as const satisfies Route;

export const addPerson = {
  method: 'POST',
  path: '/api/people',
  summary: 'Enrols a person. The first one must be an administrator.',
  needs: 'people',
  body: z.strictObject({
    name: PersonName,
    title: PersonTitle.optional().meta({ description: 'for people; default the name' }),
    roles: Roles.min(1),
    password: NewPassword,
    temporary: z.boolean().default(true).meta({
      description: 'the person must choose another password before anything else',
    }),
    language: Language.optional(),
  }),
  answer: PersonView,
} as const satisfies Route;

export const changePerson = {
  method: 'POST',
  path: '/api/people/:name',
  summary: 'Changes a person. A new password voids PIN, signing key and sessions of the old one.',
  needs: 'people',
  params: named,
  body: z.strictObject({
    title: PersonTitle.optional(),
    roles: Roles.optional(),
    disabled: z.boolean().optional(),
    language: Language.optional(),
    password: NewPassword.optional(),
    temporary: z.boolean().default(true).meta({
      description: 'with `password`: it must be changed before anything else',
    }),
  }),
  answer: PersonView,
} as const satisfies Route;

export const removePerson = {
  method: 'DELETE',
  path: '/api/people/:name',
  summary: 'Removes a person; the record keeps what they did.',
  needs: 'people',
  params: named,
  answer: nothing,
} as const satisfies Route;

export const beginFactor = {
  method: 'POST',
  path: '/api/people/:name/second-factor',
  summary: 'Begins one’s own second factor: the secret, told once. It counts once it is confirmed.',
  needs: 'signed-in',
  params: named,
  body: z.strictObject({ password: GivenPassword }),
  answer: z.strictObject({
    uri: z.string().meta({ description: 'otpauth:, to be shown as a code of squares' }),
    secret: z.string().meta({ description: 'the same in base32, to be typed' }),
  }),
} as const satisfies Route;

export const confirmFactor = {
  method: 'POST',
  path: '/api/people/:name/second-factor/confirm',
  summary: 'Proves that the second factor works; from then on it is asked for.',
  needs: 'signed-in',
  params: named,
  body: z.strictObject({ code: FactorCode }),
  answer: Me,
} as const satisfies Route;

export const removeFactor = {
  method: 'DELETE',
  path: '/api/people/:name/second-factor',
  summary: 'Removes a second factor: one’s own, or as an administrator anybody’s.',
  needs: 'signed-in',
  params: named,
  answer: nothing,
} as const satisfies Route;

export const listSessions = {
  method: 'GET',
  path: '/api/sessions',
  summary: 'One’s own sessions; with the permission `people` those of all.',
  needs: 'signed-in',
  answer: z.strictObject({ sessions: z.array(SessionRow) }),
} as const satisfies Route;

export const endSession = {
  method: 'DELETE',
  path: '/api/sessions/:id',
  summary: 'Ends a session: one’s own, or with the permission `people` any.',
  needs: 'signed-in',
  params: numbered,
  answer: nothing,
} as const satisfies Route;

export const listTokens = {
  method: 'GET',
  path: '/api/tokens',
  summary: 'Tokens of programs and agents.',
  needs: 'people',
  answer: z.strictObject({ tokens: z.array(TokenView) }),
} as const satisfies Route;

export const addToken = {
  method: 'POST',
  path: '/api/tokens',
  summary: 'Makes a token for a program, or for an agent of a person. It is told once.',
  needs: 'people',
  body: z.strictObject({
    name: PersonName,
    owner: PersonName.optional().meta({ description: 'whose agent it is; else it is a program' }),
    scopes: z.array(TokenScope).min(1).max(TokenScope.options.length),
    commands: z.array(CommandRole).max(4).default(['anyone', 'operator']),
    verbs: z
      .array(z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/))
      .max(64)
      .optional()
      .meta({
        description: `the verbs that it may call (${verbs.join(', ')}, and others); default all`,
      }),
    for_ms: z
      .int()
      .min(60_000)
      .max(366 * 86_400_000),
  }),
  answer: z.strictObject({ secret: z.string(), token: TokenView }),
} as const satisfies Route;

export const removeToken = {
  method: 'DELETE',
  path: '/api/tokens/:id',
  summary: 'Ends a token.',
  needs: 'people',
  params: numbered,
  answer: nothing,
} as const satisfies Route;
