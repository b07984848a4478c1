//! Texts that were overwritten, deleted or made beside each other.

use super::*;

#[test]
fn a_leaf_that_was_written_stays_one_until_the_next_put_writes_a_text() {
    let mut desk = Desk::new();
    desk.capture("a", &[("1", r#"{"t":"x"}"#)]);
    desk.capture("a", &[("1", r#"{"t":"one two"}"#)]);
    desk.policies(DeletePolicy::DeleteWins, &[("t", FieldPolicy::Text)]);
    desk.shows(&[("1", r#"{"t":"one two"}"#)]);
    assert!(raw_sequences(&desk.document).is_empty());
    desk.offer("a");
    desk.capture("a", &[("1", r#"{"t":"one two three"}"#)]);
    assert_eq!(raw_sequences(&desk.document).len(), 1);
    desk.shows(&[("1", r#"{"t":"one two three"}"#)]);
    desk.lists(&[]);
    assert_settled(&desk);
}

#[test]
fn texts_made_concurrently_are_listed_unless_they_are_equal() {
    for (other, listed) in [("ours", 0), ("theirs", 1)] {
        let mut desk = desk();
        ["a", "b"].iter().for_each(|replica| drop(desk.capture(replica, &[("1", r#"{"n":1}"#)])));
        desk.capture("a", &[("1", r#"{"n":1,"t":"ours"}"#)]);
        desk.capture("b", &[("1", &format!(r#"{{"n":1,"t":"{other}"}}"#))]);
        assert_eq!(desk.conflicts().len(), listed);
        assert_settled(&desk);
        // Who saw both and goes on writes what follows both.
        desk.offer("a");
        desk.capture("a", &[("1", r#"{"n":1,"t":"both"}"#)]);
        desk.shows(&[("1", r#"{"n":1,"t":"both"}"#)]);
        desk.lists(&[]);
    }
}

#[test]
fn an_edit_against_an_overwriting_is_a_conflict_of_two_values() {
    for (written, shown) in [(r#""t":5,"#, "5"), ("", "-")] {
        for pad in [true, false] {
            let mut desk = common_start();
            let other = format!(r#"{{"l":[1,2,3],{written}"n":1}}"#);
            let padding = r#"{"p":1,"q":1,"r":1,"s":1}"#;
            match pad {
                true => drop(desk.capture("a", &[("1", &other), (r#""zz""#, padding)])),
                false => drop(desk.capture("a", &[("1", &other)])),
            }
            let edited = with_text("buy milk and eggs!");
            desk.capture("b", &[("1", &edited)]);
            let conflicts = desk.conflicts();
            assert_eq!(conflicts.len(), 1, "{conflicts:?}");
            let text = r#""buy milk and eggs!""#;
            assert!(
                conflicts[0] == format!("1 t value: {text} | {shown}")
                    || shown != "-" && conflicts[0] == format!("1 t value: {shown} | {text}"),
                "{conflicts:?}"
            );
            assert_settled(&desk);
            // Who saw both ends it.
            desk.resolve("1", Resolution::Field(field("t"), value(r#""end""#)));
            desk.lists(&[]);
            assert_settled(&desk);
        }
    }
}

#[test]
fn an_overwriting_that_saw_every_edit_is_no_conflict() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_text("buy oat milk and eggs"))]);
    desk.offer("b");
    desk.capture("b", &[("1", r#"{"l":[1,2,3],"n":1,"t":5}"#)]);
    desk.shows(&[("1", r#"{"l":[1,2,3],"n":1,"t":5}"#)]);
    desk.lists(&[]);
}

#[test]
fn edits_of_a_text_in_a_deleted_record_are_listed_for_each_who_made_them() {
    for policy in [DeletePolicy::DeleteWins, DeletePolicy::EditWins] {
        let mut desk = common_start();
        desk.schema.deletes = policy;
        desk.policies(policy, &[("t", FieldPolicy::Text), ("l", FieldPolicy::List)]);
        desk.capture("a", &[]);
        desk.capture("b", &[("1", &with_text("buy oat milk and eggs"))]);
        desk.capture("c", &[("1", &with_text("buy milk and six eggs"))]);
        let merged = with_text("buy oat milk and six eggs");
        match policy {
            DeletePolicy::DeleteWins => {
                desk.shows(&[]);
                desk.lists(&[&format!("1 - delete: - | {merged}, {merged}")]);
                let mut losers = desk.losers(ConflictKind::Delete);
                losers.sort();
                assert_eq!(losers, ["b", "c"]);
            }
            DeletePolicy::EditWins => {
                desk.shows(&[("1", &merged)]);
                desk.lists(&[&format!("1 - delete: {merged} | -")]);
            }
        }
        assert_settled(&desk);
    }
}

#[test]
fn a_text_that_was_overwritten_shows_again_if_it_was_edited_later_by_who_did_not_see_that() {
    // A longer edit has the later counters.
    for (edited, is_later) in [("buy milk and eggs!", false), ("buy milk and eggs, and bread, and jam", true)] {
        let mut desk = desk();
        let with = |text: &str| format!(r#"{{"n":1,"t":{text}}}"#);
        let (number, text) = ("7".to_owned(), format!("\"{edited}\""));
        for replica in ["a", "b"] {
            desk.capture(replica, &[("1", &with(r#""buy milk and eggs""#))]);
        }
        desk.capture("a", &[("1", &with(&number))]);
        desk.capture("b", &[("1", &with(&text))]);
        let (shown, other) = if is_later { (text, number) } else { (number, text) };
        desk.shows(&[("1", &with(&shown))]);
        desk.lists(&[&format!("1 t value: {shown} | {other}")]);
    }
}
