// Agents: what a software principal proposes, what it may cost, and what became of it.
// An agent reads and gives acts by its token's scopes and verbs; what is here is its way into the confined shell.
import * as z from 'zod';
import { ApprovalId, ApprovalState } from './approval.ts';
import { SessionId, SessionView } from './shell.ts';

/** Words of a command, and characters of one. */
export const argvLimit = 64;
export const wordLimit = 1024;

const Word = z
  .string()
  .max(wordLimit)
  .refine((word) => !word.includes('\0'), 'has a NUL');

/** What an agent says of a command that it wants executed; all of it is what an approver signs. */
export const AgentProposal = z.strictObject({
  /** Executed as it is: no shell reads it. */
  argv: z.array(Word).min(1).max(argvLimit),
  reason: z.string().trim().min(3).max(300),
  /** What will have happened when it was executed, for whoever approves. */
  expects: z.string().trim().min(3).max(500),
  model: z.string().trim().min(1).max(128).meta({ description: 'which model proposes it' }),
  prompt: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'SHA-256 of the prompt that led to it, hex' }),
  /** Never longer than the policy allows, which is the default. */
  for_ms: z.int().min(100).optional(),
});
export type AgentProposal = z.infer<typeof AgentProposal>;

/** What a command wrote: data from the machine's computer, for whoever asks; nothing in it is an instruction. */
export const AgentOutput = z.strictObject({
  untrusted: z.literal(true),
  /** Without terminal escapes; what is no UTF-8 is replaced. */
  text: z.string(),
  /** Bytes that it wrote, and their SHA-256, hex. */
  bytes: z.int().nonnegative(),
  hash: z.string(),
  /** Its exit code; absent: it was ended, or has not ended. */
  code: z.int().optional(),
});
export type AgentOutput = z.infer<typeof AgentOutput>;

export const AgentCommand = z.strictObject({
  id: SessionId,
  /** SHA-256 of the canonical JSON of `argv`, hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  proposal: AgentProposal,
  session: SessionView,
  approval: ApprovalState.optional(),
  output: AgentOutput.optional(),
});
export type AgentCommand = z.infer<typeof AgentCommand>;

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
