// Why a shell is as it is, in the language of the page: English as station says it, other languages here. What a person
// said of it stays as it was said.
import { language } from './text.ts';
import type { Language } from './text.ts';

/** By what the session's statechart says; one that is missing is said as station says it. */
type Whys = Readonly<Record<string, string>>;

const de: Whys = {
  'locked out': 'ausgesperrt',
  denied: 'abgelehnt',
  'taken back': 'zurückgenommen',
  'nobody approved it in time': 'niemand hat sie rechtzeitig freigegeben',
  approved: 'freigegeben',
  'the approval was taken back': 'die Freigabe wurde zurückgenommen',
  'it was not begun in time': 'sie wurde nicht rechtzeitig begonnen',
  begun: 'begonnen',
  killed: 'abgebrochen',
  ended: 'beendet',
  'its time is over': 'ihre Zeit ist um',
  'everything is there': 'alles ist da',
  'what it waits for did not come': 'worauf sie wartete, kam nicht',
  'the shell has ended': 'die Shell selbst hat geendet',
  paused: 'jemand hat sie angehalten',
  'it cannot be recorded': 'sie kann nicht aufgezeichnet werden',
  'nobody watches': 'niemand sieht zu',
  'the machine has left the state that the shell needs':
    'die Maschine ist nicht mehr, wo die Shell sie braucht',
  'its driver is gone': 'ihr Fahrer ist weg',
  'its driver did not come back': 'ihr Fahrer kam nicht zurück',
  'it could not be recorded': 'sie konnte nicht aufgezeichnet werden',
  'nobody came back to watch': 'niemand kam zurück, um zuzusehen',
  resumed: 'fortgesetzt',
};

const whys: Readonly<Record<Language, Whys>> = { en: {}, de };

/** What the machine lacks, by how station says it; names of flows and states stay. */
const lackForms: Readonly<Record<Language, readonly (readonly [RegExp, string])[]>> = {
  en: [],
  de: [
    [/^nothing is heard of the machine$/, 'von der Maschine ist nichts zu hören'],
    [/^there is no flow (.+)$/, 'es gibt keinen Ablauf $1'],
    [/^(.+) is not stepped$/, '$1 läuft nicht'],
    [/^the state of (.+) is not known$/, 'der Zustand von $1 ist nicht bekannt'],
    [/^(.+) is not in (.+)$/, '$1 ist nicht in $2'],
    [/^(.+) is not at rest: (.+)$/, '$1 ist nicht in Ruhe: $2'],
  ],
};

/** Of states, one of which would do. */
const between: Readonly<Record<Language, string>> = { en: ' or ', de: ' oder ' };

/** What keeps the machine from where a shell needs it, in the language of the page. */
export function lacksText(said: readonly string[]): string {
  return said.map(lackText).join(', ');
}

function lackText(said: string): string {
  const known = lackForms[language.value].find(([form]) => form.test(said));
  if (known === undefined) return said;
  const [form, text] = known;
  return said.replace(form, text).replaceAll(' or ', between[language.value]);
}

/** `why` of a session: what the statechart says, and after colons what others said. */
export function whyText(why: string | undefined): string {
  const words = whys[language.value];
  return (why ?? '')
    .split(': ')
    .map((part) => words[part] ?? part)
    .join(': ');
}
