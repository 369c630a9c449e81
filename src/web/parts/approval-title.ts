import { locale } from '../i18n/index.ts';
import type { Approval } from '../state/approvals.ts';

/** What the box says will happen, or the question; never the model's prose. */
export function approvalTitle({ kind, card }: Approval): string {
  if (kind === 'ask') return card.question ?? card.title;
  return card.effect?.[locale.value] ?? card.title;
}
