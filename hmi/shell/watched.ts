// Whether a shell runs only while a supervisor watches it: policy, as station told it.
import type { SessionView } from '#contract/shell.ts';
import { shellRules } from '#hmi/feed/work.ts';

export function isWatched({ tier, command }: Pick<SessionView, 'tier' | 'command'>): boolean {
  const rules = shellRules.value;
  if (command !== undefined) return rules?.agents.presence === true;
  return (tier === 'T2' || tier === 'T3') && rules?.[tier].presence === true;
}
