//! What happens on a device: its data change, it takes what it is offered, it loses what it has.

use anabranch_core::{CaptureKind, Key, Value};
use proptest::sample::Index;

use super::steps::{LIST, TEXT};
use super::{World, records};

impl World {
    /// Replaces a few characters or elements of the text or list of some record, which begins as the same everywhere.
    pub(super) fn edit(
        &mut self,
        replica: usize,
        which: &Index,
        is_text: bool,
        (at, gone, came): (&Index, usize, &str),
    ) {
        let mut records: Vec<&mut Value> =
            self.replicas[replica].records.values_mut().filter(|value| matches!(value, Value::Object(_))).collect();
        if records.is_empty() {
            return;
        }
        // Every other edit is one of the record that all began with, if it is there: texts sort last.
        let which = which.index(2 * records.len()).min(records.len() - 1);
        let Value::Object(record) = &mut *records[which] else { return };
        let name = if is_text { TEXT } else { LIST };
        let edited = match record.get(name) {
            Some(Value::String(text)) if is_text => {
                let mut chars: Vec<char> = text.as_str().unwrap_or_default().chars().collect();
                let from = at.index(chars.len() + 1);
                let to = (from + gone).min(chars.len());
                chars.splice(from..to, came.chars());
                Value::String(chars.into_iter().collect::<String>().into())
            }
            Some(Value::Array(items)) if !is_text => {
                let mut items = items.clone();
                let from = at.index(items.len() + 1);
                let to = (from + gone).min(items.len());
                items.splice(from..to, came.chars().map(|char| Value::String(char.to_string().into())));
                Value::Array(items)
            }
            _ if is_text => Value::from("one two"),
            _ => Value::Array(vec![Value::Number(1.0), Value::Number(2.0)]),
        };
        record.insert(name.into(), edited);
    }

    pub(super) fn put_generated(&mut self, replica: usize, value: &Value) {
        if !self.schema.auto_increment {
            return;
        }
        let replica = &mut self.replicas[replica];
        replica.generated = replica.generated.max(0.0) + 1.0;
        if replica.generated < 9e15 && replica.baseline.is_some() {
            replica.records.insert(Key::Number(replica.generated), value.clone());
            self.coverage.happened("a generated key");
        }
    }

    /// The merged contents are written back; what the replica did since its last capture is lost, as an import does.
    pub(super) fn offer(&mut self, replica: usize, taken: bool) {
        let home = self.home(replica);
        if !taken {
            return self.coverage.happened("an offer was not taken");
        }
        let directory = &self.directories[home];
        self.replicas[replica].records = records::of(directory);
        self.replicas[replica].baseline = Some(directory.heads());
        self.coverage.happened("an offer was taken");
    }

    pub(super) fn lose(&mut self, replica: usize, keep: bool) {
        let home = self.home(replica);
        let Some(heads) = self.replicas[replica].baseline.clone() else { return };
        if !keep {
            self.replicas[replica].records.clear();
            self.replicas[replica].generated = 0.0;
        }
        let earlier = self.directories[home].known(&heads).unwrap();
        self.capture_as(replica, CaptureKind::Lost { earlier });
        self.coverage.happened("a replica was lost");
    }
}
