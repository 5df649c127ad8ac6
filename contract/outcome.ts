// What the outcome of an act says: control writes it for people, the page and the command line act on it.
// Apart from the messages, so that the page loads no schemas for it.

/** True when it was done: not ignored, not expired. `outcome` as `done` in wire.ts has it. */
export const wasDone = (outcome: string): boolean => /^(?:fired|done)\b/.test(outcome);
