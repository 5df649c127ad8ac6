// What a terminal answers by itself to questions in a program's output: who it is, where its cursor stands, its modes,
// sizes, colours [ECMA-48, DEC STD 070, XTerm control sequences]. Told apart from keys, so that a record says which is which.

/** An answer is not longer; more is not one. */
export const answerLimit = 1024;

// Device attributes, status, cursor, modes, sizes, versions and settings; colours and titles are OSC.
const csi = String.raw`\u001b\[[?>=]?[0-9;]*(?:\$y|[cRnt])`;
const osc = String.raw`\u001b\][0-9]{1,4};[^\u0007\u001b]{0,256}(?:\u0007|\u001b\\)`;
const dcs = String.raw`\u001bP[0-9;]*[$+>!|][^\u001b]{0,256}\u001b\\`;
// Shift and F3 are also written so: `CSI 1 ; m R` is taken for a key.
const key = String.raw`\u001b\[1;[2-8]R`;
const oneAnswer = new RegExp(`(?!${key})(?:${csi}|${osc}|${dcs})`, 'g');
const onlyAnswers = new RegExp(`^(?:(?!${key})(?:${csi}|${osc}|${dcs}))+$`);

/** Nothing but answers. `text` is one character a byte. */
export const isAnswer = (text: string): boolean =>
  text.length <= answerLimit && onlyAnswers.test(text);

/** In their order: what was typed, and what the terminal answered between. `text` is one character a byte. */
export function splitAnswers(
  text: string,
): readonly { readonly auto: boolean; readonly text: string }[] {
  const parts: { auto: boolean; text: string }[] = [];
  let from = 0;
  for (const match of text.matchAll(oneAnswer)) {
    const typed = text.slice(from, match.index);
    if (typed !== '') parts.push({ auto: false, text: typed });
    const [answer] = match;
    parts.push({ auto: isAnswer(answer), text: answer });
    from = match.index + answer.length;
  }
  if (from < text.length) parts.push({ auto: false, text: text.slice(from) });
  return parts;
}
