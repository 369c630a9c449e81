import { type DiffLine, parseDiff } from '../../common/unified-diff.ts';
import { t } from '../i18n/index.ts';
import { visible } from './visible.ts';

const SIGN = { add: '+', del: '−', same: '' } as const;

/** A unified diff as people read it. For a screen reader each changed line says whether it came or went. */
export function DiffView({ diff }: { diff: string }) {
  const hunks = parseDiff(diff);
  if (hunks.length === 0) return <p class="quiet small">{t('diff.empty')}</p>;
  return (
    <div class="diff">
      {hunks.map((hunk, i) => (
        <div key={`${i} ${hunk.line}`}>
          {hunk.line === 0 ? null : (
            <div class="place">
              {hunk.file === undefined ? '' : `${visible(hunk.file)} · `}
              {t('diff.line', { line: hunk.line })}
            </div>
          )}
          {hunk.lines.map((line, n) => (
            <Line key={n} line={line} />
          ))}
        </div>
      ))}
    </div>
  );
}

function Line({ line }: { line: DiffLine }) {
  const { kind, text, mark } = line;
  return (
    <div class={`line ${kind}`}>
      <span class="sign" aria-hidden="true">
        {SIGN[kind]}
      </span>
      <span class="text">
        {kind === 'same' ? null : <span class="hidden-text">{t(kind === 'add' ? 'diff.added' : 'diff.removed')} </span>}
        {mark ? (
          <>
            {visible(text.slice(0, mark[0]))}
            {mark[1] > mark[0] ? <mark>{visible(text.slice(...mark))}</mark> : null}
            {visible(text.slice(mark[1]))}
          </>
        ) : (
          visible(text)
        )}
      </span>
    </div>
  );
}
