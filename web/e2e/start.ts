import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 180_000; // the first start of the demo creates its database

/**
 * Starts `$TANDEM_BIN demo` with a data folder of its own, or the stand-in server when no binary is named.
 * What it prints (addresses and sign-ins) goes to the tests in TANDEM_DEMO.
 */
export default async function start(): Promise<() => Promise<void>> {
  const { line, stop } = await startDemo([]);
  process.env.TANDEM_DEMO = line;
  return stop;
}

/** One more server, with what its command line says. */
export async function startDemo(args: string[]): Promise<{ line: string; stop: () => Promise<void> }> {
  const binary = process.env.TANDEM_BIN;
  const data = mkdtempSync(join(tmpdir(), 'tandem-e2e-'));
  chmodSync(data, 0o755); // PostgreSQL runs as another user when this runs as root
  const port = String(await freePort());
  const child = binary
    ? spawn(binary, ['demo', '--json', '--port', port, ...args], {
        env: { ...process.env, TANDEM_ENV: 'development', TANDEM_DATA_DIR: data },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    : spawn(process.execPath, ['mock/server.mjs', '--port', port], { stdio: ['ignore', 'pipe', 'inherit'] });
  let line: string;
  try {
    line = await readyLine(child);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const stop = async () => {
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGINT');
    await Promise.race([gone, new Promise((done) => setTimeout(done, 20_000))]);
    if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  };
  return { line, stop };
}

function readyLine(child: ChildProcess): Promise<string> {
  return new Promise((ready, failed) => {
    const timer = setTimeout(() => failed(new Error('the server was not ready in time')), PATIENCE_MS);
    child.once('exit', (code) => failed(new Error(`the server ended with ${code} before it was ready`)));
    if (!child.stdout) return failed(new Error('the server has no output'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{') || !line.includes('"members"')) return;
      clearTimeout(timer);
      ready(line);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => done(port));
    });
  });
}
