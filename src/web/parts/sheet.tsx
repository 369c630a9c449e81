import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A bottom sheet: focus stays in it, Esc closes it, focus goes back where it came from. */
export function Sheet(props: {
  label: string;
  onClose: () => void;
  footer?: ComponentChildren;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const { current } = dialog;
    if (current && !current.open) current.showModal();
    return () => current?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the key for it is Esc, which the dialog itself handles.
    <dialog
      ref={dialog}
      class="sheet"
      aria-label={props.label}
      onClose={props.onClose}
      onClick={(event) => {
        if (event.target === dialog.current) props.onClose();
      }}
    >
      <div class="inner">{props.children}</div>
      {props.footer ? <footer>{props.footer}</footer> : null}
    </dialog>
  );
}
