// The actor of whoever works at this machine's own console, by its operating system's name.
import { userInfo } from 'node:os';
import type { Actor } from '#contract/actor.ts';

/** `console:maria`; signs that no actor has become `_`. */
export const consoleActor = (): Actor =>
  `console:${userInfo()
    .username.replaceAll(/[^A-Za-z0-9_.@-]/g, '_')
    .slice(0, 64)}`;
