// What of an expectation does not hold in a world now, in words. It reads the world and changes nothing; names are right.
import { qualityOf, statusCode } from '#contract/quality.ts';
import type { Value } from '#contract/sample.ts';
import { present } from '#contract/error.ts';
import { valueOf } from '#flows/engine/values.ts';
import type { FlowPlan } from '#flows/plan.ts';
import type { Expectation, Wanted } from '#flows/scenario.ts';
import type { World } from '#simulator/world.ts';

/** `since`: how many transitions had fired when something was last done. */
export function lacks(
  world: World,
  expected: Expectation,
  { flow, since }: { readonly flow: number; readonly since: number },
): string[] {
  const found: string[] = [];
  const check = (what: string, wanted: Wanted, is: Value): void => {
    if (!fits(wanted, is)) found.push(`${what} is ${String(is)}, not ${wantedText(wanted)}`);
  };
  const { flow: program } = planOf(world, flow);
  for (const path of list(expected.state)) {
    const active = world.state(path.split('.')[0] ?? '', flow);
    if (active !== path && !active.startsWith(`${path}.`)) {
      found.push(`${active} is active, not ${path}`);
    }
  }
  for (const [name, wanted] of fieldsOf(expected.output)) check(name, wanted, world.output(name));
  for (const [name, wanted] of fieldsOf(expected.tag)) check(name, wanted, world.tag(name).value);
  for (const [name, wanted] of fieldsOf(expected.quality)) {
    check(`the quality of ${name}`, wanted, qualityOf(statusCode(world.tag(name).status)));
  }
  for (const [name, wanted] of fieldsOf(expected.ctx)) {
    const declared = present(
      program.ctx.find((one) => one.name === name),
      name,
    );
    check(`ctx.${name}`, wanted, valueOf(declared, world.ctx(name, flow)));
  }
  for (const [name, wanted] of fieldsOf(expected.param)) {
    const declared = present(
      program.params.find((one) => one.name === name),
      name,
    );
    check(`param.${name}`, wanted, valueOf(declared, world.param(name, flow)));
  }
  found.push(...alarmLacks(world, expected));
  const fired = world.fired.slice(since).filter((one) => one.flow === flow);
  for (const id of list(expected.fired)) {
    if (!fired.some((one) => one.id === id)) found.push(`${id} has not fired`);
  }
  const figures = expected.machine === undefined ? {} : world.plant.figures();
  for (const [name, wanted] of fieldsOf(expected.machine)) {
    check(`the machine's ${name}`, wanted, figures[name] ?? null);
  }
  if (expected.trips !== undefined) check('trips', expected.trips, world.trips.length);
  if (expected.incidents !== undefined) {
    check('damage', expected.incidents, world.plant.incidents.length);
  }
  return found;
}

export const planOf = (world: World, flow: number): FlowPlan =>
  present(world.plan.flows[flow], 'a flow of the cell');

function alarmLacks(world: World, { alarm, noAlarm }: Expectation): string[] {
  if (alarm === undefined && noAlarm === undefined) return [];
  const raised = new Set<string>();
  for (const { id, change } of world.alarms) {
    if (change === 'raised') raised.add(id);
    if (change === 'cleared') raised.delete(id);
  }
  const unwanted = list(noAlarm).flatMap((id) => (id === 'all' ? [...raised] : [id]));
  return [
    ...list(alarm).flatMap((id) => (raised.has(id) ? [] : [`alarm ${id} is not raised`])),
    ...unwanted.flatMap((id) => (raised.has(id) ? [`alarm ${id} is raised`] : [])),
  ];
}

function fits(wanted: Wanted, is: Value): boolean {
  if (typeof wanted !== 'object') return wanted === is;
  if (typeof is !== 'number') return false;
  return is >= (wanted.min ?? -Infinity) && is <= (wanted.max ?? Infinity);
}

function wantedText(wanted: Wanted): string {
  if (typeof wanted !== 'object') return String(wanted);
  const { min, max } = wanted;
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `from ${min} to ${max}`;
}

const fieldsOf = <T>(fields: Readonly<Record<string, T>> | undefined): [string, T][] =>
  Object.entries(fields ?? {});

const list = (some: string | readonly string[] | undefined): readonly string[] =>
  typeof some === 'string' ? [some] : (some ?? []);
