import type { KindName } from './kind.ts';
import { parseXml } from './xml.ts';

const TYPES: readonly [RegExp, KindName][] = [
  [/^application\/vnd\.openxmlformats-officedocument\.wordprocessingml\.(?:document|template)\.main\+xml$/, 'docx'],
  [/^application\/vnd\.ms-word\.(?:document|template)\.macroenabled(?:template)?\.main\+xml$/, 'docx'],
  [/^application\/vnd\.openxmlformats-officedocument\.spreadsheetml\.(?:sheet|template)\.main\+xml$/, 'xlsx'],
  [/^application\/vnd\.ms-excel\.(?:sheet|template|addin)\.macroenabled\.main\+xml$/, 'xlsx'],
  [
    /^application\/vnd\.openxmlformats-officedocument\.presentationml\.(?:presentation|slideshow|template)\.main\+xml$/,
    'pptx',
  ],
  [/^application\/vnd\.ms-powerpoint\.(?:presentation|slideshow|template)\.macroenabled\.main\+xml$/, 'pptx'],
];

const ODF: Record<string, KindName> = {
  'application/vnd.oasis.opendocument.text': 'odt',
  'application/vnd.oasis.opendocument.text-template': 'odt',
  'application/vnd.oasis.opendocument.spreadsheet': 'ods',
  'application/vnd.oasis.opendocument.spreadsheet-template': 'ods',
};

/** What kind of Office file a package is, by what it says itself; `undefined` for any other archive. */
export function recognise(content: (name: string) => Buffer | undefined): KindName | undefined {
  const mimetype = content('mimetype');
  if (mimetype) return ODF[mimetype.toString('latin1').trim()];
  const types = content('[Content_Types].xml');
  if (!types) return undefined;
  for (const override of parseXml(types, { part: '[Content_Types].xml' }).elements('Override')) {
    const type = (override.attr('ContentType') ?? '').toLowerCase();
    const found = TYPES.find(([pattern]) => pattern.test(type));
    if (found) return found[1];
  }
  return undefined;
}
