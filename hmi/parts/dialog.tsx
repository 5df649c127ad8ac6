// A panel over the screen. It leaves the stops free to be pressed: it covers none and makes nothing dead.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '#hmi/i18n/text.ts';
import { over } from './shown.ts';

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Default: it is gone. */
  readonly close?: () => void;
  readonly alert?: boolean;
}

export function Dialog({ title, children, close = closeOver, alert }: DialogProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const first = place.current?.querySelector<HTMLElement>('input, select, textarea');
    (first ?? place.current)?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <div
      ref={place}
      class="dialog"
      role={alert === true ? 'alertdialog' : 'dialog'}
      aria-label={title}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <div class="head">
        <h2>{title}</h2>
        <button type="button" class="plain" onClick={close}>
          {t('dialog.close')}
        </button>
      </div>
      <div class="scroll">{children}</div>
    </div>
  );
}

export function closeOver(): void {
  over.value = undefined;
}
