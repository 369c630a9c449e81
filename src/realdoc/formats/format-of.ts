export type TextFormat = 'csv' | 'json' | 'jsonl' | 'yaml' | 'markdown' | 'html' | 'xml' | 'code' | 'plain';

const FORMATS: Record<string, TextFormat> = {
  csv: 'csv',
  tsv: 'csv',
  tab: 'csv',
  json: 'json',
  jsonc: 'json',
  json5: 'plain',
  geojson: 'json',
  webmanifest: 'json',
  ipynb: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  yaml: 'yaml',
  yml: 'yaml',
  md: 'markdown',
  markdown: 'markdown',
  mdown: 'markdown',
  html: 'html',
  htm: 'html',
  xhtml: 'xml',
  xml: 'xml',
  xsd: 'xml',
  xsl: 'xml',
  svg: 'xml',
  rss: 'xml',
  plist: 'xml',
};

/** Grammars by ending; the name is that of the file that holds the grammar. */
const LANGUAGES: Record<string, string> = {
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'tsx',
  py: 'python',
  pyi: 'python',
  go: 'go',
  rs: 'rust',
  java: 'java',
  c: 'cpp',
  h: 'cpp',
  cc: 'cpp',
  cpp: 'cpp',
  cxx: 'cpp',
  hh: 'cpp',
  hpp: 'cpp',
  cs: 'c-sharp',
  php: 'php',
  rb: 'ruby',
  sh: 'bash',
  bash: 'bash',
  css: 'css',
  ini: 'ini',
  ps1: 'powershell',
};

/** How a text is addressed, judged by its name alone: what is inside is hostile. */
export function textFormatOf(path: string): TextFormat {
  const ending = endingOf(path);
  return FORMATS[ending] ?? (LANGUAGES[ending] === undefined ? 'plain' : 'code');
}

export function languageOf(path: string): string | undefined {
  return LANGUAGES[endingOf(path)];
}

function endingOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).toLowerCase();
}
