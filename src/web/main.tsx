import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/parts.css';
import './styles/sheets.css';
import './styles/documents.css';
import { render } from 'preact';
import { App } from './app/app.tsx';
import { loadOutbox } from './state/outbox.ts';
import { start, watchWaking } from './state/session.ts';
import { loadSettings } from './state/settings.ts';
import { store } from './state/store.ts';
import { loadCachedTasks } from './state/tasks.ts';

// The secret of a pairing link leaves the address and the history before anything else happens.
const fragment = location.pathname === '/pair' && location.hash.length > 1 ? location.hash.slice(1) : undefined;
if (location.hash) history.replaceState(null, '', location.pathname);

loadSettings();
render(<App fragment={fragment} />, document.getElementById('app')!);
watchWaking();
boot().catch((error: unknown) => reportError(error));

async function boot(): Promise<void> {
  await store.open();
  await Promise.all([loadOutbox(), loadCachedTasks()]);
  await start();
}
