// What is pasted into a terminal, told apart from keys: how much of it would run at once, and how it looks. Pure.

/** Enter with what may be held with it. */
const enterKeys = ['\r', '\n', '\u001B\r', '\u001B\n'];
const brackets = new RegExp(String.raw`\u001b\[20[01]~`, 'g');
/** All control characters but tab and the ends of lines. */
const controls = String.raw`[\u0000-\u0008\u000b\u000c\u000e-\u001f]`;
const oneControl = new RegExp(controls);
const eachControl = new RegExp(controls, 'g');

/** Lines that one input would run, where it is more than a key. Control keys in a paste run what stands there, too. */
export function pastedLines(text: string, pasted: boolean): number {
  if (!pasted && enterKeys.includes(text)) return 0;
  const plain = text.replaceAll(brackets, '');
  const lines = plain.match(/\r\n?|\n/g)?.length ?? 0;
  return pasted && lines === 0 && oneControl.test(plain) ? 1 : lines;
}

/** A paste for eyes: what cannot be seen is drawn. */
export const pastedText = (text: string): string =>
  text
    .replaceAll(brackets, '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(eachControl, (key) => String.fromCodePoint(0x24_00 + (key.codePointAt(0) ?? 0)));
