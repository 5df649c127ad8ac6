// Keys for a PIN that a finger in a glove hits; digits of a keyboard work too. What is given is never shown.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '#hmi/i18n/text.ts';

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
const least = 6;
const most = 12;

export function PinPad(props: {
  readonly busy: boolean;
  readonly give: (pin: string) => void;
}): JSX.Element {
  const { busy, give } = props;
  const pin = useSignal('');
  const add = (digit: string): void => {
    if (pin.value.length < most) pin.value += digit;
  };
  const done = (): void => {
    if (busy || pin.value.length < least) return;
    give(pin.value);
    pin.value = '';
  };
  return (
    <div
      class="pin-pad"
      role="group"
      aria-label={t('pin.label')}
      onKeyDown={(event) => {
        if (/^\d$/.test(event.key)) add(event.key);
        if (event.key === 'Backspace') pin.value = pin.value.slice(0, -1);
      }}
    >
      <output aria-label={t('pin.given', { count: pin.value.length })}>
        {'●'.repeat(pin.value.length)}
      </output>
      <div class="keys">
        {keys.map((digit) => (
          <Key key={digit} label={digit} act={() => add(digit)} />
        ))}
        <Key label={t('pin.back')} act={() => (pin.value = pin.value.slice(0, -1))} />
        <Key label="0" act={() => add('0')} />
        <Key label={t('pin.done')} dead={busy || pin.value.length < least} act={done} />
      </div>
    </div>
  );
}

const Key = (props: {
  readonly label: string;
  readonly act: () => void;
  readonly dead?: boolean;
}): JSX.Element => (
  <button type="button" class="plain key" aria-disabled={props.dead === true} onClick={props.act}>
    {props.label}
  </button>
);
