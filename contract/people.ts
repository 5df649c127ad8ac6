// People, programs and agents: what each may, as data, and what becomes of them in the record.
// Passwords and keys never come here; control knows none of this but the actor's name.
import * as z from 'zod';
import type { Actor } from './actor.ts';
import { CommandInfo } from './described.ts';
import type { Verb } from './verbs.ts';

/** What somebody may. Each verb, route and screen asks for one of these; nothing asks for a role. */
export const permissions = [
  'view',
  'acknowledge',
  'command',
  'parameter',
  'force',
  /** The second person of a force or a hazardous verb. */
  'act.approve',
  'flow.edit',
  'deploy.approve',
  /** Ask for a shell and type into it. */
  'shell.open',
  /** Be the second person, watch live, pause, resume, end and lock. */
  'shell.approve',
  /** Watch live and end; never type. */
  'shell.observe',
  'recordings',
  'people',
  'audit',
] as const;
export const Permission = z.enum(permissions);
export type Permission = z.infer<typeof Permission>;

export const roles = [
  'operator',
  'maintenance',
  'engineer',
  'supervisor',
  'admin',
  'auditor',
] as const;
export const Role = z.enum(roles);
export type Role = z.infer<typeof Role>;

/** What a flow's commands name as their `role`. */
export const CommandRole = CommandInfo.shape.role;
export type CommandRole = z.infer<typeof CommandRole>;

interface Rights {
  readonly permissions: readonly Permission[];
  /** The `role:` of commands that this role may give. */
  readonly commands: readonly CommandRole[];
}

/** The default rights of each role. Nobody who looks at the page needs one to see the cell. */
export const rightsOf: Readonly<Record<Role, Rights>> = {
  operator: {
    permissions: ['view', 'acknowledge', 'command'],
    commands: ['anyone', 'operator'],
  },
  maintenance: {
    permissions: ['view', 'acknowledge', 'command', 'parameter', 'force', 'shell.open'],
    commands: ['anyone', 'operator', 'maintenance'],
  },
  engineer: {
    permissions: [
      'view',
      'acknowledge',
      'command',
      'parameter',
      'force',
      'act.approve',
      'flow.edit',
      'deploy.approve',
      'shell.open',
      'shell.approve',
      'recordings',
      'audit',
    ],
    commands: ['anyone', 'operator', 'maintenance', 'engineer'],
  },
  supervisor: {
    permissions: [
      'view',
      'acknowledge',
      'command',
      'parameter',
      'act.approve',
      'deploy.approve',
      'shell.approve',
      'shell.observe',
      'recordings',
      'audit',
    ],
    commands: ['anyone', 'operator', 'maintenance'],
  },
  admin: { permissions: ['view', 'people', 'audit'], commands: [] },
  auditor: { permissions: ['view', 'recordings', 'audit'], commands: [] },
};

/** The permission that each verb of control's door asks for; a command of class stop asks for none at the panel. */
export const permissionOf = {
  command: 'command',
  keep: 'command',
  resume: 'command',
  acknowledge: 'acknowledge',
  parameter: 'parameter',
  force: 'force',
  unforce: 'force',
} as const satisfies Readonly<Record<Verb, Permission>>;

/** Who asks, wherever station asks who it is. Made by people/, believed by everybody else. */
export interface Principal {
  readonly actor: Actor;
  readonly permissions: ReadonlySet<Permission>;
  readonly commands: ReadonlySet<CommandRole>;
  /** Names the session or token that it came by, not its secret: two approvals never share one. */
  readonly credential: string;
  /** Of an agent: the person it belongs to, who never approves for it. */
  readonly owner?: Actor | undefined;
  /** Of a token that is held to some: the only verbs that it may call. */
  readonly verbs?: ReadonlySet<string> | undefined;
  /** UTC ms at which it last proved who it is (password, PIN, second factor). */
  readonly proved: number;
}

/** A name that people sign in with. */
export const PersonName = z.string().regex(/^[a-z][a-z0-9._-]{0,31}$/, {
  message: 'small letters, digits, dot, dash and _, at most 32, a letter first',
});

/** What happens to people and their sessions, in the chronicle. */
export const PeopleEvent = z.strictObject({
  event: z.enum([
    'signed-in',
    'signed-out',
    'proved',
    'refused',
    'locked-out',
    'enrolled',
    'person-added',
    'person-changed',
    'person-removed',
    'token-added',
    'token-removed',
    'session-ended',
  ]),
  code: z.string().max(64).optional(),
  /** Whom or what it was done to, where that is not the actor. */
  subject: z.string().max(128).optional(),
  /** Before and after, of what changed; never a secret. */
  change: z.record(z.string(), z.json()).optional(),
  text: z.string().max(500),
});
export type PeopleEvent = z.infer<typeof PeopleEvent>;
