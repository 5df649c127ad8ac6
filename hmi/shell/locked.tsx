// Who and what is locked out of shells: the list for everybody, a lock and its release for whoever may approve.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Lock } from '#contract/shell.ts';
import type { addLock, listLocks, removeLock } from '#contract/shell-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { cellTime } from '#hmi/feed/cell.ts';
import { lackOf } from '#hmi/feed/me.ts';
import { round } from '#hmi/feed/work.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices } from '#hmi/parts/choices.tsx';
import { AskButton, Field, Form, Problem } from '#hmi/parts/form.tsx';
import type { Asking } from '#hmi/parts/form.tsx';
import { formatMoment } from '#hmi/parts/format.ts';
import { nameOf } from '#hmi/parts/names.ts';
import { useList } from '#hmi/people/use-list.ts';

const kinds = ['user', 'role', 'token', 'agent', 'tier', 'session', 'cell'] as const;
/** Hours; 0: until it is released. */
const spans = [1, 8, 24, 0] as const;
const hour_ms = 3_600_000;
/** Of a sentence for whoever is locked out. */
const leastMessage = 3;

type Add = (body: {
  readonly kind: Lock['kind'];
  readonly target: string;
  readonly message: string;
  readonly for_ms?: number;
}) => Promise<boolean>;

/** For whoever is signed in. */
export function Locked(): JSX.Element {
  const list = useList(() => ask<typeof listLocks>('GET', '/api/locks', {}), round.value);
  const may = lackOf('shell.approve');
  const locks = list.told.value?.locks ?? [];
  const now = cellTime.value;
  const add: Add = async (body) =>
    (await list.change(() => ask<typeof addLock>('POST', '/api/locks', { body }))) !== undefined;
  return (
    <section class="locks" aria-label={t('locks.title')}>
      <h2>{t('locks.title')}</h2>
      {locks.length === 0 && <p class="quiet">{t('locks.none')}</p>}
      <ul>
        {locks
          .filter(({ until }) => until === undefined || until > now)
          .map((lock) => (
            <li key={lock.id} data-lock={lock.id}>
              <p>
                <b>{t(`locks.kind.${lock.kind}`)}</b> {lock.target} <span>{lock.message}</span>
                <small>
                  {t('locks.by', { by: nameOf(lock.by) })},{' '}
                  {lock.until === undefined
                    ? t('locks.always')
                    : t('locks.until', { at: formatMoment(lock.until) })}
                </small>
              </p>
              <AskButton
                title={t('locks.release')}
                lack={may}
                act={() =>
                  void list.change(() =>
                    ask<typeof removeLock>('DELETE', '/api/locks/:id', {
                      params: { id: lock.id },
                    }),
                  )
                }
              />
            </li>
          ))}
      </ul>
      {may === undefined ? <AddLock add={add} asking={list} /> : <Problem asking={list} />}
    </section>
  );
}

function AddLock({ add, asking }: { add: Add; asking: Asking }): JSX.Element {
  const kind = useSignal<Lock['kind']>('user');
  const [target, message, span] = [useSignal(''), useSignal(''), useSignal<number>(8)];
  const named = kind.value === 'cell' || target.value.trim() !== '';
  const act = async (): Promise<void> => {
    const done = await add({
      kind: kind.value,
      target: kind.value === 'cell' ? '' : target.value.trim(),
      message: message.value.trim(),
      ...(span.value === 0 ? {} : { for_ms: span.value * hour_ms }),
    });
    if (done) [target.value, message.value] = ['', ''];
  };
  const blocked = named
    ? message.value.trim().length < leastMessage
      ? t('forces.noReason')
      : undefined
    : t('locks.noTarget');
  return (
    <Form asking={asking} title={t('locks.add')} blocked={blocked} act={() => void act()}>
      <Choices
        label={t('locks.kind')}
        values={kinds}
        picked={[kind.value]}
        pick={(each) => {
          kind.value = each;
        }}
      >
        {(each) => t(`locks.kind.${each}`)}
      </Choices>
      {kind.value !== 'cell' && <Field label={t('locks.target')} value={target} most={128} />}
      <Field label={t('locks.message')} value={message} most={300} />
      <Choices
        label={t('locks.for')}
        values={spans}
        picked={[span.value]}
        pick={(each) => {
          span.value = each;
        }}
      >
        {(each) => (each === 0 ? t('locks.always') : t('locks.hours', { h: each }))}
      </Choices>
      <p class="quiet">{t('locks.text')}</p>
    </Form>
  );
}
