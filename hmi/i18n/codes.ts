// What to do about a code, in the language of the page: English from the product's own table, other languages here.
import { codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { language } from './text.ts';
import type { Language } from './text.ts';

/** By code; one that is missing is said in English. */
type Actions = Readonly<Record<string, string>>;

const de: Actions = {
  E_DEVICE_CONNECT: 'Strom, Kabel und Adresse prüfen.',
  E_DEVICE_TIMEOUT: 'Gerät und Leitung prüfen.',
  E_DEVICE_CLOSED: 'Es wird von selbst wieder versucht.',
  E_DEVICE_PROTOCOL: 'Gerät und Leitung prüfen.',
  E_DEVICE_FLOOD:
    'Prüfen, was es senden lässt; seine Variablen sind schlecht, bis sie wieder kommen.',
  E_DEVICE_EXCEPTION: 'Adresse und Typ der Variable prüfen.',
  E_DEVICE_TAG: 'Ihr `at` im Manifest berichtigen.',
  E_DEVICE_CERTIFICATE:
    'Seinen Fingerabdruck mit dem vergleichen, den das Gerät zeigt, dann vertrauen, wie der Text sagt.',
  E_DEVICE_STOPPED: 'Nichts zu tun.',
};
const actions: Readonly<Record<Exclude<Language, 'en'>, Actions>> = { de };

/** What a person does about it; undefined for a code that the product does not know. */
export function actionOf(code: string): string | undefined {
  if (!Object.hasOwn(codes, code)) return undefined;
  const own = language.value === 'en' ? undefined : actions[language.value][code];
  return own ?? codes[code as Code].action;
}
