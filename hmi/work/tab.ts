// Which part of the work screen is shown.
import { signal } from '@preact/signals';

export const tabs = ['approvals', 'forces', 'console', 'shells', 'recordings', 'people'] as const;
export type Tab = (typeof tabs)[number];
export const tab = signal<Tab>('approvals');
