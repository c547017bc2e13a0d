import { ActionIcon } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { Outlet } from '@tanstack/react-router';
import { useState } from 'react';
import { LogHost } from '../features/activities/log-host';
import { openLog } from '../features/activities/log-request';
import { DeliveryToasts } from '../features/deliveries/delivery-toasts';
import { RunToasts } from '../features/runs/run-toasts';
import { AccountMenu } from '../features/session/account-menu';
import { NoticeBell } from '../features/session/notice-bell';
import { PaletteHost } from '../features/session/palette-host';
import { openPalette } from '../features/session/palette-request';
import { Rail, Tabs } from '../features/session/rail';
import { Shortcuts } from '../features/session/shortcuts';
import { useKeptFocus } from '../ui/kept-focus';
import { usePhone } from '../ui/use-phone';
import { ShellNote } from './shell-note';

export function Workspace() {
  const phone = usePhone();
  useKeptFocus();
  const [keys, showKeys] = useState(false);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <PaletteHost onLog={() => openLog()} onKeys={() => showKeys(true)} />
      <Shortcuts opened={keys} open={showKeys} onLog={() => openLog()} />
      <LogHost />
      <RunToasts />
      <DeliveryToasts />
      {phone ? (
        <section className="topbar" aria-label="Search and account">
          <span className="brand">
            <img src="/favicon.svg" width="22" height="22" alt="" /> Tandem
          </span>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={40}
            aria-label="Search or jump to"
            onClick={openPalette}
          >
            <IconSearch size={19} />
          </ActionIcon>
          <NoticeBell size={40} />
          <span>
            <AccountMenu compact />
          </span>
        </section>
      ) : (
        <Rail />
      )}
      <main id="main" className="sheet" tabIndex={-1}>
        <ShellNote />
        <Outlet />
      </main>
      {phone && <Tabs />}
    </div>
  );
}
