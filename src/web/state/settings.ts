import { effect, signal } from '@preact/signals';
import { locale } from '../i18n/index.ts';

export type Theme = 'system' | 'light' | 'dark';
export const theme = signal<Theme>('system');

/** Small and wanted before anything else is read, so not in the database. Absent storage means the defaults. */
export function loadSettings(): void {
  const kept = read();
  if (kept.theme === 'light' || kept.theme === 'dark') theme.value = kept.theme;
  if (kept.locale === 'zh' || kept.locale === 'en') locale.value = kept.locale;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const systemDark = signal(dark.matches);
  dark.addEventListener('change', () => {
    systemDark.value = dark.matches;
  });
  effect(() => {
    const isDark = theme.value === 'dark' || (theme.value === 'system' && systemDark.value);
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
    document.documentElement.lang = locale.value === 'zh' ? 'zh-CN' : 'en';
    write({ theme: theme.value, ...(chosen ? { locale: locale.value } : {}) });
  });
}

let chosen = false;
export function chooseLocale(value: 'zh' | 'en'): void {
  chosen = true;
  locale.value = value;
}

function read(): { theme?: string; locale?: string } {
  try {
    const kept = JSON.parse(localStorage.getItem('jingu.settings') ?? '{}') as { theme?: string; locale?: string };
    chosen = kept.locale !== undefined;
    return kept;
  } catch {
    return {};
  }
}

function write(settings: object): void {
  try {
    localStorage.setItem('jingu.settings', JSON.stringify(settings));
  } catch {
    // A private window may refuse; the choice then lasts as long as the page.
  }
}
