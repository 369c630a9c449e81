import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

interface Toast {
  text: string;
  action?: { label: string; run: () => void };
}

const shown = signal<Toast | undefined>(undefined);
/** Long enough to read it and to take the thing back. */
const SHOWN_MS = 10_000;

export function toast(text: string, action?: Toast['action']): void {
  shown.value = { text, ...(action ? { action } : {}) };
}

export function ToastRegion() {
  const current = shown.value;
  useEffect(() => {
    if (!current) return;
    const timer = setTimeout(() => {
      if (shown.value === current) shown.value = undefined;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [current]);
  if (!current) return null;
  const { text, action } = current;
  return (
    <div class="toast" role="status">
      <span class="grow">{text}</span>
      {action ? (
        <button
          type="button"
          class="button"
          onClick={() => {
            shown.value = undefined;
            action.run();
          }}
        >
          {action.label}
        </button>
      ) : null}
    </div>
  );
}
