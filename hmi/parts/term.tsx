// A condition, part by part: true, false or unknown, with the value that decides it and the device behind it.
import type { JSX } from 'preact';
import type { FlowInfo, TagState, Term } from '#contract/wire.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { phraseOf } from '#hmi/feed/derive.ts';
import { t, textOf } from '#hmi/i18n/text.ts';
import { formatSpan } from './format.ts';
import { Truth } from './mark.tsx';
import { Value, placeOf, tagTitle } from './value.tsx';

interface TermProps {
  readonly term: Term;
  readonly flow: FlowInfo;
  /** The cell's UTC at which remaining times were true. */
  readonly at: number;
  /** Values as they were; without it, as they are. */
  readonly values?: Readonly<Record<string, TagState>>;
}

/** A whole condition as rows: one for each part that must hold. */
export function Condition(props: TermProps): JSX.Element {
  const { term } = props;
  const parts = term.kind === 'all' ? (term.of ?? []) : [term];
  return (
    <ul class="condition">
      {parts.map((part, index) => (
        <li key={index}>
          <Part {...props} term={part} />
        </li>
      ))}
    </ul>
  );
}

function Part(props: TermProps): JSX.Element {
  const { term } = props;
  const inner = term.of ?? [];
  if (term.kind === 'not' && inner[0] !== undefined) return <Unless {...props} inner={inner[0]} />;
  if (inner.length === 0 || term.kind === 'after' || term.kind === 'for')
    return <Leaf {...props} />;
  if (inner.length === 1 && inner[0] !== undefined && term.text === '') {
    return <Part {...props} term={inner[0]} />;
  }
  const label = term.text === '' && term.kind === 'any' ? t('now.any') : term.text;
  return (
    <div class={`group ${term.truth}`}>
      <span class="label">
        <Truth truth={term.truth} />
        {label}
      </span>
      <div class="parts">
        {inner.map((part, index) => (
          <Part {...props} key={index} term={part} />
        ))}
      </div>
    </div>
  );
}

/** `unless x`: what is shown is x itself, because that is what the machine has. */
function Unless(props: TermProps & { inner: Term }): JSX.Element {
  const { inner } = props;
  const parts = inner.kind === 'all' && inner.of !== undefined ? inner.of : [inner];
  return (
    <div class={`group unless ${props.term.truth}`}>
      <span class="label">{t('now.unless')}</span>
      <div class="parts">
        {parts.map((part, index) => (
          <Part {...props} key={index} term={part} />
        ))}
      </div>
    </div>
  );
}

function Leaf({ term, flow, at, values }: TermProps): JSX.Element {
  const tags = term.tags ?? [];
  return (
    <span class={`leaf ${term.truth}`}>
      <Truth truth={term.truth} />
      <span class="text">{leafText(term, flow, at)}</span>
      {tags.map((name) => {
        const info = store.info(name);
        const state = values === undefined ? store.tag(name).value : values[name];
        return (
          <span class="source" key={name}>
            {tags.length > 1 && <span class="name">{tagTitle(info, name)}</span>}
            <Value state={state} info={info} />
            <span class="place">{placeOf(info)}</span>
          </span>
        );
      })}
    </span>
  );
}

function leafText(term: Term, flow: FlowInfo, at: number): string {
  if (term.kind === 'command') {
    const name = term.text.replace(/^cmd\./, '');
    const command = flow.commands.find((candidate) => candidate.name === name);
    return t('now.command', { command: textOf(command?.title ?? name) });
  }
  if (term.kind === 'after' || term.kind === 'for') {
    if (term.remaining_ms === undefined) return term.text;
    const left = Math.max(0, term.remaining_ms - (cellTime.value - at));
    if (left === 0) return t('term.over');
    const key = term.kind === 'after' ? 'term.after' : 'term.held';
    return t(key, { span: formatSpan(left + 999) });
  }
  const { text, negated } = phraseOf(term.text, (name) => {
    const info = store.info(name);
    return info === undefined ? undefined : tagTitle(info, name);
  });
  return negated ? t('term.not', { text }) : text;
}
