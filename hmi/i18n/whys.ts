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

/** `why` of a session: what the statechart says, and after colons what others said. */
export function whyText(why: string | undefined): string {
  const words = whys[language.value];
  return (why ?? '')
    .split(': ')
    .map((part) => words[part] ?? part)
    .join(': ');
}
