// The skeleton of the statechart: regions and states with their names, before anything refers to
// them. chart.ts fills it in.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import { Fields, checkName } from './fields.ts';
import { stateLimit } from './limits.ts';
import { languageWords } from './resolve.ts';
import type { Node } from '#flows/tree.ts';

export interface StateOutline {
  readonly index: number;
  readonly path: string;
  readonly name: string;
  readonly region: number;
  /** -1: directly in the region. */
  readonly parent: number;
  readonly children: number[];
  readonly fields: Fields;
  readonly span: Span;
}

export interface RegionOutline {
  readonly name: string;
  readonly fields: Fields;
  readonly span: Span;
  /** The states directly in it. */
  readonly top: number[];
  /** All of its states, parents before children, in the file's order. */
  readonly states: number[];
}

export interface Outline {
  readonly regions: readonly RegionOutline[];
  readonly states: readonly StateOutline[];
  /** State index by path. */
  readonly paths: ReadonlyMap<string, number>;
}

const stateFields = ['title', 'rest', 'do', 'entry', 'initial', 'states', 'go'];

export function readOutline(top: Fields): Outline {
  const { report } = top;
  const regions: RegionOutline[] = [];
  const states: StateOutline[] = [];
  const paths = new Map<string, number>();

  const addStates = (holder: Fields, region: number, parent: number, path: string): number[] => {
    const found: number[] = [];
    const map = holder.map('states');
    if (map?.entries.length === 0)
      report.error('CF0103', map.span, '`states` is empty', 'Name at least one state.');
    for (const { key, keySpan, value } of map?.entries ?? []) {
      if (states.length >= stateLimit) {
        report.error('CF0002', keySpan, `a flow has at most ${stateLimit} states`);
        break;
      }
      checkName(report, 'state', key, keySpan);
      const index = addState(value, { name: key, span: keySpan, region, parent, path });
      found.push(index);
    }
    return found;
  };
  const addState = (
    node: Node,
    at: { name: string; span: Span; region: number; parent: number; path: string },
  ): number => {
    const { name, span, region, parent } = at;
    const names = { known: stateFields };
    const fields = new Fields(report, node, 'state', span, names);
    const path = `${at.path}.${name}`;
    const index = states.length;
    const state: StateOutline = {
      index,
      path,
      name,
      region,
      parent,
      children: [],
      fields,
      span,
    };
    states.push(state);
    paths.set(path, index);
    regions[region]?.states.push(index);
    state.children.push(...addStates(fields, region, index, path));
    return index;
  };

  const map = top.read('regions') === undefined ? undefined : top.map('regions');
  if (map?.entries.length === 0)
    report.error('CF0103', map.span, '`regions` is empty', 'Name at least one region.');
  for (const { key, keySpan, value } of map?.entries ?? []) {
    checkName(report, 'word', key, keySpan);
    if (languageWords.has(key))
      report.error('CF0105', keySpan, `${quoted(key)} is a word of the language`);
    const names = { known: ['initial', 'states', 'go'], later: ['runs', 'like', 'with'] };
    const fields = new Fields(report, value, 'region', keySpan, names);
    const region: RegionOutline = { name: key, fields, span: keySpan, top: [], states: [] };
    const index = regions.push(region) - 1;
    const block = value.kind === 'map' && value.entries.some((entry) => entry.key === 'like');
    if (!block) fields.read('states');
    region.top.push(...addStates(fields, index, -1, key));
  }
  return { regions, states, paths };
}
