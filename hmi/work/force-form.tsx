// One value to be held: of what, at what, for how long and why. What needs a second person is asked for, not done.
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { needsOf } from '#contract/act-rules.ts';
import type { ActNeeds } from '#contract/act-rules.ts';
import type { approvalRoutes } from '#contract/approval-routes.ts';
import type { TagInfo } from '#contract/described.ts';
import { ask } from '#hmi/feed/ask.ts';
import { store } from '#hmi/feed/cell.ts';
import { lackOf } from '#hmi/feed/me.ts';
import { askWork } from '#hmi/feed/work.ts';
import { ruleText } from '#hmi/i18n/refusals.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices } from '#hmi/parts/choices.tsx';
import { Field, Form, useAsking } from '#hmi/parts/form.tsx';
import { formatUnit, formatValue } from '#hmi/parts/format.ts';
import { tagTitle } from '#hmi/parts/value.tsx';
import { giveAct } from './give-act.ts';
import { tab } from './tab.ts';
import { Said, leastReason, mostReason } from './why.tsx';

const minute_ms = 60_000;
const spans = [1, 5, 10, 30, 60, 480] as const;
/** A second person may take so long to say yes. */
const patience_ms = 3_600_000;

export function ForceForm({ done }: { done: () => void }): JSX.Element {
  const tags = (store.hello.value?.tags ?? []).filter(({ kind }) => kind !== 'system');
  const [tag, text, reason] = [useSignal(tags[0]?.name ?? ''), useSignal(''), useSignal('')];
  const minutes = useSignal<number>(spans[1]);
  const asking = useAsking();
  const info = tags.find(({ name }) => name === tag.value);
  const value = info === undefined ? undefined : valueOf(info, text.value);
  const args = {
    tag: tag.value,
    value: value ?? null,
    for_ms: minutes.value * minute_ms,
    reason: reason.value.trim(),
  };
  const needs = needsHere(args);
  const act = async (): Promise<void> => {
    const told = await asking.run<unknown>(() =>
      needs.approvals === 0 ? giveAct('force', args, args.reason) : askFor(args, needs.approvals),
    );
    if (told === undefined) return;
    done();
    if (needs.approvals > 0) tab.value = 'approvals';
    await askWork();
  };
  return (
    <Form
      asking={asking}
      title={t(needs.approvals > 0 ? 'forces.ask' : 'forces.do')}
      blocked={blockedBy(args, info, needs)}
      act={() => void act()}
    >
      <TagField tags={tags} tag={tag} text={text} />
      {info !== undefined && <ValueField info={info} text={text} />}
      <Choices
        label={t('forces.for')}
        values={spans}
        picked={[minutes.value]}
        pick={(each) => {
          minutes.value = each;
        }}
      >
        {(each) =>
          each < 60 ? t('forces.min', { min: each }) : t('forces.hours', { h: each / 60 })
        }
      </Choices>
      <Field label={t('forces.reason')} value={reason} most={mostReason} />
      <Said
        take={(said) => {
          reason.value = said;
        }}
      />
      <p class="quiet">
        {[...needs.lacks, ...needs.because].map(ruleText).join('; ')}
        {needs.approvals > 0 && ` ${t('forces.second')}`}
      </p>
    </Form>
  );
}

function TagField(props: {
  readonly tags: readonly TagInfo[];
  readonly tag: Signal<string>;
  readonly text: Signal<string>;
}): JSX.Element {
  const { tags, tag, text } = props;
  return (
    <label class="field">
      <span>{t('signals.name')}</span>
      <select
        value={tag.value}
        onChange={(event) => {
          tag.value = event.currentTarget.value;
          text.value = '';
        }}
      >
        {tags.map((each) => (
          <option key={each.name} value={each.name}>
            {each.name}
            {each.title === undefined ? '' : ` · ${tagTitle(each, each.name)}`}
          </option>
        ))}
      </select>
    </label>
  );
}

function ValueField({ info, text }: { info: TagInfo; text: Signal<string> }): JSX.Element {
  const { type, values, unit, name } = info;
  if (type !== 'bool' && type !== 'enum') {
    return <Field label={`${t('forces.value')} ${formatUnit(unit)}`.trim()} value={text} />;
  }
  const choices = type === 'bool' ? ['true', 'false'] : (values ?? []);
  return (
    <Choices
      label={`${t('forces.value')} ${name}`}
      values={choices}
      picked={[text.value]}
      pick={(choice) => {
        text.value = choice;
      }}
    >
      {(choice) => (type === 'bool' ? formatValue(choice === 'true') : choice)}
    </Choices>
  );
}

/** Undefined where the text is no value of the tag. */
function valueOf({ type, values }: TagInfo, text: string): boolean | number | string | undefined {
  const written = text.trim();
  if (type === 'bool') return written === 'true' ? true : written === 'false' ? false : undefined;
  if (type === 'enum') return values?.includes(written) === true ? written : undefined;
  if (type === 'string') return written;
  const number = Number(written.replace(',', '.'));
  return written !== '' && Number.isFinite(number) ? number : undefined;
}

function needsHere(args: Readonly<Record<string, unknown>>): ActNeeds {
  const hello = store.hello.value;
  const flows = store.flows.value;
  if (hello === undefined || flows === undefined)
    return { reason: 'everybody', approvals: 0, lacks: [], because: [] };
  return needsOf('force', args, { hello, snapshot: { flows } });
}

function blockedBy(
  { value, reason }: { value: unknown; reason: string },
  info: TagInfo | undefined,
  { lacks }: ActNeeds,
): string | undefined {
  const lack = lackOf('force');
  if (lack !== undefined) return lack;
  if (lacks.length > 0) return t('forces.notNow');
  if (info === undefined || value === null) return t('forces.noValue');
  return reason.length < leastReason ? t('forces.noReason') : undefined;
}

const askFor = (args: Readonly<Record<string, unknown>>, needs: number) => {
  const now = Date.now();
  return ask<typeof approvalRoutes.ask>('POST', '/api/approvals', {
    body: {
      what: { verb: 'force', args: args as Record<string, never> },
      reason: String(args['reason']),
      notBefore: now,
      notAfter: now + patience_ms,
      uses: 1,
      needs,
    },
  });
};
