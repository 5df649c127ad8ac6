// Agents: what a software principal proposes, and what became of it.
import * as z from 'zod';
import { ApprovalId } from './approval.ts';
import { SessionId } from './shell.ts';

/** What an agent proposed or did, in the chronicle. */
export const AgentEvent = z.strictObject({
  event: z.enum(['agent-proposed', 'agent-refused', 'agent-executed', 'agent-locked']),
  session: SessionId.optional(),
  approval: ApprovalId.optional(),
  /** The model, the hash of its prompt, the argv and its hash, what it expects, what came out. */
  about: z.record(z.string(), z.json()).optional(),
  code: z.string().max(64).optional(),
  text: z.string().max(500),
});
export type AgentEvent = z.infer<typeof AgentEvent>;
