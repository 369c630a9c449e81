import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { Announcer, announce } from '../parts/announcer.tsx';
import { Link } from '../parts/link.tsx';
import { ToastRegion } from '../parts/toast.tsx';
import { ApprovalSheet } from '../screens/approval-sheet.tsx';
import { ApprovalsScreen } from '../screens/approvals.tsx';
import { DocumentScreen } from '../screens/document.tsx';
import { DocumentsScreen } from '../screens/documents.tsx';
import { HomeScreen } from '../screens/home.tsx';
import { MoreScreen } from '../screens/more.tsx';
import { NewTaskScreen } from '../screens/new-task.tsx';
import { PairScreen } from '../screens/pair.tsx';
import { RefusedScreen } from '../screens/refused.tsx';
import { TaskScreen } from '../screens/task.tsx';
import { waitingCount } from '../state/approvals.ts';
import { phase, witnessState } from '../state/session.ts';
import { LinkState } from './link-state.tsx';
import { path, segments } from './router.ts';
import { Tabs } from './tabs.tsx';

export function App({ fragment }: { fragment: string | undefined }) {
  const isOpen = phase.value === 'open' && path.value !== '/pair';
  useWaitingAnnouncement();
  return (
    <div class="shell">
      <header class="top">
        <Link to="/" class="brand">
          {t('app.name')}
        </Link>
        {isOpen ? <LinkState /> : null}
      </header>
      {witnessState.value.kind === 'alarm' && isOpen ? (
        <Link to="/more" class="banner bad">
          {t('more.alarm')}
        </Link>
      ) : null}
      <main>
        <Screen fragment={fragment} />
      </main>
      {isOpen ? <Tabs /> : null}
      <ToastRegion />
      <Announcer />
    </div>
  );
}

function Screen({ fragment }: { fragment: string | undefined }) {
  const [first, ...rest] = segments(path.value);
  if (phase.value === 'starting') return null;
  if (first === 'pair' || phase.value === 'unpaired') return <PairScreen fragment={fragment} />;
  if (phase.value === 'refused') return <RefusedScreen />;
  switch (first) {
    case 'tasks':
      return rest[0] === undefined ? <HomeScreen /> : <TaskScreen key={rest[0]} taskId={rest[0]} />;
    case 'new':
      return <NewTaskScreen document={rest.length > 1 ? rest.join('/') : undefined} />;
    case 'approvals':
      return (
        <>
          <ApprovalsScreen />
          {rest[0] === undefined ? null : <ApprovalSheet key={rest[0]} id={rest[0]} />}
        </>
      );
    case 'documents':
      return rest.length > 1 ? (
        <DocumentScreen key={rest.join('/')} path={rest.join('/')} />
      ) : (
        <DocumentsScreen workspace={rest[0]} />
      );
    case 'more':
      return <MoreScreen />;
    default:
      return <HomeScreen />;
  }
}

function useWaitingAnnouncement(): void {
  const before = useRef(0);
  const count = waitingCount.value;
  useEffect(() => {
    if (count > before.current) announce(t('announce.waiting'));
    before.current = count;
    document.title = count > 0 ? `(${count}) ${t('app.name')}` : t('app.name');
  }, [count]);
}
