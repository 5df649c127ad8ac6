// The journal's rows: which states a region was in, and what became of alarms. A start closes what the
// run before left open.
import type Database from 'better-sqlite3';
import type { Text } from '#contract/described.ts';
import { outerDepth } from '#contract/history-limits.ts';
import type { JournalEvent } from './batch.ts';

/** Of a text that people read. */
const textLimit = 2000;

export class JournalStore {
  readonly #statements: ReturnType<typeof prepare>;
  /** By flow, name and depth; a failed transaction may have taken its row back, so it is forgotten then. */
  readonly #regions = new Map<string, number>();

  constructor(database: Database.Database) {
    this.#statements = prepare(database);
  }

  /** Nobody knows how it went on after `until`. */
  closeAll(until: number): void {
    const { closeVisits, closeAlarms } = this.#statements;
    closeVisits.run({ until });
    closeAlarms.run({ until });
  }

  forget(): void {
    this.#regions.clear();
  }

  add(event: JournalEvent): void {
    if (event.type === 'state') this.#state(event);
    else this.#alarm(event);
  }

  /** The leaf, and the outer state where that is another than before. */
  #state({ at, flow, region, state }: Extract<JournalEvent, { type: 'state' }>): void {
    const { leave, enter, current } = this.#statements;
    const leaf = this.#region(flow, region, 0);
    leave.run(at, leaf);
    enter.run(leaf, state, at);
    const outer = this.#region(flow, region, outerDepth);
    const path = state.split('.').slice(0, outerDepth).join('.');
    if (current.get(outer) === path) return;
    leave.run(at, outer);
    enter.run(outer, path, at);
  }

  #region(flow: string, name: string, depth: number): number {
    const place = `${flow} ${name} ${depth}`;
    const known = this.#regions.get(place);
    if (known !== undefined) return known;
    const { addRegion, region } = this.#statements;
    addRegion.run(flow, name, depth);
    const id = region.get(flow, name, depth) ?? 0;
    this.#regions.set(place, id);
    return id;
  }

  #alarm(event: Extract<JournalEvent, { type: 'alarm' }>): void {
    const { raise, clear, acknowledge, end } = this.#statements;
    const { at, name, change, priority, flow, response } = event;
    if (change === 'raised') {
      // One that returned and waits for a person is raised again: it begins anew.
      end.run(at, name);
      const todo = response === undefined ? null : written(response);
      raise.run(name, priority, written(event.text), todo, flow ?? null, at);
    } else if (change === 'cleared') clear.run({ at, name });
    else acknowledge.run({ at, name, by: event.by ?? null });
  }
}

const written = (text: Text): string => JSON.stringify(text).slice(0, textLimit);

function prepare(database: Database.Database) {
  return {
    closeVisits: database.prepare<[{ until: number }]>(
      'UPDATE visit SET until = max(began, @until) WHERE until IS NULL',
    ),
    closeAlarms: database.prepare<[{ until: number }]>(
      `UPDATE alarm SET cleared = coalesce(cleared, max(raised, @until)), over = max(raised, @until)
       WHERE over IS NULL`,
    ),
    addRegion: database.prepare<[string, string, number]>(
      'INSERT OR IGNORE INTO region (flow, name, depth) VALUES (?, ?, ?)',
    ),
    region: database
      .prepare<[string, string, number], number>(
        'SELECT id FROM region WHERE flow = ? AND name = ? AND depth = ?',
      )
      .pluck(),
    leave: database.prepare<[number, number]>(
      'UPDATE visit SET until = max(began, ?) WHERE until IS NULL AND region = ?',
    ),
    current: database
      .prepare<[number], string>('SELECT state FROM visit WHERE until IS NULL AND region = ?')
      .pluck(),
    enter: database.prepare<[number, string, number]>(
      'INSERT INTO visit (region, state, began) VALUES (?, ?, ?)',
    ),
    end: database.prepare<[number, string]>(
      'UPDATE alarm SET over = ? WHERE over IS NULL AND name = ?',
    ),
    raise: database.prepare<[string, number, string, string | null, string | null, number]>(
      'INSERT INTO alarm (name, priority, text, response, flow, raised) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    clear: database.prepare<[{ at: number; name: string }]>(
      `UPDATE alarm SET cleared = @at, over = CASE WHEN acknowledged IS NULL THEN NULL ELSE @at END
       WHERE over IS NULL AND name = @name`,
    ),
    acknowledge: database.prepare<[{ at: number; name: string; by: string | null }]>(
      `UPDATE alarm SET acknowledged = @at, actor = @by,
         over = CASE WHEN cleared IS NULL THEN NULL ELSE @at END
       WHERE over IS NULL AND name = @name`,
    ),
  };
}
