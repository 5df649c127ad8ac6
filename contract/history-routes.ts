// The routes of the past at station's port. What they ask and answer stands in history.ts.
import * as z from 'zod';
import type { Route } from './api.ts';
import { CsvQuery, History, HistoryQuery, Journal, JournalQuery, LoggedTags } from './history.ts';

/** What pages ask of the past; each window is answered within a bound, whatever is kept. */
export const historyRoutes = {
  points: {
    method: 'GET',
    path: '/api/history',
    summary: 'How a logged tag went, in as many points as are asked for.',
    needs: 'anyone',
    query: HistoryQuery,
    answer: History,
  },
  csv: {
    method: 'GET',
    path: '/api/history/csv',
    summary: 'All points of a window as CSV (RFC 4180), as `rebe history --csv` prints them.',
    needs: 'anyone',
    query: CsvQuery,
    answer: {
      media: 'text/csv; charset=utf-8',
      about: '`time,min,max,last`, a line for each point',
    },
  },
  tags: {
    method: 'GET',
    path: '/api/history/tags',
    summary: 'Which tags are logged.',
    needs: 'anyone',
    query: z.strictObject({}),
    answer: LoggedTags,
  },
  journal: {
    method: 'GET',
    path: '/api/journal',
    summary: 'States visited, alarms, and gaps in which nobody recorded.',
    needs: 'anyone',
    query: JournalQuery,
    answer: Journal,
  },
} as const satisfies Readonly<Record<string, Route>>;
