import { signal } from '@preact/signals';

const spoken = signal('');

/** Said once by a screen reader: the end of a task, a new approval, a lost connection. Never each token. */
export function announce(text: string): void {
  spoken.value = '';
  queueMicrotask(() => {
    spoken.value = text;
  });
}

export function Announcer() {
  return (
    <div class="hidden-text" aria-live="polite" role="status">
      {spoken.value}
    </div>
  );
}
