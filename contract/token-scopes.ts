// What a program or an agent may be given, in the order in which it is picked. A list alone, for the page too.
import type { Permission } from './people.ts';

/** The schema is `TokenScope`; pages that only pick take no schema along. */
export const tokenScopes = [
  'view',
  'acknowledge',
  'command',
  'parameter',
  'force',
  'flow.edit',
  'shell.open',
  'shell.observe',
  'recordings',
  'audit',
] as const satisfies readonly Permission[];
