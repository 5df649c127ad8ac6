// Reads the journal of `history.db`: states visited, alarms, and the gaps in which nobody recorded.
import type Database from 'better-sqlite3';
import { Text } from '#contract/described.ts';
import type { HistoryGap, Journal, JournalQuery, PastAlarm } from '#contract/history.ts';
import type { RunRow } from './segments.ts';
import { Visits } from './visits.ts';

export class JournalReader {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #visits: Visits;

  constructor(database: Database.Database) {
    this.#statements = prepare(database);
    this.#visits = new Visits(database);
  }

  /** `runs`: all of them, the newest until `now` while it is written to. */
  read(query: JournalQuery, runs: readonly RunRow[], now: number): Journal {
    const last = runs.at(-1);
    // What a run left open that is written no more ended with it, as far as anybody knows.
    const ended = last === undefined || last.until === now ? null : last.until;
    const { limit } = query;
    const states = this.#visits.read(query).map((visit) => ({ ...visit, to: visit.to ?? ended }));
    const alarms = this.#alarms(query).map((alarm) => ({
      ...alarm,
      cleared: alarm.cleared ?? ended,
    }));
    const gaps = gapsOf(runs, query, now);
    return {
      states: states.slice(-limit),
      alarms: alarms.slice(-limit),
      gaps: gaps.slice(-limit),
      more: [states, alarms, gaps].some((list) => list.length > limit),
    };
  }

  #alarms({ from, to, limit }: JournalQuery): PastAlarm[] {
    const { alarms, alarmsBefore } = this.#statements;
    const before = alarmsBefore.all({ from, limit: limit + 1 });
    return [...before, ...alarms.all(from, to, limit + 1).toReversed()]
      .map((row) => ({
        id: row.name,
        priority: row.priority,
        text: readText(row.text),
        ...(row.response === null ? {} : { response: readText(row.response) }),
        ...(row.flow === null ? {} : { flow: row.flow }),
        raised: row.raised,
        cleared: row.cleared,
        acknowledged: row.acknowledged,
        ...(row.actor === null ? {} : { by: row.actor }),
      }))
      .toSorted((left, right) => left.raised - right.raised);
  }
}

/** Between runs that follow each other, and after the last one when it is written no more. */
function gapsOf(runs: readonly RunRow[], { from, to }: JournalQuery, now: number): HistoryGap[] {
  const gaps = runs.slice(1).map(({ began, why }, index): HistoryGap => {
    return { from: runs[index]?.until ?? began, to: began, why };
  });
  const last = runs.at(-1);
  if (last !== undefined && last.until < now)
    gaps.push({ from: last.until, to: now, why: 'Nobody records now' });
  return gaps.filter(
    (gap) => Math.max(gap.from, gap.to) >= from && Math.min(gap.from, gap.to) <= to,
  );
}

/** One that was too long was cut, and is shown as it stands. */
function readText(json: string): Text {
  try {
    return Text.parse(JSON.parse(json));
  } catch {
    return json;
  }
}

interface AlarmRow {
  readonly name: string;
  readonly priority: number;
  readonly text: string;
  readonly response: string | null;
  readonly flow: string | null;
  readonly raised: number;
  readonly cleared: number | null;
  readonly acknowledged: number | null;
  readonly actor: string | null;
}

function prepare(database: Database.Database) {
  const alarm =
    'SELECT name, priority, text, response, flow, raised, cleared, acknowledged, actor FROM alarm';
  return {
    alarms: database.prepare<[number, number, number], AlarmRow>(
      `${alarm} WHERE raised >= ? AND raised <= ? ORDER BY raised DESC, id DESC LIMIT ?`,
    ),
    alarmsBefore: database.prepare<[{ from: number; limit: number }], AlarmRow>(
      `SELECT * FROM (${alarm} WHERE raised < @from AND over IS NULL LIMIT @limit)
       UNION ALL
       SELECT * FROM (${alarm} WHERE raised < @from AND over >= @from ORDER BY over LIMIT @limit)`,
    ),
  };
}
