import type { JSX } from 'preact';
import { t } from '../i18n/index.ts';
import { Link } from '../parts/link.tsx';
import { waitingCount } from '../state/approvals.ts';
import { path } from './router.ts';

interface Tab {
  to: string;
  key: 'tab.tasks' | 'tab.waiting' | 'tab.documents' | 'tab.more';
  covers: RegExp;
  icon: JSX.Element;
}

const TABS: readonly Tab[] = [
  {
    to: '/',
    key: 'tab.tasks',
    covers: /^\/($|tasks|new)/,
    icon: <path d="M5 6h.01M5 12h.01M5 18h.01M9 6h11M9 12h11M9 18h11" />,
  },
  {
    to: '/approvals',
    key: 'tab.waiting',
    covers: /^\/approvals/,
    icon: <path d="M12 4a6 6 0 0 1 6 6c0 5 2 6 2 7H4c0-1 2-2 2-7a6 6 0 0 1 6-6zM10 20h4" />,
  },
  {
    to: '/documents',
    key: 'tab.documents',
    covers: /^\/documents/,
    icon: <path d="M7 3h7l5 5v13H7zM14 3v5h5M10 13h6M10 17h6" />,
  },
  {
    to: '/more',
    key: 'tab.more',
    covers: /^\/more/,
    icon: <path d="M5 12h.01M12 12h.01M19 12h.01" stroke-width="3" />,
  },
];

export function Tabs() {
  return (
    <nav class="tabs">
      {TABS.map(({ to, key, covers, icon }) => (
        <Link key={to} to={to} current={covers.test(path.value)}>
          <span class="icon">
            <svg viewBox="0 0 24 24" aria-hidden="true">
              {icon}
            </svg>
            {key === 'tab.waiting' && waitingCount.value > 0 ? <span class="badge">{waitingCount.value}</span> : null}
          </span>
          {t(key)}
        </Link>
      ))}
    </nav>
  );
}
