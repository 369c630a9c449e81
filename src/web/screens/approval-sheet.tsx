import { useState } from 'preact/hooks';
import { back } from '../app/router.ts';
import { known, t } from '../i18n/index.ts';
import { ApprovalFacts } from '../parts/approval-facts.tsx';
import { approvalTitle } from '../parts/approval-title.ts';
import { DiffView } from '../parts/diff-view.tsx';
import { Fault } from '../parts/fault.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { useAsked } from '../parts/use-asked.ts';
import { visible } from '../parts/visible.ts';
import { type Approval, answerApproval, approvals, Changed, outcomes, showApproval } from '../state/approvals.ts';
import { connection } from '../state/session.ts';

/** One approval or question. The card goes only when the box has recorded the answer; then it tells how it ended. */
export function ApprovalSheet({ id }: { id: string }) {
  const listed = approvals.value.find((one) => one.id === id);
  const outcome = outcomes.value.get(id);
  const asked = useAsked(() => showApproval(id), [id, outcome?.state]);
  const approval = asked.value ?? listed;
  const close = () => back('/approvals');
  if (!approval) {
    return (
      <Sheet label={t('waiting.title')} onClose={close}>
        {asked.error ? <Fault error={asked.error} /> : <p class="quiet">…</p>}
      </Sheet>
    );
  }
  const state = outcome?.state ?? approval.state;
  const isQuestion = approval.kind === 'ask';
  const isOpen = state === 'pending' && approval.expiresInMs > 0;
  return (
    <Sheet
      label={approvalTitle(approval)}
      onClose={close}
      footer={
        isOpen ? (
          // The options of a question are many lines: they are read in the sheet, not in its foot.
          isQuestion ? undefined : (
            <Answering approval={approval} />
          )
        ) : (
          <Decided approval={approval} state={state} by={outcome?.by ?? approval.answeredBy} onClose={close} />
        )
      }
    >
      {/* Focused first: no keyboard comes up, and the question is what a screen reader reads. */}
      <h1 tabIndex={-1} autofocus>
        {visible(approvalTitle(approval))}
      </h1>
      <ApprovalFacts approval={approval} />
      {approval.card.diff ? <DiffView diff={approval.card.diff} /> : null}
      {approval.card.prose ? (
        <section class="note tight">
          <h2>{t('approval.prose')}</h2>
          <p class="said">{visible(approval.card.prose)}</p>
        </section>
      ) : null}
      {isOpen && isQuestion ? <Answering approval={approval} /> : null}
    </Sheet>
  );
}

function Answering({ approval }: { approval: Approval }) {
  const { card, kind } = approval;
  const [note, setNote] = useState('');
  const [isSure, setSure] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const isOffline = connection.value === 'offline';
  const isHigh = card.risk === 'high';

  const answer = async (word: string) => {
    // A destructive answer takes a second tap, on the same button, by keyboard as well.
    if (word === 'approve' && card.risk === 'medium' && !isSure) {
      setSure(true);
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      await answerApproval(approval, word, kind === 'approve' ? note.trim() : '');
    } catch (reason) {
      setError(reason);
      setSure(false);
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      {error instanceof Changed ? (
        <p class="note bad">{t('approval.changed')}</p>
      ) : error ? (
        <Fault error={error} />
      ) : null}
      {error && !(error instanceof Changed) ? <p class="small quiet">{t('approval.not-delivered')}</p> : null}
      {isOffline ? <p class="note">{t('approval.offline')}</p> : null}
      {isHigh && kind === 'approve' ? <p class="note">{t('approval.high-browser')}</p> : null}
      {kind === 'ask' ? (
        <Options approval={approval} isDisabled={isBusy || isOffline} onAnswer={(word) => void answer(word)} />
      ) : (
        <>
          <label class="field">
            <span>{t('approval.reason')}</span>
            <input value={note} maxLength={2000} onInput={(event) => setNote(event.currentTarget.value)} />
          </label>
          <div class="pair-of-buttons">
            <button
              type="button"
              class="button danger"
              disabled={isBusy || isOffline}
              onClick={() => void answer('deny')}
            >
              {t('approval.deny')}
            </button>
            <button
              type="button"
              class="button main"
              disabled={isBusy || isOffline || isHigh}
              onClick={() => void answer('approve')}
            >
              {isSure ? t('approval.confirm') : t('approval.approve')}
            </button>
          </div>
        </>
      )}
    </>
  );
}

function Options(props: { approval: Approval; isDisabled: boolean; onAnswer: (word: string) => void }) {
  const { approval, isDisabled, onAnswer } = props;
  const [text, setText] = useState('');
  const { options = [], freeText } = approval.card;
  return (
    <div class="stack">
      {options.map((option) => (
        <section key={option.id} class="card tight">
          {option.diff ? <DiffView diff={option.diff} /> : <p>{visible(option.label)}</p>}
          <button type="button" class="button main" disabled={isDisabled} onClick={() => onAnswer(option.id)}>
            {t('question.choose')}
          </button>
        </section>
      ))}
      {freeText ? (
        <form
          class="tight"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim()) onAnswer(text.trim());
          }}
        >
          <label class="field">
            <span>{t('question.answer')}</span>
            <textarea rows={2} maxLength={2000} value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
          <button type="submit" class="button" disabled={isDisabled || !text.trim()}>
            {t('action.send')}
          </button>
        </form>
      ) : null}
      <button type="button" class="button danger" disabled={isDisabled} onClick={() => onAnswer('deny')}>
        {t('question.none-of-these')}
      </button>
    </div>
  );
}

/** Two acknowledgements: recorded, then executed, which comes from the executor. */
function Decided(props: { approval: Approval; state: string; by: string | null; onClose: () => void }) {
  const { approval, state, by, onClose } = props;
  const stateKey = known(`approval.state.${state}`);
  const said = by
    ? t('approval.decided', { by: visible(by), state: stateKey ? t(stateKey) : state })
    : state === 'executed'
      ? t('approval.executed')
      : state === 'void'
        ? t('approval.void')
        : state === 'approved' || state === 'denied' || state === 'answered'
          ? t('approval.recorded')
          : stateKey
            ? t(stateKey)
            : state;
  const isUnderWay = state === 'approved' && approval.kind === 'approve';
  return (
    <>
      <p role="status" data-testid="outcome">
        {said}
        {isUnderWay ? ' …' : ''}
      </p>
      <button type="button" class="button wide" onClick={onClose}>
        {t('action.close')}
      </button>
    </>
  );
}
