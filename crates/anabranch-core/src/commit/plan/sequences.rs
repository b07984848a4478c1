//! Planning what is done inside sequences.

use super::current::{Current, encoded};
use super::{NO_NAME, Plan};
use crate::change::{ActorId, ActorKind, DraftPlace, SequenceAction, code};
use crate::commit::{Author, Splice, SpliceError};
use crate::layout;
use crate::registers::{Held, Slot};
use crate::scalar;
use crate::schema::{FieldPolicy, StoreSchema};
use crate::sequence::SequenceKind;
use crate::sequence::diff::{self, Hunk};
use crate::value::Value;
use crate::view::View;

/// Ops in sequences after which a change may end.
const OPS_BETWEEN_ENDS: usize = 1 << 14;

/// What a sequence is to hold.
#[derive(Clone, Copy)]
pub(crate) enum Elements<'v> {
    /// Characters.
    Text(&'v str),
    /// Values.
    List(&'v [Value]),
}

/// Where a planned op acts.
pub(super) struct PlannedPlace {
    pub(super) op: u32,
    object: Reference,
    element: Option<Reference>,
    action: SequenceAction,
}

/// An op that another refers to: one of this plan by its position, or one of the base.
#[derive(Clone, Copy)]
pub(super) enum Reference {
    Planned(u32),
    Known(u32, ActorId),
}

impl<'v> Elements<'v> {
    /// The elements of a value that a field of this policy keeps as a sequence.
    pub(crate) fn of(policy: FieldPolicy, value: &'v Value) -> Option<Self> {
        match (policy, value) {
            (FieldPolicy::Text, Value::String(text)) => text.as_str().map(Elements::Text),
            (FieldPolicy::List, Value::Array(items)) => Some(Elements::List(items)),
            _ => None,
        }
    }

    fn kind(&self) -> SequenceKind {
        match self {
            Elements::Text(_) => SequenceKind::Text,
            Elements::List(_) => SequenceKind::List,
        }
    }

    fn code(&self) -> u8 {
        match self {
            Elements::Text(_) => code::TEXT,
            Elements::List(_) => code::LIST,
        }
    }
}

/// The commit of a sequence that was found.
fn found_alone(view: &View<'_>, identity: &str, suffix: &str, elements: Elements<'_>) -> Plan {
    let mut found = Plan::new(Author::replica("", ActorKind::Found));
    found.make_own_sequence(view, identity, None, suffix, elements);
    found.push_end(true);
    found
}

impl Plan {
    /// Keeps as sequences what `schema` declares as such.
    pub(crate) fn keep_sequences(&mut self, schema: &StoreSchema) {
        let declared =
            schema.fields.iter().filter(|(_, policy)| matches!(policy, FieldPolicy::Text | FieldPolicy::List));
        self.sequences = declared.map(|(field, policy)| (layout::encode_path(field), *policy)).collect();
    }

    /// The policy of a field that is declared a sequence, else the default.
    pub(crate) fn policy_of_sequence(&self, suffix: &str) -> FieldPolicy {
        if self.sequences.is_empty() {
            return FieldPolicy::default();
        }
        self.sequences.get(suffix).copied().unwrap_or_default()
    }

    /// Makes a sequence in a register. One that was found is a commit of its own, equal wherever it is found, unless its
    /// record is new and named by this commit.
    pub(crate) fn make_sequence(
        &mut self,
        view: &View<'_>,
        identity: &str,
        slot: Option<Slot<'_>>,
        suffix: &str,
        elements: Elements<'_>,
    ) {
        if self.author.kind == ActorKind::Found && !identity.contains(layout::OWN_ACTOR) {
            self.found.push((self.mark(), found_alone(view, identity, suffix, elements)));
        } else {
            self.make_own_sequence(view, identity, slot, suffix, elements);
        }
    }

    fn make_own_sequence(
        &mut self,
        view: &View<'_>,
        identity: &str,
        slot: Option<Slot<'_>>,
        suffix: &str,
        elements: Elements<'_>,
    ) {
        let object = Reference::Planned(self.ops.len() as u32);
        self.set(view, identity, slot, suffix, |_| elements.code());
        self.insert(object, None, elements);
    }

    /// Edits a sequence of the base so that it holds other elements; `false` if it is of another kind.
    pub(crate) fn edit_sequence(&mut self, view: &View<'_>, held: &Held, elements: Elements<'_>) -> bool {
        if held.sequence.kind() != elements.kind() {
            return false;
        }
        self.edit(&Current::of(view, held), elements);
        true
    }

    /// Edits what was found as a leaf: upon the sequence that everybody makes of it who edits it.
    pub(crate) fn edit_found(
        &mut self,
        view: &View<'_>,
        identity: &str,
        suffix: &str,
        found: Elements<'_>,
        elements: Elements<'_>,
    ) -> bool {
        if found.kind() != elements.kind() || self.author.kind == ActorKind::Found {
            return false;
        }
        let own = found_alone(view, identity, suffix, found);
        let current = Current::of_found(&own, found);
        self.found.push((self.mark(), own));
        self.edit(&current, elements);
        true
    }

    /// Edits a text of the base at a position.
    pub(crate) fn splice(&mut self, view: &View<'_>, held: &Held, splice: &Splice<'_>) -> Result<(), SpliceError> {
        if held.sequence.kind() != SequenceKind::Text {
            return Err(SpliceError::NoText);
        }
        let current = Current::of(view, held);
        let end = splice.at.saturating_add(splice.delete);
        let from = current.characters_before(splice.at)?..current.characters_before(end)?;
        self.replace(&current, &Hunk { from, to: 0..0 }, Elements::Text(splice.insert));
        Ok(())
    }

    fn edit(&mut self, current: &Current, elements: Elements<'_>) {
        match elements {
            Elements::Text(text) => {
                let to: Vec<char> = text.chars().collect();
                for hunk in diff::of_texts(&current.text, &to) {
                    let came: String = to.get(hunk.to.clone()).unwrap_or_default().iter().collect();
                    self.replace(current, &hunk, Elements::Text(&came));
                }
            }
            Elements::List(items) => self.edit_list(current, items),
        }
    }

    fn edit_list(&mut self, current: &Current, items: &[Value]) {
        let to: Vec<(u8, Vec<u8>)> = items.iter().map(encoded).collect();
        for hunk in diff::of_lists(&current.list, &to) {
            let came = items.get(hunk.to.clone()).unwrap_or_default();
            if hunk.from.len() != came.len() {
                self.replace(current, &hunk, Elements::List(came));
                continue;
            }
            // As many as there were: each is what became of the one in its place.
            for (at, item) in hunk.from.zip(came) {
                let values_at = self.values.len();
                let code = scalar::write_value(item, &mut self.values);
                self.overwrite(current, at, SequenceAction::Set, (code, values_at));
            }
        }
    }

    /// Deletes the elements of a hunk, and inserts others in their place.
    fn replace(&mut self, current: &Current, hunk: &Hunk, came: Elements<'_>) {
        let before = hunk.from.start.checked_sub(1).and_then(|at| current.ids.get(at));
        self.insert(current.object, before.map(|(counter, actor)| Reference::Known(*counter, *actor)), came);
        for at in hunk.from.clone() {
            self.overwrite(current, at, SequenceAction::Delete, (code::NULL, self.values.len()));
        }
    }

    /// Writes over all that an element of the base shows, with a value of this type that was written from a position on.
    fn overwrite(&mut self, current: &Current, at: usize, action: SequenceAction, value: (u8, usize)) {
        let Some(element) = current.ids.get(at) else { return };
        let preds_at = self.preds.len();
        match current.written.get(&at) {
            Some(values) => self.preds.extend(values),
            None => self.preds.push(*element),
        }
        let op = self.ops.len() as u32;
        let element = Some(Reference::Known(element.0, element.1));
        self.push_place(PlannedPlace { op, object: current.object, element, action }, value, preds_at);
    }

    /// Inserts elements one behind the other.
    fn insert(&mut self, object: Reference, mut after: Option<Reference>, elements: Elements<'_>) {
        let mut push = |plan: &mut Self, value: (u8, usize)| {
            let (op, preds_at) = (plan.ops.len() as u32, plan.preds.len());
            let place = PlannedPlace { op, object, element: after, action: SequenceAction::Insert };
            plan.push_place(place, value, preds_at);
            after = Some(Reference::Planned(op));
        };
        match elements {
            Elements::Text(text) => {
                for char in text.chars() {
                    let values_at = self.values.len();
                    self.values.extend(char.encode_utf8(&mut [0; 4]).as_bytes());
                    push(self, (code::STR, values_at));
                }
            }
            Elements::List(items) => {
                for item in items {
                    let values_at = self.values.len();
                    let code = scalar::write_value(item, &mut self.values);
                    push(self, (code, values_at));
                }
            }
        }
    }

    fn push_place(&mut self, place: PlannedPlace, (value_code, values_at): (u8, usize), preds_at: usize) {
        self.places.push(place);
        self.push_op(NO_NAME, value_code, (values_at, preds_at));
        if self.places.len().is_multiple_of(OPS_BETWEEN_ENDS) {
            self.push_end(false);
        }
    }

    /// The places of the ops from `from` on, asked for in order; the first op of the plan has the counter `start_op`.
    pub(super) fn places_from(
        &self,
        from: u32,
        start_op: u32,
        own: ActorId,
    ) -> impl FnMut(usize) -> Option<DraftPlace> + '_ {
        let first = self.places.partition_point(|place| place.op < from);
        let mut rest = self.places.get(first..).unwrap_or_default().iter().peekable();
        let id = move |reference| match reference {
            Reference::Planned(op) => (start_op + op, own),
            Reference::Known(counter, actor) => (counter, actor),
        };
        move |op| {
            let place = rest.next_if(|place| place.op as usize == op)?;
            Some(DraftPlace { object: id(place.object), element: place.element.map(id), action: place.action })
        }
    }
}
