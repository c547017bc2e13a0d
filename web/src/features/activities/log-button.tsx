import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useEffect } from 'react';
import { may, useSession } from '../../api/session';
import { usePhone } from '../../ui/use-phone';
import { openLog } from './log-request';

/** In the head of the page on a desk, at the thumb on a phone. */
export function LogButton({ where }: { where: 'head' | 'thumb' }) {
  const phone = usePhone();
  const session = useSession();
  // So that the first tap does not wait for the form's code.
  useEffect(() => void import('./log-dialog'), []);
  if (phone !== (where === 'thumb') || !may(session, 'log_activities')) return null;
  return (
    <Button
      className={phone ? 'fab' : undefined}
      leftSection={<IconPlus size={phone ? 18 : 15} aria-hidden />}
      aria-keyshortcuts="L"
      onClick={() => openLog()}
    >
      {phone ? 'Log' : 'Log activity'}
    </Button>
  );
}
