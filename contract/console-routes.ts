// The routes of the console and of acts at station's port. What they ask and answer stands in console.ts.
import type { Route } from './api.ts';
import {
  ActAnswer,
  ActAsk,
  CompleteAsk,
  Completion,
  ConsoleAnswer,
  ConsoleAsk,
} from './console.ts';

/** The console and acts; `line` and `complete` speak its language, `act` is for programs and pages. */
export const consoleRoutes = {
  line: {
    method: 'POST',
    path: '/api/console',
    summary:
      'Runs one line of the console: T0 reads, T1 acts. Each verb asks for its own permission.',
    needs: 'signed-in',
    body: ConsoleAsk,
    answer: ConsoleAnswer,
  },
  complete: {
    method: 'POST',
    path: '/api/console/complete',
    summary: 'What a line of the console may go on with at the caret.',
    needs: 'signed-in',
    body: CompleteAsk,
    answer: Completion,
  },
  act: {
    method: 'POST',
    path: '/api/acts',
    summary:
      'Gives an act and waits for its receipt and its entry. A stop command needs nobody at the panel.',
    needs: 'anyone',
    body: ActAsk,
    answer: ActAnswer,
  },
} as const satisfies Readonly<Record<string, Route>>;
