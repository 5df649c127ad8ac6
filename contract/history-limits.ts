// How much of the past one answer holds. Apart from the shapes of history.ts, so that a page can know it without them.

/** Points of one answer: at most, and when nothing is said. */
export const pointsLimit = 4000;
export const pointsDefault = 1000;
/** Rows of each list of one journal: at most, and when nothing is said. */
export const journalLimit = 2000;
export const journalDefault = 500;
/** Words of the path of an outer state: `unit.Execute`. */
export const outerDepth = 2;
