// What a chronicle says was done by approvals: true stories verify, and each deed that its approval does not cover is found,
// by `rebe verify` too, which then ends with 1.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import { ActBody, SessionBody } from '#contract/entry.ts';
import type { EntryKind } from '#contract/entry.ts';
import { present } from '#contract/error.ts';
import { Deeds } from '#controller/approval/deeds.ts';
import { ApprovalsInRecord } from '#controller/approval/in-record.ts';
import { recordVerbs } from '#controller/cli/record.ts';
import { readInvocation } from '#controller/cli/verb.ts';
import { removeFolder } from '#test/folder.ts';
import { openLocal } from '#test/unit/controller/chronicle/local-chronicle.ts';
import { Bench, ann, carl, force, robot } from './rig.ts';

interface Told {
  readonly at: number;
  readonly kind: EntryKind;
  readonly actor: string;
  readonly body: Readonly<Record<string, Json>>;
}

const session = 'sh-00000000000000aa';
const shell = { session, tier: 'T2', for_ms: 60_000, where: {} };
const command = { ...shell, argv: ['/usr/bin/id'], argvHash: 'a'.repeat(64) };
const what = { act: force, shell, 'agent-command': command };
const doers = { act: ann, shell: ann, 'agent-command': robot };
type Kind = keyof typeof what;

/** What was done by it, as control and station tell it. */
function deedsOf(kind: Kind, approval: string): Omit<Told, 'at'>[] {
  const { actor } = doers[kind];
  if (kind === 'act') {
    const { verb, args } = force;
    const { for_ms: span, ...rest } = args;
    const body = { id: 'a1', verb, args: { ...rest, until: 5000 + span }, outcome: 'done' };
    return [{ kind: 'act', actor, body: { ...body, result: 'accepted', approval } }];
  }
  const about = { ...what[kind], reason: 'bled', approval };
  const asked = { event: 'shell-asked', session, about, text: '' };
  const step = { event: 'shell-step', session, n: 1, now: 1, inputs: {}, commands: ['begin'] };
  const made = { fired: ['S10'], outputs: {}, hash: '0'.repeat(16), text: '' };
  const begun = { ...step, ...made, states: { session: 'Waiting' } };
  const { argvHash } = command;
  const over = { event: 'agent-executed', session, approval, about: { argvHash }, text: '' };
  const bodies = kind === 'shell' ? [asked, begun] : [asked, begun, over];
  return bodies.map((body) => ({ kind: 'session', actor, body }));
}

/** A true story: asked for, said yes to, used, and done. */
async function story(kind: Kind, uses = 1): Promise<Told[]> {
  using bench = new Bench();
  const asked = await bench.ask(doers[kind], { kind, what: what[kind], uses });
  const approved = await bench.yes(carl, asked);
  const use = { kind, what: what[kind], by: doers[kind].actor };
  for (let count = 0; count < uses; count += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await bench.use(approved, use)).toBeUndefined();
  }
  const said = bench.record.map(({ actor, body }) => ({ kind: 'session', actor, body }));
  const all = [...said, ...deedsOf(kind, asked.request.id)] as Omit<Told, 'at'>[];
  return all.map((one) => ({ ...one, at: bench.clock.time() }));
}

/** What `rebe verify` says of a chronicle with these entries: its exit code and what it found. */
async function verified(entries: readonly Told[]): Promise<readonly [number, string]> {
  const folder = mkdtempSync(join(tmpdir(), 'rebe-deeds-'));
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const local = await openLocal({ folder });
    for (const { at, kind, actor, body } of entries) {
      const bytes = Buffer.from(canonicalJson(body));
      local.chronicle.append({ scan: null, at, kind, actor, body: bytes });
    }
    local.write();
    await local.close();
    const verb = present(
      recordVerbs.find(({ name }) => name === 'verify'),
      'verify',
    );
    const code = await verb.run(readInvocation(verb, [join(folder, 'chronicle.db'), '--json']));
    const text = printed.mock.calls.map(([part]) => String(part)).join('');
    const { findings } = JSON.parse(text) as { readonly findings: readonly { text: string }[] };
    return [code, findings.map((finding) => finding.text).join('\n')];
  } finally {
    printed.mockRestore();
    removeFolder(folder);
  }
}

test.each<Kind>(['act', 'shell', 'agent-command'])(
  'a true story of one for %s verifies',
  async (kind) => {
    expect(await verified(await story(kind))).toEqual([0, '']);
  },
);

/** What becomes of each entry; as it was, where it says nothing. */
type Change = (entry: Told) => readonly Partial<Told>[] | undefined;
const isAct = ({ kind }: Told): boolean => kind === 'act';
const isChange =
  (change: string) =>
  ({ body }: Told): boolean =>
    body['change'] === change;
const isEvent =
  (event: string) =>
  ({ body }: Told): boolean =>
    body['event'] === event;
const without =
  (of: (entry: Told) => boolean): Change =>
  (entry) =>
    of(entry) ? [] : undefined;
const altered =
  (of: (entry: Told) => boolean, more: (entry: Told) => Told['body']): Change =>
  (entry) =>
    of(entry) ? [{ body: { ...entry.body, ...more(entry) } }] : undefined;
const partOf = ({ body }: Told, name: string): Told['body'] => body[name] as Told['body'];

const selfGiven: Change = (entry) => {
  if (!isChange('yes')(entry)) return undefined;
  const yes = { ...partOf(entry, 'yes'), by: 'user:ann' };
  return [{ actor: 'user:ann', body: { ...entry.body, yes } }];
};

test.each<[string, Kind, Change, RegExp]>([
  ['its approval is missing', 'act', without(isEvent('approval')), /nobody asked/],
  [
    'it names another approval',
    'act',
    altered(isAct, () => ({ approval: 'ap-00000000000000ff' })),
    /^act force: ap-00000000000000ff: nobody asked/,
  ],
  ['its yes is missing', 'act', without(isChange('yes')), /too few/],
  ['no use of it was told', 'act', without(isChange('used')), /no use/],
  [
    'its value is another',
    'act',
    altered(isAct, (entry) => ({ args: { ...partOf(entry, 'args'), value: false } })),
    /of something else/,
  ],
  ['its verb is another', 'act', altered(isAct, () => ({ verb: 'unforce' })), /of something else/],
  [
    'somebody else did it',
    'act',
    (entry) => (isAct(entry) ? [{ actor: 'user:bob' }] : undefined),
    /not user:bob/,
  ],
  ['it was done twice', 'act', (entry) => (isAct(entry) ? [{}, {}] : undefined), /another had it/],
  [
    'it was done after its time',
    'act',
    (entry) => (isAct(entry) ? [{ at: entry.at + 700_000 }] : undefined),
    /its time is not then/,
  ],
  ['whoever asked said yes', 'act', selfGiven, /by who may not/],
  ['a shell began unused', 'shell', without(isChange('used')), /no use/],
  [
    'a shell began twice as long',
    'shell',
    altered(isEvent('shell-asked'), (entry) => ({
      about: { ...partOf(entry, 'about'), for_ms: 120_000 },
    })),
    /of something else/,
  ],
  [
    'a shell was asked about by nobody',
    'shell',
    altered(isEvent('shell-asked'), () => ({ about: {} })),
    /nobody is asked about/,
  ],
  [
    'an agent was asked about by nobody',
    'agent-command',
    altered(isEvent('shell-asked'), () => ({ about: {} })),
    /nobody is asked about/,
  ],
  [
    'another command was executed',
    'agent-command',
    altered(isEvent('agent-executed'), () => ({ about: { argvHash: 'b'.repeat(64) } })),
    /of something else/,
  ],
])('%s: found, and verify ends with 1', async (_name, kind, change, text) => {
  const entries = (await story(kind)).flatMap((entry) =>
    (change(entry) ?? [{}]).map((more) => ({ ...entry, ...more })),
  );
  const [code, found] = await verified(entries);
  expect(found).toMatch(text);
  expect(code).toBe(1);
});

test('as many deeds as uses were told are good, and one more is not', async () => {
  const entries = await story('act', 2);
  const deed = present(entries.at(-1), 'the act');
  expect(await verified([...entries, deed])).toEqual([0, '']);
  expect(await verified([...entries, deed, deed])).toEqual([1, expect.stringContaining('no use')]);
});

test.each<[number, string[]]>([
  [5000, []],
  [5000 - 60_000, [expect.stringContaining('of another time')]],
])('a force that began at %i of scans lasts as long as was approved', async (now, found) => {
  const deeds = new Deeds(new ApprovalsInRecord());
  for (const { at, kind, actor, body } of await story('act')) {
    if (kind === 'act') deeds.act({ seq: 9, at, actor, body: ActBody.parse(body), now });
    else deeds.take({ seq: 1, at, actor, body: SessionBody.parse(body) });
  }
  expect(deeds.findings.map(({ text }) => text)).toEqual(found);
});

test('what was asked for in a record that was set aside is not missed in the next', async () => {
  const entries = (await story('act')).filter(isAct);
  const boot = (before: string): Told => {
    const body = { version: '1', node: 'v20', platform: 'linux', before };
    return { at: entries[0]?.at ?? 0, kind: 'boot', actor: 'system', body };
  };
  expect((await verified([boot('broken'), ...entries]))[1]).not.toContain('asked for it');
  expect((await verified([boot('first'), ...entries]))[1]).toContain('nobody asked for it');
});
