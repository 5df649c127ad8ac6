// Who does something. Every act carries one of these from the door to the chronicle.
import * as z from 'zod';

const form =
  /^(?:console:[A-Za-z0-9_.@-]{1,64}|user:[A-Za-z0-9_.@-]{1,64}|token:[A-Za-z0-9_.-]{1,64}|agent:[A-Za-z0-9_.-]{1,64}\/[A-Za-z0-9_.-]{1,64}|flow:[A-Za-z0-9-]{1,63}|system)$/;

/** `console:<os user>`, `user:<name>`, `token:<name>`, `agent:<owner>/<name>`, `flow:<name>`, `system`. */
export const Actor = z
  .string()
  .regex(form, 'an actor is console:, user:, token:, agent:<owner>/, flow: and a name, or system');
export type Actor = z.infer<typeof Actor>;
