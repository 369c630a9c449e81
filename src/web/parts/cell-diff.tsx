import { t } from '../i18n/index.ts';
import { visible } from './visible.ts';

/** One cell of a table in two versions; null where there was or is none. */
export interface Cell {
  address: string;
  from: string | null;
  to: string | null;
}

/** A table's change as a table: which cell, what it said, what it says. */
export function CellDiff({ cells }: { cells: readonly Cell[] }) {
  return (
    <table class="cells">
      <thead>
        <tr>
          <th scope="col">{t('diff.cell')}</th>
          <th scope="col">{t('diff.before')}</th>
          <th scope="col">{t('diff.after')}</th>
        </tr>
      </thead>
      <tbody>
        {cells.map(({ address, from, to }, i) => (
          <tr key={`${i} ${address}`}>
            <th scope="row">{visible(address)}</th>
            <td class="del">{from === null ? '' : visible(from)}</td>
            <td class="add">{to === null ? '' : visible(to)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
