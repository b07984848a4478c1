// node chromium.mjs PROGRAM IN OUT: as reimport.mjs, in a real Chromium without a window and with a profile of its own.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const [program, from, to] = process.argv.slice(2);
const SECONDS_MAX = 90;
const modules = path.join(import.meta.dirname, 'node_modules');

const page = `<!doctype html><meta charset="utf-8">
<script type="importmap">{"imports":{"dexie":"/dexie/dist/dexie.mjs"}}</script>
<script type="module">
  const tell = (at, body) => fetch(at, { method: 'POST', body });
  try {
    const { exportDB, importDB } = await import('/dexie-export-import/dist/dexie-export-import.mjs');
    const db = await importDB(await (await fetch('/in')).blob());
    const counts = [];
    for (const table of db.tables) counts.push(table.name + ': ' + await table.count() + ' records');
    await tell('/out', await exportDB(db));
    await tell('/done', counts.join('\\n') + '\\n' + navigator.userAgent);
  } catch (error) {
    await tell('/failed', String(error?.stack ?? error));
  }
</script>`;

const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'anabranch-chromium-'));
let browser;

function end(code, text) {
  console.log(text);
  browser.once('exit', () => {
    try {
      fs.rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    } catch (error) {
      console.log(`${profile} stays behind: ${error.message}`);
    }
    process.exit(code);
  });
  // Its own processes too, which would go on writing to the profile.
  process.kill(-browser.pid, 'SIGKILL');
}

const server = http.createServer(async (request, response) => {
  const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
  if (request.method === 'POST') {
    const body = Buffer.concat(await request.toArray());
    send('text/plain', '');
    if (request.url === '/out') fs.writeFileSync(to, body);
    if (request.url === '/done') end(0, body.toString());
    if (request.url === '/failed') end(1, body.toString());
  } else if (request.url === '/') {
    send('text/html', page);
  } else if (request.url === '/in') {
    send('application/json', fs.readFileSync(from));
  } else {
    const file = path.join(modules, path.normalize(request.url));
    if (fs.existsSync(file)) send('text/javascript', fs.readFileSync(file));
    else response.writeHead(404).end();
  }
});

server.listen(0, '127.0.0.1', () => {
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const quiet = ['--headless=new', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage', '--disable-background-networking'];
  const address = `http://127.0.0.1:${server.address().port}/`;
  browser = spawn(program, [...quiet, ...root, `--user-data-dir=${profile}`, address], { stdio: 'ignore', detached: true });
  browser.on('error', error => { console.log(String(error)); process.exit(1); });
  setTimeout(() => end(1, `nothing after ${SECONDS_MAX} s`), SECONDS_MAX * 1000).unref();
});
