// The routes of agents' commands, bound to what they do.
import { agentRoutes } from '#contract/agent-routes.ts';
import { serve, signedIn } from '#controller/server/routes.ts';
import type { Served } from '#controller/server/routes.ts';
import type { Agents } from './agents.ts';

export const agentServed = (agents: Agents): readonly Served[] => [
  serve(agentRoutes.propose, (asked) => agents.propose(signedIn(asked), asked.body)),
  serve(agentRoutes.list, (asked) => ({ commands: agents.list(signedIn(asked)) })),
  serve(agentRoutes.read, (asked) => agents.read(signedIn(asked), asked.params.id)),
  serve(agentRoutes.execute, (asked) => agents.execute(signedIn(asked), asked.params.id)),
];
