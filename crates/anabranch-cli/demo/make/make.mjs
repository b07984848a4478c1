// node make.mjs: makes ../start.json, ../tablet.json and ../laptop.json. Each device is a browser context of its own: it
// holds the common start, goes its own way offline, and is exported by the real dexie-export-import.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const here = import.meta.dirname;
const module = (name, file) => path.join(path.dirname(require.resolve(`${name}/package.json`)), 'dist', file);
const scripts = {
  '/dexie.mjs': module('dexie', 'dexie.mjs'),
  '/dexie-export-import.mjs': module('dexie-export-import', 'dexie-export-import.mjs'),
  '/survey.mjs': path.join(here, 'survey.mjs'),
};
const page = `<!doctype html><meta charset=utf-8><script type=importmap>
{"imports":{"dexie":"/dexie.mjs","dexie-export-import":"/dexie-export-import.mjs"}}</script>
<script type=module>import * as survey from '/survey.mjs'; window.survey = survey;</script>`;

const server = http.createServer((request, response) => {
  const script = scripts[request.url];
  response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
  response.end(script ? fs.readFileSync(script) : page);
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  for (const device of ['start', 'tablet', 'laptop']) {
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await tab.waitForFunction('window.survey');
    const text = await tab.evaluate(name => window.survey.exported(name), device);
    fs.writeFileSync(path.join(here, '..', `${device}.json`), text + '\n');
    console.log(`${device}.json: ${text.length} bytes`);
    await context.close();
  }
} finally {
  await browser.close();
  server.close();
}
