//! Elements of sets, each once, in the order in which they came.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use crate::scalar::canonical_bytes;
use crate::value::Value;

/// Elements up to which they are compared one by one. Tests of whole histories take more for many.
const COMPARED: usize = if cfg!(feature = "testing") { 1 } else { 16 };

/// Values of which no two are equal, owned or lent.
pub(crate) struct Elements<V = Value> {
    values: Vec<V>,
    /// Of many, the canonical bytes of all that hold no Blob.
    by_bytes: BTreeSet<Vec<u8>>,
    /// Of many, where those lie that hold one: Blobs are equal with and without their bytes.
    with_blobs: Vec<usize>,
}

impl<V> Default for Elements<V> {
    fn default() -> Self {
        Self { values: Vec::new(), by_bytes: BTreeSet::new(), with_blobs: Vec::new() }
    }
}

impl<V: Borrow<Value>> Elements<V> {
    pub(crate) fn of(values: impl IntoIterator<Item = V>) -> Self {
        let mut elements = Self::default();
        elements.extend(values);
        elements
    }

    pub(crate) fn extend(&mut self, values: impl IntoIterator<Item = V>) {
        for value in values {
            self.add(value);
        }
    }

    /// Adds a value unless an equal one is there; whether it did.
    pub(crate) fn add(&mut self, value: V) -> bool {
        let is_new = !self.has(value.borrow());
        if is_new {
            self.values.push(value);
            match self.values.len() {
                few if few <= COMPARED => (),
                many if many == COMPARED + 1 => (0..many).for_each(|at| self.index(at)),
                many => self.index(many - 1),
            }
        }
        is_new
    }

    pub(crate) fn has(&self, value: &Value) -> bool {
        match self.values.len() > COMPARED {
            false => self.values.iter().any(|have| have.borrow() == value),
            true if value.holds_blob() => {
                let mut with_blobs = self.with_blobs.iter().filter_map(|at| self.values.get(*at));
                with_blobs.any(|have| have.borrow() == value)
            }
            true => self.by_bytes.contains(&canonical_bytes(value)),
        }
    }

    pub(crate) fn into_values(self) -> Vec<V> {
        self.values
    }

    fn index(&mut self, at: usize) {
        match self.values.get(at).map(V::borrow) {
            Some(value) if value.holds_blob() => self.with_blobs.push(at),
            Some(value) => drop(self.by_bytes.insert(canonical_bytes(value))),
            None => (),
        }
    }
}

/// Whether two lists hold equal elements, whatever their order and however often each.
pub(crate) fn have_same_elements(a: &[Value], b: &[Value]) -> bool {
    let (of_a, of_b) = (Elements::of(a), Elements::of(b));
    a.iter().all(|element| of_b.has(element)) && b.iter().all(|element| of_a.has(element))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::any_value;

    proptest! {
        #[test]
        fn elements_are_those_that_are_equal_to_none_before_them(
            values in prop::collection::vec(any_value(), 0..60),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
            others in prop::collection::vec(any_value(), 0..5),
        ) {
            let mut all = values.clone();
            all.extend(again.iter().filter_map(|at| values.get(at.index(values.len().max(1)))).cloned());
            let mut expected: Vec<Value> = Vec::new();
            let mut elements = Elements::default();
            for value in &all {
                let is_new = !expected.contains(value);
                expected.extend(is_new.then(|| value.clone()));
                prop_assert_eq!(elements.add(value.clone()), is_new);
            }
            prop_assert!(others.iter().all(|other| elements.has(other) == expected.contains(other)));
            prop_assert_eq!(elements.into_values(), expected);
        }
    }
}
