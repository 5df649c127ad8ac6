// The review after break-glass, at station's port: what waits for one, and who may write it. Control records it and ends
// the alarm.
import { isOwn, listBroken, reviewBroken } from '#contract/break-glass.ts';
import { CellError, codes } from '#contract/error.ts';
import { readBroken } from '#controller/break-glass.ts';
import type { Records } from '#controller/server/records.ts';
import { serve, signedIn } from '#controller/server/routes.ts';
import type { Served } from '#controller/server/routes.ts';

/** `data`: the data directory, where what waits is left. `news`: to pages, that less waits. */
export function breakGlassServed(
  records: Pick<Records, 'keep'>,
  data: string,
  news: () => void,
): readonly Served[] {
  return [
    serve(listBroken, async () => ({ waiting: await readBroken(data) })),
    serve(reviewBroken, async (asked) => {
      const { actor } = signedIn(asked);
      const { of, found } = asked.body;
      if (!actor.startsWith('user:'))
        throw new CellError('E_GLASS_OWN', `${actor} is nobody who is known by name`);
      const waiting = await readBroken(data);
      const reviewed = [...new Set(of)];
      for (const id of reviewed) {
        const broken = waiting.find((one) => one.id === id);
        if (broken === undefined) throw new CellError('E_GLASS_NONE', `${id} waits for none`);
        if (isOwn(actor, broken))
          throw new CellError('E_GLASS_OWN', `${actor} worked there, as ${broken.actor}`);
      }
      const body = { event: 'break-glass-review', about: { reviewed }, text: found } as const;
      const problem = await records.keep({ actor, body });
      if (problem !== undefined) throw new CellError(problem, codes[problem].meaning);
      news();
      return { waiting: waiting.filter(({ id }) => !reviewed.includes(id)) };
    }),
  ];
}
