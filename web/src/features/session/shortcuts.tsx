import { useHotkeys } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import { may, useSession } from '../../api/session';
import { usePreference } from '../../ui/preference';

const KeyList = lazy(() => import('./key-list').then((m) => ({ default: m.KeyList })));

export const SINGLE_KEYS = 'single-keys';

type Props = { opened: boolean; open: (opened: boolean) => void; onLog: () => void };

/** Single keys act only outside of fields and dialogs, and can be turned off in the settings (WCAG 2.1.4). */
export function Shortcuts({ opened, open, onLog }: Props) {
  const session = useSession();
  const [on] = usePreference(SINGLE_KEYS);
  const outside = (act: () => void) => () => {
    if (on && !document.querySelector('[role="dialog"], [role="menu"]')) act();
  };
  useHotkeys([
    ['l', outside(() => may(session, 'log_activities') && onLog())],
    ['shift+?', outside(() => open(true))],
    ['?', outside(() => open(true))],
  ]);
  return (
    opened && (
      <Suspense fallback={null}>
        <KeyList onClose={() => open(false)} />
      </Suspense>
    )
  );
}
