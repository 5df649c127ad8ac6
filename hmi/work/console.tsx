// The console: one line in, one answer out, as in the terminal. Completion by Tab, the lines before by the arrows;
// what a line would do is shown before it is done.
import { signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ConsoleAnswer } from '#contract/console.ts';
import type { consoleRoutes } from '#contract/console-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { store } from '#hmi/feed/cell.ts';
import { beginWork } from './begin.ts';
import { Line } from './console-line.tsx';
import { isHazardous } from './lines.ts';
import { tab } from './tab.ts';
import { refusalText } from '#hmi/i18n/refusals.ts';
import { t } from '#hmi/i18n/text.ts';

beginWork();

interface Entry {
  readonly n: number;
  readonly line: string;
  /** Undefined while it is awaited. */
  readonly answer: ConsoleAnswer | undefined;
}

/** Answers that are kept on the screen. */
const entryLimit = 50;
const entries = signal<readonly Entry[]>([]);
let count = 0;

export function Console(): JSX.Element {
  const busy = useSignal(false);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => end.current?.scrollIntoView({ block: 'end' }), [entries.value]);
  const run = async (line: string): Promise<void> => {
    busy.value = true;
    await answered(line);
    busy.value = false;
  };
  const give = (line: string): void =>
    void run(isHazardous(line, store.hello.value?.flows ?? []) ? `${line.trim()} --dry-run` : line);
  return (
    <section class="panel console" aria-label={t('work.console')}>
      <div class="answers" role="log" aria-label={t('console.answers')} tabIndex={0}>
        {entries.value.length === 0 && <p class="quiet">{t('console.empty')}</p>}
        {entries.value.map((entry) => (
          <Answered key={entry.n} entry={entry} again={(line) => void run(line)} />
        ))}
        <div ref={end} />
      </div>
      <Line give={give} busy={busy.value} />
    </section>
  );
}

async function answered(line: string): Promise<void> {
  count += 1;
  const n = count;
  const show = (answer: ConsoleAnswer | undefined): void => {
    const others = entries.value.filter((each) => each.n !== n);
    entries.value = [...others, { n, line, answer }].slice(-entryLimit);
  };
  show(undefined);
  const told = await ask<typeof consoleRoutes.line>('POST', '/api/console', { body: { line } });
  if (told.kind === 'answer') show(told.answer);
  if (told.kind === 'failed') {
    const { code } = told;
    show({ kind: 'text', ok: false, text: refusalText(told), ...(code === '' ? {} : { code }) });
  }
}

function Answered(props: { entry: Entry; again: (line: string) => void }): JSX.Element {
  const { line, answer } = props.entry;
  const real = line.replace(/ --dry-run\b/, '');
  return (
    <article class={`answer ${answer?.ok === false ? 'refused' : ''}`}>
      <p class="given">
        <span aria-hidden="true">{'> '}</span>
        <code>{line}</code>
      </p>
      {answer === undefined ? <p class="quiet">{t('ask.busy')}</p> : <Said answer={answer} />}
      {answer?.ok === true && real !== line && (
        <button type="button" class="plain" onClick={() => props.again(real)}>
          {t('console.really', { line: real })}
        </button>
      )}
      {answer?.code === 'E_ACT_APPROVAL' && (
        <button type="button" class="plain" onClick={() => props.again(`${line.trim()} --ask`)}>
          {t('forces.ask')}
        </button>
      )}
      {answer?.ok === true && / --ask\b/.test(line) && (
        <button
          type="button"
          class="plain"
          onClick={() => {
            tab.value = 'approvals';
          }}
        >
          {t('work.approvals')}
        </button>
      )}
    </article>
  );
}

function Said({ answer }: { answer: ConsoleAnswer }): JSX.Element {
  const mark = answer.ok ? null : (
    <strong class="refusal">
      {t('console.refused')} {answer.code}
    </strong>
  );
  if (answer.kind === 'text') {
    return (
      <>
        {mark}
        <pre>{answer.text}</pre>
      </>
    );
  }
  if (answer.kind === 'json') {
    return (
      <>
        {mark}
        <pre>{JSON.stringify(answer.value, null, 2)}</pre>
      </>
    );
  }
  return (
    <>
      {mark}
      <table>
        <thead>
          <tr>
            {answer.head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, at) => (
                <td key={at}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {answer.notes.map((note) => (
        <p key={note} class="quiet">
          {note}
        </p>
      ))}
    </>
  );
}
