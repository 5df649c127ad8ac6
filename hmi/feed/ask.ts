// Asks a route of station's port, in the shapes that contract/ gives it. Every question ends, with an answer or with
// why there is none; nothing is asked again by itself.
import type * as z from 'zod';
import type { Route } from '#contract/api.ts';

/** Why there is no answer, as station says it; `code` is empty where nobody answered. */
export interface Failed {
  readonly kind: 'failed';
  readonly code: string;
  readonly text: string;
}
/** What came of a question. `ended`: whoever asked wants it no more. */
export type Asked<Told> =
  | { readonly kind: 'answer'; readonly answer: Told }
  | Failed
  | { readonly kind: 'ended' };

type Part<R extends Route, Name extends 'params' | 'query' | 'body'> = R extends {
  readonly [name in Name]: infer Schema extends z.ZodType;
}
  ? { readonly [name in Name]: z.input<Schema> }
  : unknown;
/** What a route gives; a stream is read otherwise. */
export type Answer<R extends Route> = R['answer'] extends z.ZodType ? z.output<R['answer']> : never;
/** What a route takes. */
export type Given<R extends Route> = Part<R, 'params'> & Part<R, 'query'> & Part<R, 'body'>;

const patience_ms = 10_000;

/** `ask<typeof signIn>('POST', '/api/sign-in', { body })`: the route's own words, checked; its schemas stay away. */
export async function ask<R extends Route>(
  method: R['method'],
  path: R['path'],
  given: Given<R>,
  ended?: AbortSignal,
): Promise<Asked<Answer<R>>> {
  const {
    params = {},
    query = {},
    body,
  } = given as Readonly<
    Record<'params' | 'query' | 'body', Readonly<Record<string, unknown>> | undefined>
  >;
  const named = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const words = new URLSearchParams(
    Object.entries(query).map(([key, value]) => [key, String(value)]),
  ).toString();
  return askAt(`${named.slice(1)}${words === '' ? '' : `?${words}`}`, { method, body }, ended);
}

/** As `ask`, for what is no `Route`. */
export async function askAt<Told>(
  address: string,
  { method = 'GET', body }: { readonly method?: string; readonly body?: unknown } = {},
  ended?: AbortSignal,
): Promise<Asked<Told>> {
  const late = AbortSignal.timeout(patience_ms);
  try {
    const answer = await fetch(address, {
      method,
      signal: ended === undefined ? late : AbortSignal.any([ended, late]),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const said: unknown = await answer.json();
    if (answer.ok) return { kind: 'answer', answer: said as Told };
    return { kind: 'failed', ...problemOf(said, `${answer.status}`) };
  } catch {
    if (ended?.aborted === true) return { kind: 'ended' };
    return { kind: 'failed', code: '', text: late.aborted ? 'timeout' : '' };
  }
}

/** Of what station says when it refuses: code and sentences. */
function problemOf(body: unknown, status: string): { code: string; text: string } {
  const { code, meaning, action, reason } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const said = [reason ?? meaning, action].filter((each) => typeof each === 'string');
  return { code: typeof code === 'string' ? code : status, text: said.join(' ') };
}
