// A condition, part by part: true, false or unknown, with the value that decides it and the device behind it.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import type { TagState, Term } from '#contract/wire.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { commandTitle, flowValues, phraseOf, stateTitle } from '#hmi/feed/derive.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatSpan, formatValue } from './format.ts';
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

/** One condition with the values that decide it. */
export function Leaf({ term, flow, at, values }: TermProps): JSX.Element {
  const tags = term.tags ?? [];
  return (
    <span class={`leaf ${term.truth}`}>
      <Truth truth={term.truth} />
      <span class="text">
        {values === undefined ? leafText(term, flow, at) : saidOf(term.text, flow)}
      </span>
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
      {values === undefined && <Inner term={term} flow={flow} />}
    </span>
  );
}

/** Values of the flow's own that the condition reads; of a moment in the past they are not known. */
function Inner({ term, flow }: { term: Term; flow: FlowInfo }): JSX.Element | null {
  const read = flowValues(term.text, store.flows.value?.[flow.name]);
  if (read.length === 0) return null;
  return (
    <span class="source">
      {read.map(({ name, value }) => (
        <span key={name} class="place">
          {name} <b>{formatValue(value)}</b>
        </span>
      ))}
    </span>
  );
}

function leafText(term: Term, flow: FlowInfo, at: number): string {
  if (term.kind === 'after' || term.kind === 'for') {
    if (term.remaining_ms === undefined) return term.text;
    const left = Math.max(0, term.remaining_ms - (cellTime.value - at));
    if (left === 0) return t('term.over');
    const key = term.kind === 'after' ? 'term.after' : 'term.held';
    return t(key, { span: formatSpan(left + 999) });
  }
  return saidOf(term.text, flow);
}

/** A condition's text as people say it. */
export function saidOf(condition: string, flow: FlowInfo): string {
  const asked = /^cmd\.(.+)$/.exec(condition)?.[1];
  if (asked !== undefined) {
    const command = flow.commands.find(({ name }) => name === asked);
    return t('now.command', {
      command: command === undefined ? asked : commandTitle(command),
    });
  }
  const placed = /^(!?)active\('(\w+)((?:\.\w+)+)'\)$/.exec(condition);
  if (placed !== null) {
    const [, not, region = '', rest = ''] = placed;
    const state = stateTitle(flow, region + rest);
    return t(not === '!' ? 'term.isNotIn' : 'term.isIn', { region, state });
  }
  const { text, negated } = phraseOf(condition, (name) => {
    const info = store.info(name);
    return info === undefined ? undefined : tagTitle(info, name);
  });
  return negated ? t('term.not', { text }) : text;
}
