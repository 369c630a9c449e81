import { useRef, useState } from 'preact/hooks';
import { CallError } from '../../client/index.ts';
import { encodePath } from '../app/router.ts';
import { fileSize, t } from '../i18n/index.ts';
import { type AddedFile, addAgain, addedFiles, addFiles, removeAdded } from '../state/adding.ts';
import { Fault } from './fault.tsx';
import { Link } from './link.tsx';
import { NAME_REFUSED, otherName } from './other-name.ts';
import { visible } from './visible.ts';

/** Files from this device into a workspace: the button, and a line for each that was chosen with what became of it. */
export function AddFiles({ workspace }: { workspace: string }) {
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const rows = addedFiles.value.filter((one) => one.workspace === workspace);
  return (
    <section class="tight">
      <div class="row">
        <button ref={button} type="button" class="button" onClick={() => input.current?.click()}>
          {t('add.button')}
        </button>
        <span class="small quiet only-pointer">{t('add.drop')}</span>
      </div>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t('add.button')}
        onChange={({ currentTarget }) => {
          addFiles(workspace, currentTarget.files ?? []);
          // The same file may be chosen again.
          currentTarget.value = '';
        }}
      />
      {rows.length === 0 ? null : (
        <ul class="list" aria-label={t('add.list')}>
          {rows.map((row) => (
            <Row key={row.id} row={row} onGone={() => button.current?.focus()} />
          ))}
        </ul>
      )}
      {rows.some((one) => one.step === 'added') ? (
        <button
          type="button"
          class="button plain"
          onClick={() => {
            removeAdded(...rows.filter((one) => one.step === 'added'));
            button.current?.focus();
          }}
        >
          {t('add.clear')}
        </button>
      ) : null}
    </section>
  );
}

function Row({ row, onGone }: { row: AddedFile; onGone: () => void }) {
  const line = useRef<HTMLLIElement>(null);
  const { workspace, name, step } = row;
  const again = (wanted?: string) => {
    addAgain(row, wanted);
    // What was pressed goes away.
    line.current?.focus();
  };
  return (
    <li ref={line} class={step === 'refused' ? 'card tight' : ''} tabIndex={-1}>
      {step === 'added' ? (
        <Link to={`/documents/${encodePath(`${workspace}/${name}`)}`} class="item">
          <span class="grow name">{visible(name)}</span>
          <span class="chip good">{t('add.added')}</span>
        </Link>
      ) : step === 'refused' ? (
        <>
          <strong>{visible(name)}</strong>
          <Refused key={name} row={row} onAgain={again} />
          <button
            type="button"
            class="button plain"
            onClick={() => {
              removeAdded(row);
              onGone();
            }}
          >
            {t('add.remove')}
          </button>
        </>
      ) : (
        <Underway row={row} step={step} />
      )}
    </li>
  );
}

function Underway({ row, step }: { row: AddedFile; step: 'waiting' | 'reading' | 'sending' | 'adding' }) {
  const { file, name, sent } = row;
  const percent = file.size === 0 ? 0 : Math.floor((100 * sent) / file.size);
  return (
    <div class="item">
      <span class="grow">
        <span class="name">{visible(name)}</span>
        <span class="small quiet">{t(`add.${step}`, { percent, size: fileSize(file.size) })}</span>
        {step === 'sending' ? <progress max={100} value={percent} aria-label={visible(name)} /> : null}
      </span>
    </div>
  );
}

/** Why it is no document, and the way on: another name where that mends it, the same once more where time may. */
function Refused({ row, onAgain }: { row: AddedFile; onAgain: (name?: string) => void }) {
  const { name, error } = row;
  const code = error instanceof CallError ? error.code : '';
  const [wanted, setWanted] = useState(() => otherName(name));
  if (!NAME_REFUSED.has(code)) {
    const canAgain = !(error instanceof CallError) || error.wire.category !== 'bad-input';
    return <Fault error={error} {...(canAgain ? { onRetry: () => onAgain() } : {})} />;
  }
  return (
    <>
      <Fault error={error} />
      <form
        class="tight"
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted.trim()) onAgain(wanted.trim());
        }}
      >
        <label class="field">
          <span>{t('add.name')}</span>
          <input
            type="text"
            value={wanted}
            maxLength={1000}
            autocomplete="off"
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button" disabled={!wanted.trim()}>
          {t('add.rename')}
        </button>
      </form>
    </>
  );
}
