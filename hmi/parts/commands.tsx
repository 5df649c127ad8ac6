// The commands of a flow: on the left those that the active states accept, on the right the stops, always, in one place.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { FlowInfo } from '#contract/described.ts';
import { store } from '#hmi/feed/cell.ts';
import { commandTitle, isAccepted } from '#hmi/feed/derive.ts';
import { commandLack, lackOf } from '#hmi/feed/me.ts';
import type { Kind } from '#hmi/feed/press.ts';
import { t } from '#hmi/i18n/text.ts';
import { ActButton, hands } from './act-button.tsx';
import { saidOf } from './term.tsx';

type Command = FlowInfo['commands'][number];

export function Commands({ flow }: { flow: FlowInfo }): JSX.Element {
  const { commands: accepted = [], candidates = [] } = store.whys.value[flow.name]?.why ?? {};
  const now = flow.commands.flatMap((command) => {
    const state = accepted.find(({ name }) => name === command.name);
    const shown = command.class !== 'stop' && state !== undefined && isAccepted(state, candidates);
    return shown ? [{ command, ...state }] : [];
  });
  const still = useRef(now);
  if (hands.value === 0) still.current = now;
  const others = still.current;
  const stops = flow.commands.filter((command) => command.class === 'stop');
  return (
    <section class="commands" aria-label={t('commands.title')}>
      <div class="accepted">
        {others.map(({ command, ready, lacks }) => (
          <CommandButton
            key={command.name}
            flow={flow}
            command={command}
            lacks={ready ? [] : lacks}
          />
        ))}
        {others.length === 0 && <p class="quiet">{t('commands.none')}</p>}
      </div>
      <div class="stops" role="group" aria-label={t('commands.stops')}>
        {stops.map((command) => (
          <CommandButton key={command.name} flow={flow} command={command} lacks={[]} />
        ))}
      </div>
    </section>
  );
}

function CommandButton(props: {
  flow: FlowInfo;
  command: Command;
  lacks: readonly string[];
}): JSX.Element {
  const { flow, command, lacks } = props;
  const blocked = blockedBy(flow, command, lacks);
  return (
    <ActButton
      kind={kindOf(command)}
      title={commandTitle(command)}
      verb="command"
      args={{ flow: flow.name, name: command.name }}
      flow={flow.name}
      {...(blocked === undefined ? {} : { blocked })}
    />
  );
}

function blockedBy(flow: FlowInfo, command: Command, lacks: readonly string[]): string | undefined {
  if (command.class === 'stop' && store.link.value?.panel === true) return undefined;
  const lack = commandLack(command.role) ?? lackOf('command');
  if (lack !== undefined) return lack;
  return lacks.length === 0
    ? undefined
    : t('press.lacks', { lacks: lacks.map((each) => saidOf(each, flow)).join(', ') });
}

function kindOf(command: Command): Kind {
  if (command.class === 'stop') return 'stop';
  if (command.held_ms !== undefined) return 'keep';
  return command.class === 'start' ? 'start' : 'confirm';
}
