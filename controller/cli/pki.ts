// `pki`: which certificates of OPC UA devices are trusted. It works on the data directory alone, whether the
// cell runs or not; a running one sees what changed when it connects the next time.
import { resolve } from 'node:path';
import { CellError } from '#contract/error.ts';
import { certificates } from '#drivers/index.ts';
import { answer, exit, table } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

type Store = Awaited<ReturnType<typeof certificates>>;
type Stored = ReturnType<Store['listCertificates']>[number];

export const pkiVerbs: readonly Verb[] = [
  {
    name: 'pki',
    usage: 'list|trust|reject [THUMBPRINT]',
    summary:
      'Lists the certificates of OPC UA devices, or trusts or rejects one by its thumbprint.',
    more: 'Of a thumbprint the first 8 digits do.',
    example: 'rebe pki trust 3f9c2a7be1d0',
    words: [1, 2],
    options: {
      expired: { type: 'boolean', help: 'trust: outside its dates too' },
      'any-host': { type: 'boolean', help: 'trust: at an address that it does not name too' },
    },
    run: async (invocation) => {
      const [what = '', thumbprint] = invocation.words;
      if ((what === 'list') !== (thumbprint === undefined)) throw misused(what);
      const data = resolve(invocation.data);
      const store = await certificates();
      if (thumbprint === undefined) list(invocation, store.listCertificates(data));
      else if (what === 'trust') {
        const allowed = store.Allowance.options.filter((name) => invocation.flag(name));
        tell(invocation, await store.trustCertificate(data, thumbprint, allowed));
      } else if (what === 'reject') {
        tell(invocation, await store.rejectCertificate(data, thumbprint));
      } else throw misused(what);
      return exit.good;
    },
  },
];

const misused = (what: string): CellError =>
  new CellError('E_USAGE', `rebe pki list, or rebe pki trust|reject THUMBPRINT; not \`${what}\``);

function list(invocation: Invocation, all: readonly Stored[]): void {
  answer(invocation, all, () =>
    all.length === 0
      ? 'no certificates yet: one comes here when a device with security is tried'
      : table([
          ['state', 'thumbprint', 'until', 'subject', 'names'],
          ...all.map(({ state, thumbprint, until, subject, names, allowed }) => [
            allowed.length === 0 ? state : `${state} (${allowed.join(', ')})`,
            thumbprint,
            until.slice(0, 10),
            subject,
            names.join(', '),
          ]),
        ]),
  );
}

function tell(invocation: Invocation, one: Stored): void {
  const also = one.allowed.length === 0 ? '' : `, also ${one.allowed.join(' and ')}`;
  answer(
    invocation,
    one,
    () =>
      `${one.state}${also}: ${one.subject}\n  SHA-1   ${one.thumbprint}\n  SHA-256 ${one.sha256}`,
  );
}
