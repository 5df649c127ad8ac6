// What a form is made of: named fields, a button that says what it does and why it cannot, and what station answered.
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import type { Asked } from '#hmi/feed/ask.ts';
import { connected } from '#hmi/feed/cell.ts';
import { refusalText } from '#hmi/i18n/refusals.ts';
import { t } from '#hmi/i18n/text.ts';

export interface Asking {
  readonly busy: boolean;
  /** Why the last question had no answer, in words; and its code. */
  readonly problem: string | undefined;
  readonly code: string | undefined;
  /** Undefined where there is no answer. */
  readonly run: <Answer>(asked: () => Promise<Asked<Answer>>) => Promise<Answer | undefined>;
  readonly clear: () => void;
}

const rest = { busy: false, problem: undefined, code: undefined } as const;

/** One question at a time, and what came of the last. */
export function useAsking(): Asking {
  const state = useSignal<Pick<Asking, 'busy' | 'problem' | 'code'>>(rest);
  const run: Asking['run'] = async (asked) => {
    if (state.peek().busy) return undefined;
    state.value = { ...rest, busy: true };
    const told = await asked();
    state.value =
      told.kind === 'failed' ? { busy: false, problem: refusalText(told), code: told.code } : rest;
    return told.kind === 'answer' ? told.answer : undefined;
  };
  const clear = (): void => {
    state.value = rest;
  };
  return { ...state.value, run, clear };
}

interface FieldProps {
  readonly label: string;
  readonly value: Signal<string>;
  readonly type?: 'text' | 'password';
  readonly autocomplete?: string;
  readonly digits?: boolean;
  readonly most?: number;
  readonly hint?: string;
}

export function Field(props: FieldProps): JSX.Element {
  const { label, value, type = 'text', autocomplete = 'off', digits, most, hint } = props;
  const given = {
    autocomplete,
    autocapitalize: 'none',
    spellcheck: false,
    ...(digits === true ? { inputMode: 'numeric' } : {}),
    ...(most === undefined ? {} : { maxLength: most }),
    value: value.value,
    'aria-label': label,
    ...(hint === undefined ? {} : { 'aria-description': hint }),
    onInput: (event: { readonly currentTarget: { readonly value: string } }) => {
      value.value = event.currentTarget.value;
    },
  } as const;
  return (
    <label class="field">
      <span>{label}</span>
      {type === 'password' ? (
        <input type="password" {...given} />
      ) : (
        <input type="text" {...given} />
      )}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}

/** Asks on Enter and by its button. */
export function Form(props: {
  readonly asking: Asking;
  readonly title: string;
  /** Why it cannot be asked now. */
  readonly blocked?: string | undefined;
  readonly act: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { asking, title, blocked, act, children } = props;
  const lack = blocked ?? (connected.value ? undefined : t('press.offline'));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (lack === undefined && !asking.busy) act();
      }}
    >
      {children}
      <Problem asking={asking} />
      <AskButton title={title} submit lack={lack} busy={asking.busy} />
    </form>
  );
}

export const Problem = ({ asking }: { asking: Asking }): JSX.Element => (
  <p class="problem" role="alert">
    {asking.problem}
  </p>
);

interface AskButtonProps {
  readonly title: string;
  readonly lack?: string | undefined;
  readonly busy?: boolean;
  readonly submit?: boolean;
  readonly act?: () => void;
  readonly stop?: boolean;
}

/** A button that asks station for something; dead with a reason in words. */
export function AskButton({ title, lack, busy, submit, act, stop }: AskButtonProps): JSX.Element {
  const dead = lack !== undefined || busy === true;
  return (
    <button
      type={submit === true ? 'submit' : 'button'}
      class={`act small ask ${stop === true ? 'stop' : ''}`}
      aria-disabled={dead}
      onClick={() => {
        if (!dead) act?.();
      }}
    >
      <span class="title">{title}</span>
      {(lack !== undefined || busy === true) && <span class="hint">{lack ?? t('ask.busy')}</span>}
    </button>
  );
}
