// Routes of station's port that are described in contract/: who asks is known and may, what is asked is
// parsed, before a handler sees it; what a handler gives is JSON, what it throws a coded refusal.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import type { Parsed, Route } from '#contract/api.ts';
import { CellError } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';

/** Who is at the other end. `panel`: at the cell's own machine. */
export interface Guest {
  readonly principal: Principal | null;
  readonly panel: boolean;
}

/** What a handler is asked, parsed. `guest.principal` is there unless the route needs `anyone`. */
export interface Asked<R extends Route> {
  readonly guest: Guest;
  readonly params: Parsed<R['params']>;
  readonly query: Parsed<R['query']>;
  readonly body: Parsed<R['body']>;
  /** Where the request came from, for the record. */
  readonly address: string;
  /** A `Set-Cookie` of the answer. */
  cookie(text: string): void;
}

export interface Served {
  readonly route: Route;
  readonly answer: (asked: Asked<Route>) => Promise<unknown>;
}

/** Binds a handler to the route that describes it. It throws `CellError` for what it refuses. */
export const serve = <R extends Route>(
  route: R,
  answer: (asked: Asked<R>) => Promise<z.infer<R['answer']>> | z.infer<R['answer']>,
): Served => ({ route, answer: async (asked) => answer(asked) });

/** The principal of a handler whose route needs one. */
export function signedIn({ guest }: Pick<Asked<Route>, 'guest'>): Principal {
  if (guest.principal === null)
    throw new CellError('E_NOT_SIGNED_IN', 'nobody is signed in on this connection');
  return guest.principal;
}

/** Adds the routes to the app. `refused` hears of each that was not allowed. */
export function addRoutes(
  app: FastifyInstance,
  served: readonly Served[],
  gate: {
    guestOf(request: FastifyRequest): Guest;
    refused(guest: Guest, code: 'E_NOT_SIGNED_IN' | 'E_NOT_ALLOWED', what: string): void;
  },
): void {
  for (const { route, answer } of served) {
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      const guest = gate.guestOf(request);
      const code = refusalOf(route, guest);
      const what = `${route.method} ${route.path}`;
      if (code !== undefined) {
        gate.refused(guest, code, what);
        const need = route.needs === 'signed-in' ? 'a session' : `the permission ${route.needs}`;
        throw new CellError(code, `${what} needs ${need}`);
      }
      const asked = {
        guest,
        params: part(route.params, request.params),
        query: part(route.query, request.query),
        body: part(route.body, request.body),
        address: request.socket.remoteAddress ?? '',
        cookie: (text: string) => void reply.header('set-cookie', text),
      } as Asked<Route>;
      void reply.header('cache-control', 'no-store');
      return reply.send((await answer(asked)) ?? {});
    };
    app.route({ method: route.method, url: route.path, handler });
  }
}

function refusalOf(
  { needs }: Route,
  { principal }: Guest,
): 'E_NOT_SIGNED_IN' | 'E_NOT_ALLOWED' | undefined {
  if (needs === 'anyone') return undefined;
  if (principal === null) return 'E_NOT_SIGNED_IN';
  if (needs === 'signed-in' || principal.permissions.has(needs)) return undefined;
  return 'E_NOT_ALLOWED';
}

function part(schema: z.ZodObject | undefined, given: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CellError(
    'E_DOOR_FRAME',
    `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  );
}
