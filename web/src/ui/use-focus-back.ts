import { useEffect } from 'react';

/** For dialogs that exist only while they are open: the focus goes back to whoever opened them. */
export function useFocusBack() {
  useEffect(() => {
    const opener = document.activeElement;
    return () => {
      // After the dialog has let go of it; unless something else took it by then.
      setTimeout(() => {
        const lost = !document.activeElement || document.activeElement === document.body;
        if (lost && opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    };
  }, []);
}
