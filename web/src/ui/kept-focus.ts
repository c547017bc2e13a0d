import { useEffect } from 'react';

/** Dialogs and menus give the focus back by themselves, a moment after they are gone. */
const PATIENCE_MS = 100;

/**
 * The focus is never lost: when what had it is gone (a row that was removed, a filter that was cleared), it
 * goes to the closest part of the page around it that can have it.
 */
export function useKeptFocus() {
  useEffect(() => {
    let around: Element[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = ({ target }: FocusEvent) => {
      around = [];
      for (let one = target as Element | null; one; one = one.parentElement) around.push(one);
    };
    const rescue = () => {
      if (document.activeElement && document.activeElement !== document.body) return;
      const next = around.find((one) => one.isConnected && one.hasAttribute('tabindex'));
      const place = next ?? document.getElementById('main');
      (place as HTMLElement | null)?.focus({ preventScroll: true });
    };
    const watch = new MutationObserver(() => {
      if (!around[0] || around[0].isConnected) return;
      clearTimeout(timer);
      timer = setTimeout(rescue, PATIENCE_MS);
    });
    document.addEventListener('focusin', follow);
    watch.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener('focusin', follow);
      watch.disconnect();
      clearTimeout(timer);
    };
  }, []);
}
