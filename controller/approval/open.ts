// Approvals as station has them: people's keys, the way to the chronicle, and the store in `station.db`.
import { join } from 'node:path';
import type { Clock } from '#contract/time.ts';
import type { Records } from '#controller/server/records.ts';
import { Approvals } from './approvals.ts';
import type { ApprovalDeps } from './approvals.ts';
import { approverKeys } from './keys.ts';
import type { KnownPeople } from './keys.ts';
import { ApprovalStore } from './store.ts';

export function openApprovals(
  clock: Clock,
  from: Pick<ApprovalDeps, 'log' | 'cell'> & {
    readonly people: KnownPeople;
    readonly records: Pick<Records, 'keep'>;
  },
  data: string,
): Approvals {
  const { people, records, log, cell } = from;
  const keys = approverKeys(people);
  const store = new ApprovalStore(join(data, 'station.db'));
  return new Approvals(clock, { keys, keep: (event) => records.keep(event), log, cell }, store);
}
