// A route of station's port, as data: what it takes, what it gives, and what one must be allowed to ask it.
// Handlers, the fuzz test and the OpenAPI page all read the same.
import type * as z from 'zod';
import type { Permission } from './people.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** A word after a colon is a parameter: `/api/people/:name`. */
  readonly path: `/api/${string}`;
  readonly summary: string;
  /** `anyone` may look without a session; `signed-in` is whoever has one. */
  readonly needs: Permission | 'anyone' | 'signed-in';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly answer: z.ZodType;
}

/** What a part of a request holds once it is parsed; nothing where the route takes none. */
export type Parsed<T> = T extends z.ZodType ? z.infer<T> : undefined;
