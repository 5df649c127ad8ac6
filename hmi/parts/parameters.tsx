// The parameters of a flow with their envelope; one of them at a time can be given another value.
import { signal, useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { FlowInfo, Scalar } from '#contract/described.ts';
import { store } from '#hmi/feed/cell.ts';
import { draftOf, tapped } from '#hmi/feed/draft.ts';
import type { Draft, Parameter } from '#hmi/feed/draft.ts';
import { lackOf } from '#hmi/feed/me.ts';
import { t } from '#hmi/i18n/text.ts';
import type { Key } from '#hmi/i18n/text.ts';
import { ActButton } from './act-button.tsx';
import { formatEnd, formatExact, formatSpan, formatUnit, formatValue } from './format.ts';
import { Reason } from './reason.tsx';
import { Table } from './table.tsx';

const columns = [
  'settings.parameter',
  'settings.value',
  'settings.range',
  'settings.step',
] as const satisfies readonly Key[];

/** The parameter that somebody is about to change: `flow/name`. */
const edited = signal<string | undefined>(undefined);

export function Parameters({ flow }: { flow: FlowInfo }): JSX.Element | null {
  const values = store.flows.value?.[flow.name]?.parameters ?? {};
  if (flow.parameters.length === 0) return null;
  return (
    <section class="panel">
      <h2>
        {t('settings.parameters')} <small>{flow.name}</small>
      </h2>
      <Table class="parameters" columns={columns}>
        {flow.parameters.map((parameter) => (
          <ParameterRows
            key={parameter.name}
            flow={flow.name}
            parameter={parameter}
            now={values[parameter.name] ?? null}
          />
        ))}
      </Table>
    </section>
  );
}

interface ParameterProps {
  readonly flow: string;
  readonly parameter: Parameter;
  readonly now: Scalar;
}

function ParameterRows(props: ParameterProps): JSX.Element {
  const { flow, parameter, now } = props;
  const key = `${flow}/${parameter.name}`;
  const open = edited.value === key;
  return (
    <>
      <tr>
        <th scope="row">
          <button
            type="button"
            aria-expanded={open}
            onClick={() => {
              edited.value = open ? undefined : key;
            }}
          >
            <b>{parameter.name}</b>
          </button>
        </th>
        <td>
          <b>{formatValue(now, parameter)}</b> {formatUnit(parameter.unit)}
        </td>
        <td>{rangeText(parameter)}</td>
        <td>{stepText(parameter)}</td>
      </tr>
      {open && (
        <tr class="editor">
          <td colSpan={columns.length}>
            <Editor {...props} />
          </td>
        </tr>
      )}
    </>
  );
}

function rangeText({ min, max, values }: Parameter): string {
  if (values !== undefined) return values.join(', ');
  if (min === undefined && max === undefined) return '';
  return [min, max].map((end) => (end === undefined ? '' : formatEnd(end))).join(' – ');
}

function stepText({ maxStep, every_ms }: Parameter): string {
  if (maxStep === undefined) return '';
  if (every_ms === undefined) return formatEnd(maxStep);
  return t('settings.stepText', { step: formatEnd(maxStep), span: formatSpan(every_ms) });
}

/** Numbers are written or tapped to, others picked; the button says what will be set, or why it cannot be. */
function Editor(props: ParameterProps): JSX.Element {
  const { flow, parameter, now } = props;
  const text = useSignal(typeof now === 'number' ? formatExact(now) : '');
  const picked = useSignal<Scalar>(now);
  const numeric = parameter.type === 'int' || parameter.type === 'real';
  const draft: Draft | { value: Scalar } = numeric
    ? draftOf(parameter, now, text.value)
    : picked.value === now
      ? { problem: 'same' }
      : { value: picked.value };
  const value = 'value' in draft ? draft.value : null;
  const problem = 'problem' in draft ? problemText(draft) : undefined;
  const blocked = lackOf('parameter') ?? problem;
  const said = typeof value === 'number' ? formatExact(value) : formatValue(value);
  const title =
    value === null
      ? t('settings.setNothing')
      : t('settings.set', { value: `${said} ${formatUnit(parameter.unit)}`.trim() });
  return (
    <div class="choices" role="group" aria-label={parameter.name}>
      {numeric ? (
        <NumberField parameter={parameter} text={text} />
      ) : (
        <Choices parameter={parameter} picked={picked} />
      )}
      <ActButton
        kind="confirm"
        title={title}
        verb="parameter"
        args={{ flow, name: parameter.name, value: value ?? '' }}
        {...(blocked === undefined ? {} : { blocked })}
      />
      {lackOf('parameter') === undefined && <Reason />}
    </div>
  );
}

function NumberField(props: { parameter: Parameter; text: Signal<string> }): JSX.Element {
  const { parameter, text } = props;
  const move = (direction: 1 | -1) => (): void => {
    const from = Number(text.value.trim().replace(',', '.'));
    if (Number.isFinite(from)) text.value = formatExact(tapped(parameter, from, direction));
  };
  return (
    <>
      <button type="button" class="plain" aria-label={t('settings.less')} onClick={move(-1)}>
        −
      </button>
      <input
        type="text"
        inputMode="decimal"
        autocomplete="off"
        aria-label={t('settings.newValue', { name: parameter.name })}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <button type="button" class="plain" aria-label={t('settings.more')} onClick={move(1)}>
        +
      </button>
    </>
  );
}

const Choices = (props: { parameter: Parameter; picked: Signal<Scalar> }): JSX.Element => (
  <>
    {(props.parameter.values ?? [false, true]).map((choice) => (
      <button
        key={String(choice)}
        type="button"
        class="plain"
        aria-pressed={choice === props.picked.value}
        onClick={() => {
          props.picked.value = choice;
        }}
      >
        {formatValue(choice)}
      </button>
    ))}
  </>
);

function problemText(draft: Extract<Draft, { problem: string }>): string {
  const at = 'at' in draft ? formatEnd(draft.at) : '';
  return t(`draft.${draft.problem}`, { at });
}
