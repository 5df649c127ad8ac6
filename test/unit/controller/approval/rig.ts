// Approvals on a store of their own: people with real keys, a chronicle that keeps or refuses, time by hand.
import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actor } from '#contract/actor.ts';
import type { ApprovalAsk, ApprovalEvent, ApprovalView } from '#contract/approval.ts';
import { CellError, present } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Permission, Principal } from '#contract/people.ts';
import { rightsOf } from '#contract/people.ts';
import { Approvals } from '#controller/approval/approvals.ts';
import type { ApproverKeys } from '#controller/approval/approvals.ts';
import { ApprovalStore } from '#controller/approval/store.ts';
import type { OpenDatabase } from '#controller/approval/store.ts';
import type { StationEvent } from '#controller/server/records.ts';
import { removeFolder } from '#test/folder.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

interface Person {
  readonly secret: KeyObject;
  readonly key: string;
  permissions: ReadonlySet<Permission>;
}

export const pin = (name: string): string => `pin of ${name}`;
const supervisor = new Set(rightsOf.supervisor.permissions);
const everything = new Set<Permission>([...supervisor, 'force', 'shell.open', 'act.approve']);

/** Who asks: ann may all that anybody may here; bob and carl are supervisors. */
export const principal = (actor: Actor, more: Partial<Principal> = {}): Principal => ({
  actor,
  permissions: everything,
  commands: new Set(),
  credential: `session of ${actor}`,
  proved: 0,
  ...more,
});
export const ann = principal('user:ann');
export const bob = principal('user:bob');
export const carl = principal('user:carl');
export const robot = principal('agent:ann/helper', {
  owner: 'user:ann',
  credential: 'token helper',
});

export const force = {
  verb: 'force',
  args: { tag: 'coolant.pump', value: true, for_ms: 1_200_000 },
};

export class Bench implements Disposable {
  readonly clock = new HandClock();
  readonly #folder = mkdtempSync(join(tmpdir(), 'rebe-approval-'));
  readonly path = join(this.#folder, 'station.db');
  readonly people = new Map<Actor, Person>();
  /** What the chronicle has, in order. */
  readonly record: StationEvent[] = [];
  readonly log: string[] = [];
  /** What the chronicle answers. */
  problem: Code | undefined;
  /** Called before the chronicle answers. */
  meanwhile: () => void | Promise<void> = () => undefined;
  approvals: Approvals;

  constructor(open?: OpenDatabase) {
    for (const { actor, permissions } of [ann, bob, carl]) this.enrol(actor, permissions);
    this.approvals = this.#make(open);
    this.approvals.start();
  }

  enrol(actor: Actor, permissions: ReadonlySet<Permission>): void {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    this.people.set(actor, { secret: privateKey, key: raw.toString('base64'), permissions });
  }

  /** As after a restart of station. */
  again(): void {
    this.approvals.close();
    this.approvals = this.#make();
    this.approvals.start();
  }

  ask(by: Principal, more: Partial<ApprovalAsk> = {}): Promise<ApprovalView> {
    const now = this.clock.time();
    return this.approvals.request(by, {
      kind: 'act',
      what: force,
      reason: 'the pump is to be bled',
      notBefore: now,
      notAfter: now + 600_000,
      uses: 1,
      needs: 1,
      ...more,
    });
  }

  yes(by: Principal, { request, hash }: ApprovalView): Promise<ApprovalView> {
    return this.approvals.yes(by, request.id, { hash, proof: { pin: pin(by.actor) } });
  }

  /** Asked for by ann and approved by bob. */
  async approved(more: Partial<ApprovalAsk> = {}): Promise<ApprovalView> {
    return this.yes(bob, await this.ask(ann, more));
  }

  use({ request }: ApprovalView, more: object = {}): Promise<Code | undefined> {
    return this.approvals.use(request.id, { kind: 'act', what: force, by: 'user:ann', ...more });
  }

  /** What the chronicle has of approvals: change by change. */
  get changes(): string[] {
    return this.events.map(({ change }) => change);
  }

  get events(): ApprovalEvent[] {
    return this.record.flatMap(({ body }) => (body.event === 'approval' ? [body] : []));
  }

  /** Codes of the refusals that were told. */
  get refusals(): (string | undefined)[] {
    return this.record.flatMap(({ body }) => (body.event === 'refused' ? [body.code] : []));
  }

  [Symbol.dispose](): void {
    this.approvals.close();
    removeFolder(this.#folder);
  }

  #make(open?: OpenDatabase): Approvals {
    const keys: ApproverKeys = {
      find: (actor) => this.people.get(actor),
      signWith: async ({ actor }, proof, bytes) => {
        const person = this.people.get(actor);
        if (person === undefined || proof.pin !== pin(actor))
          throw new CellError('E_NOT_ALLOWED', 'not the PIN');
        return { key: person.key, signature: sign(null, bytes, person.secret).toString('base64') };
      },
    };
    const deps = {
      keys,
      keep: async (event: StationEvent) => {
        await this.meanwhile();
        if (this.problem === undefined) this.record.push(event);
        return this.problem;
      },
      log: (_level: string, text: string, event?: StationEvent) => {
        this.log.push(text);
        if (event !== undefined) this.record.push(event);
      },
      cell: () => 'tending-1',
    };
    return new Approvals(this.clock, deps, new ApprovalStore(this.path, open));
  }
}

/** The code that a promise is refused with. */
export async function codeOf(promise: Promise<unknown>): Promise<Code | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return present(
      error instanceof CellError ? error : undefined,
      `a coded error: ${String(error)}`,
    ).code;
  }
}
