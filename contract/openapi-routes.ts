// The route that describes all others.
import * as z from 'zod';
import type { Route } from './api.ts';

export const openapiRoute = {
  method: 'GET',
  path: '/api/openapi.json',
  summary: 'This description, OpenAPI 3.1, made from the routes as they are served.',
  needs: 'anyone',
  answer: z.record(z.string(), z.json()),
} as const satisfies Route;
