// Why station refused, in the language of the page: English as station says it, other languages here by code.
import { language, t } from './text.ts';
import type { Language } from './text.ts';

/** By code; one that is missing is said as station says it. */
type Refusals = Readonly<Record<string, string>>;

const de: Refusals = {
  E_NOT_SIGNED_IN: 'Dazu muss jemand angemeldet sein.',
  E_NOT_ALLOWED: 'Wer angemeldet ist, darf das nicht.',
  E_SIGN_IN: 'Name, Passwort, PIN oder Code passen nicht zusammen. Langsam noch einmal versuchen.',
  E_SIGN_IN_CODE: 'Diese Person hat einen zweiten Faktor: sein Code wird gebraucht.',
  E_SIGN_IN_LOCKED:
    'Zu viele falsche Versuche: Name oder Adresse sind eine Weile gesperrt. Stopp-Befehle am Panel gehen trotzdem.',
  E_SIGN_IN_BUSY: 'Gerade melden sich zu viele an. In ein paar Sekunden noch einmal versuchen.',
  E_PIN_NOT_HERE:
    'Die PIN gilt nur, wo die Person in den letzten 12 Stunden das Passwort benutzt hat. Mit dem Passwort anmelden.',
  E_PROOF_OLD: 'Das braucht einen frischen Beweis, wer Sie sind.',
  E_PASSWORD_WEAK:
    'Dieses Passwort wird als erstes geraten. Ein anderes wählen, mindestens 12 Zeichen.',
  E_PERSON_NONE: 'Niemand mit diesem Namen ist eingetragen.',
  E_PERSON_EXISTS: 'Diesen Namen gibt es schon.',
  E_PERSON_LAST:
    'Dann gäbe es niemanden mehr, der die Zelle verwaltet. Zuerst jemand anderen eintragen.',
  E_PEOPLE_STORE: 'Personen können nicht gelesen oder gespeichert werden. Die Platte prüfen.',
  E_SESSION_NONE: 'Diese Sitzung oder dieses Token gibt es nicht.',
  E_APPROVAL_NONE: 'Diese Freigabe gibt es nicht.',
  E_APPROVAL_STATE:
    'Dazu lässt sich nichts mehr sagen: abgelehnt, zurückgenommen, benutzt oder schon freigegeben.',
  E_APPROVAL_WAITING: 'Noch haben nicht alle zugestimmt.',
  E_APPROVAL_EARLY: 'Die Zeit, für die es freigegeben ist, hat noch nicht begonnen.',
  E_APPROVAL_EXPIRED: 'Die Zeit dafür ist vorbei. Noch einmal fragen.',
  E_APPROVAL_USED: 'Es wurde so oft benutzt, wie freigegeben war. Noch einmal fragen.',
  E_APPROVAL_ALTERED: 'Das ist nicht genau das, was freigegeben wurde.',
  E_APPROVAL_FEW: 'Es wurde um weniger Zustimmungen gebeten, als nötig sind.',
  E_APPROVAL_SELF: 'Niemand gibt frei, worum er selbst gebeten hat.',
  E_APPROVAL_OWNER: 'Niemand gibt frei, worum der eigene Agent gebeten hat.',
  E_APPROVAL_TWICE: 'Diese Person oder Sitzung ist schon beteiligt.',
  E_APPROVAL_PERSON: 'Nur eine eingetragene Person kann zustimmen.',
  E_APPROVAL_TOKEN: 'Ein Programm bittet um keine Freigabe und keine Shell.',
  E_APPROVAL_WINDOW: 'Die erbetene Zeit ist vorbei, zu lang oder zu weit weg.',
  E_APPROVAL_SIZE: 'Das ist zu viel, um freigegeben zu werden.',
  E_APPROVAL_MANY: 'Zu viele Freigaben warten.',
  E_APPROVAL_STORE: 'Freigaben können nicht gespeichert werden. Die Platte prüfen.',
  E_SHELL_OFF: 'Diese Zelle hat keine Shells dieser Stufe.',
  E_SHELL_UNKNOWN: 'Diese Shell oder Sperre gibt es nicht.',
  E_SHELL_STATE: 'In diesem Zustand der Shell geht das nicht.',
  E_SHELL_PART: 'Das steht Ihrer Rolle in der Shell nicht zu.',
  E_SHELL_INPUT: 'Die Shell lief nicht: Was getippt wurde, ging nirgendwohin.',
  E_SHELL_LOCKED: 'Jemand oder etwas ist von Shells ausgesperrt.',
  E_SHELL_STORE: 'Shells können nicht gespeichert werden. Die Platte prüfen.',
  E_SHELL_LAYER: 'Auf diesem PC fehlt eine Schicht der Einsperrung; ohne sie gibt es keine Shell.',
  E_SHELL_JAIL: 'Die Shell ließ sich nicht einsperren und wurde nicht begonnen.',
  E_SHELL_FREEZE: 'Die Prozesse der Shell ließen sich nicht anhalten.',
  E_SHELL_SURVIVOR: 'Prozesse der Shell leben noch.',
  E_SHELL_TICKET: 'Die Eintrittskarte ist verbraucht oder abgelaufen.',
  E_SHELL_ORDER: 'Etwas fehlte auf dem Weg; was nicht ankam, wird nicht noch einmal getippt.',
  E_SHELL_TERMINAL: 'Das Terminal ließ sich nicht öffnen.',
  E_SHELL_FULL: 'Es gibt so viele Shells oder Plätze, wie es geben darf.',
};
/** What rules of acts say of themselves, by what they say in English. */
const rulesDe: Refusals = {
  'an output is forced by hand only': 'ein Ausgang wird nur von Hand gezwungen',
  'an output is forced for more than 10 min': 'ein Ausgang wird länger als 10 min gezwungen',
};
const rules: Readonly<Record<Exclude<Language, 'en'>, Refusals>> = { de: rulesDe };
const refusals: Readonly<Record<Exclude<Language, 'en'>, Refusals>> = { de };

/** What a person reads of a refusal. */
export function refusalText({
  code,
  text,
}: {
  readonly code: string;
  readonly text: string;
}): string {
  const own = language.value === 'en' ? undefined : refusals[language.value][code];
  const said = own ?? text;
  return code === '' ? t('ask.noAnswer') : `${said} (${code})`;
}

/** A rule of contract/act-rules.ts, alone or with where the machine must be, in the language of the page. */
export function ruleText(said: string): string {
  const [, text = said, flow, states = ''] = /^(.*?)(?:: (\S+) is not in (.+))?$/.exec(said) ?? [];
  const own = language.value === 'en' ? undefined : rules[language.value][text];
  if (own === undefined) return said;
  if (flow === undefined) return own;
  const where = states.split(' or ').join(', ');
  return `${own}: ${t('forces.notIn', { flow, where })}`;
}
