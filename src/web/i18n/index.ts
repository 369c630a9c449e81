import { signal } from '@preact/signals';
import type { Locale } from '../../common/index.ts';
import { en } from './en.ts';
import { type MessageKey, zh } from './zh.ts';

export type { MessageKey };

/** Chosen on this device, else by the browser; Chinese unless the browser asks for something else. */
export const locale = signal<Locale>(navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en');

export function t(key: MessageKey, fill: Record<string, string | number> = {}): string {
  const text: string = (locale.value === 'zh' ? zh : en)[key];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(fill[name] ?? ''));
}

/** The key if there is such a text, else undefined: for words that come from the box, such as states. */
export function known(key: string): MessageKey | undefined {
  return key in zh ? (key as MessageKey) : undefined;
}

export function languageTag(): string {
  return locale.value === 'zh' ? 'zh-CN' : 'en';
}

/** "2 minutes ago" near, the date farther away. */
export function relativeTime(at: number, now = Date.now()): string {
  const seconds = Math.round((at - now) / 1000);
  const format = new Intl.RelativeTimeFormat(languageTag(), { numeric: 'auto', style: 'short' });
  const size = Math.abs(seconds);
  if (size < 45) return t('time.now');
  if (size < 3600) return format.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return format.format(Math.round(seconds / 3600), 'hour');
  return new Intl.DateTimeFormat(languageTag(), {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(at);
}

export function exactTime(at: number): string {
  return new Intl.DateTimeFormat(languageTag(), { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

export function clockTime(at: number): string {
  return new Intl.DateTimeFormat(languageTag(), { hour: '2-digit', minute: '2-digit' }).format(at);
}

export function duration(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  const [value, unit] =
    minutes < 60
      ? [minutes, 'minute']
      : minutes < 2880
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1440), 'day'];
  return new Intl.NumberFormat(languageTag(), { style: 'unit', unit: unit as string, unitDisplay: 'long' }).format(
    value as number,
  );
}

export function number(value: number): string {
  return new Intl.NumberFormat(languageTag()).format(value);
}

/** A size as people say it: in kilobytes or megabytes; zero is for an empty file alone. */
export function fileSize(bytes: number): string {
  const [value, unit] = bytes < 1_048_576 ? [Math.ceil(bytes / 1024), 'kilobyte'] : [bytes / 1_048_576, 'megabyte'];
  return new Intl.NumberFormat(languageTag(), { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
}
