// Verbs on the record: replay, verify, chronicle tail. They read a chronicle, of a running cell too.
import type { Verb } from './verb.ts';

export const recordVerbs: readonly Verb[] = [];
