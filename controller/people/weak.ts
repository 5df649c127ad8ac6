// Passwords that are guessed first: the name itself, one sign over and over, a run of the keyboard, the words of
// every list. Not a measure of strength; length is, and the schema asks for it.

const runs = [
  'abcdefghijklmnopqrstuvwxyz',
  'zyxwvutsrqponmlkjihgfedcba',
  'qwertyuiopasdfghjklzxcvbnm',
  '01234567890123456789',
  '98765432109876543210',
];
const words =
  /password|passwort|administrator|letmein|welcome|changeme|rebecell|rebe-cell|machine/g;
/** Signs that must be left when what everybody knows is taken away. */
const least = 6;

/** Whether a password, or a PIN, is one of those. */
export function isWeak(secret: string, name: string): boolean {
  const plain = secret.toLowerCase();
  if (new Set(plain).size < 3) return true;
  if (isRun(plain)) return true;
  if (/^\d+$/.test(plain)) return false;
  const left = plain
    .replaceAll(name, '')
    .replaceAll(words, '')
    .replaceAll(/[^\p{L}]/gu, '');
  return new Set(left).size < least - 2 || left.length < least;
}

const isRun = (text: string): boolean => runs.some((run) => run.includes(text));
