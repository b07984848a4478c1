//! Columns hold what they were inferred from, and contracts account for every value.

use anabranch_core::Value;
use anabranch_core::testing::any_record;
use anabranch_sink::columns::{Columns, Contract, Fidelity, MisfitReason, infer};
use proptest::collection::vec;
use proptest::prelude::*;

/// Whether columns have a place for a value, as far as any column can.
fn holds(columns: &Columns, value: &Value) -> bool {
    columns.misfits(value).iter().all(|misfit| !misfit.reason.is_by_contract())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn columns_hold_what_they_were_inferred_from(values in vec(any_record(), 0..6)) {
        let columns = infer(&values);
        prop_assert!(values.iter().all(|value| holds(&columns, value)), "{columns:?}");
    }

    #[test]
    fn joined_columns_hold_what_either_holds(one in vec(any_record(), 0..4), other in vec(any_record(), 0..4)) {
        let joined = infer(&one).joined(infer(&other));
        prop_assert!(one.iter().chain(&other).all(|value| holds(&joined, value)), "{joined:?}");
        prop_assert_eq!(joined.clone().joined(infer(&one)), joined);
    }

    #[test]
    fn without_its_misfits_every_value_fits(had in vec(any_record(), 1..4), came in vec(any_record(), 1..4)) {
        let columns = infer(&had);
        for value in &came {
            let mut rest = value.clone();
            columns.misfits(value).iter().for_each(|misfit| misfit.take_out_of(&mut rest));
            prop_assert_eq!(columns.misfits(&rest), [], "{:?} of {:?}", rest, value);
        }
    }

    #[test]
    fn contracts_account_for_every_record(had in vec(any_record(), 1..4), came in vec(any_record(), 1..6)) {
        let (columns, values) = (infer(&had), came.iter().collect::<Vec<_>>());
        let odd: Vec<usize> = (0..came.len()).filter(|at| came.get(*at).is_some_and(|value| !holds(&columns, value))).collect();
        let admit = |contract: Contract| contract.admit(Some(&columns), &values, Fidelity::Lossless);
        prop_assert_eq!(admit(Contract::Evolve).map(|admitted| (admitted.misfits.len(), admitted.discarded.len())), Ok((0, 0)));
        prop_assert_eq!(admit(Contract::DiscardRow).map(|admitted| admitted.discarded), Ok(odd.clone()));
        let value = admit(Contract::DiscardValue).map(|admitted| {
            let mut rows: Vec<usize> = admitted.misfits.iter().map(|(row, _)| *row).collect();
            rows.dedup();
            (rows, admitted.discarded, admitted.columns)
        });
        prop_assert_eq!(value, Ok((odd.clone(), Vec::new(), columns.clone())));
        prop_assert_eq!(admit(Contract::Freeze).map_err(|error| error.row).err(), odd.first().copied());
    }
}

#[test]
fn each_fidelity_keeps_out_what_it_cannot_hold() {
    let lone = anabranch_core::JsString::from_utf16(&[0xd800]);
    let values =
        [Value::String(lone.clone()), Value::Date(None), Value::Object([(lone, Value::Null)].into_iter().collect())];
    let fields = values.map(|value| Value::object([("f", value)]));
    let reasons = |fidelity| {
        let of = |value| Contract::Evolve.admit(None, &[value], fidelity).map(|admitted| admitted.misfits);
        let misfits = fields.iter().flat_map(|value| of(value).unwrap_or_default());
        misfits.map(|(_, misfit)| misfit.reason).collect::<Vec<_>>()
    };
    let [text, date, name] =
        [MisfitReason::LoneSurrogate, MisfitReason::InvalidDate, MisfitReason::LoneSurrogateInName];
    assert_eq!(reasons(Fidelity::Columns), [text, date, name.clone()]);
    assert_eq!(reasons(Fidelity::Text), [name]);
    assert_eq!(reasons(Fidelity::Lossless), []);
}
