//! The registers of a history, set anew change by change or many changes at a time.

use crate::change::Decoded;
use crate::document::Document;
use crate::registers::{Located, Registers, Said};
use crate::saved::Saved;

/// What is saved of a document whose history was applied anew, so many changes at a time as have nothing to do with sequences,
/// to pages that split after `page_records` records.
pub fn saved_after_applying(document: &Document, together: usize, page_records: usize) -> Saved {
    let history = &document.history;
    let mut registers = Registers::default();
    registers.set_page_records_max(page_records);
    let read = (0..history.changes().len() as u32).map(|position| {
        let bytes = history.bytes(position);
        let decoded = Decoded::read_accepted(&bytes, history.change(position).hash);
        let located = Located::cut(&decoded, &bytes);
        (position, decoded, bytes, located)
    });
    let read: Vec<_> = read.collect();
    let said: Vec<Said<'_>> = read
        .iter()
        .map(|(position, decoded, bytes, located)| Said { position: *position, decoded, bytes, located })
        .collect();
    let mut touched = Vec::new();
    for said in said.chunk_by(|one, next| !one.decoded.has_sequences() && !next.decoded.has_sequences()) {
        for said in said.chunks(together) {
            match said {
                [one] => touched.push(registers.apply_located(history, *one, &|_| true)),
                many => touched.extend(registers.apply_together(history, many)),
            }
        }
    }
    let mut anew = document.clone();
    anew.registers = registers;
    for (position, touched) in (0..).zip(touched) {
        anew.history.note_touched(position, touched.records);
    }
    anew.save()
}
