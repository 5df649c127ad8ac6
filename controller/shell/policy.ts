// What the policy of a tier means for a session now: where the machine must be, judged against the live picture of the
// cell, and which part in a session is for whom. Pure; what is unknown, old or absent is not allowed.
import type { Actor } from '#contract/actor.ts';
import type { Permission } from '#contract/people.ts';
import type { Part, Where } from '#contract/shell.ts';
import { seconds } from '#contract/time.ts';
import type { Hello, Snapshot } from '#contract/wire.ts';

/** The cell as station hears it. */
export interface CellSight {
  readonly hello: Hello | undefined;
  readonly snapshot: Snapshot | undefined;
  /** Control is connected. */
  readonly up: boolean;
  /** When it was last heard, UTC ms. */
  readonly heard: number;
}

/** Control says something at least twice a second; a picture older than this says nothing of the machine. */
export const sightLimit = seconds(2);

/** What keeps the machine from where it must be, for people; empty: it is there. */
export function lacksOf(where: Where, cell: CellSight, now: number): string[] {
  const places = Object.entries(where);
  if (places.length === 0) return [];
  const { hello, snapshot } = cell;
  // A clock that was set back makes no picture younger.
  const old = !(Math.abs(now - cell.heard) <= sightLimit);
  if (!cell.up || old || hello === undefined || snapshot === undefined) {
    return ['nothing is heard of the machine'];
  }
  return places.flatMap(([flow, place]) => lacksOfFlow(flow, place, { hello, snapshot }));
}

function lacksOfFlow(
  name: string,
  place: Where[keyof Where],
  cell: { readonly hello: Hello; readonly snapshot: Snapshot },
): string[] {
  const info = cell.hello.flows.find((flow) => flow.name === name);
  const state = cell.snapshot.flows[name];
  if (info === undefined || state === undefined) return [`there is no flow ${name}`];
  if (!state.stepped) return [`${name} is not stepped`];
  const leaves = info.regions.map((region) => state.regions[region.name]?.state);
  if (leaves.includes(undefined)) return [`the state of ${name} is not known`];
  const within = (path: string): boolean =>
    leaves.some((leaf) => leaf === path || leaf?.startsWith(`${path}.`) === true);
  const lacks: string[] = [];
  if (place.in.length > 0 && !place.in.some(within)) {
    lacks.push(`${name} is not in ${place.in.join(' or ')}`);
  }
  if (!place.rest) return lacks;
  const resting = new Set(
    info.regions.flatMap(({ states }) =>
      states.filter(({ rest }) => rest === true).map(({ path }) => path),
    ),
  );
  const moving = leaves.filter((leaf) => leaf !== undefined && !resting.has(leaf));
  if (moving.length > 0) lacks.push(`${name} is not at rest: ${moving.join(', ')}`);
  return lacks;
}

/** Somebody who wants a part, and whose session it is. */
export interface Candidate {
  readonly actor: Actor;
  readonly owner?: Actor | undefined;
  readonly permissions: ReadonlySet<Permission>;
}
export interface Whose {
  readonly by: Actor;
  readonly owner?: Actor | undefined;
  /** Who has the keyboard. */
  readonly driver: Actor;
}

const isAgent = (actor: Actor): boolean => actor.startsWith('agent:');
const isPerson = (actor: Actor): boolean =>
  actor.startsWith('user:') || actor.startsWith('console:');

/** Whether this part is for them. Nobody supervises what they, or an agent of theirs, asked for or drive. */
export function maySit(part: Part, who: Candidate, whose: Whose): boolean {
  const has = (permission: Permission): boolean => who.permissions.has(permission);
  switch (part) {
    case 'driver':
      return who.actor === whose.driver && has('shell.open');
    case 'peer':
      return has('shell.open') && !isAgent(who.actor);
    case 'supervisor':
      return has('shell.approve') && isPerson(who.actor) && isOther(who.actor, whose);
    case 'observer':
      return has('shell.observe') || has('shell.approve') || has('shell.open');
    case 'agent':
      return isAgent(who.actor) && (who.actor === whose.by || who.owner === whose.by);
  }
}

export function isOther(actor: Actor, { by, owner, driver }: Whose): boolean {
  return actor !== by && actor !== owner && actor !== driver;
}

export type Say = 'pause' | 'resume' | 'end' | 'kill';

/** Whether they may say this. `held`: a person paused it; `watched`: the tier asks for a supervisor. */
export function maySay(
  say: Say,
  who: Candidate,
  whose: Whose,
  { held, watched }: { readonly held: boolean; readonly watched: boolean },
): boolean {
  const supervises = who.permissions.has('shell.approve') && isPerson(who.actor);
  const own = who.actor === whose.by || who.actor === whose.owner || who.actor === whose.driver;
  switch (say) {
    case 'pause':
      return supervises || own;
    case 'resume':
      if (supervises && isOther(who.actor, whose)) return true;
      return own && !isAgent(who.actor) && !held && !watched;
    case 'end':
    case 'kill':
      return supervises || own || who.permissions.has('shell.observe');
  }
}
