// Everything that crosses scans, as JSON: the `state` of a segment. Flows are kept by the names that
// they have for people, so that a newer version can be entered where they still fit.
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { Actor } from '#contract/actor.ts';
import type { Json } from '#contract/canonical.ts';
import { statusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { utcMs } from '#contract/time.ts';
import { alarmStates } from './alarms.ts';
import type { Board } from './alarms.ts';
import { newConfiguration } from './engine.ts';
import type { Configuration } from './engine.ts';
import type { FlowRun } from './flow-run.ts';
import { stages } from './stage.ts';
import type { TagTable } from './tag-table.ts';

/** 64-bit integers stand apart from strings. */
const SavedValue = z.union([
  z.boolean(),
  z.number(),
  z.string(),
  z.null(),
  z.strictObject({ int: z.string().regex(/^-?\d{1,20}$/) }),
]);
const SavedAlarms = z.record(z.string(), z.tuple([z.enum(alarmStates), z.number()]));
const Numbers = z.record(z.string(), z.number());

export const SavedFlow = z.strictObject({
  stage: z.enum(stages),
  /** The flow's own time, ms. */
  clock: z.number(),
  /** Active states by path, with the flow's time at which each was entered; none of a faulted flow. */
  states: Numbers,
  /** By transition id: since when its `for` has held. */
  holds: Numbers,
  edges: z.array(z.int().min(0).max(2)),
  ctx: Numbers,
  params: Numbers,
  signals: Numbers,
  /** What each output gets; null before the first scan. */
  outputs: z.record(z.string(), z.number().nullable()),
  holding: z.array(
    z.strictObject({
      interlock: z.string(),
      output: z.string(),
      holds: z.boolean(),
      latched: z.boolean(),
    }),
  ),
  alarms: SavedAlarms,
  announce: z.boolean(),
  /** Held commands that are down. */
  down: z.array(z.string()),
});
export type SavedFlow = z.infer<typeof SavedFlow>;

export const SavedCell = z.strictObject({
  format: z.literal(1),
  now: z.number(),
  scan: z.number(),
  /** By tag: value, status, source time; null of a tag that is not recorded. */
  image: z.array(z.union([z.null(), z.tuple([SavedValue, z.number(), z.number()])])),
  forces: z.array(
    z.strictObject({
      tag: z.string(),
      value: SavedValue,
      until: z.number(),
      reason: z.string(),
      actor: Actor,
    }),
  ),
  forceAlarms: SavedAlarms,
  flows: z.record(z.string(), SavedFlow),
});
export type SavedCell = z.infer<typeof SavedCell>;

/** Throws `E_CHRONICLE_FORMAT` when it is not a saved state. */
export function readSaved(state: Json): SavedCell {
  const parsed = SavedCell.safeParse(state);
  if (parsed.success) return parsed.data;
  throw new CellError(
    'E_CHRONICLE_FORMAT',
    `the state of a segment: ${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}

export function saveFlow(run: FlowRun): SavedFlow {
  const { flow, outputs, frame, configuration } = run;
  const faulted = run.stage === 'faulted';
  const { entered, holds, edges } = configuration;
  const ctx = faulted ? run.retained : configuration.ctx;
  return {
    stage: run.stage,
    clock: run.clock,
    states: faulted
      ? {}
      : started(
          flow.states.map((state) => state.path),
          entered,
        ),
    holds: faulted
      ? {}
      : started(
          flow.holds.map((transition) => flow.transitions[transition]?.id ?? ''),
          holds,
        ),
    edges: faulted ? [] : [...edges],
    ctx: byName(ctx, flow.ctx),
    params: byName(frame.params, flow.params),
    signals: byName(frame.signals, flow.signals),
    outputs: Object.fromEntries(
      flow.outputs.map(({ name }, index) => {
        const number = outputs.decided[index] ?? Number.NaN;
        return [name, Number.isNaN(number) ? null : number + 0];
      }),
    ),
    holding: outputs.shield.holds
      .filter((hold) => hold.holds || hold.latched)
      .map((hold) => ({
        interlock: flow.interlocks[hold.interlock]?.name ?? '',
        output: flow.outputs[hold.output]?.name ?? '',
        holds: hold.holds,
        latched: hold.latched,
      })),
    alarms: saveBoard(run.alarms.board),
    announce: run.alarms.board.announce,
    down: flow.commands.filter((_, index) => run.down[index] === 1).map(({ name }) => name),
  };
}

/** The recorded configuration in this flow; undefined when its states do not fit. */
export function configurationOf(run: FlowRun, saved: SavedFlow): Configuration | undefined {
  const { flow } = run;
  const configuration = newConfiguration(flow);
  const { leaves, entered, holds, edges, ctx } = configuration;
  let known = 0;
  for (const [index, state] of flow.states.entries()) {
    const since = saved.states[state.path];
    if (since === undefined) continue;
    known += 1;
    entered[index] = since;
    if (state.initial !== -1) continue;
    if (leaves[state.region] !== -1) return undefined;
    leaves[state.region] = index;
  }
  if (known !== Object.keys(saved.states).length) return undefined;
  for (const leaf of leaves) {
    if (leaf === -1) return undefined;
    for (let state = leaf; state !== -1; state = flow.states[state]?.parent ?? -1) {
      if (entered[state] === -1) return undefined;
      known -= 1;
    }
  }
  if (known !== 0) return undefined;
  for (const [index, transition] of flow.holds.entries()) {
    holds[index] = saved.holds[flow.transitions[transition]?.id ?? ''] ?? -1;
  }
  if (saved.edges.length === edges.length) edges.set(saved.edges);
  for (const [index, { name, min, max }] of flow.ctx.entries()) {
    const value = saved.ctx[name];
    if (value !== undefined && value >= (min ?? value) && value <= (max ?? value)) {
      ctx[index] = value;
    }
  }
  return configuration;
}

export function restoreHolding(run: FlowRun, saved: SavedFlow, trips: boolean): void {
  const { flow, outputs, frame } = run;
  outputs.shield.clear();
  frame.trips.fill(0);
  for (const kept of saved.holding) {
    for (const hold of outputs.shield.holds) {
      if (flow.interlocks[hold.interlock]?.name !== kept.interlock) continue;
      if (flow.outputs[hold.output]?.name !== kept.output) continue;
      hold.latched = kept.latched;
      hold.holds = trips && kept.holds;
      if (hold.holds) frame.trips[hold.interlock] = 1;
    }
  }
}

/** Numbers by name into their places; what has no name there stays. */
export function restoreNumbers(
  into: Float64Array,
  named: readonly { readonly name: string; readonly min?: number; readonly max?: number }[],
  saved: Readonly<Record<string, number | null>>,
): void {
  for (const [index, { name, min, max }] of named.entries()) {
    const value = saved[name];
    if (value === undefined || value === null) continue;
    if (value >= (min ?? value) && value <= (max ?? value)) into[index] = value;
  }
}

export function saveBoard(board: Board): z.infer<typeof SavedAlarms> {
  return Object.fromEntries(
    board.kinds.flatMap((kind, place) => {
      const state = board.stateOf(place);
      const since = board.since[place] ?? -1;
      return state === 'normal' && since === -1
        ? []
        : [[kind.id, [state, since] as const] as const];
    }),
  ) as z.infer<typeof SavedAlarms>;
}

export function restoreBoard(board: Board, saved: z.infer<typeof SavedAlarms>): void {
  board.clear();
  for (const [id, [state, since]] of Object.entries(saved)) board.restore(id, state, since);
}

export function saveImage(tags: TagTable): SavedCell['image'] {
  return tags.plans.map((plan, tag) =>
    plan.recorded
      ? [saveValue(tags.value[tag] ?? null), tags.status[tag] ?? 0, (tags.time[tag] ?? 0) + 0]
      : null,
  );
}

export function restoreImage(tags: TagTable, saved: SavedCell['image']): void {
  if (saved.length !== tags.plans.length) {
    throw new CellError('E_CHRONICLE_FORMAT', 'the image has another number of tags');
  }
  for (const [tag, kept] of saved.entries()) {
    if (kept === null) continue;
    const [value, code, time] = kept;
    tags.set({ tag, value: readValue(value), status: statusCode(code), time: utcMs(time) });
  }
}

export function saveValue(value: Value): z.infer<typeof SavedValue> {
  if (typeof value === 'bigint') return { int: value.toString() };
  return typeof value === 'number' ? value + 0 : value;
}

export function readValue(value: z.infer<typeof SavedValue>): Value {
  return typeof value === 'object' && value !== null ? BigInt(value.int) : value;
}

function started(names: readonly string[], since: Float64Array): Record<string, number> {
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const at = since[index] ?? -1;
      return at === -1 ? [] : [[name, at] as const];
    }),
  );
}

function byName(
  values: Float64Array,
  named: readonly { readonly name: string }[],
): Record<string, number> {
  return Object.fromEntries(named.map(({ name }, index) => [name, (values[index] ?? 0) + 0]));
}
