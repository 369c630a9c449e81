import { useState } from 'preact/hooks';
import { exactTime, t } from '../i18n/index.ts';
import type { Version } from './history-model.ts';
import { VersionDiff } from './version-diff.tsx';
import { visible } from './visible.ts';

/** Any two versions side by side. It begins with the newest and the one before it, and asks for nothing until opened. */
export function CompareVersions({ path, versions }: { path: string; versions: readonly Version[] }) {
  const [isOpen, setOpen] = useState(false);
  // Nothing chosen follows the document: a version made meanwhile is the newest one then.
  const [chosenFrom, setFrom] = useState<number>();
  const [chosenTo, setTo] = useState<number>();
  const from = chosenFrom ?? versions[1]!.version;
  const to = chosenTo ?? versions[0]!.version;
  return (
    <section class="card tight compare">
      <button type="button" class="button wide" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {t('doc.compare')}
      </button>
      {isOpen ? (
        <>
          <div class="row">
            <Choice label={t('diff.before')} versions={versions} value={from} onChange={setFrom} />
            <Choice label={t('diff.after')} versions={versions} value={to} onChange={setTo} />
          </div>
          {from === to ? <p class="quiet small">{t('diff.empty')}</p> : <VersionDiff path={path} from={from} to={to} />}
        </>
      ) : null}
    </section>
  );
}

interface ChoiceProps {
  label: string;
  versions: readonly Version[];
  value: number;
  onChange: (version: number) => void;
}

function Choice({ label, versions, value, onChange }: ChoiceProps) {
  return (
    <label class="field grow">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
        {versions.map(({ version, at, tags }) => (
          <option key={version} value={version}>
            {[t('doc.version', { version }), ...tags.map(visible), exactTime(at)].join(' · ')}
          </option>
        ))}
      </select>
    </label>
  );
}
