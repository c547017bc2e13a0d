// What a first visit and each further page may cost, gzipped. Fails when over; raise a number only with a reason.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const KB = 1000;
const LIMITS = { firstJs: 240 * KB, firstCss: 25 * KB, furtherPage: 60 * KB };
const FIRST = 'src/routes/contacts.tsx';

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));
const size = (file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;

/** A chunk with everything it imports before it can run. */
function closure(key, files = new Set()) {
  const chunk = manifest[key];
  if (!chunk || files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const next of chunk.imports ?? []) closure(next, files);
  return files;
}
const sum = (files, ending) => [...files].filter((f) => f.endsWith(ending)).reduce((n, f) => n + size(f), 0);

const first = closure(FIRST, closure('index.html'));
const rows = [
  ['first visit, JavaScript', sum(first, '.js'), LIMITS.firstJs],
  ['first visit, CSS', sum(first, '.css'), LIMITS.firstCss],
];
for (const key of Object.keys(manifest).filter((k) => manifest[k].isDynamicEntry && k !== FIRST)) {
  const further = new Set([...closure(key)].filter((f) => !first.has(f)));
  rows.push([key.replace('src/routes/', ''), sum(further, '.js') + sum(further, '.css'), LIMITS.furtherPage]);
}

let over = 0;
for (const [what, bytes, limit] of rows) {
  if (bytes > limit) over += 1;
  console.log(
    `${bytes > limit ? 'OVER' : 'ok  '} ${(bytes / KB).toFixed(1).padStart(6)} of ${limit / KB} kB  ${what}`,
  );
}
// Neither a map nor a font inlined as text may slip in.
for (const name of readdirSync('dist/assets')) {
  if (!name.endsWith('.map')) continue;
  over += 1;
  console.log(`OVER a source map is published: ${name}, ${statSync(`dist/assets/${name}`).size} bytes`);
}
process.exit(over ? 1 : 0);
