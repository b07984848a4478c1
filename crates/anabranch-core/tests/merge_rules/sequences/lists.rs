//! Elements of lists.

use std::collections::BTreeSet;

use anabranch_core::Value;
use anabranch_core::json::value_to_string;

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

#[test]
fn of_many_elements_that_two_set_the_list_as_it_were_with_all_of_the_others_is_listed() {
    for (items, lists) in [(64, 64), (65, 1), (200, 1)] {
        let list = |from: usize| {
            let items: Vec<String> = (from..from + items).map(|item| item.to_string()).collect();
            with_list(&format!("[{}]", items.join(",")))
        };
        let mut desk = desk();
        ["a", "b"].iter().for_each(|replica| drop(desk.capture(replica, &[("1", &list(0))])));
        desk.capture("a", &[("1", &list(1_000))]);
        desk.capture("b", &[("1", &list(2_000))]);
        let conflicts = desk.document.view().conflicts();
        assert_eq!((conflicts.len(), conflicts[0].others.len()), (1, lists));
        if lists == 1 {
            let of_whole = |value: &Option<Value>| with_list(&value_to_string(value.as_ref().unwrap()));
            let both = BTreeSet::from([of_whole(&conflicts[0].shown), of_whole(&conflicts[0].others[0].value)]);
            assert_eq!(both, BTreeSet::from([list(1_000), list(2_000)]));
        }
        assert_settled(&desk);
    }
}

#[test]
fn of_an_element_that_very_many_set_every_value_is_listed() {
    let with = |item: usize| with_list(&format!("[{item},-1]"));
    let mut desk = desk();
    let replicas: Vec<String> = (0..70).map(|number| format!("r{number:02}")).collect();
    replicas.iter().for_each(|replica| drop(desk.capture(replica, &[("1", &with_list("[0,-1]"))])));
    (100..).zip(&replicas).for_each(|(item, replica)| drop(desk.capture(replica, &[("1", &with(item))])));
    let conflicts = desk.document.view().conflicts();
    let mut told = vec![list_of(conflicts[0].shown.as_ref())];
    told.extend(conflicts[0].others.iter().map(|other| list_of(other.value.as_ref())));
    let (left, lists) = told.split_last().unwrap();
    assert_eq!((lists.len(), left.len()), (65, 5), "one shows, 64 are lists with one other each, and these are left");
    let mut values: Vec<f64> = left.iter().chain(lists.iter().map(|list| &list[0])).copied().collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, (100..170).map(f64::from).collect::<Vec<f64>>());
    assert_settled(&desk);
}

fn list_of(value: Option<&Value>) -> Vec<f64> {
    let Some(Value::Array(items)) = value else { panic!("no list: {value:?}") };
    let number = |item: &Value| if let Value::Number(number) = item { *number } else { panic!("no number: {item:?}") };
    items.iter().map(number).collect()
}
