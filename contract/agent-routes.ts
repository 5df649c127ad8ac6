// The routes of agents at station's port: propose a command, see what became of it, execute it once it was approved.
// What T0 and T1 give them, the console's routes do; nothing here is typed into a shell.
import * as z from 'zod';
import { AgentCommand, AgentProposal } from './agent.ts';
import type { Route } from './api.ts';
import { SessionId } from './shell.ts';

const params = z.strictObject({ id: SessionId });

export const agentRoutes = {
  propose: {
    method: 'POST',
    path: '/api/agent/commands',
    summary: 'Proposes a command for the confined shell; somebody else approves exactly that.',
    needs: 'shell.open',
    body: AgentProposal,
    answer: AgentCommand,
  },
  list: {
    method: 'GET',
    path: '/api/agent/commands',
    summary:
      'Commands that agents proposed, newest first, without what they wrote; agents see their own alone.',
    needs: 'view',
    answer: z.strictObject({ commands: z.array(AgentCommand) }),
  },
  read: {
    method: 'GET',
    path: '/api/agent/commands/:id',
    summary: 'One command: where it stands, and what it wrote.',
    needs: 'view',
    params,
    answer: AgentCommand,
  },
  execute: {
    method: 'POST',
    path: '/api/agent/commands/:id/execute',
    summary:
      'Executes what was approved, once. It runs when a supervisor watches; read what becomes of it.',
    needs: 'shell.open',
    params,
    body: z.strictObject({}),
    answer: AgentCommand,
  },
} as const satisfies Readonly<Record<string, Route>>;
