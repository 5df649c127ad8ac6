// What the page knows of a line of the console: which are shown before they are done, and how one goes on. Pure; what
// may be is station's to say.
import type { FlowInfo } from '#contract/described.ts';

const shownFirst = new Set(['set', 'force', 'resume']);

/** It may move the machine or change how it works: given with `--dry-run` first. A stop never waits. */
export function isHazardous(line: string, flows: readonly FlowInfo[]): boolean {
  const words = line.trim().split(/\s+/);
  const [verb = '', flow, name] = words;
  if (words.includes('--dry-run')) return false;
  if (verb !== 'command') return shownFirst.has(verb);
  const command = flows
    .find((info) => info.name === flow)
    ?.commands.find((info) => info.name === name);
  return command !== undefined && command.class !== 'stop';
}

/** What all begin with. */
export function commonStart(all: readonly string[]): string {
  const [first = ''] = all;
  let length = first.length;
  for (const each of all) {
    let same = 0;
    while (same < length && each[same] === first[same]) same += 1;
    length = same;
  }
  return first.slice(0, length);
}
