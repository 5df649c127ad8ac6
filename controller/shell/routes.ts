// The routes of shells and locks: who asks is known and parsed before; here each is handed to what does it.
import {
  addLock,
  askShell,
  beginShell,
  endShell,
  handOverShell,
  joinShell,
  killShell,
  listLocks,
  listShells,
  pauseShell,
  readShell,
  removeLock,
  resumeShell,
} from '#contract/shell-routes.ts';
import type { Principal } from '#contract/people.ts';
import type { Part, SessionId } from '#contract/shell.ts';
import { serve, signedIn } from '#controller/server/routes.ts';
import type { Served } from '#controller/server/routes.ts';
import type { Say } from './policy.ts';
import type { Sessions } from './sessions.ts';

/** A ticket with which a socket sits down, good once; `until` is UTC ms. */
export type IssueTicket = (
  who: Principal,
  session: SessionId,
  part: Part,
) => { readonly ticket: string; readonly until: number };

export function shellRoutes(sessions: Sessions, issue: IssueTicket): readonly Served[] {
  const say = (route: typeof pauseShell, word: Say): Served =>
    serve(route, (asked) =>
      sessions.say(signedIn(asked), asked.params.id, word, asked.body.reason),
    );
  return [
    serve(askShell, (asked) => sessions.ask(signedIn(asked), asked.body)),
    serve(listShells, ({ guest }) => ({
      rules: sessions.rules ?? null,
      sessions: sessions.list(guest.principal?.permissions.has('view') === true),
    })),
    serve(readShell, ({ params }) => sessions.view(params.id)),
    serve(beginShell, (asked) => sessions.begin(signedIn(asked), asked.params.id)),
    say(pauseShell, 'pause'),
    say(resumeShell, 'resume'),
    say(endShell, 'end'),
    say(killShell, 'kill'),
    serve(handOverShell, (asked) =>
      sessions.handOver(signedIn(asked), asked.params.id, asked.body.to),
    ),
    serve(joinShell, (asked) => {
      const { id } = sessions.view(asked.params.id);
      return issue(signedIn(asked), id, asked.body.part);
    }),
    serve(listLocks, () => ({ locks: sessions.locks.list() })),
    serve(addLock, (asked) => sessions.locks.add(signedIn(asked).actor, asked.body)),
    serve(removeLock, (asked) => sessions.locks.remove(signedIn(asked).actor, asked.params.id)),
  ];
}
