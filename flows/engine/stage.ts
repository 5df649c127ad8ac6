// How far a flow is: whether its scans step it, and if not, what it waits for.

/** `settling`: waits for first answers; `asking`: restored, waits to be resumed. */
export const stages = ['settling', 'running', 'asking', 'faulted'] as const;
export type Stage = (typeof stages)[number];
