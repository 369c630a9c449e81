import type { ComponentChildren } from 'preact';
import { navigate } from '../app/router.ts';

/** A real link, so that it can be opened in a tab; a plain tap stays in the page. */
export function Link(props: { to: string; class?: string; children: ComponentChildren; current?: boolean }) {
  const { to, children, current } = props;
  return (
    <a
      href={to}
      class={props.class}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}
