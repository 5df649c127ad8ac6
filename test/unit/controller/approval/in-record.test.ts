// A chronicle proves its approvals alone: a true story has no finding, and each false one has its own.
import { expect, test } from 'vitest';
import type { ApprovalEvent } from '#contract/approval.ts';
import type { SessionBody } from '#contract/entry.ts';
import { present } from '#contract/error.ts';
import { Deeds } from '#controller/approval/deeds.ts';
import type { SessionEntry } from '#controller/approval/deeds.ts';
import { ApprovalsInRecord } from '#controller/approval/in-record.ts';
import { Bench, ann, bob, carl } from './rig.ts';

/** What the chronicle has of one approval that two gave and that was used, with its people enrolled. */
async function story(): Promise<SessionEntry[]> {
  using bench = new Bench();
  const asked = await bench.ask(ann, { needs: 2, uses: 1 });
  await bench.yes(bob, asked);
  const approved = await bench.yes(carl, asked);
  await bench.use(approved);
  const at = bench.clock.time();
  const people = [...bench.people].map(([actor, { key }]): SessionEntry => {
    const subject = actor.slice('user:'.length);
    const body: SessionBody = { event: 'person-added', subject, change: { key }, text: '' };
    return { seq: 0, at, actor: 'console:root', body };
  });
  const all = [...people, ...bench.record.map((event) => ({ seq: 0, at, ...event }))];
  return all.map((entry, index) => ({ ...entry, seq: index + 1 }));
}

function judged(entries: readonly SessionEntry[], since?: number) {
  const record = new Deeds(new ApprovalsInRecord(since));
  for (const entry of entries) record.take(entry);
  return { findings: record.findings, counts: record.approvals.counts };
}

const changeOf = ({ body }: SessionEntry): string | undefined =>
  body.event === 'approval' ? body.change : undefined;

/** The story with one kind of event made otherwise, or left out. */
function altered(
  entries: readonly SessionEntry[],
  change: ApprovalEvent['change'],
  make: (event: ApprovalEvent, entry: SessionEntry) => Partial<SessionEntry> | undefined,
): SessionEntry[] {
  return entries.flatMap((entry) => {
    const { body } = entry;
    if (body.event !== 'approval' || body.change !== change) return [entry];
    const made = make(body, entry);
    return made === undefined ? [] : [{ ...entry, ...made }];
  });
}

test('a true story has no finding', async () => {
  const record = judged(await story());
  expect(record.findings).toEqual([]);
  expect(record.counts).toEqual({ total: 1, approved: 1, used: 1, unknown: 0 });
});

test('what was told twice after a failure is one', async () => {
  const twice = (await story()).flatMap((entry) =>
    ['yes', 'approved', 'used'].includes(changeOf(entry) ?? '') ? [entry, entry] : [entry],
  );
  expect(judged(twice).findings).toEqual([]);
});

test('of what was asked for before the record began nothing is said', async () => {
  const late = altered(await story(), 'requested', () => undefined);
  const { findings, counts } = judged(late, (late.at(-1)?.at ?? 0) + 1);
  expect([findings, counts.unknown]).toEqual([[], 1]);
});

const request = (event: ApprovalEvent) => present(event.request, 'the request');
const yes = (event: ApprovalEvent) => present(event.yes, 'the yes');

test.each<[string, ApprovalEvent['change'], Parameters<typeof altered>[2], RegExp]>([
  [
    'the reason was altered',
    'requested',
    (event) => ({ body: { ...event, request: { ...request(event), reason: 'else' } } }),
    /hash is not of what/,
  ],
  ['somebody else asked', 'requested', () => ({ actor: 'user:dora' }), /in the name of/],
  [
    'a signature was altered',
    'yes',
    (event) => ({ body: { ...event, yes: { ...yes(event), signature: `${'A'.repeat(86)}==` } } }),
    /signature of .* does not fit/,
  ],
  [
    'a yes is of somebody else',
    'yes',
    (event) => ({ body: { ...event, yes: { ...yes(event), by: 'user:dora' } } }),
    /of somebody else/,
  ],
  [
    'one yes was left out',
    'yes',
    (_event, { actor }) => (actor === 'user:bob' ? undefined : {}),
    /too few/,
  ],
  [
    'both were in one session',
    'yes',
    (event) => ({ body: { ...event, yes: { ...yes(event), credential: 'one' } } }),
    /too few/,
  ],
  [
    'it is of another request',
    'yes',
    (event) => ({ body: { ...event, hash: '0'.repeat(64) } }),
    /another request/,
  ],
  ['nobody asked for it', 'requested', () => undefined, /nobody asked for it in this record/],
  [
    'a yes came after its end',
    'yes',
    (_event, { at }) => ({ at: at + 700_000 }),
    /said yes after its end/,
  ],
  ['nobody approved it', 'approved', () => undefined, /used and not approved/],
  ['somebody else used it', 'used', () => ({ actor: 'user:carl' }), /user:carl used/],
  ['it was used too often', 'used', (event) => ({ body: { ...event, use: 2 } }), /more often/],
  [
    'it was used too late',
    'used',
    (_event, { at }) => ({ at: at + 700_000 }),
    /outside of its time/,
  ],
])('%s: found', async (_name, change, make, text) => {
  const { findings } = judged(altered(await story(), change, make));
  expect(findings.map((finding) => finding.text).join('\n')).toMatch(text);
  expect(findings[0]?.seq).toBeGreaterThan(3);
});

test('a yes by a key that is not enrolled for that person is found', async () => {
  const other = (await story()).map((entry): SessionEntry => {
    const { body } = entry;
    if (body.event !== 'person-added' || body.subject !== 'bob') return entry;
    return { ...entry, body: { ...body, change: { key: `${'B'.repeat(43)}=` } } };
  });
  expect(judged(other).findings[0]?.text).toContain('the yes of user:bob is by another key');
});

const removed = (at: number): SessionEntry => ({
  seq: 9,
  at,
  actor: 'console:root',
  body: { event: 'person-removed', subject: 'bob', text: '' },
});

test('a use after whoever approved was removed is found; one that was judged before is none', async () => {
  const entries = await story();
  const used = present(entries.at(-1), 'the use');
  const before = entries.slice(0, -1);
  const late = [...before, removed(used.at - 16_000), used];
  expect(judged(late).findings[0]?.text).toContain('when user:bob could approve no more');
  expect(judged([...before, removed(used.at - 1000), used]).findings).toEqual([]);
});

test('what was denied is not used', async () => {
  const entries = await story();
  const denial = entries.flatMap((entry): SessionEntry[] => {
    const { body } = entry;
    if (body.event !== 'approval' || body.change !== 'used') return [entry];
    return [{ ...entry, actor: 'user:carl', body: { ...body, change: 'denied' } }, entry];
  });
  expect(judged(denial).findings[0]?.text).toContain('used after its end');
});
