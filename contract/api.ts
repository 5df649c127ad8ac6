// A route of station's port, as data: what it takes, what it gives, and what one must be allowed to ask it.
// Handlers, the fuzz test and the OpenAPI page all read the same.
import type * as z from 'zod';
import type { Permission } from './people.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** A word after a colon is a parameter: `/api/people/:name`. */
  readonly path: `/api/${string}` | '/session';
  readonly summary: string;
  /** `anyone` may look without a session; `signed-in` is whoever has one. */
  readonly needs: Permission | 'anyone' | 'signed-in';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /** Bytes of the largest body; `bodyLimit` where none is said. */
  readonly bodyLimit?: number;
  /** JSON of this shape, or a stream of bytes. */
  readonly answer: z.ZodType | Stream;
}

/** What an answer is that is too long to be one value: sent as it is made, ended when the reader goes. */
export interface Stream {
  /** The media type, with its charset where it is text. */
  readonly media: string;
  readonly about: string;
}

/** Bytes of a body where its route says no other, and characters of an address with its query. */
export const bodyLimit = 16 * 1024;
export const addressLimit = 4096;

/** What a part of a request holds once it is parsed; nothing where the route takes none. */
export type Parsed<T> = T extends z.ZodType ? z.infer<T> : undefined;

export const isStream = (answer: Route['answer']): answer is Stream => 'media' in answer;
