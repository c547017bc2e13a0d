import '@fontsource-variable/inter';
import './styles/mantine';
import './styles/base.css';
import './styles/shell.css';
import './styles/nav.css';
import './styles/subtabs.css';
import './styles/door.css';
import './styles/table.css';
import './styles/use.css';
import './styles/cards.css';
import './styles/diff.css';
import './styles/skeletons.css';
import './styles/controls.css';
import './styles/chips.css';
import './styles/banner.css';
import './styles/facts.css';
import './styles/warmness.css';
import './styles/import.css';
import './styles/provider.css';
import './styles/run.css';
import './styles/plans.css';
import './styles/phone-frame.css';
import './styles/phone-parts.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { onSessionEnded, queryClient } from './api/client';
import { router } from './router';
import { cssResolver, theme } from './styles/theme';

// The server writes one nonce per answer into index.html; style tags made later carry it too.
const nonce = document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? '';
Object.assign(window, { __webpack_nonce__: nonce }); // read by the scroll lock of dialogs

onSessionEnded(() => {
  const here = router.state.location;
  if (here.pathname === '/signin') return;
  void router.navigate({ to: '/signin', search: { next: here.href } }).then(() => queryClient.clear());
});

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssResolver}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  );
