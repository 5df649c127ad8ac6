// Which screen is shown, and what lies over it: one thing at a time, beside the stops and never on them.
import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

export type ScreenName =
  | 'overview'
  | 'alarms'
  | 'trends'
  | 'signals'
  | 'devices'
  | 'settings'
  | 'work';
export const screen = signal<ScreenName>('overview');
export const over = signal<ComponentType | undefined>(undefined);
/** What waits for a yes that whoever is here may say. */
export const waiting = signal(0);
