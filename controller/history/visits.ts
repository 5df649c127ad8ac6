// Reads which states regions were in: every visit of a window, the newest up to a limit; or, to draw a long
// window, what lasted long enough to be seen, found by a bounded number of steps however many there were.
import type Database from 'better-sqlite3';
import type { JournalQuery, StateVisit } from '#contract/history.ts';

export class Visits {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database.Database) {
    this.#statements = prepare(database);
  }

  /** Oldest first; one more than `limit` where there are more. `to` is null where nothing ended it. */
  read(query: JournalQuery): StateVisit[] {
    const { flow = null, region = null, depth = 0, limit, least_ms: least } = query;
    let found: StateVisit[] = [];
    let { from } = query;
    for (const place of this.#statements.regions.iterate({ flow, region, depth })) {
      const visits =
        least === undefined ? this.#each(place, query, from) : this.#long(place, query, least);
      if (visits.length === 0) continue;
      const named = visits.map(({ state, began, until }) => {
        return { flow: place.flow, region: place.name, state, from: began, to: until };
      });
      found = [...found, ...named].toSorted(byTime).slice(-limit - 1);
      // What is older than as many as are asked for is not looked at in the regions to come.
      if (found.length > limit) from = Math.max(from, found[0]?.from ?? from);
    }
    return found;
  }

  /** Those that were entered from `from` on, and the one that reaches into the window. */
  #each({ id }: Region, query: JournalQuery, from: number): Visit[] {
    const { visits, at } = this.#statements;
    const before = at.get(id, query.from - 1);
    const reaches = before !== undefined && endOf(before) >= query.from;
    const entered = visits.all(id, from, query.to, query.limit + 1).toReversed();
    return reaches ? [before, ...entered] : entered;
  }

  /** Two steps go further than `least_ms`: no more are taken than the window has such parts, twice. */
  #long({ id }: Region, { from, to }: JournalQuery, least: number): Visit[] {
    const { at, next } = this.#statements;
    const made: Visit[] = [];
    const held = at.get(id, from);
    let visit = held !== undefined && endOf(held) > from ? held : next.get(id, from);
    while (visit !== undefined && visit.began <= to) {
      const short = endOf(visit) - visit.began < least;
      const stretch = short ? this.#short(id, visit, least) : visit;
      joinOrPush(made, stretch);
      const end: number = Math.max(endOf(stretch), visit.began + 1);
      visit = end > to ? undefined : next.get(id, end - 1);
    }
    return made;
  }

  /** A short visit, with those after it that are short as well where there are any. */
  #short(region: number, first: Entered, least: number): Visit {
    const { at, other } = this.#statements;
    const reached = at.get(region, first.began + least) ?? first;
    // One that lasts stands by itself.
    const lasts = endOf(reached) - reached.began >= least;
    const last = (lasts ? at.get(region, reached.began - 1) : reached) ?? first;
    if (last.began <= first.began) return first;
    // One state that a start of control interrupted is still one.
    const { state } = first;
    const several = other.get({ region, from: first.began, to: last.began, state }) !== undefined;
    return { began: first.began, until: last.until, state: several ? null : state };
  }
}

const byTime = (left: StateVisit, right: StateVisit): number => left.from - right.from;

const endOf = ({ until }: Visit): number => until ?? Number.POSITIVE_INFINITY;

/** Stretches of several that follow one another are one. */
function joinOrPush(made: Visit[], visit: Visit): void {
  const before = made.at(-1);
  if (before?.state === null && visit.state === null && before.until === visit.began)
    made[made.length - 1] = { ...before, until: visit.until };
  else made.push(visit);
}

interface Region {
  readonly id: number;
  readonly flow: string;
  readonly name: string;
}

interface Visit {
  /** null: several. */
  readonly state: string | null;
  readonly began: number;
  readonly until: number | null;
}
type Entered = Visit & { readonly state: string };

function prepare(database: Database.Database) {
  const visit = 'SELECT state, began, until FROM visit WHERE region = ?';
  return {
    regions: database.prepare<
      [{ flow: string | null; region: string | null; depth: number }],
      Region
    >(
      `SELECT id, flow, name FROM region WHERE depth = @depth
         AND (@flow IS NULL OR flow = @flow) AND (@region IS NULL OR name = @region)`,
    ),
    visits: database.prepare<[number, number, number, number], Entered>(
      `${visit} AND began >= ? AND began <= ? ORDER BY began DESC, id DESC LIMIT ?`,
    ),
    /** The one that was entered last. */
    at: database.prepare<[number, number], Entered>(
      `${visit} AND began <= ? ORDER BY began DESC, id DESC LIMIT 1`,
    ),
    next: database.prepare<[number, number], Entered>(
      `${visit} AND began > ? ORDER BY began, id DESC LIMIT 1`,
    ),
    other: database
      .prepare<[{ region: number; from: number; to: number; state: string }], number>(
        `SELECT 1 FROM visit WHERE region = @region AND began >= @from AND began <= @to
           AND state <> @state LIMIT 1`,
      )
      .pluck(),
  };
}
