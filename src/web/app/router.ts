import { signal } from '@preact/signals';

/** Plain history paths, so that a link from a chat card opens the right screen. */
export const path = signal(location.pathname);

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === path.value) return;
  history[options.replace ? 'replaceState' : 'pushState'](null, '', to);
  path.value = location.pathname;
  window.scrollTo(0, 0);
}

export function back(fallback: string): void {
  if (history.length > 1) history.back();
  else navigate(fallback, { replace: true });
}

window.addEventListener('popstate', () => {
  path.value = location.pathname;
});

/** The segments of the path, decoded; one that cannot be decoded is left as it is. */
export function segments(of: string): string[] {
  return of
    .split('/')
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

/** A document path or id as part of an address: slashes stay readable. */
export function encodePath(text: string): string {
  return text.split('/').map(encodeURIComponent).join('/');
}
