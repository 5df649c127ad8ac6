// Routes of station's port that are described in contract/: who asks is known and may, what is asked is
// parsed, before a handler sees it; what a handler gives is JSON or a stream, what it throws a coded refusal.
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type * as z from 'zod';
import { bodyLimit, isStream } from '#contract/api.ts';
import type { Parsed, Route, Stream } from '#contract/api.ts';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { Paces } from './paces.ts';

/** Who is at the other end. `panel`: at the cell's own machine. */
export interface Guest {
  readonly principal: Principal | null;
  readonly panel: boolean;
  /** Names the browser, where somebody used a password in it. */
  readonly browser?: string | undefined;
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

/** The answer of a route that gives a stream: bytes, and the name of the file that they make. */
export interface Streamed {
  readonly body: Readable;
  readonly file: string;
}

type AnswerOf<R extends Route> = R['answer'] extends z.ZodType ? z.infer<R['answer']> : Streamed;

export interface Served {
  readonly route: Route;
  readonly answer: (asked: Asked<Route>) => Promise<unknown>;
  /** What is never refused for its pace: a stop at the panel. */
  readonly urgent?: (asked: Asked<Route>) => boolean;
}

/** Binds a handler to the route that describes it. It throws `CellError` for what it refuses. */
export const serve = <R extends Route>(
  route: R,
  answer: (asked: Asked<R>) => Promise<AnswerOf<R>> | AnswerOf<R>,
  urgent?: (asked: Asked<R>) => boolean,
): Served => ({
  route,
  answer: async (asked) => answer(asked),
  ...(urgent === undefined ? {} : { urgent: (asked) => urgent(asked) }),
});

/** The principal of a handler whose route needs one. */
export function signedIn({ guest }: Pick<Asked<Route>, 'guest'>): Principal {
  if (guest.principal === null)
    throw new CellError('E_NOT_SIGNED_IN', 'nobody is signed in on this connection');
  return guest.principal;
}

/** What stands before every handler. */
export interface Gate {
  readonly paces: Paces;
  guestOf(request: FastifyRequest): Guest;
  /** Why nothing at all is answered to this principal now; undefined: it is. */
  barred(principal: Principal): string | undefined;
  /** Hears of each request that was not let through. */
  refused(guest: Guest, code: Code, what: string): void;
}

/** Adds the routes to the app. */
export function addRoutes(app: FastifyInstance, served: readonly Served[], gate: Gate): void {
  for (const one of served) {
    const { route } = one;
    app.route({
      method: route.method,
      url: route.path,
      bodyLimit: route.bodyLimit ?? bodyLimit,
      handler: async (request, reply) => handle(one, gate, request, reply),
    });
  }
}

async function handle(
  { route, answer, urgent }: Served,
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const guest = gate.guestOf(request);
  const what = `${route.method} ${route.path}`;
  const refuse = (code: Code, text: string): CellError => {
    gate.refused(guest, code, what);
    return new CellError(code, text);
  };
  const address = request.socket.remoteAddress ?? '';
  const known = guest.panel || guest.principal !== null;
  const within = gate.paces.take(guest.principal?.credential ?? address, known);
  if (!within && urgent === undefined) throw refuse('E_DOOR_RATE', what);
  const barred = guest.principal === null ? undefined : gate.barred(guest.principal);
  if (barred !== undefined) throw refuse('E_AGENT_LOCKED', barred);
  const code = refusalOf(route, guest);
  if (code !== undefined) {
    const need = route.needs === 'signed-in' ? 'a session' : `the permission ${route.needs}`;
    throw refuse(code, `${what} needs ${need}`);
  }
  const asked = {
    guest,
    params: part(route.params, request.params),
    query: part(route.query, request.query),
    body: part(route.body, request.body),
    address,
    cookie: (text: string) => void reply.header('set-cookie', text),
  } as Asked<Route>;
  if (!within && urgent?.(asked) !== true) throw refuse('E_DOOR_RATE', what);
  void reply.header('cache-control', 'no-store');
  const given = await answer(asked).catch((error: unknown) => {
    if (error instanceof CellError && isToldHere(route, error.code))
      gate.refused(guest, error.code, what);
    throw error;
  });
  return isStream(route.answer)
    ? stream(reply, route.answer, given as Streamed)
    : reply.send(given ?? {});
}

/** What a handler refuses for who asks, and not for what is asked; agents' routes and approvals record theirs themselves. */
const forWho: ReadonlySet<Code> = new Set<Code>([
  'E_AGENT_ONLY',
  'E_FACTOR_NONE',
  'E_GLASS_OWN',
  'E_NOT_ALLOWED',
  'E_PIN_NOT_HERE',
  'E_PROOF_OLD',
  'E_SHELL_LOCKED',
  'E_SHELL_OFF',
  'E_SHELL_PART',
  'E_SIGN_IN_LOCKED',
]);
const isToldHere = ({ path }: Route, code: Code): boolean =>
  forWho.has(code) && !/^\/api\/(?:agent|approvals)(?:\/|$)/.test(path);

function stream(reply: FastifyReply, { media }: Stream, { body, file }: Streamed): FastifyReply {
  return reply
    .header('content-type', media)
    .header('content-disposition', `attachment; filename="${file.replaceAll(/[^\w.-]/g, '_')}"`)
    .send(body);
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

/** A part that a route does not take is not looked at, and reaches no handler. */
function part(schema: z.ZodObject | undefined, given: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CellError(
    'E_DOOR_FRAME',
    `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim().slice(0, 300),
  );
}
