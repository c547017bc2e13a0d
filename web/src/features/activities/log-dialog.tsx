import '../../styles/log.css';
import { Drawer, Modal } from '@mantine/core';
import { useFocusBack } from '../../ui/use-focus-back';
import { usePhone } from '../../ui/use-phone';
import { KINDS } from './kinds';
import { LogForm } from './log-form';
import type { LogRequest } from './log-request';

type Props = { request: LogRequest; of: string; onClose: () => void };

/** A sheet at the thumb on phones, a dialog elsewhere. */
export function LogDialog({ request, of, onClose }: Props) {
  const phone = usePhone();
  useFocusBack();
  const { activity } = request;
  const title = activity ? `Edit ${KINDS[activity.kind].word.toLowerCase()}` : 'Log activity';
  const form = (
    <LogForm key={activity?.id ?? request.contact?.id} request={request} of={of} onDone={onClose} />
  );
  const common = { opened: true, onClose, title, closeButtonProps: { 'aria-label': 'Close' } };
  return phone ? (
    <Drawer {...common} position="bottom" size="auto" padding={16} classNames={{ content: 'log-sheet' }}>
      {form}
    </Drawer>
  ) : (
    <Modal {...common} size={500}>
      {form}
    </Modal>
  );
}
