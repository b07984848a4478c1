//! `demo`: two devices and a pipeline, from their files to merged Parquet.

use std::fs;
use std::path::{Path, PathBuf};

use anabranch_store::{Access, FileDisk, StoreDir};

use super::{capture, checkout, commit, deliver, write_back};
use crate::args::{self, ExportFormat, FileFormat};
use crate::failure::Failure;
use crate::output::Output;
use crate::workspace::Workspace;

mod report;

/// The files of the demo, as they ship.
const FILES: &[(&str, &[u8])] = &[
    ("start.json", include_bytes!("../../demo/start.json")),
    ("tablet.json", include_bytes!("../../demo/tablet.json")),
    ("laptop.json", include_bytes!("../../demo/laptop.json")),
    ("corrections.jsonl", include_bytes!("../../demo/corrections.jsonl")),
    ("policies.json", include_bytes!("../../demo/policies.json")),
];

/// The devices, which both begin with `start.json`.
const DEVICES: [&str; 2] = ["tablet", "laptop"];
/// The run of the pipeline.
const RUN: &str = "nightly-1";
/// The store that the pipeline corrects.
const CORRECTED: &str = "sites";

pub(crate) fn run(dir: &Path, out: &mut Output) -> Result<(), Failure> {
    if is_made(dir) {
        out.say(format_args!("{} is there already: nothing is made again.", dir.display()))?;
    } else {
        make(dir)?;
    }
    let mut workspace = Workspace::open(&dir.join("store"), Access::Read)?;
    report::print(&mut workspace, dir, out)
}

fn is_made(dir: &Path) -> bool {
    let Ok(workspace) = Workspace::open(&dir.join("store"), Access::Read) else { return false };
    workspace.dir.runs().contains_key(RUN)
}

/// Makes everything beside its place and moves it there in one step, so that there is never a half of it.
fn make(dir: &Path) -> Result<(), Failure> {
    let is_empty = fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty {
        return Err(Failure::asked(format_args!("{} holds other files: name another directory", dir.display())));
    }
    let mut name = dir
        .file_name()
        .ok_or_else(|| Failure::asked(format_args!("{} is no directory name", dir.display())))?
        .to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let building = dir.with_file_name(name);
    let built = build(&Place { dir: building.clone() });
    let moved = built.and_then(|()| {
        if dir.exists() {
            fs::remove_dir(dir)?;
        }
        Ok(fs::rename(&building, dir)?)
    });
    if moved.is_err() {
        drop(fs::remove_dir_all(&building));
    }
    moved
}

struct Place {
    dir: PathBuf,
}

impl Place {
    fn at(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join("files").join(name)
    }

    fn open(&self) -> Result<Workspace, Failure> {
        Workspace::open(&self.at("store"), Access::Write)
    }

    fn capture(&self, file: &str, device: &str) -> Result<(), Failure> {
        let arguments = args::Capture {
            file: self.file(file),
            replica: device.into(),
            schema: Some(self.file("policies.json")),
            only: Vec::new(),
            lost_replica: false,
            allow_mass_delete: false,
            offer: None,
            dry_run: false,
        };
        capture::run(&arguments, &mut self.open()?, &mut Output::silent())
    }

    fn deliver(&self, to: &str, format: FileFormat) -> Result<(), Failure> {
        let to = self.at(to).to_string_lossy().into_owned();
        let arguments = args::Deliver { to, format: Some(format), mode: None, contract: Vec::new(), only: Vec::new() };
        deliver::run(&arguments, &mut self.open()?, &mut Output::silent())
    }
}

/// What one would do by hand, command by command.
fn build(place: &Place) -> Result<(), Failure> {
    fs::create_dir_all(place.at("files"))?;
    for (name, contents) in FILES {
        fs::write(place.file(name), contents)?;
    }
    StoreDir::init(&mut FileDisk::new(place.at("store")))?;
    DEVICES.iter().try_for_each(|device| place.capture("start.json", device))?;
    let copy = place.at("sites.jsonl");
    checkout::run(&mut place.open()?, CORRECTED, &copy, None, FileFormat::Jsonl, &mut Output::silent())?;
    DEVICES.iter().try_for_each(|device| place.capture(&format!("{device}.json"), device))?;
    let corrections = args::Commit {
        name: CORRECTED.into(),
        edits: place.file("corrections.jsonl"),
        base: place.at("sites.jsonl.base.json").to_string_lossy().into_owned(),
        run: Some(RUN.into()),
        origin: "pipeline".into(),
        dry_run: false,
        partial: false,
        max_conflicts: None,
    };
    commit::run(&corrections, &mut place.open()?, &mut Output::silent())?;
    place.deliver("parquet", FileFormat::Parquet)?;
    place.deliver("jsonl", FileFormat::Jsonl)?;
    let back = args::WriteBack {
        file: place.at("tablet-back.json"),
        replica: "tablet".into(),
        format: ExportFormat::Dexie,
        database: None,
    };
    write_back::run(&back, &mut place.open()?, &mut Output::silent())
}
