import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { en } from '../../../src/web/i18n/en.ts';
import { zh } from '../../../src/web/i18n/zh.ts';

const SOURCES = join(import.meta.dirname, '../../../src/web');
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

test('both languages have the same keys, in the same order', () => {
  expect(Object.keys(en)).toEqual(Object.keys(zh));
});

test.each(Object.keys(zh) as (keyof typeof zh)[])(
  '%s has the same placeholders in both and is empty in neither',
  (key) => {
    expect(placeholders(en[key])).toEqual(placeholders(zh[key]));
    expect(en[key].trim()).not.toBe('');
    expect(zh[key].trim()).not.toBe('');
  },
);

test('no key is unused', () => {
  const code = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('i18n/zh') && !file.startsWith('i18n/en'))
    .map((file) => readFileSync(join(SOURCES, file), 'utf8'))
    .join('\n');
  const isUsed = (key: string) => {
    const group = key.slice(0, key.lastIndexOf('.') + 1);
    return code.includes(`'${key}'`) || code.includes(`\`${group}\${`);
  };
  expect(Object.keys(zh).filter((key) => !isUsed(key))).toEqual([]);
});

test('Chinese text is punctuated as Chinese', () => {
  const odd = Object.values(zh).filter((text) => /[\u4e00-\u9fff][,;:?!]/.test(text));
  expect(odd).toEqual([]);
});
