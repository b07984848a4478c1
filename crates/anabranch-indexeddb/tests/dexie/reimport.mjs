// node reimport.mjs IN OUT: imports IN with the real dexie-export-import into an empty database and exports that to OUT.
import fs from 'node:fs';
import './browser.mjs';

const { Dexie } = await import('dexie');
const { exportDB, importDB } = await import('dexie-export-import');
const [from, to] = process.argv.slice(2);

const db = await importDB(new Blob([fs.readFileSync(from)]));
const stores = db.tables.map(table => table.name);
const counts = await Promise.all(db.tables.map(table => table.count()));
fs.writeFileSync(to, await (await exportDB(db)).text());
for (const [at, store] of stores.entries()) console.log(`${store}: ${counts[at]} records`);
