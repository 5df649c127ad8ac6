// Writes the table engine of a flow: the text of an ES module without imports, which the caller
// hashes, keeps and imports. It shadows the XState engine and serves replay, simulation and proof,
// so it shares nothing with xstate.ts but the flow: two readings of one tree.
import type { Assignment, Flow, TransitionDecl } from '#flows/program.ts';
import type { FlowEngine } from './engine.ts';
import { commentOf, guardFunctions, Guards } from './table-guards.ts';

/** What a module of `generateTable` exports. */
export interface TableModule {
  /** A new engine, in its initial states at 0 ms. */
  createTable(): FlowEngine;
}

/** The text of the module, the same for the same flow. */
export function generateTable(flow: Flow): string {
  return [
    `// The table engine of ${commentOf(flow.name)}, version ${flow.version}. Generated: not to be edited.`,
    `export ${tableFactory(flow, 'createTable')}\n`,
  ].join('\n');
}

/** The text of one function that makes the engine, so that a module may hold several. */
export function tableFactory(flow: Flow, name: string): string {
  const guards = new Guards(flow);
  const parts = [
    ...flow.transitions.map((transition, index) => mayFire(guards, transition, index)),
    ...flow.regions.map((_, region) => select(flow, region)),
    assign(flow, guards),
    move(flow),
    commit(flow),
    step(flow, guards),
    judge(flow, guards),
    reset(flow, guards),
  ];
  const body = [state(flow), guardFunctions, ...guards.functions, ...parts, engine];
  return `function ${name}() {\n${indented(body.join('\n'))}\n}`;
}

const indented = (text: string) => text.replaceAll(/^(?=.)/gm, '  ');

/** A function of the generated text; no lines, no function body. */
function written(head: string, lines: readonly string[]): string {
  const body = lines.length === 0 ? '' : `\n${indented(lines.join('\n'))}\n`;
  return `function ${head} {${body}}`;
}

/** `switch (on)` over the cases that have lines; nothing when none has. */
function switched(on: string, cases: readonly (readonly [number, readonly string[]])[]): string[] {
  const some = cases.filter(([, lines]) => lines.length > 0);
  if (some.length === 0) return [];
  const text = some.map(([key, lines]) => `case ${key}:\n${indented(lines.join('\n'))}`);
  return [`switch (${on}) {\n${indented(text.join('\n'))}\n}`];
}

const zeros = (type: string, of: readonly unknown[]) => `new ${type}(${of.length})`;
const unknowns = (of: readonly unknown[]) => `${zeros('Float64Array', of)}.fill(NaN)`;

/** The arrays that cross scans, those of the frame under way, and how a state is left. */
function state(flow: Flow): string {
  const { inputs, commands, params, signals, foreign, interlocks, states } = flow;
  const holdsOf = states.map(({ go }) =>
    go.map((index) => flow.transitions[index]?.hold ?? -1).filter((hold) => hold !== -1),
  );
  return [
    `const leaves = ${zeros('Int32Array', flow.regions)};`,
    `const entered = ${zeros('Float64Array', states)};`,
    `const holds = ${zeros('Float64Array', flow.holds)};`,
    `const edges = ${zeros('Uint8Array', flow.edges)};`,
    `const ctx = ${zeros('Float64Array', flow.ctx)};`,
    `const next = ${zeros('Float64Array', flow.ctx)};`,
    `const parents = ${JSON.stringify(states.map(({ parent }) => parent))};`,
    `const holdsOf = ${JSON.stringify(holdsOf)};`,
    `const blank = {`,
    `  now: 0,`,
    `  values: ${unknowns(inputs)},`,
    `  good: ${zeros('Uint8Array', inputs)},`,
    `  commands: ${zeros('Uint8Array', commands)},`,
    `  params: Float64Array.of(${params.map(({ init }) => init).join(', ')}),`,
    `  signals: Float64Array.of(${signals.map(({ idle }) => idle).join(', ')}),`,
    `  foreign: ${unknowns(foreign)},`,
    `  trips: ${zeros('Uint8Array', interlocks)},`,
    `};`,
    `let { now, values, good, commands, params, signals, foreign, trips } = blank;`,
    stateFunctions,
  ].join('\n');
}

const stateFunctions = `function see(frame) {
  now = frame.now;
  values = frame.values;
  good = frame.good;
  commands = frame.commands;
  params = frame.params;
  signals = frame.signals;
  foreign = frame.foreign;
  trips = frame.trips;
}
function leave(region, domain) {
  for (let state = leaves[region]; state !== domain; state = parents[state]) {
    entered[state] = -1;
    for (const hold of holdsOf[state]) holds[hold] = -1;
  }
}
function give(variable, value, min, max, bounded) {
  if (value !== value) return;
  next[variable] = (value < min ? min : value > max ? max : value) + 0;
  bounded[variable] = value < min || value > max ? 1 : 0;
}`;

/** `when` surely and `unless` not surely; undefined where there is neither. */
function met(guards: Guards, { when, unless }: TransitionDecl): string | undefined {
  const conditions = [
    ...(when === undefined ? [] : [guards.surely(when)]),
    ...(unless === undefined ? [] : [`!${guards.surely(unless)}`]),
  ];
  return conditions.length === 0 ? undefined : conditions.join(' && ');
}

/** Whether a transition may fire; `except` and its place in the order are `select`'s. */
function mayFire(guards: Guards, transition: TransitionDecl, index: number): string {
  const { holder, hold, after, set } = transition;
  const conditions = [
    // What holds for a time holds now, and its timer was moved by just that.
    transition.for === undefined
      ? met(guards, transition)
      : `holds[${hold}] !== -1 && now - holds[${hold}] >= ${transition.for}`,
    after === undefined
      ? undefined
      : holder === -1
        ? 'false'
        : `now - entered[${holder}] >= ${after}`,
    ...set.map(({ expr }) => `isKnown(${guards.value(expr)})`),
  ].filter((condition) => condition !== undefined);
  const text = conditions.length === 0 ? 'true' : conditions.join(' && ');
  return written(`may${index}()`, [`// ${commentOf(transition.id)}`, `return ${text};`]);
}

/** The states around a leaf, outer first, the leaf last. */
function pathTo(flow: Flow, leaf: number, from = -1): number[] {
  const path: number[] = [];
  for (let at = leaf; at !== from && at !== -1; at = flow.states[at]?.parent ?? -1)
    path.unshift(at);
  return path;
}

/** The transition of a region that fires, -1 for none: from the outside in, in list order. */
function select(flow: Flow, region: number): string {
  const { states = [], go = [] } = flow.regions[region] ?? {};
  const leaves = states.filter((index) => flow.states[index]?.initial === -1);
  const cases = leaves.map((leaf) => {
    const path = pathTo(flow, leaf);
    const candidates = [...go, ...path.flatMap((index) => flow.states[index]?.go ?? [])];
    const free = candidates.filter((index) => {
      return !flow.transitions[index]?.except.some((excepted) => path.includes(excepted));
    });
    const asked = free.map((index) => `if (may${index}()) return ${index};`);
    const name = commentOf(flow.states[leaf]?.path ?? '');
    return [leaf, [`// ${name}`, ...asked, 'return -1;']] as const;
  });
  return written(`select${region}()`, [...switched(`leaves[${region}]`, cases), 'return -1;']);
}

/** The states that a move to `to` enters below `domain`, outer first. */
function entering(flow: Flow, to: number, domain: number): number[] {
  const path = pathTo(flow, to, domain);
  for (let at = flow.states[to]?.initial ?? -1; at !== -1; at = flow.states[at]?.initial ?? -1) {
    path.push(at);
  }
  return path;
}

function given(flow: Flow, guards: Guards, { ctx, expr }: Assignment): string {
  const { min = -Infinity, max = Infinity } = flow.ctx[ctx] ?? {};
  return `give(${ctx}, ${guards.value(expr)}, ${min}, ${max}, bounded);`;
}

/** Every `set` and `entry` of a transition, from the frozen ctx into `next`: entry wins. */
function assign(flow: Flow, guards: Guards): string {
  const cases = flow.transitions.map(({ set, to, domain }, index) => {
    const path = to === -1 ? [] : entering(flow, to, domain);
    const all = [...set, ...path.flatMap((entered) => flow.states[entered]?.entry ?? [])];
    const lines = all.map((assignment) => given(flow, guards, assignment));
    return [index, lines.length === 0 ? [] : [...lines, 'return;']] as const;
  });
  return written('assign(transition, bounded)', switched('transition', cases));
}

/** Leaves up to the domain and enters from there; a stay does nothing. */
function move(flow: Flow): string {
  const cases = flow.transitions.map(({ region, to, domain }, index) => {
    const path = to === -1 ? [] : entering(flow, to, domain);
    if (path.length === 0) return [index, []] as const;
    const stamps = path.map((entered) => `entered[${entered}] = now;`);
    const leaf = `leaves[${region}] = ${path.at(-1)};`;
    return [index, [`leave(${region}, ${domain});`, ...stamps, leaf, 'return;']] as const;
  });
  return written('move(transition)', switched('transition', cases));
}

/** Values first, all from the frozen state; then the moves; then the new values stand. */
function commit(flow: Flow): string {
  const choices = flow.regions.map((_, region) => `choice${region}`);
  return written(`commit(result, ${choices.join(', ')})`, [
    'let count = 0;',
    ...choices.map((choice) => `if (${choice} !== -1) result.fired[count++] = ${choice};`),
    'result.count = count;',
    'next.set(ctx);',
    'for (let i = 0; i < count; i++) assign(result.fired[i], result.bounded);',
    'for (let i = 0; i < count; i++) move(result.fired[i]);',
    'ctx.set(next);',
  ]);
}

function step(flow: Flow, guards: Guards): string {
  const choices = flow.regions.map((_, region) => `choice${region}`);
  const holds = flow.holds.flatMap((index, hold) => {
    const transition = flow.transitions[index];
    if (transition === undefined) return [];
    const active = transition.holder === -1 ? 'true' : `entered[${transition.holder}] !== -1`;
    const condition = `${active} && ${met(guards, transition) ?? 'true'}`;
    return `if (!(${condition})) holds[${hold}] = -1; else if (holds[${hold}] === -1) holds[${hold}] = now;`;
  });
  return written('step(frame, result)', [
    'see(frame);',
    'result.count = 0;',
    ...flow.ctx.map((_, index) => `result.bounded[${index}] = 0;`),
    ...flow.edges.map((expr, edge) => `const edge${edge} = ${guards.truth(expr)};`),
    ...holds,
    ...choices.map((choice, region) => `const ${choice} = select${region}();`),
    `if ((${choices.join(' & ')}) !== -1) commit(result, ${choices.join(', ')});`,
    ...flow.edges.map((_, edge) => `edges[${edge}] = edge${edge};`),
  ]);
}

/** Alarms and assumptions, then interlocks on the device's own values. */
function judge(flow: Flow, guards: Guards): string {
  const interlocks = flow.interlocks.map((interlock) => {
    if (interlock.kind === 'permit') return guards.truth(interlock.permit);
    if (interlock.kind === 'exclusive') return '2';
    return interlock.unless === undefined ? '0' : guards.truth(interlock.unless);
  });
  return written('judge(frame, verdicts)', [
    'see(frame);',
    ...flow.alarms.map(({ expr }, index) => `verdicts.alarms[${index}] = ${guards.truth(expr)};`),
    ...flow.assumes.map(({ expr }, index) => `verdicts.assumes[${index}] = ${guards.truth(expr)};`),
    'values = frame.own;',
    'good = frame.ownGood;',
    ...interlocks.map((truth, index) => `verdicts.interlocks[${index}] = ${truth};`),
  ]);
}

/** Enters the initial states; `retained` is held in range, ignored where it is no value. */
function reset(flow: Flow, guards: Guards): string {
  const starts = flow.ctx.map(({ name, type, init, retain, min, max }, index) => {
    const start = `ctx[${index}] = ${init};`;
    if (!retain) return start;
    const top = type.kind === 'bool' ? 1 : type.kind === 'enum' ? type.values.length - 1 : max;
    const low = type.kind === 'bool' || type.kind === 'enum' ? 0 : min;
    const range = `${low ?? -Infinity}, ${top ?? Infinity}`;
    return `ctx[${index}] = kept(retained, ${JSON.stringify(name)}, '${type.kind}', ${range}, ${init});`;
  });
  const entered = flow.regions.map(({ initial }) => entering(flow, initial, -1));
  const entries = entered
    .flat()
    .flatMap((index) => flow.states[index]?.entry ?? [])
    .map((assignment) => given(flow, guards, assignment));
  const head = written('reset(at, retained, tuned)', [
    'see(blank);',
    'if (tuned !== undefined) params = tuned;',
    'now = at;',
    'entered.fill(-1);',
    'holds.fill(-1);',
    'edges.fill(2);',
    ...starts,
    ...(entries.length === 0
      ? []
      : [
          'const bounded = new Uint8Array(ctx.length);',
          'next.set(ctx);',
          ...entries,
          'ctx.set(next);',
        ]),
    ...entered.flat().map((index) => `entered[${index}] = now;`),
    ...entered.map((path, region) => `leaves[${region}] = ${path.at(-1)};`),
  ]);
  return `${keptFunction}\n${head}`;
}

const keptFunction = `function isKnown(value) {
  return value === value;
}
function kept(retained, name, kind, min, max, init) {
  const value = retained?.[name];
  if (kind === 'real' ? !Number.isFinite(value) : !Number.isSafeInteger(value)) return init;
  if ((kind === 'bool' || kind === 'enum') && (value < min || value > max)) return init;
  return (value < min ? min : value > max ? max : value) + 0;
}`;

const engine = `function restore(from) {
  leaves.set(from.leaves);
  entered.set(from.entered);
  holds.set(from.holds);
  edges.set(from.edges);
  ctx.set(from.ctx);
}
reset(0);
return { configuration: { leaves, entered, holds, edges, ctx }, reset, restore, step, judge };`;
