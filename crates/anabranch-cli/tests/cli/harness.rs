//! A directory to work in, the command run there, and outputs compared with what was kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Set to anything, it lets snapshots be written anew.
const UPDATE: &str = "ANABRANCH_UPDATE_SNAPSHOTS";

/// A directory of its own, in which the command runs.
pub struct Sandbox {
    dir: TempDir,
}

/// What a run of the command left.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Sandbox {
    /// An empty directory.
    pub fn empty() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    /// With an empty store directory in it.
    pub fn new() -> Self {
        let sandbox = Self::empty();
        sandbox.ok(&["init"]);
        sandbox
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        std::fs::write(self.at(path), contents).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_anabranch"));
        command.current_dir(self.dir.path()).env_remove("ANABRANCH_STORE").env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    /// Runs the command, whatever comes of it.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command().args(arguments).output().unwrap())
    }

    /// Runs what must succeed, and returns what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}: {}", ran.out);
        ran.out
    }

    /// Runs what must succeed, and returns its lines.
    pub fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        json_lines(&self.ok(&[&["--json"], arguments].concat()))
    }

    /// Runs what must fail with `code`: one message, on stderr, and every byte of the directory as it was.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let before = self.bytes();
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}{}", ran.out, ran.err);
        let own = ran.err.strip_prefix("anabranch: ").unwrap_or_else(|| panic!("no message of ours: {}", ran.err));
        assert_eq!(own.lines().count(), 1, "{own}");
        assert!(self.bytes() == before, "{arguments:?} left something behind");
        own.trim_end().to_owned()
    }

    /// The contents of every file, by path.
    pub fn bytes(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        bytes_below(self.dir.path())
    }

    /// The heads of the only store that `name` names.
    pub fn heads(&self, name: &str) -> String {
        let lines = self.lines(&["heads", name]);
        let heads: Vec<&str> =
            lines[0]["heads"].as_array().unwrap().iter().map(|hash| hash.as_str().unwrap()).collect();
        heads.join(",")
    }

    /// The records of a store.
    pub fn records(&self, name: &str) -> Vec<Value> {
        self.lines(&["records", name])
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

pub fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

pub fn bytes_below(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(bytes_below(&path));
            files.insert(path, Vec::new());
        } else {
            let contents = std::fs::read(&path).unwrap();
            files.insert(path, contents);
        }
    }
    files
}

/// Compares terminal output with what was kept under `name`; moments of wall-clock time and hashes are left open.
pub fn matches_snapshot(name: &str, output: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots").join(format!("{name}.txt"));
    let output = without_hashes(&without_times(output));
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &output).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let differs = kept.lines().zip(output.lines()).position(|(kept, now)| kept != now);
    let place = differs.map_or_else(|| "at its end".into(), |line| format!("in line {}", line + 1));
    assert!(kept == output, "{name}.txt differs {place} (set {UPDATE} to keep what is printed now):\n{output}");
}

/// The text with every ISO moment replaced by a placeholder of the same width.
fn without_times(text: &str) -> String {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let fits = |window: &[u8]| {
        let pairs = window.iter().zip(FORM);
        pairs.into_iter().all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form })
    };
    let (mut out, mut rest) = (String::new(), text);
    while let Some(char) = rest.chars().next() {
        let is_time = rest.as_bytes().get(..FORM.len()).is_some_and(fits);
        let width = if is_time { FORM.len() } else { char.len_utf8() };
        out.push_str(if is_time { "<a moment of wall clock>" } else { &rest[..width] });
        rest = &rest[width..];
    }
    out
}

/// The text with every run of twelve or more hexadecimal digits blotted out.
fn without_hashes(text: &str) -> String {
    let (mut out, mut digits) = (String::new(), String::new());
    for char in text.chars().chain(['\n']) {
        if matches!(char, '0'..='9' | 'a'..='f') {
            digits.push(char);
            continue;
        }
        let blotted = if digits.len() >= 12 { "#".repeat(digits.len()) } else { digits.clone() };
        out.push_str(&blotted);
        digits.clear();
        out.push(char);
    }
    out.pop();
    out
}
