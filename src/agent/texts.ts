import type { Locale } from '../common/index.ts';
import type { AskReason, LineEdit, Proposal, RefuseReason } from './edit/outcome.ts';
import type { DocumentText } from './edit/ports.ts';

/** What the agent says to people, in their language. Facts only: what was changed, what was not found, what is asked. */
const ASK: Record<AskReason, { en: string; zh: string }> = {
  'two-places': { en: 'This fits more than one place. Which one is meant?', zh: '有多处符合,您指的是哪一处?' },
  'two-results': { en: 'There is more than one way to write this. Which one is right?', zh: '有多种改法,哪一种正确?' },
  'unsure-place': { en: 'Is this the right place?', zh: '是改这里吗?' },
  'unsure-text': { en: 'Is this what you mean?', zh: '这样修改对吗?' },
  'many-lines': { en: 'This would touch several lines. Shall it be done?', zh: '将影响多行,是否执行?' },
};

const REFUSE: Record<RefuseReason, { en: string; zh: string }> = {
  'nothing-like-it': {
    en: 'Nothing was changed: no document of this workspace speaks of {words}.',
    zh: '未做改动:该工作区的文档中没有提到{words}。',
  },
  'no-result': {
    en: 'Nothing was changed: no sure way to do this was found. Say it with the words of the document.',
    zh: '未做改动:没有找到可靠的改法。请用文档中的词语再说一次。',
  },
  'already-so': { en: 'Nothing was changed: the document says so already.', zh: '未做改动:文档中已经是这样。' },
  'no-documents': {
    en: 'Nothing was changed: there is no text document in this workspace.',
    zh: '未做改动:该工作区没有文本文档。',
  },
};

export function askText(reason: AskReason, locale: Locale): string {
  return ASK[reason][locale];
}

export function refuseText(reason: RefuseReason, words: readonly string[], locale: Locale): string {
  const said = words
    .slice(0, 5)
    .map((word) => (locale === 'zh' ? `“${word}”` : `"${word}"`))
    .join(locale === 'zh' ? '、' : ', ');
  return REFUSE[reason][locale].replace('{words}', said || (locale === 'zh' ? '此事' : 'this'));
}

export function changedText(proposal: Proposal, locale: Locale): string {
  const lines = proposal.edits.map((edit) => (edit.kind === 'put' ? edit.after + 1 : edit.line));
  const where = lines.length === 1 ? `${lines[0]}` : `${lines[0]}-${lines.at(-1)}`;
  return locale === 'zh' ? `已修改 ${proposal.path} 第 ${where} 行。` : `Changed ${proposal.path}, line ${where}.`;
}

export const DECLINED = { en: 'Left as it was.', zh: '保持原样。' } as const;

/** A small unified diff of a proposal, with one line of context on each side. */
export function diffOf(proposal: Proposal, document: DocumentText): string {
  const hunks = proposal.edits.map((edit) => hunkOf(edit, document.lines));
  return [`--- ${proposal.path}`, `+++ ${proposal.path}`, ...hunks].join('\n');
}

function hunkOf(edit: LineEdit, lines: readonly string[]): string {
  const at = edit.kind === 'put' ? edit.after + 1 : edit.line;
  const before = edit.kind === 'put' ? lines[edit.after - 1] : lines[edit.line - 2];
  const after = edit.kind === 'put' ? lines[edit.after] : lines[edit.line];
  const gone = edit.kind === 'put' ? [] : [`-${lines[edit.line - 1] ?? ''}`];
  const come = edit.kind === 'cut' ? [] : edit.text.split('\n').map((line) => `+${line}`);
  return [
    `@@ line ${at} @@`,
    ...(before === undefined ? [] : [` ${before}`]),
    ...gone,
    ...come,
    ...(after === undefined ? [] : [` ${after}`]),
  ].join('\n');
}
