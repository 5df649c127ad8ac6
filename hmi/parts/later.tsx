// A part of the page that is loaded when it is first needed, so that the first load stays small.
// What does not come says so, and is asked for again by a button.
import { signal } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '#hmi/i18n/text.ts';

export interface Later {
  readonly Part: () => JSX.Element | null;
  /** Loads it, so that it is there when it is needed; a failure is met when it is drawn. */
  load(): void;
}

/** `quiet`: nothing is drawn until it is there. */
export function later(fetched: () => Promise<ComponentType>, quiet = false): Later {
  const part = signal<ComponentType | 'failed' | undefined>(undefined);
  let asked = false;
  const fetch = async (): Promise<void> => {
    try {
      part.value = await fetched();
    } catch {
      asked = false;
      part.value = 'failed';
    }
  };
  const load = (): void => {
    if (asked) return;
    asked = true;
    part.value = undefined;
    void fetch();
  };
  const Part = (): JSX.Element | null => {
    useEffect(load, []);
    const Loaded = part.value;
    if (Loaded !== undefined && Loaded !== 'failed') return <Loaded />;
    if (quiet) return null;
    return (
      <div class="coming">
        <p class="quiet" role="status">
          {t(Loaded === 'failed' ? 'later.failed' : 'later.comes')}
        </p>
        {Loaded === 'failed' && (
          <button type="button" class="plain" onClick={load}>
            {t('later.again')}
          </button>
        )}
      </div>
    );
  };
  return { Part, load };
}
