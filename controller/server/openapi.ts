// What station's port can be asked, told from the routes themselves: as OpenAPI 3.1 for programs, as a page
// without script for people. Nothing is said here that a route does not say.
import * as z from 'zod';
import { addressLimit, bodyLimit, isStream } from '#contract/api.ts';
import type { Route } from '#contract/api.ts';
import { openapiRoute } from '#contract/openapi-routes.ts';
import { productVersion } from '#controller/product.ts';
import { serve } from './routes.ts';
import type { Served } from './routes.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of what is given or taken; what JSON Schema cannot say is left open. */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const { $schema: _, ...rest } = made as Record<string, unknown>;
  return rest;
}

/** Who may, in one sentence. */
export const needText = ({ needs }: Pick<Route, 'needs'>): string =>
  needs === 'anyone'
    ? 'Anyone may.'
    : needs === 'signed-in'
      ? 'Whoever is signed in may.'
      : `Needs the permission \`${needs}\`.`;

export function openapiOf(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'rebe-cell: station', version: productVersion },
    paths,
    components: {
      schemas: { Refusal: refusalSchema },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'rebe-PORT' },
        token: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

const refusalSchema = {
  type: 'object',
  properties: {
    code: { type: 'string' },
    meaning: { type: 'string' },
    action: { type: 'string' },
    retry: { enum: ['never', 'later'] },
    reason: { type: 'string' },
  },
  required: ['code', 'meaning', 'action', 'retry'],
};

function operationOf(route: Route): JsonSchema {
  const { body, answer, needs } = route;
  const parameters = [...parametersOf('path', route.params), ...parametersOf('query', route.query)];
  const content = isStream(answer)
    ? { [answer.media]: { schema: { type: 'string', description: answer.about } } }
    : { 'application/json': { schema: schemaOf(answer, 'output') } };
  return {
    summary: route.summary,
    description: needText(route),
    security: needs === 'anyone' ? [] : [{ session: [] }, { token: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      200: { description: 'The answer.', content },
      default: {
        description: 'A refusal, with its code.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
      },
    },
  };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodObject | undefined): JsonSchema[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, unknown>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: one,
  }));
}

/** The description as a route of its own; it describes itself too. */
export function describing(served: readonly Served[]): Served {
  const routes = [...served.map(({ route }) => route), openapiRoute];
  const description = JSON.parse(JSON.stringify(openapiOf(routes)));
  return serve(openapiRoute, () => description);
}

/** The page at /api. */
export function apiPage(routes: readonly Route[]): string {
  const listed = routes.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>rebe-cell: what station can be asked</title>
<link rel="stylesheet" href="/api/page.css">
<main>
<h1>What station can be asked</h1>
<p>JSON in, JSON out; <a href="/api/openapi.json">the same as OpenAPI 3.1</a>. What changes anything
needs the page's own <code>Origin</code>, or a token instead of a cookie. A body holds at most
${bodyLimit} bytes where nothing else is said, an address ${addressLimit} characters.</p>
${listed.map((route) => routeHtml(route)).join('\n')}
</main>
`;
}

function routeHtml(route: Route): string {
  const { method, path, summary, params, query, body, answer } = route;
  const taken = [
    ...schemaHtml('path', params, 'input'),
    ...schemaHtml('query', query, 'input'),
    ...schemaHtml('body', body, 'input'),
    ...(isStream(answer)
      ? [`<p>${html(`${answer.media}: ${answer.about}`)}</p>`]
      : schemaHtml('answer', answer, 'output')),
  ];
  return `<section>
<h2><b>${method}</b> ${html(path)}</h2>
<p>${html(summary)} ${html(needText(route))}</p>
${taken.join('\n')}
</section>`;
}

function schemaHtml(what: string, schema: z.ZodType | undefined, io: 'input' | 'output'): string[] {
  if (schema === undefined) return [];
  const text = JSON.stringify(schemaOf(schema, io), null, 2);
  return [`<details><summary>${what}</summary><pre>${html(text)}</pre></details>`];
}

/** The page's stylesheet, at /api/page.css. */
export const apiStyle = `body { font: 16px/1.5 system-ui, sans-serif; background: #c6c8ca; color: #1f2326; margin: 0 }
main { max-width: 60rem; margin: 0 auto; padding: 1rem }
section { background: #dfe1e2; margin: 0 0 1rem; padding: .5rem 1rem }
h1 { font-size: 1.5rem } h2 { font: 600 1rem monospace; margin: .5rem 0 }
pre { overflow: auto; background: #fff; padding: .5rem } summary { cursor: pointer; padding: .5rem 0 }
`;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const html = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? '');
