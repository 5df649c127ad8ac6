// The console and its desk over a cell that the test tells of; what would go to control is kept.
import { ActPlan, ConsoleAnswer } from '#contract/console.ts';
import type { Actor } from '#contract/actor.ts';
import type { Code } from '#contract/error.ts';
import { permissions } from '#contract/people.ts';
import type { Permission, Principal } from '#contract/people.ts';
import type { ActMessage, Hello, Snapshot, Why } from '#contract/wire.ts';
import { CellError } from '#contract/error.ts';
import { ActDesk } from '#controller/console/act-desk.ts';
import type { SecondPerson } from '#controller/console/act-desk.ts';
import { Console } from '#controller/console/console.ts';
import type { Guest } from '#controller/server/routes.ts';
import type { Answered } from '#controller/wire/awaited-acts.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';
import { hello, press, snapshot } from '#test/unit/hmi/messages.ts';
import { accepted } from './spoken-station.ts';

const told: Hello = {
  ...hello(),
  flows: [
    {
      ...press,
      regions: [
        ...press.regions,
        {
          name: 'mode',
          states: [
            { path: 'mode.Automatic', title: 'Automatic' },
            { path: 'mode.Manual', title: 'Manual' },
          ],
        },
      ],
    },
  ],
  tags: [
    ...hello().tags,
    { name: 'ram.valve', kind: 'output', type: 'bool', device: 'io', safe: false, flow: 'press' },
    { name: 'sys.disk.free', kind: 'system', type: 'int' },
  ],
};

interface Rig {
  readonly clock: HandClock;
  readonly console: Console;
  readonly desk: ActDesk;
  readonly given: ActMessage[];
  readonly refused: string[];
  readonly yes: string[];
  ask(line: string, guest?: Guest): Promise<ConsoleAnswer>;
  text(line: string, guest?: Guest): Promise<string>;
}

/** Somebody with these permissions, who may give the commands of an operator. */
export const who = (
  only: readonly Permission[] = permissions,
  actor: Actor = 'user:ada',
): Guest => ({
  principal: {
    actor,
    permissions: new Set(only),
    commands: new Set(['anyone', 'operator'] as const),
    credential: `of ${actor}`,
    proved: 0,
  },
  panel: false,
});

interface Made {
  readonly mode?: string;
  readonly more?: Partial<Snapshot>;
  readonly why?: Partial<Why>;
  readonly up?: boolean;
  readonly give?: (act: ActMessage) => Promise<Answered>;
  readonly code?: Code;
}

/** A press in Automatic, with nothing wrong, unless it is said otherwise. */
export function make({
  mode = 'mode.Automatic',
  more = {},
  why = {},
  up = true,
  give,
  code,
}: Made = {}): Rig {
  const clock = new HandClock();
  const given: ActMessage[] = [];
  const refused: string[] = [];
  const yes: string[] = [];
  const base = snapshot(1);
  const press1 = base.flows['press'];
  const picture: Snapshot = {
    ...base,
    outputs: {
      'ram.valve': { v: false, asked: false, by: 'flow', write: 'confirmed' },
    },
    flows: {
      press: {
        stepped: true,
        ctx: {},
        signals: {},
        parameters: { batch: 12 },
        regions: {
          ...press1?.regions,
          mode: { state: mode, since_ms: 0, sinceTime: 1_000_000 },
        },
      },
    },
    ...more,
  };
  const second: SecondPerson = {
    request: async ({ actor, credential }: Principal, ask) => ({
      request: { id: 'ap-0123456789abcdef', cell: 'press-1', by: actor, credential, ...ask },
      hash: '0'.repeat(64),
      state: 'requested',
      yes: [],
      used: 0,
    }),
    use: async (id, { what }) => {
      yes.push(`${id} ${JSON.stringify(what)}`);
      return code;
    },
  };
  const cell = () => ({ hello: told, snapshot: picture, up });
  const desk = new ActDesk(clock, {
    cell,
    give: async (act) => {
      given.push(act);
      return give?.(act) ?? accepted(act);
    },
    second,
    refused: (actor, refusal, what) => void refused.push(`${actor} ${refusal} ${what}`),
  });
  const console = new Console(
    {
      now: () => clock.time(),
      cell,
      why: async (flow) => ({
        type: 'why',
        frame: 1,
        flow,
        candidates: [],
        commands: [],
        ...why,
      }),
      desk,
      history: () => {
        throw new CellError('E_HISTORY_OPEN', 'history.db: no such file');
      },
      chronicle: () => '/nowhere/chronicle.db',
      shells: () => [],
      layers: async () => [],
    },
    ({ actor }, refusal, what) => void refused.push(`${actor} ${refusal} ${what}`),
  );
  const ask: Rig['ask'] = async (line, guest = who()) => {
    const answer = await console.run({ line, json: false }, guest);
    return ConsoleAnswer.parse(answer);
  };
  const text: Rig['text'] = async (line, guest) => {
    const answer = await ask(line, guest);
    if (answer.kind === 'text') return answer.text;
    if (answer.kind === 'json') return JSON.stringify(answer.value);
    return [
      answer.head.join('|'),
      ...answer.rows.map((row) => row.join('|')),
      ...answer.notes,
    ].join('\n');
  };
  return { clock, console, desk, given, refused, yes, ask, text };
}

/** What a dry run of the line says. */
export async function planOf(rig: Rig, line: string): Promise<ActPlan> {
  const answer = await rig.ask(`${line} --dry-run --json`);
  return ActPlan.parse(answer.kind === 'json' ? answer.value : undefined);
}

/** What may stand at the caret. */
export const textsAt = (line: string, guest = who(), at = line.length): string[] =>
  make()
    .console.complete({ line, at }, guest)
    .candidates.map(({ text }) => text);
