// Which recording is played; none while they are listed.
import { signal } from '@preact/signals';
import type { SessionId } from '#contract/shell.ts';

export const playing = signal<SessionId | undefined>(undefined);
