// The console's routes, and the one by which programs and pages give acts.
import { consoleRoutes } from '#contract/console-routes.ts';
import { serve } from '#controller/server/routes.ts';
import type { Served } from '#controller/server/routes.ts';
import type { ActDesk } from './act-desk.ts';
import type { Console } from './console.ts';

export function consoleServed(console: Console, desk: ActDesk): readonly Served[] {
  const { line, complete, act } = consoleRoutes;
  return [
    serve(line, ({ body, guest }) => console.run(body, guest)),
    serve(complete, ({ body, guest }) => console.complete(body, guest)),
    serve(
      act,
      ({ body, guest }) => desk.give(guest, body),
      // A stop at the panel is held back by no pace.
      ({ body, guest }) => guest.panel && desk.isStop(body),
    ),
  ];
}
