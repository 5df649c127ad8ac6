// What waits for a second person: who asks for exactly what, until when, and who has said what. Yes needs the password or
// the PIN of whoever says it; no needs a reason.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { permissionToApprove } from '#contract/approval.ts';
import type { ApprovalView } from '#contract/approval.ts';
import type { approvalRoutes } from '#contract/approval-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { cellTime } from '#hmi/feed/cell.ts';
import { lackOf, me } from '#hmi/feed/me.ts';
import { approvals, askWork, mine } from '#hmi/feed/work.ts';
import { t } from '#hmi/i18n/text.ts';
import { AskButton, Field, Form, Problem, useAsking } from '#hmi/parts/form.tsx';
import { formatMoment, formatSpan } from '#hmi/parts/format.ts';
import { isAgent, nameOf } from '#hmi/parts/names.ts';
import { BreakGlass } from './break-glass.tsx';
import { giveAct } from './give-act.ts';
import { askedOf, rowsOf } from './asked.ts';

/** Of those that are over, so many are shown. */
const overLimit = 20;

export function Approvals(): JSX.Element {
  const all = approvals.value;
  const yours = mine(all);
  const others = all.filter(
    (each) => (each.state === 'requested' || each.state === 'approved') && !yours.includes(each),
  );
  const past = all.filter(({ state }) => state !== 'requested' && state !== 'approved');
  return (
    <div class="stale-scope cards">
      <section aria-label={t('approvals.yours')}>
        <BreakGlass />
        <h2>{t('approvals.yours')}</h2>
        {yours.length === 0 && <p class="quiet">{t('approvals.none')}</p>}
        {yours.map((view) => (
          <Card key={view.request.id} view={view}>
            <Say view={view} />
          </Card>
        ))}
      </section>
      <section aria-label={t('approvals.others')}>
        <h2>{t('approvals.others')}</h2>
        {others.map((view) => (
          <Card key={view.request.id} view={view}>
            <>
              <WhyNot view={view} />
              <Own view={view} />
            </>
          </Card>
        ))}
        {past.length > 0 && <h2>{t('approvals.past')}</h2>}
        {past.slice(0, overLimit).map((view) => (
          <Card key={view.request.id} view={view} />
        ))}
      </section>
    </div>
  );
}

function Card(props: { view: ApprovalView; children?: JSX.Element }): JSX.Element {
  const { view, children } = props;
  const { request, hash, state, yes, no, used } = view;
  const left = request.notAfter - cellTime.value;
  return (
    <article
      class={`panel card ${isAgent(request.by) ? 'agent' : ''} ${state}`}
      data-approval={request.id}
      data-state={state}
    >
      <header>
        <strong>{nameOf(request.by)}</strong>
        <span>{t(`approval.${request.kind}`)}</span>
        <b class="state">{t(`approvalState.${state}`)}</b>
      </header>
      <h3>{askedOf(request)}</h3>
      <p>
        <small>{t('approvals.why')}</small> {request.reason}
      </p>
      {typeof request.what['expects'] === 'string' && (
        <p>
          <small>{t('approvals.expects')}</small> {request.what['expects']}
        </p>
      )}
      <dl class="rows">
        {rowsOf(request.what).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
      <p class="quiet">
        {t('approvals.yes', { given: yes.length, needs: request.needs })}
        {yes.length > 0 && ` (${yes.map(({ by }) => nameOf(by)).join(', ')})`}
        {request.uses > 1 && `, ${t('approvals.uses', { used, uses: request.uses })}`}
        {', '}
        {state === 'requested' || state === 'approved'
          ? t('approvals.until', { at: formatMoment(request.notAfter), span: formatSpan(left) })
          : formatMoment(request.notAfter)}
        {no !== undefined && ` ${t('approvals.no', { by: nameOf(no.by), reason: no.reason })}`}
      </p>
      <p class="hash">
        <small>{t('approvals.hash')}</small> <code>{(hash.match(/.{4}/g) ?? []).join(' ')}</code>
      </p>
      {children}
    </article>
  );
}

/** Yes or no of somebody else. */
function Say({ view }: { view: ApprovalView }): JSX.Element {
  const { request, hash } = view;
  const [secret, reason] = [useSignal(''), useSignal('')];
  const asking = useAsking();
  const params = { id: request.id };
  const byPin = me.value?.pin === true && /^\d{6,12}$/.test(secret.value);
  const yes = async (): Promise<void> => {
    const proof = byPin ? { pin: secret.value } : { password: secret.value };
    await asking.run(() =>
      ask<typeof approvalRoutes.yes>('POST', '/api/approvals/:id/yes', {
        params,
        body: { hash, proof },
      }),
    );
    secret.value = '';
    await askWork();
  };
  const no = async (): Promise<void> => {
    await asking.run(() =>
      ask<typeof approvalRoutes.no>('POST', '/api/approvals/:id/no', {
        params,
        body: { reason: reason.value.trim() },
      }),
    );
    await askWork();
  };
  return (
    <div class="say">
      <Form
        asking={asking}
        title={t(request.kind === 'agent-command' ? 'approvals.once' : 'approvals.sayYes')}
        blocked={secret.value === '' ? t('approvals.proof') : undefined}
        act={() => void yes()}
      >
        <Field
          label={t('approvals.secret')}
          value={secret}
          type="password"
          autocomplete="current-password"
        />
      </Form>
      <Form
        asking={asking}
        title={t('approvals.sayNo')}
        blocked={reason.value.trim() === '' ? t('approvals.noReason') : undefined}
        act={() => void no()}
      >
        <Field label={t('approvals.reason')} value={reason} most={300} />
      </Form>
    </div>
  );
}

/** Why whoever is here cannot say yes to what waits. */
function WhyNot({ view }: { view: ApprovalView }): JSX.Element | null {
  const { request, state, yes } = view;
  const { by, owner, kind } = request;
  const actor = me.value?.actor;
  if (state !== 'requested' || actor == null) return null;
  const said = yes.some((each) => each.by === actor);
  const why =
    by === actor
      ? t('approvals.own')
      : owner === actor
        ? t('approvals.ownAgent')
        : said
          ? t('approvals.said')
          : lackOf(permissionToApprove[kind]);
  return why === undefined ? null : <p class="held">{why}</p>;
}

/** What one asked for oneself: to be done once it is approved, or taken back. */
function Own({ view }: { view: ApprovalView }): JSX.Element | null {
  const { request, state } = view;
  const asking = useAsking();
  if (request.by !== me.value?.actor) return null;
  const { verb, args } = request.what;
  const act = async (): Promise<void> => {
    await asking.run(() =>
      giveAct(verb as 'force', args as Record<string, unknown>, request.reason, request.id),
    );
    await askWork();
  };
  const withdraw = async (): Promise<void> => {
    await asking.run(() =>
      ask<typeof approvalRoutes.withdraw>('POST', '/api/approvals/:id/withdraw', {
        params: { id: request.id },
        body: { reason: t('approvals.withdrawn') },
      }),
    );
    await askWork();
  };
  return (
    <div class="choices">
      {request.kind === 'act' && state === 'approved' && (
        <AskButton title={t('approvals.do')} busy={asking.busy} act={() => void act()} />
      )}
      <AskButton title={t('approvals.withdraw')} busy={asking.busy} act={() => void withdraw()} />
      <Problem asking={asking} />
    </div>
  );
}
