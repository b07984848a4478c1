//! Elements of lists.

use super::*;

#[test]
fn elements_of_a_list_merge_in_their_order() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_list(r#"[0,1,2,3]"#))]);
    desk.capture("b", &[("1", &with_list(r#"[1,3,{"x":[4]}]"#))]);
    desk.shows(&[("1", &with_list(r#"[0,1,3,{"x":[4]}]"#))]);
    desk.lists(&[]);
    assert_settled(&desk);
}

#[test]
fn one_element_that_two_set_is_listed_and_no_conflict_in_a_receipt() {
    let mut desk = common_start();
    desk.capture("a", &[("1", &with_list("[1,7,3]"))]);
    let commit = desk.capture("b", &[("1", &with_list("[1,8,3]"))]);
    assert_eq!((commit.receipt.merged, commit.receipt.conflicted), (1, 0));
    let shown = desk.show("1").unwrap();
    let conflicts = desk.conflicts();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    let either = ["1 l value: [1,7,3] | [1,8,3]", "1 l value: [1,8,3] | [1,7,3]"];
    assert!(either.contains(&conflicts[0].as_str()), "{conflicts:?}");
    assert!(shown == with_list("[1,7,3]") || shown == with_list("[1,8,3]"));
    assert_settled(&desk);
    desk.capture("c", &[("1", &with_list("[1,2,3,4]"))]);
    desk.offer("c");
    desk.capture("c", &[("1", &with_list("[1,9,3,4]"))]);
    desk.shows(&[("1", &with_list("[1,9,3,4]"))]);
    desk.lists(&[]);
}

#[test]
fn one_element_that_two_set_in_a_deleted_record_is_listed_as_each_of_them_set_it() {
    for [first, second] in [["b", "c"], ["c", "b"]] {
        let mut desk = common_start();
        desk.capture(first, &[("1", &with_list("[1,7,3]"))]);
        desk.capture("a", &[]);
        desk.capture(second, &[("1", &with_list("[1,8,3]"))]);
        desk.shows(&[]);
        desk.lists(&[&format!("1 - delete: - | {}, {}", with_list("[1,7,3]"), with_list("[1,8,3]"))]);
    }
}

#[test]
fn what_lost_inside_a_list_that_was_itself_overwritten_is_listed() {
    for [first, second] in [["b", "c"], ["c", "b"]] {
        let mut desk = common_start();
        desk.capture(first, &[("1", &with_list("[1,7,3]"))]);
        desk.capture("a", &[("1", &with_list("5"))]);
        desk.capture(second, &[("1", &with_list("[1,8,3]"))]);
        let text = desk.conflicts().join("; ");
        for value in ["5", "[1,7,3]", "[1,8,3]"] {
            let is_shown = desk.show("1") == Some(with_list(value));
            assert!(is_shown || text.contains(&format!("| {value}")), "{value} is neither shown nor listed: {text}");
        }
        assert_settled(&desk);
    }
}
