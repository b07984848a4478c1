// The application of the demo: a field survey of a river. Nothing in it knows of replication.
import Dexie from 'dexie';
import 'dexie-export-import';

function open() {
  const db = new Dexie('survey');
  db.version(3).stores({
    sites: 'id, name, *tags, &code',
    visits: '++id, site, at',
    readings: '[site+hour]',
    photos: '',
    settings: '',
  });
  return db;
}

const day = (n, hour = 9) => new Date(Date.UTC(2026, 8, 1 + n, hour, 0, 0));
const people = ['Ada', 'Björn', 'Chipo', 'Dewi'];
const at = n => `s${String(n).padStart(3, '0')}`;
const photo = (n, size) => new Blob([Uint8Array.from({ length: size }, (_, i) => (i * 7 + n) & 255)], { type: 'image/jpeg' });

/** What every device holds before it goes offline: 620 records. */
async function start(db) {
  const sites = Array.from({ length: 180 }, (_, n) => ({
    id: at(n),
    code: `R-${1000 + n}`,
    name: `Gauge ${n}`,
    bank: { side: n % 2 ? 'left' : 'right', height: 1.5 + (n % 7) / 4, access: { road: n % 3 === 0, path: true } },
    tags: new Set(n % 4 ? ['gauge'] : ['gauge', 'ford']),
    since: day(-n * 20),
    volume: 10n ** 18n + BigInt(n),
    visits: 0,
    note: null,
  }));
  const visits = Array.from({ length: 160 }, (_, n) => ({
    site: at(n % 60),
    at: day(n % 30, 8 + (n % 9)),
    by: people[n % people.length],
    level: 2 + (n % 50) / 10,
    state: 'open',
  }));
  const readings = Array.from({ length: 240 }, (_, n) => ({
    site: at(n % 24),
    hour: Math.floor(n / 24),
    values: Float32Array.of(n / 8, n / 16, n % 5),
    flags: n % 11 === 0 ? ['spike'] : [],
  }));
  await db.sites.bulkAdd(sites);
  await db.visits.bulkAdd(visits);
  await db.readings.bulkAdd(readings);
  for (let n = 0; n < 38; n++) await db.photos.add({ of: at(n), taken: day(n), picture: photo(n, n === 0 ? 70000 : 120 + n) }, `p${n}`);
  await db.settings.add('metric', 'units');
  await db.settings.add(new Map([['level', 'm'], ['flow', 'm³/s']]), 'labels');
}

/** The tablet, in the field: counts visits, closes some, corrects what stands on the spot. */
async function tablet(db) {
  for (let n = 0; n < 25; n++) await db.sites.update(at(n), { visits: 1, note: `seen on ${n + 1} October` });
  await db.sites.update(at(40), { 'bank.height': 2.75 });
  await db.sites.update(at(41), { name: 'Old mill' });
  await db.sites.update(at(42), { 'bank.access.road': false });
  const tagged = await db.sites.get(at(43));
  await db.sites.put({ ...tagged, tags: new Set([...tagged.tags, 'bridge']) });
  await db.sites.delete(at(50));
  await db.sites.update(at(51), { note: 'washed away, rebuilt upstream' });
  await db.sites.add({ id: 'new-weir', code: 'R-2000', name: 'Weir', tags: new Set(['weir']), since: day(60), volume: 7n, visits: 1 });
  await db.sites.add({ id: 'ford-east', code: 'R-2001', name: 'East ford', tags: new Set(['ford']), since: day(61), volume: 8n, visits: 1 });
  for (let n = 0; n < 4; n++) await db.visits.add({ site: at(n), at: day(61, 8 + n), by: 'Ada', level: 3.5 + n / 10, state: 'open' });
  for (let id = 1; id <= 12; id++) await db.visits.update(id, { state: 'done' });
  await db.photos.put({ of: at(3), taken: day(61), picture: photo(99, 180) }, 'p3');
  await db.settings.put('imperial', 'units');
}

/** The laptop, at the desk: renames, tidies up, deletes. */
async function laptop(db) {
  for (let n = 10; n < 30; n++) await db.sites.update(at(n), { name: `Gauge ${n} (checked)` });
  await db.sites.update(at(40), { 'bank.side': 'both' });
  await db.sites.update(at(41), { name: 'The old mill' });
  await db.sites.update(at(42), { 'bank.access.road': false });
  const tagged = await db.sites.get(at(43));
  await db.sites.put({ ...tagged, tags: new Set([...tagged.tags, 'listed']) });
  await db.sites.update(at(50), { note: 'needs a new board' });
  await db.sites.delete(at(51));
  await db.sites.add({ id: 'new-weir', code: 'R-2000', name: 'New weir', owner: 'county', tags: new Set(['weir']), since: day(60), volume: 7n, visits: 0 });
  await db.sites.add({ id: 'ford-west', code: 'R-2001', name: 'West ford', tags: new Set(['ford']), since: day(62), volume: 9n, visits: 0 });
  for (let n = 0; n < 3; n++) await db.visits.add({ site: at(90 + n), at: day(62, 10 + n), by: 'Dewi', level: 1.25, state: 'planned' });
  for (let id = 8; id <= 20; id++) await db.visits.update(id, { level: 2.5 });
  await db.readings.where('[site+hour]').equals([at(0), 0]).delete();
  await db.settings.put('metric (SI)', 'units');
}

export async function exported(device) {
  const db = open();
  await start(db);
  await ({ start: async () => {}, tablet, laptop })[device](db);
  const blob = await db.export({ prettyJson: false });
  db.close();
  return blob.text();
}
