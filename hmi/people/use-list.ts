// A list that is asked of station when it is shown, again after each change of it, and where there may be news of it.
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Asked } from '#hmi/feed/ask.ts';
import { useAsking } from '#hmi/parts/form.tsx';
import type { Asking } from '#hmi/parts/form.tsx';

interface List<Told> extends Asking {
  /** Undefined until it came. */
  readonly told: Signal<Told | undefined>;
  readonly again: () => Promise<void>;
  /** Asks for a change, then for the list; undefined where it was refused. */
  readonly change: <Answer>(asked: () => Promise<Asked<Answer>>) => Promise<Answer | undefined>;
}

/** `news`: asked again when it is another. */
export function useList<Told>(ask: () => Promise<Asked<Told>>, news?: number): List<Told> {
  const told = useSignal<Told | undefined>(undefined);
  const asking = useAsking();
  const again = async (): Promise<void> => {
    const answer = await ask();
    if (answer.kind === 'answer') told.value = answer.answer;
  };
  useEffect(() => {
    if (told.peek() !== undefined) void again();
    else void asking.run(ask).then((answer) => (told.value = answer ?? told.value));
  }, [news]);
  const change: List<Told>['change'] = async (asked) => {
    const answer = await asking.run(asked);
    if (answer !== undefined) await again();
    return answer;
  };
  return { ...asking, told, again, change };
}
