// Starts `$TANDEM_BIN sandbox pipedrive`, runs the tests against it and stops it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const binary = process.env.TANDEM_BIN;
if (!binary) {
  console.error("TANDEM_BIN must name the tandem binary");
  process.exit(2);
}
const here = fileURLToPath(new URL(".", import.meta.url));
const command = ["sandbox", "pipedrive", "--port", "0", "--json", "--persons", "1200"];
const sandbox = spawn(binary, command, { stdio: ["ignore", "pipe", "inherit"] });

/** The first line that is JSON with an address; the process may log before. */
async function address() {
  for await (const line of createInterface({ input: sandbox.stdout })) {
    try {
      const { url } = JSON.parse(line);
      if (url) return url;
    } catch {
      console.error(line);
    }
  }
  throw new Error("the sandbox ended without saying where it is");
}

let failed = 1;
try {
  const late = AbortSignal.timeout(30_000);
  const url = await Promise.race([
    address(),
    once(late, "abort").then(() => {
      throw new Error("the sandbox did not start within 30 seconds");
    }),
    once(sandbox, "error").then(([error]) => {
      throw error;
    }),
  ]);
  // What it says later must not fill the pipe.
  sandbox.stdout.resume();
  const tests = spawn(process.execPath, ["--test", "--test-reporter=spec", "pipedrive.test.mjs"], {
    cwd: here,
    stdio: "inherit",
    env: { ...process.env, SANDBOX_URL: url },
  });
  const [code] = await once(tests, "exit");
  failed = code ?? 1;
} catch (error) {
  console.error(error.message);
} finally {
  sandbox.kill("SIGTERM");
}
process.exit(failed);
