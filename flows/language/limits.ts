// Bounds of the flow language, all in one place: what is beyond them is refused, so that no text,
// however made, costs more than a moment or the stack.

/** UTF-16 units of a flow's text. */
export const textLimit = 256 * 1024;
/** Maps and lists inside each other. */
export const depthLimit = 48;
/** UTF-16 units of one expression. */
export const expressionLimit = 4096;
/** Names, numbers and signs of one expression; chains of operators are as deep as they are long. */
export const tokenLimit = 512;
/** Parentheses, calls, choices and signs inside each other. */
export const expressionDepthLimit = 64;
/** Parts of an expression inside each other where its lets are opened: engines go through them so. */
export const openedDepthLimit = 1024;
/** Problems listed before the rest is left out. */
export const problemLimit = 1000;
/** UTF-16 units of a name; as `contract/name.ts` has it for tags. */
export const nameLimit = 128;
/** Entries of one section. */
export const sectionLimit = 4096;
/** Milliseconds of the longest span of time: a year. */
export const durationLimit = 366 * 24 * 3_600_000;
/** Transitions of one flow. */
export const transitionLimit = 4096;
/** States of one flow. */
export const stateLimit = 2048;
