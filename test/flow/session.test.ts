// The statechart of shells, whole: every configuration that it can reach and every step between them. The properties that it
// states hold, and what the design asks of sessions; and a statechart with a fault in it is noticed.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import type { Step } from './explore.ts';
import { flowOf } from './product-flow.ts';

const text = readFileSync('flows/shell/session.flow.yaml', 'utf8');
const final = new Set(['Ended', 'Killed', 'Denied', 'Expired']);
const asked = new Set(['Requested', 'Approved']);

/** What is wrong with a step, by the invariants of the design. */
function judge({ from, to, command, still, input }: Step): string | undefined {
  const { open, input: types, frozen, kill } = to.outputs;
  if (types === true && to.leaf !== 'Running') return `input in ${to.leaf}`;
  // In the very step: what runs no longer stands still, or is ended.
  if (from.leaf === 'Running' && to.leaf !== 'Running' && frozen !== true)
    return `from Running to ${to.leaf} its processes run on`;
  if (kill === true && to.leaf !== 'Ending') return `kills in ${to.leaf}`;
  if (to.leaf === 'Ending' && (kill !== true || open !== true)) return 'Ending does not kill';
  if (final.has(from.leaf) && to.leaf !== from.leaf) return `${from.leaf} is not final`;
  if (from.outputs['open'] === true && final.has(to.leaf) && !input('processes.gone'))
    return `${to.leaf} with processes`;
  const dies = to.leaf === 'Killed' || (to.leaf === 'Ending' && to.ctx['killed'] === 1);
  const out = asked.has(from.leaf) && input('request.locked') && to.leaf === 'Denied';
  if (command === 'kill' && !final.has(from.leaf) && !dies && !out)
    return `a kill in ${from.leaf} leads to ${to.leaf}`;
  if (from.leaf === 'Ending' && from.ctx['killed'] === 1 && !dies) return 'a kill is forgotten';
  // Nobody who only watches says a command or is a fact: without both nothing is given.
  if (command === undefined && still && to.leaf === 'Running' && from.leaf !== 'Running')
    return from.leaf === 'Waiting' ? undefined : `from ${from.leaf} it runs by itself`;
  if (from.leaf === 'Paused' && to.leaf === 'Running' && command !== 'resume')
    return 'a pause ends without a word';
  return undefined;
}

describe('the statechart of shells', () => {
  it('holds every property that it states, in every state that it can reach', async () => {
    const found = await explore(flowOf(text), judge);
    expect(found).toMatchObject({ broken: [], vacuous: [], untaken: [], wrong: [] });
    expect(new Set(found.nodes.map(({ leaf }) => leaf)).size).toBe(10);
    expect(found.steps).toBeGreaterThan(100_000);
  }, 60_000);

  it.each([
    ['types while it is paused', 'do: {open: true, frozen: true}', 'do: {open: true, input: true}'],
    ['does not stand still', 'do: {open: true, frozen: true}', 'do: {open: true}'],
    ['runs unrecorded', 'when: sound && machine.allows', 'when: machine.allows'],
    ['runs unwatched', '&& watched && driver.there, to', '&& driver.there, to'],
    [
      'runs anywhere',
      'sound && machine.allows && watched && driver.there, to',
      'sound && watched, to',
    ],
    ['ends with processes', 'S42, when: processes.gone', 'S42, when: "!processes.gone"'],
    ['forgets a kill', '(ctx.killed || cmd.kill), to', '!ctx.killed, to'],
    ['waits where it could go on', '(ctx.killed || cmd.kill), to', 'ctx.killed && !cmd.kill, to'],
    ['goes on by itself', 'cmd.resume && sound', '(cmd.resume || sound) && sound'],
    [
      'begins again',
      'Ended:   {rest: true}',
      'Ended: {rest: true, go: [{id: Z1, when: cmd.begin, to: Waiting}]}',
    ],
    ['kills as if asked to end', 'cmd.kill, set: {killed: true}, to', 'cmd.kill, to'],
  ])(
    'that %s is noticed',
    async (_, right, wrong) => {
      expect(text).toContain(right);
      const flow = flowOf(text.replaceAll(right, wrong));
      const { broken, wrong: seen } = await explore(flow, judge, { brief: true });
      expect([...broken, ...seen]).not.toEqual([]);
    },
    60_000,
  );

  it('that has no end is noticed', async () => {
    // Two commands in one step, which nobody can say. Where nothing runs, little is walked to see it.
    const never = 'when: cmd.deny && cmd.approve &&';
    const still = text.replace('S15, when:', `S15, ${never}`);
    const endless = still.replaceAll('when: processes.gone', `${never} processes.gone`);
    expect((await explore(flowOf(still), judge)).broken).toEqual([]);
    expect((await explore(flowOf(endless), judge)).broken).toEqual(['canBegin']);
  });
});
