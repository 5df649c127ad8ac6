// People, approvals, shells and recordings to tell the page of: what station would answer to who is here, and to what waits.
import type { ApprovalView } from '#contract/approval.ts';
import type { Broken } from '#contract/break-glass.ts';
import { permissions, roles } from '#contract/people.ts';
import type { Me, PersonView, SessionRow, TokenView } from '#contract/people-routes.ts';
import type { RecordingSummary } from '#contract/recording-routes.ts';
import { SessionState } from '#contract/shell.ts';
import type { Lock, SessionView } from '#contract/shell.ts';
import type { Answer } from './told-past.ts';

/** Answers `/api/...`; undefined: that is somebody else's. */
export type Crew = (path: string, query: URLSearchParams) => Answer | undefined;

const minute = 60_000;
const now = Date.now();
const me: Me = {
  actor: 'user:ada',
  name: 'ada',
  title: 'Ada Lovelace',
  roles: ['admin', 'supervisor'],
  permissions: [...permissions],
  commands: ['anyone', 'operator', 'maintenance', 'engineer'],
  session: '0123456789abcdef',
  proved: now,
  ends: now + 600 * minute,
  secondFactor: true,
  pin: true,
  mustChange: false,
  mustFactor: false,
  enrolled: true,
  panel: true,
  switchable: [{ name: 'otto', title: 'Otto' }],
};
const approvalOf = (
  n: number,
  {
    request,
    ...rest
  }: Partial<Omit<ApprovalView, 'request'>> & {
    readonly request: Pick<ApprovalView['request'], 'kind' | 'what'> &
      Partial<ApprovalView['request']>;
  },
): ApprovalView => ({
  request: {
    id: `ap-${String(n).padStart(16, '0')}`,
    cell: 'press-7',
    by: 'user:mia',
    credential: 'c',
    reason: 'The gauge drops out each time the coolant pump starts',
    notBefore: now - minute,
    notAfter: now + 50 * minute,
    uses: 1,
    needs: 2,
    ...request,
  },
  hash: 'b8e5bea9d62dbfa8'.repeat(4),
  state: 'requested',
  yes: [],
  used: 0,
  ...rest,
});
const approvals: readonly ApprovalView[] = [
  approvalOf(1, {
    request: {
      kind: 'agent-command',
      by: 'agent:mia/fixer',
      owner: 'user:mia',
      what: {
        argv: ['find', '/var/log', '-name', '*.log', '-size', '+100M'],
        expects: 'A list of logs that are too large; nothing changes',
        budget: { wall_ms: 60_000, output: 65_536 },
      },
    },
  }),
  approvalOf(2, {
    request: {
      kind: 'act',
      what: {
        verb: 'force',
        args: { tag: 'ram.valve', value: true, for_ms: 1_200_000, reason: 'x' },
      },
    },
    yes: [{ by: 'user:sue', credential: 's', at: now, key: 'k', signature: 's' }],
  }),
  approvalOf(3, {
    request: { kind: 'shell', what: { tier: 'T2', for_ms: 1_800_000 } },
    state: 'denied',
    no: { by: 'user:sue', reason: 'Not while it presses', at: now },
  }),
];
const shell: SessionView = {
  id: 'sh-0123456789abcdef',
  tier: 'T2',
  state: 'Paused',
  by: 'agent:mia/fixer',
  owner: 'user:mia',
  reason: 'The gauge drops out each time the coolant pump starts',
  asked: now - 9 * minute,
  began: now - 8 * minute,
  ends: now + 12 * minute,
  why: 'pressing is not in mode.Manual',
  present: false,
  lacks: ['pressing is not in mode.Manual'],
  participants: [{ actor: 'user:sue', part: 'supervisor', since: now, live: true }],
  recorded: { bytes: 20_480, ok: true },
};
/** One in each state; with the first, five that are at work. */
const shells: readonly SessionView[] = SessionState.options.map((state, n) => ({
  ...shell,
  id: `sh-1${String(n).padStart(15, '0')}`,
  state,
  by: n % 2 === 0 ? 'user:mia' : 'user:ada',
  owner: undefined,
  why: state === 'Denied' ? 'denied: The door stays open until I am back' : undefined,
  lacks: [],
}));
const locks: readonly Lock[] = [
  { kind: 'user', target: 'wilhelmine.von.oberndorf', until: now + 480 * minute },
  { kind: 'session', target: shell.id },
].map((more, n) => ({
  id: `lk-${String(n).padStart(16, '0')}`,
  message: 'Has left the site, and the key of the cabinet is with the porter',
  by: 'user:sue',
  at: now,
  ...more,
})) as readonly Lock[];
const people: readonly PersonView[] = roles.map((role, n) => ({
  name: `person-${n}`,
  title: `Wilhelmine von Oberndorf-Unterstein ${n}`,
  roles: n === 0 ? ['operator', 'maintenance', 'engineer'] : [role],
  disabled: n === 1,
  secondFactor: n > 2,
  pin: n > 1,
  temporary: n === 2,
  key: 'k',
  added: now,
}));
const sessions: readonly SessionRow[] = people.map(({ name }, n) => ({
  id: `${n}`.repeat(16),
  actor: `user:${name}`,
  kind: n === 1 ? 'cli' : 'page',
  began: now - minute,
  used: now,
  ends: now + minute,
  address: '10.11.12.13',
  panel: n === 0,
  own: n === 0,
}));
const tokens: readonly TokenView[] = [
  {
    id: '0'.repeat(16),
    actor: 'agent:mia/fixer',
    scopes: ['view', 'shell.open'],
    commands: ['anyone'],
    verbs: ['propose'],
    added: now,
    ends: now + minute,
  },
];
const recordings: readonly RecordingSummary[] = (['ended', 'cut', 'damaged', 'open'] as const).map(
  (state, n) => ({
    session: `sh-${String(n).padStart(16, '0')}`,
    state,
    title: shell.reason,
    by: n === 0 ? 'agent:mia/fixer' : 'user:mia',
    began: now - n * minute,
    ended: now,
    duration_us: 90_000_000,
    events: 100,
    output_bytes: 1000,
    file_bytes: 2000,
    ...(state === 'damaged' ? { problem: { code: 'E_RECORDING_FRAME', text: 'cut at 1200' } } : {}),
  }),
);
const broken: readonly Broken[] = ['user:mia', 'user:ada'].map((actor, n) => ({
  id: `bg-${String(n).padStart(16, '0')}`,
  actor,
  at: now - 30 * minute,
  reason: 'station did not start after the power cut, and nobody else was there',
}));
const events = [
  {
    seq: 41_204,
    at: now,
    actor: 'user:ada',
    body: {
      event: 'person-changed',
      subject: 'otto',
      change: { roles: [['operator'], ['operator', 'maintenance']] },
      text: 'user:ada changed of otto: roles',
    },
  },
  {
    seq: 41_205,
    at: now,
    actor: 'console:panel',
    body: { event: 'refused', code: 'E_SIGN_IN', text: 'refused E_SIGN_IN: sign-in of otto' },
  },
];
const rule = {
  on: true,
  approvals: 1,
  presence: true,
  where: { pressing: { in: ['mode.Manual'], rest: true } },
};

const answers =
  (told: Readonly<Record<string, unknown>>): Crew =>
  (path) =>
    Object.hasOwn(told, path) ? { status: 200, body: told[path] } : undefined;

/** Somebody who may everything, and nothing that waits. */
export const calmCrew: Crew = answers({
  me,
  touch: {},
  shells: { rules: null, sessions: [] },
  locks: { locks: [] },
  approvals: [],
  'break-glass': { waiting: [] },
});
/** Everything at once. */
export const busyCrew: Crew = answers({
  me,
  touch: {},
  shells: {
    rules: {
      on: true,
      T2: { ...rule, longest_ms: 7_200_000 },
      T3: { ...rule, on: false, longest_ms: 1_800_000 },
    },
    sessions: [shell, ...shells],
  },
  locks: { locks },
  approvals,
  'break-glass': { waiting: broken },
  console: { kind: 'json', ok: true, value: events },
  people: { people },
  sessions: { sessions },
  tokens: { tokens },
  recordings: { recordings, more: true, bytes: 12_000_000, bound: 1_000_000_000 },
});
