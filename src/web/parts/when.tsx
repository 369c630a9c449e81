import { exactTime, relativeTime } from '../i18n/index.ts';

/** Relative, with the exact time on hover or long press. */
export function When({ at }: { at: number }) {
  return (
    <time class="quiet small" dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {relativeTime(at)}
    </time>
  );
}
