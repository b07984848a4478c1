//! What `--help` shows below each verb. The examples are run, in this order, by `tests/help.rs`.

pub(super) const ALL: &str = "\
Examples:
  anabranch demo                                     see all of it at work
  anabranch init                                     make ./anabranch-store
  anabranch capture backup.json --replica tablet     take a device's export
  anabranch conflicts                                what met what, and who won
  anabranch checkout orders orders.jsonl             a job's copy, with its base beside it
  anabranch commit orders fixes.jsonl --base orders.jsonl.base.json --run nightly-1
  anabranch deliver --to ./lake                      Parquet for DuckDB, pandas, Spark
  anabranch write-back tablet.json --replica tablet  a file that the device imports

Exit codes: 0 done; 1 asked wrongly or refused for safety; 2 the data is bad; 3 a bug of ours;
4 conflicts above the limit; 5 the environment failed. After any but 0 the store is as it was.";

pub(super) const INIT: &str = "\
Examples:
  anabranch init
  anabranch init other-store

The directory is new or empty. Name it in every later command with --store, or once in
ANABRANCH_STORE.";

pub(super) const CAPTURE: &str = "\
Examples:
  anabranch capture tablet-1.json --replica tablet --dry-run
  anabranch capture tablet-1.json --replica tablet
  anabranch capture laptop-1.json --replica laptop --schema policies.json
  anabranch capture tablet-2.json --replica tablet --only orders,customers

What differs from the replica's last capture becomes a change. The first capture of a replica
deletes nothing; nor does a store or a value that the file leaves out. A file that looks like a
lost device is refused until somebody insists.";

pub(super) const REPLICAS: &str = "\
Examples:
  anabranch replicas
  anabranch --json replicas";

pub(super) const WRITE_BACK: &str = "\
Examples:
  anabranch write-back tablet-new.json --replica tablet

The device imports the file with dexie-export-import. Its next capture tells by its contents
whether it did; where they do not tell, capture asks for --offer taken or --offer not-taken.";

pub(super) const STORES: &str = "\
Examples:
  anabranch stores

A store is named STORE, or DATABASE/STORE where two databases have one of that name; a / or \\
inside a name is written \\/ or \\\\.";

pub(super) const RECORDS: &str = "\
Examples:
  anabranch records orders
  anabranch --json records orders
  anabranch records orders --at ''

HEADS are hashes as `heads` and `log` print them, with commas between; 8 digits are enough.";

pub(super) const GET: &str = "\
Examples:
  anabranch get orders o1
  anabranch get orders '\"o1\"'
  anabranch get visits 5

A key is typed JSON: '\"o1\"', 5, '[\"a\",1]', '{\"$idb\":\"date\",\"v\":\"2026-11-21T10:00:00.000Z\"}'.
A bare word that is no JSON is a string.";

pub(super) const CONFLICTS: &str = "\
Examples:
  anabranch conflicts
  anabranch --json conflicts orders";

pub(super) const EXPLAIN: &str = "\
Examples:
  anabranch explain orders o1
  anabranch explain orders o1 ship.city

A field is dotted; a dot, a backslash or an empty name in it is written \\., \\\\ or \\0.";

pub(super) const HISTORY: &str = "\
Examples:
  anabranch history orders o1";

pub(super) const CHECKOUT: &str = "\
Examples:
  anabranch checkout orders orders.jsonl
  anabranch checkout orders orders.csv --format csv
  anabranch checkout orders orders.parquet --format parquet

OUT.base.json beside the copy says which heads were read: hand it to commit --base.";

pub(super) const COMMIT: &str = "\
Examples:
  anabranch commit orders fixes.jsonl --base orders.jsonl.base.json --run nightly-1 --dry-run
  anabranch commit orders fixes.jsonl --base orders.jsonl.base.json --run nightly-1
  anabranch commit orders fixes.jsonl --base orders.jsonl.base.json --run monday --max-conflicts 9

One edit a line:
  {\"op\":\"put\",\"key\":\"o1\",\"value\":{…}}                  compared with the base, field by field
  {\"op\":\"merge\",\"key\":\"o2\",\"set\":{\"ship.city\":\"Nuuk\"},\"unset\":[\"note\"]}
  {\"op\":\"delete\",\"key\":\"o3\"}

The same run again gives the same receipt and changes nothing. Refused rows are exit code 2, too
many conflicts 4.";

pub(super) const RESOLVE: &str = "\
Examples:
  anabranch resolve orders o1 state '\"sent\"'
  anabranch resolve orders o3 --keep
  anabranch resolve orders o3 --delete

VALUE is typed JSON: a string needs its quotes.";

pub(super) const SCHEMA: &str = "\
Examples:
  anabranch schema
  anabranch schema orders
  anabranch schema --set policies.json

The file: {\"stores\":{\"orders\":{\"deletes\":\"edit_wins\",\"fields\":{\"visits\":\"counter\"}}}}
Fields merge by last_writer, counter, max, min, set or people_over_pipelines; deletions by
delete_wins or edit_wins. What the file leaves out stays as it is.";

pub(super) const DELIVER: &str = "\
Examples:
  anabranch deliver --to ./lake
  anabranch deliver --to ./feed --format jsonl --mode changes --only orders

The destination keeps its own checkpoint, format and mode: a second call with nothing new writes nothing.";

pub(super) const HEADS: &str = "\
Examples:
  anabranch heads
  anabranch --json heads orders";

pub(super) const LOG: &str = "\
Examples:
  anabranch log orders";

pub(super) const VERIFY: &str = "\
Examples:
  anabranch verify

Exit code 2 and the file and place of the first damage, if there is any.";

pub(super) const COMPACT: &str = "\
Examples:
  anabranch compact --dry-run
  anabranch compact

Each part of the log is read back equal before it takes the place of what it replaces: stopping at
any moment leaves the directory as sound as it was. A small open end stays as it is.";

pub(super) const STATUS: &str = "\
Examples:
  anabranch status";

pub(super) const MERGE: &str = "\
Examples:
  anabranch merge ../colleague/anabranch-store
  anabranch merge ../colleague/anabranch-store --rename tablet=colleagues-tablet

Its changes, replicas, offers and runs come in; the other directory stays as it is.";

pub(super) const DEMO: &str = "\
Examples:
  anabranch demo
  anabranch demo /tmp/anabranch-demo";

pub(super) const COMPLETIONS: &str = "\
Examples:
  anabranch completions bash > ~/.local/share/bash-completion/completions/anabranch";

pub(super) const MAN: &str = "\
Examples:
  anabranch man > anabranch.1
  anabranch man capture > anabranch-capture.1";
