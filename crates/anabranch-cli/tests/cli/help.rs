//! Help that teaches, and arguments that are refused with the right code.

use crate::exports::{orders, shop};
use crate::harness::{Sandbox, matches_snapshot};

const VERBS: &[&str] = &[
    "init",
    "capture",
    "replicas",
    "write-back",
    "stores",
    "records",
    "get",
    "conflicts",
    "explain",
    "history",
    "checkout",
    "commit",
    "resolve",
    "schema",
    "deliver",
    "heads",
    "log",
    "verify",
    "compact",
    "status",
    "merge",
    "demo",
    "completions",
    "man",
];

/// The words of a command line, as a shell would split it.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for char in line.chars() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (Some(_), char) => word.get_or_insert_default().push(char),
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, char) if char.is_whitespace() => words.extend(word.take()),
            (None, char) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

#[test]
fn help_is_what_was_asked_for() {
    let sandbox = Sandbox::empty();
    matches_snapshot("help", &sandbox.ok(&["--help"]));
    assert!(sandbox.ok(&["--version"]).starts_with("anabranch "));
    let listed = sandbox.ok(&["--help"]);
    for verb in VERBS {
        assert!(listed.contains(&format!("\n  {verb} ")), "{verb}");
    }
}

#[test]
fn the_examples_of_every_verb_run() {
    let sandbox = Sandbox::empty();
    std::fs::create_dir_all(sandbox.at("work")).unwrap();
    std::fs::create_dir_all(sandbox.at("colleague")).unwrap();
    sandbox.write("work/tablet-1.json", shop(&orders(5)));
    sandbox.write("work/laptop-1.json", shop(&orders(4)));
    sandbox.write(
        "work/visits.json",
        crate::exports::dexie(
            "shop",
            &[
                ("visits", "++id", vec![serde_json::json!({"id": 5, "by": "Ada"})]),
                ("customers", "id", vec![serde_json::json!({"id": "c1"})]),
            ],
        ),
    );
    sandbox.write(
        "work/tablet-2.json",
        crate::exports::dexie(
            "shop",
            &[("orders", "id", orders(6)), ("customers", "id", vec![serde_json::json!({"id": "c1"})])],
        ),
    );
    sandbox.write("work/policies.json", r#"{"stores":{"orders":{"deletes":"edit_wins","fields":{"n":"max"}}}}"#);
    let fixes = r#"{"op":"merge","key":"o1","set":{"state":"checked"}}"#;
    sandbox.write("work/fixes.jsonl", fixes);
    sandbox.ok(&["--store", "colleague/anabranch-store", "init"]);
    let run = |words: &[String]| {
        let output = sandbox.command().current_dir(sandbox.at("work")).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let mut examples = 0;
    for verb in VERBS {
        let help = sandbox.ok(&[verb, "--help"]);
        let own = help.lines().filter_map(|line| line.strip_prefix("  anabranch "));
        let own: Vec<&str> = own.map(|line| line.split(" > ").next().unwrap()).collect();
        assert!(!own.is_empty(), "{verb} teaches nothing: {help}");
        for line in own {
            run(&words(line));
            examples += 1;
            if *verb == "capture" && line.contains("--dry-run") {
                run(&words("capture visits.json --replica phone"));
            }
            if line.starts_with("merge") {
                let store = sandbox.at("colleague/anabranch-store");
                let words = ["--store", store.to_str().unwrap(), "capture", "tablet-1.json", "--replica", "tablet"];
                run(&words.map(str::to_owned));
            }
        }
    }
    assert!(examples > 30, "{examples}");
}

#[test]
fn wrong_usage_is_exit_code_1_and_teaches() {
    let sandbox = Sandbox::new();
    let cases: &[&[&str]] = &[
        &[],
        &["frobnicate"],
        &["--bogus", "stores"],
        &["capture"],
        &["capture", "x.json"],
        &["capture", "x.json", "--replica", ""],
        &["capture", "x.json", "--replica", "t", "--offer", "perhaps"],
        &["commit", "s", "e", "--base", "", "--max-conflicts", "many"],
        &["commit", "s", "e", "--base", "", "--run", ""],
        &["checkout", "s", "o", "--format", "xml"],
        &["deliver"],
        &["resolve", "s", "k"],
        &["resolve", "s", "k", "field"],
        &["resolve", "s", "k", "--keep", "--delete"],
        &["write-back", "f", "--replica", "t", "--format", "xml"],
    ];
    for arguments in cases {
        let ran = sandbox.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments:?}");
        assert!(ran.err.contains("Usage:") || ran.err.contains("--help"), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn completions_and_manual_pages_name_every_verb() {
    let sandbox = Sandbox::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.ok(&["completions", shell]);
        for verb in VERBS {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
    let page = sandbox.ok(&["man"]);
    assert!(page.contains(".TH") && page.contains("capture"));
    for verb in VERBS {
        assert!(sandbox.ok(&["man", verb]).contains("Examples:"), "{verb}");
    }
    assert!(sandbox.fails(1, &["man", "frobnicate"]).contains("--help"));
}
