// The supervised shell: tiers as policy data, what is said about its sessions, and what of them is in the chronicle.
// The frames of its socket stand in shell-frames.ts, its recordings in recording.ts.
import * as z from 'zod';
import { Actor } from './actor.ts';
import { ApprovalId } from './approval.ts';
import { FlowName } from './name.ts';
import { SizeText } from './size.ts';
import { DurationText, formatDuration, hours, minutes, seconds } from './time.ts';
import type { Duration } from './time.ts';

/** T0 read console, T1 maintenance verbs, T2 confined shell, T3 full shell, T4 break-glass at the PC itself. */
export const tiers = ['T0', 'T1', 'T2', 'T3', 'T4'] as const;
export const Tier = z.enum(tiers);
export type Tier = z.infer<typeof Tier>;

/** Where the machine must be: each flow named in one of these states, and at rest where that is asked for. */
export const Where = z.record(
  FlowName,
  z.strictObject({
    in: z.array(z.string().max(128)).max(16).default([]).meta({
      description: 'states of which one is active, for instance mode.Manual; none: any',
    }),
    rest: z
      .boolean()
      .default(false)
      .meta({ description: 'every region is in a state with `rest`' }),
  }),
);
export type Where = z.infer<typeof Where>;

/** What a tier asks for before and while somebody is in it. */
export const TierPolicy = z.strictObject({
  on: z.boolean(),
  approvals: z.int().min(1).max(5).meta({ description: 'how many others must say yes' }),
  presence: z
    .boolean()
    .meta({ description: 'a supervisor watches, live and proved, or it pauses' }),
  longest: DurationText.meta({ description: 'after so long it ends' }),
  where: Where.meta({ description: 'where the machine must be; leaving it pauses the session' }),
});
export type TierPolicy = z.infer<typeof TierPolicy>;

/** What no site may loosen, whatever its manifest says: the machine's record is worth as much as its weakest shell. */
const bounds = {
  T2: { approvals: 1, longest: hours(24) },
  T3: { approvals: 2, longest: minutes(30) },
} as const;

const descriptionOf = (field: keyof typeof TierPolicy.shape): string =>
  TierPolicy.shape[field].description ?? '';

const longestOf = (tier: keyof typeof bounds): typeof DurationText => {
  const { longest } = bounds[tier];
  const why = `a shell of ${tier} lasts ${formatDuration(longest)} at most: 1min to that`;
  return DurationText.refine((span) => span >= minutes(1) && span <= longest, why);
};
const approvalsOf = (tier: keyof typeof bounds) => {
  const { approvals } = bounds[tier];
  const others = approvals === 1 ? 'another person has' : `${approvals} others have`;
  const why = `nobody opens a shell of ${tier} before ${others} said yes: ${approvals} to 5`;
  return z
    .int(why)
    .min(approvals, why)
    .max(5, why)
    .meta({ description: descriptionOf('approvals') });
};
const policy = (tier: keyof typeof bounds, defaults: { on: boolean; longest: Duration }) => ({
  on: TierPolicy.shape.on.default(defaults.on),
  approvals: approvalsOf(tier).default(bounds[tier].approvals),
  longest: longestOf(tier)
    .meta({ description: descriptionOf('longest') })
    .default(defaults.longest),
  where: TierPolicy.shape.where.default({}),
});
const supervised = 'a shell of T3 runs only while a supervisor watches it: true';

/** `shell.recordings:` of the manifest. */
export const RecordingOptions = z.strictObject({
  max: SizeText.refine((bytes) => bytes >= 10e6, 'at least 10MB')
    .prefault('2GB')
    .meta({ description: 'size of all recordings past which the oldest whole ones leave' }),
  secrets: z.enum(['hash', 'keep']).default('hash').meta({
    description:
      'what is typed while nothing is shown: its length and a keyed hash, or as it was typed',
  }),
});
export type RecordingOptions = z.infer<typeof RecordingOptions>;

/** `shell.agents:` of the manifest: what agents may propose, and what it may cost. */
export const AgentOptions = z.strictObject({
  on: z
    .boolean()
    .default(false)
    .meta({ description: 'whether agents may propose commands for the confined shell at all' }),
  presence: z
    .boolean()
    .default(true)
    .meta({ description: 'a command runs only while a supervisor watches it' }),
  longest: DurationText.default(minutes(1)).meta({ description: 'after so long it is ended' }),
  cpu: DurationText.default(seconds(10)).meta({
    description: 'processor time of each of its processes, in whole seconds',
  }),
  output: SizeText.prefault('64KB').meta({ description: 'a command that writes more is ended' }),
  commands: z.int().min(1).max(1000).default(20).meta({
    description: 'commands of one agent in an hour',
  }),
  refusals: z.int().min(1).max(1000).default(5).meta({
    description: 'an agent that is refused so often in 10 minutes is locked out',
  }),
});
export type AgentOptions = z.infer<typeof AgentOptions>;

/** Some flow is asked to be somewhere. */
const isPlace = (where: Where): boolean =>
  Object.values(where).some(({ in: states, rest }) => states.length > 0 || rest);

/** `shell:` of the manifest. Off unless it is turned on; the consoles of T0 and T1 are always there. */
export const ShellOptions = z
  .strictObject({
    on: z
      .boolean()
      .default(false)
      .meta({ description: 'whether T2 and T3 can be asked for at all' }),
    where: Where.default({}).meta({
      description: 'where the machine must be for T2 and T3, unless the tier says otherwise',
    }),
    T2: z
      .strictObject({
        ...policy('T2', { on: true, longest: hours(2) }),
        presence: TierPolicy.shape.presence.default(false),
      })
      .prefault({}),
    T3: z
      .strictObject({
        ...policy('T3', { on: false, longest: minutes(30) }),
        presence: TierPolicy.shape.presence
          .refine((watched) => watched, supervised)
          .meta({ description: descriptionOf('presence') })
          .default(true),
      })
      .prefault({}),
    recordings: RecordingOptions.prefault({}).meta({ description: 'how shells are recorded' }),
    agents: AgentOptions.prefault({}).meta({ description: 'what agents may propose' }),
  })
  .refine(({ on, where, T3 }) => !on || !T3.on || isPlace(where) || isPlace(T3.where), {
    path: ['T3', 'on'],
    message:
      'a full shell needs the place of the machine in which it may run: ' +
      '`where: {FLOW: {in: [STATE], rest: true}}` of the tier, or of `shell`',
  });
export type ShellOptions = z.infer<typeof ShellOptions>;

/** A tier's policy as control tells station: with the machine's place that holds for it. */
export const TierRule = TierPolicy.omit({ longest: true }).extend({
  longest_ms: z.int().positive(),
});
export type TierRule = z.infer<typeof TierRule>;

/** The policy of a cell's shells, whole. */
export const ShellRules = z.strictObject({
  on: z.boolean(),
  T2: TierRule,
  T3: TierRule,
  /** Its `max` in bytes. */
  recordings: z.strictObject({
    max: z.number(),
    secrets: RecordingOptions.shape.secrets.unwrap(),
  }),
  /** Times in ms, sizes in bytes. */
  agents: z.strictObject({
    on: z.boolean(),
    presence: z.boolean(),
    longest_ms: z.number(),
    cpu_ms: z.number(),
    output: z.number(),
    commands: z.number(),
    refusals: z.number(),
  }),
});
export type ShellRules = z.infer<typeof ShellRules>;

/** What the manifest says of shells, as control tells it. */
export function shellRules(options: ShellOptions): ShellRules {
  const { on, where, T2, T3, recordings } = options;
  const { longest: longest_ms, cpu: cpu_ms, ...agents } = options.agents;
  const rule = ({ longest, where: own, ...others }: TierPolicy): TierRule => ({
    ...others,
    longest_ms: longest,
    where: Object.keys(own).length === 0 ? where : own,
  });
  return {
    on,
    T2: rule(T2),
    T3: rule(T3),
    recordings,
    agents: { ...agents, longest_ms, cpu_ms },
  };
}

export const SessionId = z.string().regex(/^sh-[0-9a-f]{16}$/);
export type SessionId = z.infer<typeof SessionId>;

/** The states of flows/shell/session.flow.yaml, by their last word. */
export const SessionState = z.enum([
  'Requested',
  'Approved',
  'Waiting',
  'Running',
  'Paused',
  'Ending',
  'Ended',
  'Killed',
  'Denied',
  'Expired',
]);
export type SessionState = z.infer<typeof SessionState>;

/** driver types; peer may take over; supervisor watches, pauses, resumes, ends; observer sees. */
export const Part = z.enum(['driver', 'peer', 'supervisor', 'observer', 'agent']);
export type Part = z.infer<typeof Part>;

/** A session as lists and pages show it. */
export const SessionView = z.strictObject({
  id: SessionId,
  tier: Tier,
  state: SessionState,
  by: Actor,
  owner: Actor.optional(),
  /** Who has the keyboard, once it was handed over. */
  driver: Actor.optional(),
  reason: z.string(),
  /** Of an agent: what runs in place of a shell, and nothing is typed. */
  command: z.array(z.string()).optional(),
  approval: ApprovalId.optional(),
  /** UTC ms. */
  asked: z.number(),
  began: z.number().optional(),
  ends: z.number().optional(),
  ended: z.number().optional(),
  /** Why it is paused or ended, for people. */
  why: z.string().optional(),
  /** The supervisor's presence is proved now. */
  present: z.boolean(),
  /** Where the machine must be and is not. */
  lacks: z.array(z.string()),
  participants: z.array(
    z.strictObject({ actor: Actor, part: Part, since: z.number(), live: z.boolean() }),
  ),
  recorded: z.strictObject({ bytes: z.number(), ok: z.boolean() }),
});
export type SessionView = z.infer<typeof SessionView>;

/** What was locked out, until when, and why; any match wins. */
export const Lock = z.strictObject({
  id: z.string().regex(/^lk-[0-9a-f]{16}$/),
  kind: z.enum(['user', 'role', 'token', 'agent', 'tier', 'session', 'cell']),
  target: z.string().max(128),
  until: z.number().optional(),
  message: z.string().max(500),
  by: Actor,
  /** Whose full shell it follows: they do not take it away themselves. */
  after: Actor.optional(),
  at: z.number(),
});
export type Lock = z.infer<typeof Lock>;

/** One step of a session's statechart: all that a replay needs to take it again. */
export const ShellStep = z.strictObject({
  event: z.literal('shell-step'),
  session: SessionId,
  /** Counts the session's steps from 0. */
  n: z.int().nonnegative(),
  /** The step's time, ms since the session's first; and the inputs and commands that are new in it. */
  now: z.int().nonnegative(),
  inputs: z.record(z.string(), z.union([z.boolean(), z.number(), z.string()])),
  commands: z.array(z.string()),
  /** What it made: transitions taken, active states, outputs, and the rolling hash, hex. */
  fired: z.array(z.string()),
  states: z.record(z.string(), z.string()),
  outputs: z.record(z.string(), z.union([z.boolean(), z.number(), z.string()])),
  hash: z.string().regex(/^[0-9a-f]{16}$/),
  /** Why it was taken, for people. */
  text: z.string().max(500),
});
export type ShellStep = z.infer<typeof ShellStep>;

/** The other things that happen in and around sessions. */
export const ShellEvent = z.strictObject({
  event: z.enum([
    'shell-asked',
    'shell-joined',
    'shell-left',
    'shell-handed-over',
    'shell-process',
    'shell-lost',
    'shell-fault',
    'lock-added',
    'lock-removed',
    'break-glass',
    'break-glass-review',
  ]),
  session: SessionId.optional(),
  /** Whole of what it is about: the request with flow text and hash, the participant, the process, the lock. */
  about: z.record(z.string(), z.json()).optional(),
  text: z.string().max(500),
});
export type ShellEvent = z.infer<typeof ShellEvent>;
